// SET from request to result.
#include "calibration/check.hpp"
#include "dut/dlms/apdu_fields.hpp"
#include "dut/dlms/transfer_faults.hpp"

#include <algorithm>

namespace dut::dlms {
namespace {

Bytes whole_request(InvokeId invoke,
                    const std::vector<Attribute>& attributes,
                    const std::vector<Bytes>& data) {
    if (attributes.size() == 1)
        return encode_apdu(SetRequest{invoke, attributes.front(), data.front()});
    return encode_apdu(SetListRequest{invoke, attributes, data});
}

}  // namespace

std::expected<SetTransfer, ServiceError> SetTransfer::begin(const Granted& granted,
                                                            std::vector<Attribute> attributes,
                                                            const std::vector<Bytes>& data,
                                                            InvokeId invoke) {
    calibration::check(!attributes.empty() && attributes.size() == data.size(),
                       "a SET has a value for each attribute");
    const auto selects = [](const Attribute& attribute) { return attribute.selection.has_value(); };
    auto lacking = missing(granted, {Grant::set});
    if (!lacking && attributes.size() > 1) lacking = missing(granted, {Grant::multiple_references});
    if (!lacking && std::ranges::any_of(attributes, selects))
        lacking = missing(granted, {Grant::selective_access});
    SetTransfer transfer{invoke, attributes.size(), granted.longest_apdu};
    transfer.request_ = whole_request(invoke, attributes, data);
    const bool is_long = !fits(transfer.request_.size(), granted.longest_apdu);
    if (!lacking && is_long) lacking = missing(granted, {Grant::block_transfer_with_set});
    if (lacking) return Refusal{*lacking};
    if (is_long) transfer.write_first_block(std::move(attributes), data);
    return transfer;
}

void SetTransfer::write_first_block(std::vector<Attribute> attributes,
                                    const std::vector<Bytes>& data) {
    Bytes raw;
    if (count_ > 1) append_length(raw, data.size());
    for (const Bytes& value : data) append(raw, value);
    blocks_.emplace(std::move(raw));
    const auto with = [&](Block block) {
        return count_ == 1
                   ? encode_apdu(SetFirstBlock{invoke_, attributes.front(), std::move(block)})
                   : encode_apdu(SetListFirstBlock{invoke_, attributes, std::move(block)});
    };
    request_ = with(blocks_->next(block_room(longest_, with({}).size())));
}

NextRequest SetTransfer::take(BytesView answer) {
    auto apdu = answer_to(answer, invoke_);
    if (!apdu) return Refusal{apdu.error()};
    if (const auto* taken = std::get_if<SetBlockTaken>(&*apdu); taken != nullptr && blocks_) {
        if (taken->number != blocks_->sent()) return wrong_number(blocks_->sent(), taken->number);
        if (blocks_->is_done()) return wrong_kind("the result of a SET in blocks");
        const std::size_t used = encode_apdu(SetBlock{invoke_, {}}).size();
        return encode_apdu(SetBlock{invoke_, blocks_->next(block_room(longest_, used))});
    }
    if (const auto* last = std::get_if<SetLastBlockTaken>(&*apdu); last != nullptr && blocks_) {
        if (last->number != blocks_->sent()) return wrong_number(blocks_->sent(), last->number);
        return finish({last->result});
    }
    if (auto* last = std::get_if<SetListLastBlockTaken>(&*apdu); last != nullptr && blocks_) {
        if (last->number != blocks_->sent()) return wrong_number(blocks_->sent(), last->number);
        return finish(std::move(last->results));
    }
    // A meter may refuse in the simple form whatever the request was.
    if (const auto* one = std::get_if<SetResponse>(&*apdu)) {
        if (count_ == 1 && !blocks_) return finish({one->result});
        if (one->result != AccessResult::success) return refused(one->result);
    }
    if (auto* list = std::get_if<SetListResponse>(&*apdu);
        list != nullptr && count_ > 1 && !blocks_)
        return finish(std::move(list->results));
    return wrong_kind(blocks_ ? "a SET response with a block number" : "a SET response");
}

NextRequest SetTransfer::finish(std::vector<AccessResult> results) {
    const auto is_refusal = [](AccessResult result) { return result != AccessResult::success; };
    // Success before the last block was sent would be success with half of the data.
    if (blocks_ && !blocks_->is_done()) {
        const auto refusal = std::ranges::find_if(results, is_refusal);
        return refusal == results.end() ? wrong_kind("acknowledgement of a block")
                                        : refused(*refusal);
    }
    if (results.size() != count_) return list_size(count_, results.size());
    results_ = std::move(results);
    return std::nullopt;
}

}  // namespace dut::dlms
