#include "dut/dlms/service_server.hpp"

#include "dut/dlms/apdu_fields.hpp"
#include "dut/dlms/transfer_faults.hpp"

#include <algorithm>
#include <utility>

namespace dut::dlms {
namespace {

constexpr std::uint8_t service_not_allowed = 1, service_unknown = 2;
constexpr std::uint8_t not_supported = 2, other_reason = 3;

Bytes exception(std::uint8_t state, std::uint8_t service) {
    return encode_apdu(ExceptionResponse{state, service, std::nullopt});
}

template <class T, class... Candidates>
constexpr bool is_any = (std::is_same_v<T, Candidates> || ...);

// What each request needs; nothing for what is no request.
template <class Service>
constexpr std::optional<Grant> needed_first() {
    if constexpr (is_any<Service, GetRequest, GetNext, GetListRequest>) return Grant::get;
    if constexpr (
        is_any<Service, SetRequest, SetFirstBlock, SetBlock, SetListRequest, SetListFirstBlock>)
        return Grant::set;
    if constexpr (is_any<Service,
                         ActionRequest,
                         ActionNext,
                         ActionListRequest,
                         ActionFirstBlock,
                         ActionListFirstBlock,
                         ActionBlock>)
        return Grant::action;
    return std::nullopt;
}

template <class Service>
constexpr std::optional<Grant> needed_too() {
    if constexpr (is_any<Service, GetListRequest, SetListRequest, ActionListRequest>)
        return Grant::multiple_references;
    if constexpr (is_any<Service, SetFirstBlock, SetBlock, SetListFirstBlock>)
        return Grant::block_transfer_with_set;
    if constexpr (is_any<Service, ActionFirstBlock, ActionListFirstBlock, ActionBlock, ActionNext>)
        return Grant::block_transfer_with_action;
    if constexpr (std::is_same_v<Service, GetNext>) return Grant::block_transfer_with_get;
    return std::nullopt;
}

bool selects(const Attribute& attribute) { return attribute.selection.has_value(); }

template <class Service>
bool is_selective(const Service& service) {
    if constexpr (requires { service.attribute; }) return selects(service.attribute);
    if constexpr (requires { service.attributes; })
        return std::ranges::any_of(service.attributes, selects);
    return false;
}

}  // namespace

std::optional<Grant> ServiceServer::missing_grant(const Apdu& apdu) const {
    return std::visit(
        [&]<class Service>(const Service& service) -> std::optional<Grant> {
            for (const auto grant : {needed_first<Service>(), needed_too<Service>()})
                if (grant && !granted_.conformance.has(*grant)) return grant;
            if (is_selective(service) && !granted_.conformance.has(Grant::selective_access))
                return Grant::selective_access;
            return std::nullopt;
        },
        apdu);
}

Bytes ServiceServer::answer(BytesView bytes) {
    const auto apdu = decode_apdu(bytes);
    if (!apdu && apdu.error().fault == CodecFault::unknown_apdu)
        return exception(service_unknown, not_supported);
    if (!apdu) return exception(service_not_allowed, other_reason);
    if (missing_grant(*apdu)) return exception(service_not_allowed, not_supported);
    return std::visit([&](const auto& request) { return answer_to(request); }, *apdu);
}

// Responses and notifications are no requests.
template <class Other>
Bytes ServiceServer::answer_to(const Other&) {
    return exception(service_unknown, not_supported);
}

// -- GET

Bytes ServiceServer::answer_to(const GetRequest& request) {
    transfer_ = std::monostate{};
    DataOrResult data = objects_->get(request.attribute);
    if (!data) return encode_apdu(GetResponse{request.invoke, std::move(data)});
    Bytes whole = encode_apdu(GetResponse{request.invoke, data});
    return get_answer(request.invoke, std::move(whole), std::move(*data));
}

Bytes ServiceServer::answer_to(const GetListRequest& request) {
    transfer_ = std::monostate{};
    std::vector<DataOrResult> results;
    results.reserve(request.attributes.size());
    for (const Attribute& attribute : request.attributes)
        results.push_back(objects_->get(attribute));
    Bytes raw;
    append_list(raw, results, append_data_or_result);
    Bytes whole = encode_apdu(GetListResponse{request.invoke, std::move(results)});
    return get_answer(request.invoke, std::move(whole), std::move(raw));
}

Bytes ServiceServer::get_answer(InvokeId invoke, Bytes whole, Bytes raw) {
    if (fits(whole.size(), granted_.longest_apdu)) return whole;
    if (!granted_.conformance.has(Grant::block_transfer_with_get))
        return encode_apdu(GetResponse{invoke, std::unexpected(AccessResult::other_reason)});
    transfer_ = LongAnswer{true, BlockSender{std::move(raw)}};
    transfer_invoke_ = invoke;
    return next_get_block(invoke);
}

Bytes ServiceServer::next_get_block(InvokeId invoke) {
    BlockSender& blocks = std::get<LongAnswer>(transfer_).blocks;
    const std::size_t used = encode_apdu(GetBlock{invoke, false, 0, Bytes{}}).size();
    Block block = blocks.next(block_room(granted_.longest_apdu, used));
    if (block.is_last) transfer_ = std::monostate{};
    return encode_apdu(GetBlock{invoke, block.is_last, block.number, std::move(block.raw)});
}

Bytes ServiceServer::answer_to(const GetNext& next) {
    const auto* answer = std::get_if<LongAnswer>(&transfer_);
    const auto refuse = [&](AccessResult result) {
        transfer_ = std::monostate{};
        return encode_apdu(GetBlock{next.invoke, true, next.number, std::unexpected(result)});
    };
    if (answer == nullptr || !answer->is_get || next.invoke != transfer_invoke_)
        return refuse(AccessResult::no_long_get);
    if (answer->blocks.sent() != next.number) return refuse(AccessResult::block_number_invalid);
    return next_get_block(next.invoke);
}

// -- SET

Bytes ServiceServer::answer_to(const SetRequest& request) {
    transfer_ = std::monostate{};
    return encode_apdu(SetResponse{request.invoke, objects_->set(request.attribute, request.data)});
}

Bytes ServiceServer::answer_to(const SetListRequest& request) {
    transfer_ = std::monostate{};
    std::vector<AccessResult> results;
    results.reserve(request.attributes.size());
    for (std::size_t index = 0; index < request.attributes.size(); ++index)
        results.push_back(objects_->set(request.attributes[index], request.data[index]));
    return encode_apdu(SetListResponse{request.invoke, std::move(results)});
}

Bytes ServiceServer::answer_to(const SetFirstBlock& request) {
    transfer_ = LongSet{{request.attribute}, false, BlockReceiver{limits_}};
    transfer_invoke_ = request.invoke;
    return take_set_block(request.invoke, request.block);
}

Bytes ServiceServer::answer_to(const SetListFirstBlock& request) {
    transfer_ = LongSet{request.attributes, true, BlockReceiver{limits_}};
    transfer_invoke_ = request.invoke;
    return take_set_block(request.invoke, request.block);
}

Bytes ServiceServer::answer_to(const SetBlock& request) {
    if (std::holds_alternative<LongSet>(transfer_) && request.invoke == transfer_invoke_)
        return take_set_block(request.invoke, request.block);
    return refuse_set(request.invoke, request.block.number, AccessResult::no_long_set);
}

Bytes ServiceServer::refuse_set(InvokeId invoke, std::uint32_t number, AccessResult result) const {
    return encode_apdu(SetLastBlockTaken{invoke, result, number});
}

Bytes ServiceServer::take_set_block(InvokeId invoke, const Block& block) {
    LongSet& set = std::get<LongSet>(transfer_);
    const auto is_last = set.blocks.take(block.is_last, block.number, block.raw);
    if (!is_last) {
        transfer_ = std::monostate{};
        return refuse_set(invoke,
                          block.number,
                          is_last.error() == BlockFault::number ? AccessResult::block_number_invalid
                                                                : AccessResult::long_set_aborted);
    }
    if (!*is_last) return encode_apdu(SetBlockTaken{invoke, block.number});
    LongSet whole = std::move(set);
    transfer_ = std::monostate{};
    return finish_set(invoke, std::move(whole));
}

Bytes ServiceServer::finish_set(InvokeId invoke, LongSet set) {
    const std::uint32_t number = set.blocks.taken();
    FieldReader reader{set.blocks.bytes()};
    std::vector<Bytes> data;
    if (set.is_list)
        data = read_list(reader, 1, read_data);
    else
        data.push_back(read_data(reader));
    const auto whole = reader.finished(std::move(data));
    if (!whole || whole->size() != set.attributes.size())
        return refuse_set(invoke, number, AccessResult::type_unmatched);
    std::vector<AccessResult> results;
    results.reserve(whole->size());
    for (std::size_t index = 0; index < whole->size(); ++index)
        results.push_back(objects_->set(set.attributes[index], (*whole)[index]));
    if (!set.is_list) return refuse_set(invoke, number, results.front());
    return encode_apdu(SetListLastBlockTaken{invoke, std::move(results), number});
}

}  // namespace dut::dlms
