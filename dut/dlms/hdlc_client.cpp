#include "dut/dlms/hdlc_client.hpp"

#include "calibration/check.hpp"

#include <algorithm>
#include <utility>

namespace dut::dlms {
namespace {

HdlcEnds ends(const HdlcClientOptions& options) {
    return {options.client, options.server, llc_of_request, llc_of_response};
}

bool is_numbered(FrameKind kind) {
    return kind == FrameKind::information || kind == FrameKind::receive_ready ||
           kind == FrameKind::receive_not_ready;
}

}  // namespace

HdlcClient::HdlcClient(const HdlcClientOptions& options)
    : options_(options), traffic_(ends(options_), options_.offer, options_.longest_apdu) {
    calibration::check(options_.attempts > 0, "an HDLC client tries at least once");
}

// -- what the user wants

void HdlcClient::connect(Instant now) {
    calibration::check(state_ == State::down, "an HDLC link is connected when it is down");
    reader_.clear();
    state_ = State::clearing;
    attempts_ = 1;
    transmit_command(FrameKind::disconnect, {}, now);
}

void HdlcClient::begin_connecting(Instant now) {
    if (state_ != State::connecting) attempts_ = 0;
    state_ = State::connecting;
    ++attempts_;
    Bytes information;
    if (options_.offer != HdlcParameters{}) information = encode_parameters(options_.offer);
    transmit_command(FrameKind::set_normal_mode, std::move(information), now);
}

void HdlcClient::send(BytesView apdu, Instant now) {
    calibration::check(is_idle(), "an APDU is sent over an HDLC link that is up and idle");
    wants_ = Wants::reply;
    attempts_ = futile_windows_ = 0;
    patience_ends_ = now + options_.times.patience;
    traffic_.queue(apdu);
    transmit_window(now);
}

void HdlcClient::disconnect(Instant now) {
    if (state_ == State::down) {
        events_.emplace_back(LinkDown{});
        return;
    }
    state_ = State::disconnecting;
    attempts_ = 1;
    transmit_command(FrameKind::disconnect, {}, now);
}

// -- out

Bytes HdlcClient::take_output() { return std::exchange(output_, {}); }

std::optional<LinkEvent> HdlcClient::next_event() {
    if (events_.empty()) return std::nullopt;
    LinkEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void HdlcClient::transmit(const HdlcFrame& frame, Instant now) {
    const Bytes bytes = encode_frame(frame);
    echo_.sent(frame);
    append(output_, bytes);
    ++counts_.frames_sent;
    line_free_ = std::max(line_free_, now) + std::ssize(bytes) * options_.times.octet;
    if (!frame.control.poll) return;
    turn_ = Turn::theirs;
    turn_ends_ = line_free_ + options_.times.response;
}

void HdlcClient::transmit_command(FrameKind kind, Bytes information, Instant now) {
    transmit({.destination = options_.server,
              .source = options_.client,
              .control = {.kind = kind},
              .segmented = false,
              .information = std::move(information)},
             now);
}

void HdlcClient::transmit_window(Instant now) {
    const auto frames = traffic_.window();
    if (futile_windows_ > 0) counts_.sent_again += std::ssize(frames);
    for (const HdlcFrame& frame : frames) transmit(frame, now);
}

void HdlcClient::ask(Wants wanted, Instant now) {
    wants_ = wanted;
    transmit(traffic_.supervisory(FrameKind::receive_ready), now);
}

// -- in

void HdlcClient::receive(BytesView bytes, Instant now) {
    if (bytes.empty()) return;
    last_byte_ = now;
    reader_.feed(bytes);
    take_frames(now);
}

void HdlcClient::take_frames(Instant now) {
    for (;;) {
        const auto next = reader_.next();
        if (!next) {
            ++counts_.damaged;
            continue;
        }
        if (!*next) return;
        take(**next, now);
    }
}

void HdlcClient::take(const HdlcFrame& frame, Instant now) {
    if (echo_.is_own(frame)) {
        ++counts_.echoes;
        return;
    }
    if (frame.destination != options_.client || frame.source != options_.server) {
        ++counts_.foreign;
        return;
    }
    ++counts_.frames_received;
    if (frame.control.kind == FrameKind::unnumbered_information) return take_notification(frame);
    echo_.forget();
    last_heard_ = now;
    if (state_ == State::up) return take_traffic(frame, now);
    if (state_ != State::down) take_answer_to_command(frame, now);
}

void HdlcClient::take_answer_to_command(const HdlcFrame& frame, Instant now) {
    const FrameKind kind = frame.control.kind;
    const bool is_clear = kind == FrameKind::acknowledge || kind == FrameKind::disconnected_mode;
    if (state_ == State::clearing && is_clear) return begin_connecting(now);
    if (state_ == State::disconnecting && is_clear) return go_down(LinkDown{});
    if (state_ != State::connecting) return;
    if (kind == FrameKind::acknowledge) return come_up(frame);
    if (kind == FrameKind::disconnected_mode) return lose(HdlcFault::refused);
    if (kind == FrameKind::reject) lose(HdlcFault::rejected);
}

void HdlcClient::come_up(const HdlcFrame& frame) {
    const auto theirs = decode_parameters(frame.information);
    if (!theirs) return lose(theirs.error());
    const HdlcParameters in_force = agreed(options_.offer, *theirs);
    traffic_ = HdlcTraffic{ends(options_), in_force, options_.longest_apdu};
    state_ = State::up;
    be_idle();
    events_.emplace_back(LinkUp{in_force});
}

void HdlcClient::take_notification(const HdlcFrame& frame) {
    constexpr std::size_t llc_size = 3;
    if (frame.information.size() < llc_size) return;
    events_.emplace_back(
        NotificationArrived{Bytes(frame.information.begin() + llc_size, frame.information.end())});
}

void HdlcClient::take_traffic(const HdlcFrame& frame, Instant now) {
    const FrameKind kind = frame.control.kind;
    if (kind == FrameKind::disconnected_mode || kind == FrameKind::disconnect)
        return lose(HdlcFault::lost);
    if (kind == FrameKind::reject) return lose(HdlcFault::rejected);
    // A late answer to a command that was sent twice is no news.
    if (!is_numbered(kind)) return;
    attempts_ = 0;
    peer_is_busy_ = kind == FrameKind::receive_not_ready;
    if (!take_acknowledgement(frame, now)) return;
    if (kind == FrameKind::information) return take_information(frame, now);
    if (!frame.control.poll || turn_ != Turn::theirs) return;
    if (wants_ == Wants::presence) return be_idle();
    if (peer_is_busy_ || !traffic_.has_unacknowledged()) return pause(now);
    transmit_window(now);
}

bool HdlcClient::take_acknowledgement(const HdlcFrame& frame, Instant now) {
    const bool had_unacknowledged = traffic_.has_unacknowledged();
    const auto count = traffic_.acknowledge(frame.control.receive_number);
    if (!count) {
        lose(count.error());
        return false;
    }
    if (*count > 0) {
        futile_windows_ = 0;
        patience_ends_ = now + options_.times.patience;
    } else if (had_unacknowledged && frame.control.poll && !peer_is_busy_) {
        return is_worth_another_try();
    }
    return true;
}

bool HdlcClient::is_worth_another_try() {
    if (++futile_windows_ < options_.attempts) return true;
    lose(HdlcFault::no_progress);
    return false;
}

void HdlcClient::take_information(const HdlcFrame& frame, Instant now) {
    const auto taken = traffic_.take(frame);
    if (!taken) return lose(taken.error());
    if (*taken && wants_ != Wants::reply) return lose(HdlcFault::unexpected);
    if (*taken) {
        futile_windows_ = 0;
        patience_ends_ = now + options_.times.patience;
    } else if (frame.control.poll && !is_worth_another_try()) {
        return;
    }
    turn_ends_ = now + options_.times.response;
    if (traffic_.has_apdu()) {
        // A reply to a request of which the peer has not taken everything.
        if (traffic_.has_unacknowledged()) return lose(HdlcFault::unexpected);
        auto apdu = traffic_.take_apdu();
        if (!apdu) return lose(apdu.error());
        be_idle();
        events_.emplace_back(ApduArrived{std::move(*apdu)});
    } else if (frame.control.poll) {
        go_on(now);
    }
}

// The turn is ours after a segment.
void HdlcClient::go_on(Instant now) {
    if (wants_ != Wants::reply) return be_idle();
    if (traffic_.has_unacknowledged()) return transmit_window(now);
    if (now >= patience_ends_) return lose(HdlcFault::no_reply);
    ask(Wants::reply, now);
}

// -- time

void HdlcClient::pause(Instant now) {
    turn_ = Turn::pausing;
    turn_ends_ = now + options_.times.poll;
}

void HdlcClient::end_pause(Instant now) {
    if (now < patience_ends_) return ask(wants_, now);
    lose(peer_is_busy_ ? HdlcFault::busy : HdlcFault::no_reply);
}

void HdlcClient::time_out(Instant now) {
    if (now < deadline()) return;
    if (reader_.is_inside_frame() && now >= last_byte_ + options_.times.inter_octet) {
        reader_.silence();
        take_frames(now);
    }
    if (state_ == State::down || now < deadline()) return;
    if (turn_ == Turn::theirs) return ask_again(now);
    if (turn_ == Turn::pausing) return end_pause(now);
    if (now >= last_heard_ + options_.times.inactivity) return lose(HdlcFault::inactive);
    attempts_ = 0;
    ask(Wants::presence, now);
}

void HdlcClient::ask_again(Instant now) {
    ++counts_.time_outs;
    if (state_ == State::clearing) return begin_connecting(now);
    if (attempts_ >= options_.attempts) {
        if (state_ == State::disconnecting) return go_down(LinkDown{});
        return lose(HdlcFault::silence);
    }
    if (state_ == State::connecting) return begin_connecting(now);
    ++attempts_;
    if (state_ == State::disconnecting) return transmit_command(FrameKind::disconnect, {}, now);
    ask(wants_, now);
}

// An answer that has begun may end, but a line full of noise does not hold the client.
Instant HdlcClient::answer_overdue() const {
    if (!reader_.is_inside_frame()) return turn_ends_;
    const Instant latest =
        turn_ends_ + static_cast<std::int64_t>(longest_frame) * options_.times.octet;
    return std::min(std::max(turn_ends_, last_byte_ + options_.times.inter_octet), latest);
}

Instant HdlcClient::idle_until() const {
    const Instant inactive = last_heard_ + options_.times.inactivity;
    if (options_.times.keep_alive == Duration::zero()) return inactive;
    return std::min(inactive, last_heard_ + options_.times.keep_alive);
}

Instant HdlcClient::deadline() const {
    if (state_ == State::down) return calibration::never;
    const Instant turn = turn_ == Turn::theirs    ? answer_overdue()
                         : turn_ == Turn::pausing ? turn_ends_
                                                  : idle_until();
    if (!reader_.is_inside_frame()) return turn;
    return std::min(turn, last_byte_ + options_.times.inter_octet);
}

// -- states

void HdlcClient::be_idle() {
    wants_ = Wants::nothing;
    turn_ = Turn::mine;
    attempts_ = 0;
}

void HdlcClient::go_down(LinkEvent event) {
    state_ = State::down;
    be_idle();
    peer_is_busy_ = false;
    futile_windows_ = 0;
    events_.push_back(std::move(event));
}

void HdlcClient::lose(HdlcFault fault) { go_down(LinkLost{fault}); }

}  // namespace dut::dlms
