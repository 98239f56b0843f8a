// The meter's side of ACTION.
#include "dut/dlms/apdu_fields.hpp"
#include "dut/dlms/service_server.hpp"
#include "dut/dlms/transfer_faults.hpp"

#include <utility>

namespace dut::dlms {
namespace {

Bytes refusal(InvokeId invoke, ActionResult result) {
    return encode_apdu(ActionResponse{invoke, {result, std::nullopt}});
}

// A method without parameters gets none; in lists and blocks they stand as null data.
std::optional<Bytes> given(Bytes parameters) {
    if (parameters == Bytes{0}) return std::nullopt;
    return parameters;
}

}  // namespace

Bytes ServiceServer::answer_to(const ActionRequest& request) {
    transfer_ = std::monostate{};
    ActionOutcome outcome = objects_->act(request.method, request.parameters);
    Bytes raw;
    append_outcome(raw, outcome);
    Bytes whole = encode_apdu(ActionResponse{request.invoke, std::move(outcome)});
    return action_answer(request.invoke, std::move(whole), std::move(raw));
}

Bytes ServiceServer::answer_to(const ActionListRequest& request) {
    transfer_ = std::monostate{};
    std::vector<ActionOutcome> outcomes;
    outcomes.reserve(request.methods.size());
    for (std::size_t index = 0; index < request.methods.size(); ++index)
        outcomes.push_back(objects_->act(request.methods[index], given(request.parameters[index])));
    Bytes raw;
    append_list(raw, outcomes, append_outcome);
    Bytes whole = encode_apdu(ActionListResponse{request.invoke, std::move(outcomes)});
    return action_answer(request.invoke, std::move(whole), std::move(raw));
}

Bytes ServiceServer::action_answer(InvokeId invoke, Bytes whole, Bytes raw) {
    if (fits(whole.size(), granted_.longest_apdu)) return whole;
    if (!granted_.conformance.has(Grant::block_transfer_with_action))
        return refusal(invoke, ActionResult::other_reason);
    transfer_ = LongAnswer{false, BlockSender{std::move(raw)}};
    transfer_invoke_ = invoke;
    return next_action_block(invoke);
}

Bytes ServiceServer::next_action_block(InvokeId invoke) {
    BlockSender& blocks = std::get<LongAnswer>(transfer_).blocks;
    const std::size_t used = encode_apdu(ActionResponseBlock{invoke, {}}).size();
    Block block = blocks.next(block_room(granted_.longest_apdu, used));
    if (block.is_last) transfer_ = std::monostate{};
    return encode_apdu(ActionResponseBlock{invoke, std::move(block)});
}

Bytes ServiceServer::answer_to(const ActionNext& next) {
    const auto* answer = std::get_if<LongAnswer>(&transfer_);
    const bool is_ours = answer != nullptr && !answer->is_get && next.invoke == transfer_invoke_;
    if (is_ours && answer->blocks.sent() == next.number) return next_action_block(next.invoke);
    transfer_ = std::monostate{};
    return refusal(next.invoke,
                   is_ours ? ActionResult::long_action_aborted : ActionResult::no_long_action);
}

Bytes ServiceServer::answer_to(const ActionFirstBlock& request) {
    transfer_ = LongAction{{request.method}, false, BlockReceiver{limits_}};
    transfer_invoke_ = request.invoke;
    return take_action_block(request.invoke, request.block);
}

Bytes ServiceServer::answer_to(const ActionListFirstBlock& request) {
    transfer_ = LongAction{request.methods, true, BlockReceiver{limits_}};
    transfer_invoke_ = request.invoke;
    return take_action_block(request.invoke, request.block);
}

Bytes ServiceServer::answer_to(const ActionBlock& request) {
    if (std::holds_alternative<LongAction>(transfer_) && request.invoke == transfer_invoke_)
        return take_action_block(request.invoke, request.block);
    return refusal(request.invoke, ActionResult::no_long_action);
}

Bytes ServiceServer::take_action_block(InvokeId invoke, const Block& block) {
    LongAction& action = std::get<LongAction>(transfer_);
    const auto is_last = action.blocks.take(block.is_last, block.number, block.raw);
    if (!is_last) {
        transfer_ = std::monostate{};
        return refusal(invoke, ActionResult::long_action_aborted);
    }
    if (!*is_last) return encode_apdu(ActionBlockTaken{invoke, block.number});
    LongAction whole = std::move(action);
    transfer_ = std::monostate{};
    return finish_action(invoke, std::move(whole));
}

Bytes ServiceServer::finish_action(InvokeId invoke, LongAction action) {
    FieldReader reader{action.blocks.bytes()};
    std::vector<Bytes> data;
    if (action.is_list)
        data = read_list(reader, 1, read_data);
    else
        data.push_back(read_data(reader));
    auto whole = reader.finished(std::move(data));
    if (!whole || whole->size() != action.methods.size())
        return refusal(invoke, ActionResult::type_unmatched);
    if (action.is_list)
        return answer_to(ActionListRequest{invoke, std::move(action.methods), std::move(*whole)});
    return answer_to(
        ActionRequest{invoke, action.methods.front(), given(std::move(whole->front()))});
}

}  // namespace dut::dlms
