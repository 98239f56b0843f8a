#include "dut/dlms/hdlc_server.hpp"

#include <algorithm>
#include <utility>

namespace dut::dlms {
namespace {

bool is_numbered(FrameKind kind) {
    return kind == FrameKind::information || kind == FrameKind::receive_ready ||
           kind == FrameKind::receive_not_ready;
}

// Why a frame is rejected (from memory of ISO/IEC 13239): W control byte undefined, Y information
// too long, Z N(R) invalid.
std::uint8_t rejection_reason(HdlcFault fault) {
    if (fault == HdlcFault::acknowledgement) return 0x08;
    if (fault == HdlcFault::information_size || fault == HdlcFault::apdu_too_long) return 0x04;
    return 0x01;
}

}  // namespace

HdlcServer::HdlcServer(const HdlcServerOptions& options)
    : options_(options), traffic_({}, options_.limits, options_.longest_apdu) {}

HdlcEnds HdlcServer::ends() const {
    return {addressed_as_, client_, llc_of_response, llc_of_request};
}

// A client may leave the physical part out.
bool HdlcServer::is_for_us(const HdlcAddress& destination) const {
    return destination.upper == options_.server.upper &&
           (destination.size == 1 || options_.server.size == 1 ||
            destination.lower == options_.server.lower);
}

void HdlcServer::transmit(HdlcFrame frame) {
    frame.source = addressed_as_;
    append(output_, encode_frame(frame));
}

void HdlcServer::respond(FrameKind kind, Bytes information) {
    transmit({.destination = client_,
              .source = {},
              .control = {.kind = kind},
              .segmented = false,
              .information = std::move(information)});
}

Bytes HdlcServer::take_output() { return std::exchange(output_, {}); }

std::optional<LinkEvent> HdlcServer::next_event() {
    if (events_.empty()) return std::nullopt;
    LinkEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void HdlcServer::receive(BytesView bytes, Instant now) {
    if (bytes.empty()) return;
    last_byte_ = now;
    reader_.feed(bytes);
    take_frames();
}

void HdlcServer::take_frames() {
    for (;;) {
        const auto next = reader_.next();
        if (!next) continue;
        if (!*next) return;
        if (is_for_us((*next)->destination)) take(**next);
    }
}

// Each client has a link of its own; this meter has room for one, and the last SNRM gets it.
void HdlcServer::take_stranger(const HdlcFrame& frame) {
    if (frame.control.kind == FrameKind::set_normal_mode) {
        state_ = State::down;
        events_.emplace_back(LinkDown{});
        return take(frame);
    }
    if (!frame.control.poll) return;
    HdlcFrame answer = frame;
    answer.destination = frame.source;
    answer.source = frame.destination;
    answer.control = {.kind = FrameKind::disconnected_mode};
    answer.segmented = false;
    answer.information.clear();
    append(output_, encode_frame(answer));
}

void HdlcServer::take(const HdlcFrame& frame) {
    if (state_ != State::down && frame.source != client_) return take_stranger(frame);
    last_heard_ = last_byte_;
    client_ = frame.source;
    addressed_as_ = frame.destination;
    const FrameKind kind = frame.control.kind;
    if (kind == FrameKind::set_normal_mode) return connect(frame);
    if (kind == FrameKind::disconnect) return hang_up();
    if (state_ == State::rejecting) return transmit(rejection_);
    if (state_ == State::up && is_numbered(kind)) return take_traffic(frame);
    if (state_ == State::down && frame.control.poll) respond(FrameKind::disconnected_mode);
}

void HdlcServer::connect(const HdlcFrame& frame) {
    const auto theirs = decode_parameters(frame.information);
    if (!theirs) return respond(FrameKind::disconnected_mode);
    const HdlcParameters in_force = agreed(options_.limits, *theirs);
    traffic_ = HdlcTraffic{ends(), in_force, options_.longest_apdu};
    state_ = State::up;
    has_turn_ = awaits_reply_ = false;
    respond(FrameKind::acknowledge, encode_parameters(in_force, options_.size_form));
    events_.emplace_back(LinkUp{in_force});
}

void HdlcServer::hang_up() {
    respond(state_ == State::down ? FrameKind::disconnected_mode : FrameKind::acknowledge);
    if (state_ == State::down) return;
    state_ = State::down;
    events_.emplace_back(LinkDown{});
}

void HdlcServer::take_traffic(const HdlcFrame& frame) {
    const auto acknowledged = traffic_.acknowledge(frame.control.receive_number);
    if (!acknowledged) return reject(encode_control(frame.control), acknowledged.error());
    has_turn_ = frame.control.poll;
    if (frame.control.kind == FrameKind::information && !is_busy_) return take_information(frame);
    if (has_turn_) speak();
}

void HdlcServer::take_information(const HdlcFrame& frame) {
    const auto taken = traffic_.take(frame);
    if (!taken) return reject(encode_control(frame.control), taken.error());
    if (*taken && (awaits_reply_ || traffic_.has_unacknowledged()))
        return reject(encode_control(frame.control), HdlcFault::unexpected);
    if (*taken && traffic_.has_apdu()) {
        awaits_reply_ = true;
        auto apdu = traffic_.take_apdu();
        if (!apdu) return reject(encode_control(frame.control), apdu.error());
        events_.emplace_back(ApduArrived{std::move(*apdu)});
        return;  // the turn is kept for the reply
    }
    if (has_turn_) speak();
}

void HdlcServer::speak() {
    has_turn_ = false;
    if (is_busy_) return transmit(traffic_.supervisory(FrameKind::receive_not_ready));
    if (!traffic_.has_unacknowledged())
        return transmit(traffic_.supervisory(FrameKind::receive_ready));
    for (HdlcFrame& frame : traffic_.window()) transmit(std::move(frame));
}

void HdlcServer::reply(BytesView apdu) {
    if (!is_up() || !awaits_reply_) return;  // the link has changed hands meanwhile
    awaits_reply_ = false;
    traffic_.queue(apdu);
    if (has_turn_) speak();
}

void HdlcServer::reject(std::uint8_t control, HdlcFault fault) {
    state_ = State::rejecting;
    const auto numbers =
        static_cast<std::uint8_t>(traffic_.receive_number() << 5 | traffic_.send_number() << 1);
    rejection_ = {.destination = client_,
                  .source = {},
                  .control = {.kind = FrameKind::reject},
                  .segmented = false,
                  .information = {control, numbers, rejection_reason(fault)}};
    transmit(rejection_);
    events_.emplace_back(LinkLost{fault});
}

void HdlcServer::time_out(Instant now) {
    if (reader_.is_inside_frame() && now >= last_byte_ + options_.inter_octet) {
        reader_.silence();
        take_frames();
    }
    if (state_ == State::down || now < last_heard_ + options_.inactivity) return;
    state_ = State::down;
    events_.emplace_back(LinkLost{HdlcFault::inactive});
}

Instant HdlcServer::deadline() const {
    const Instant pause =
        reader_.is_inside_frame() ? last_byte_ + options_.inter_octet : calibration::never;
    const Instant inactive =
        state_ == State::down ? calibration::never : last_heard_ + options_.inactivity;
    return std::min(pause, inactive);
}

}  // namespace dut::dlms
