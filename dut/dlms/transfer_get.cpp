// GET from request to result.
#include "calibration/check.hpp"
#include "dut/dlms/apdu_fields.hpp"
#include "dut/dlms/transfer_faults.hpp"

#include <algorithm>

namespace dut::dlms {

std::expected<GetTransfer, ServiceError> GetTransfer::begin(const Granted& granted,
                                                            std::vector<Attribute> attributes,
                                                            InvokeId invoke,
                                                            TransferLimits limits) {
    calibration::check(!attributes.empty(), "a GET asks for something");
    const auto selects = [](const Attribute& attribute) { return attribute.selection.has_value(); };
    auto lacking = missing(granted, {Grant::get});
    if (!lacking && attributes.size() > 1) lacking = missing(granted, {Grant::multiple_references});
    if (!lacking && std::ranges::any_of(attributes, selects))
        lacking = missing(granted, {Grant::selective_access});
    if (lacking) return Refusal{*lacking};
    GetTransfer transfer{
        invoke, attributes.size(), granted.conformance.has(Grant::block_transfer_with_get), limits};
    transfer.request_ = attributes.size() == 1
                            ? encode_apdu(GetRequest{invoke, std::move(attributes.front())})
                            : encode_apdu(GetListRequest{invoke, std::move(attributes)});
    return transfer;
}

NextRequest GetTransfer::take(BytesView answer) {
    auto apdu = answer_to(answer, invoke_);
    if (!apdu) return Refusal{apdu.error()};
    if (const auto* block = std::get_if<GetBlock>(&*apdu)) return take_block(*block);
    if (blocks_.taken() != 0) return wrong_kind("the next block of a GET response");
    if (auto* one = std::get_if<GetResponse>(&*apdu); one != nullptr && count_ == 1) {
        results_.push_back(std::move(one->result));
        return std::nullopt;
    }
    auto* list = std::get_if<GetListResponse>(&*apdu);
    if (list == nullptr || count_ == 1)
        return wrong_kind(count_ == 1 ? "a GET response" : "a GET response with a list");
    if (list->results.size() != count_) return list_size(count_, list->results.size());
    results_ = std::move(list->results);
    return std::nullopt;
}

NextRequest GetTransfer::take_block(const GetBlock& block) {
    if (!may_block_)
        return Refusal{{.fault = ServiceFault::not_granted,
                        .detail = std::string(name(Grant::block_transfer_with_get))}};
    if (!block.raw) {
        if (count_ > 1 || blocks_.taken() != 0) return refused(block.raw.error());
        results_.emplace_back(std::unexpected(block.raw.error()));
        return std::nullopt;
    }
    const auto is_last = blocks_.take(block.is_last, block.number, *block.raw);
    if (!is_last) return service_refusal(is_last.error(), blocks_.expected(), block.number);
    if (*is_last) return finish(blocks_.bytes());
    return encode_apdu(GetNext{invoke_, block.number});
}

NextRequest GetTransfer::finish(BytesView assembled) {
    FieldReader reader{assembled};
    std::vector<DataOrResult> results;
    if (count_ == 1)
        results.emplace_back(read_data(reader));
    else
        results = read_list(reader, 2, read_data_or_result);
    auto whole = reader.finished(std::move(results));
    if (!whole) return undecodable(whole.error());
    if (whole->size() != count_) return list_size(count_, whole->size());
    results_ = std::move(*whole);
    return std::nullopt;
}

}  // namespace dut::dlms
