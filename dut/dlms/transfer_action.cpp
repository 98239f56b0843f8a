// ACTION from request to result.
#include "calibration/check.hpp"
#include "dut/dlms/apdu_fields.hpp"
#include "dut/dlms/transfer_faults.hpp"

#include <algorithm>

namespace dut::dlms {
namespace {

const Bytes null_data{0};

std::vector<Bytes> list_parameters(const std::vector<std::optional<Bytes>>& parameters) {
    std::vector<Bytes> list;
    list.reserve(parameters.size());
    for (const auto& given : parameters) list.push_back(given.value_or(null_data));
    return list;
}

Bytes whole_request(InvokeId invoke,
                    const std::vector<CosemRef>& methods,
                    const std::vector<std::optional<Bytes>>& parameters) {
    if (methods.size() == 1)
        return encode_apdu(ActionRequest{invoke, methods.front(), parameters.front()});
    return encode_apdu(ActionListRequest{invoke, methods, list_parameters(parameters)});
}

}  // namespace

ActionTransfer::ActionTransfer(InvokeId invoke,
                               std::size_t count,
                               const Granted& granted,
                               TransferLimits limits)
    : invoke_(invoke), count_(count), granted_(granted), received_(limits) {}

std::expected<ActionTransfer, ServiceError> ActionTransfer::begin(
    const Granted& granted,
    std::vector<CosemRef> methods,
    const std::vector<std::optional<Bytes>>& parameters,
    InvokeId invoke,
    TransferLimits limits) {
    calibration::check(!methods.empty() && methods.size() == parameters.size(),
                       "an ACTION has parameters or nothing for each method");
    auto lacking = missing(granted, {Grant::action});
    if (!lacking && methods.size() > 1) lacking = missing(granted, {Grant::multiple_references});
    ActionTransfer transfer{invoke, methods.size(), granted, limits};
    transfer.request_ = whole_request(invoke, methods, parameters);
    const bool is_long = !fits(transfer.request_.size(), granted.longest_apdu);
    if (!lacking && is_long) lacking = missing(granted, {Grant::block_transfer_with_action});
    if (lacking) return Refusal{*lacking};
    if (is_long) transfer.write_first_block(std::move(methods), parameters);
    return transfer;
}

void ActionTransfer::write_first_block(std::vector<CosemRef> methods,
                                       const std::vector<std::optional<Bytes>>& parameters) {
    Bytes raw;
    if (count_ == 1)
        append(raw, parameters.front().value_or(null_data));
    else
        append_list(raw, list_parameters(parameters), append);
    sent_.emplace(std::move(raw));
    const auto with = [&](Block block) {
        return count_ == 1
                   ? encode_apdu(ActionFirstBlock{invoke_, methods.front(), std::move(block)})
                   : encode_apdu(ActionListFirstBlock{invoke_, methods, std::move(block)});
    };
    request_ = with(sent_->next(block_room(granted_.longest_apdu, with({}).size())));
}

NextRequest ActionTransfer::take(BytesView answer) {
    auto apdu = answer_to(answer, invoke_);
    if (!apdu) return Refusal{apdu.error()};
    if (const auto* taken = std::get_if<ActionBlockTaken>(&*apdu); taken != nullptr && sent_)
        return send_block(taken->number);
    if (const auto* block = std::get_if<ActionResponseBlock>(&*apdu))
        return take_block(block->block);
    if (received_.taken() != 0) return wrong_kind("the next block of an ACTION response");
    if (auto* one = std::get_if<ActionResponse>(&*apdu); one != nullptr && count_ == 1)
        return finish({std::move(one->outcome)});
    if (auto* list = std::get_if<ActionListResponse>(&*apdu); list != nullptr && count_ > 1)
        return finish(std::move(list->outcomes));
    return wrong_kind(count_ == 1 ? "an ACTION response" : "an ACTION response with a list");
}

NextRequest ActionTransfer::send_block(std::uint32_t taken) {
    if (taken != sent_->sent()) return wrong_number(sent_->sent(), taken);
    if (sent_->is_done()) return wrong_kind("the result of an ACTION in blocks");
    const std::size_t used = encode_apdu(ActionBlock{invoke_, {}}).size();
    return encode_apdu(ActionBlock{invoke_, sent_->next(block_room(granted_.longest_apdu, used))});
}

NextRequest ActionTransfer::take_block(const Block& block) {
    if (const auto lacking = missing(granted_, {Grant::block_transfer_with_action}))
        return Refusal{*lacking};
    const auto is_last = received_.take(block.is_last, block.number, block.raw);
    if (!is_last) return service_refusal(is_last.error(), received_.expected(), block.number);
    if (!*is_last) return encode_apdu(ActionNext{invoke_, block.number});
    // The blocks carry what the response without blocks would: outcome, or list of outcomes (from
    // memory of the Green Book; no captured ACTION response in blocks was at hand).
    FieldReader reader{received_.bytes()};
    std::vector<ActionOutcome> outcomes;
    if (count_ == 1)
        outcomes.push_back(read_outcome(reader));
    else
        outcomes = read_list(reader, 2, read_outcome);
    auto whole = reader.finished(std::move(outcomes));
    if (!whole) return undecodable(whole.error());
    return finish(std::move(*whole));
}

NextRequest ActionTransfer::finish(std::vector<ActionOutcome> outcomes) {
    const auto is_refusal = [](const ActionOutcome& outcome) {
        return outcome.result != ActionResult::success;
    };
    if (sent_ && !sent_->is_done() && !std::ranges::any_of(outcomes, is_refusal))
        return wrong_kind("acknowledgement of a block");
    if (outcomes.size() != count_) return list_size(count_, outcomes.size());
    results_ = std::move(outcomes);
    return std::nullopt;
}

}  // namespace dut::dlms
