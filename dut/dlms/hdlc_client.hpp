// The client's end of an HDLC link: connect, exchange APDUs, keep alive, disconnect.
#pragma once

#include "calibration/time.hpp"
#include "dut/dlms/hdlc_echo.hpp"
#include "dut/dlms/hdlc_reader.hpp"
#include "dut/dlms/hdlc_traffic.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

namespace dut::dlms {

using calibration::Duration;
using calibration::Instant;

struct HdlcTimes {
    // From the last byte sent to the first byte of the answer. A line's speed comes on top.
    Duration response = std::chrono::seconds{2};
    // The line time of one byte, ten bits at 9600 baud being 1.04 ms; 0 on a network.
    Duration octet = Duration::zero();
    // A pause this long inside a frame ends it. 25 ms by the standard; USB adapters and networks
    // pause longer without meaning it.
    Duration inter_octet = std::chrono::milliseconds{25};
    Duration inactivity = std::chrono::seconds{120};
    // An idle client asks "still there?" so often; 0: never, and the link ends by inactivity.
    Duration keep_alive = std::chrono::seconds{30};
    // Between two questions to a server that has no answer yet or is busy, and for how long.
    Duration poll = std::chrono::milliseconds{100};
    Duration patience = std::chrono::seconds{30};
};

struct HdlcClientOptions {
    HdlcAddress client = client_address(16), server = server_address(1);
    HdlcParameters offer;  // the defaults go as SNRM without information
    HdlcTimes times;
    int attempts = 3;  // of each frame
    std::size_t longest_apdu = 1U << 20;
};

struct LinkUp {
    HdlcParameters in_force;
};
struct LinkDown {};  // as asked
struct LinkLost {
    HdlcFault fault;
};
struct ApduArrived {
    Bytes apdu;
};
struct NotificationArrived {  // an APDU in an UI frame, which nobody asked for
    Bytes apdu;
};
using LinkEvent = std::variant<LinkUp, LinkDown, LinkLost, ApduArrived, NotificationArrived>;

// For the record of a communications test; none of these is an error by itself.
struct HdlcCounts {
    std::int64_t frames_received = 0, frames_sent = 0;
    std::int64_t damaged = 0;     // candidates the reader gave up
    std::int64_t foreign = 0;     // frames to or from somebody else
    std::int64_t echoes = 0;      // our own frames, heard again
    std::int64_t time_outs = 0;   // answers that did not come
    std::int64_t sent_again = 0;  // information frames
};

// Bytes in, time-out in, bytes out, next deadline out. After every call take what take_output() and
// next_event() have. One APDU at a time, as the protocol has it.
class HdlcClient {
  public:
    explicit HdlcClient(const HdlcClientOptions& options);

    // DISC first, for a session of yesterday, whatever comes of it; then SNRM. Ends in LinkUp or
    // LinkLost.
    void connect(Instant now);
    // The link must be up and idle. Ends in ApduArrived or LinkLost.
    void send(BytesView apdu, Instant now);
    // Ends in LinkDown, also when nobody answers.
    void disconnect(Instant now);

    void receive(BytesView bytes, Instant now);
    void time_out(Instant now);  // at deadline() or later; earlier it does nothing
    Instant deadline() const;
    Bytes take_output();
    std::optional<LinkEvent> next_event();

    bool is_up() const { return state_ == State::up; }
    bool is_idle() const { return state_ == State::up && wants_ == Wants::nothing; }
    const HdlcCounts& counts() const { return counts_; }

  private:
    enum class State { down, clearing, connecting, up, disconnecting };
    enum class Wants { nothing, presence, reply };  // of the peer, while the link is up
    enum class Turn { mine, pausing, theirs };

    void transmit(const HdlcFrame& frame, Instant now);
    void transmit_command(FrameKind kind, Bytes information, Instant now);
    void transmit_window(Instant now);
    void go_on(Instant now);
    void pause(Instant now);
    void take_frames(Instant now);
    void take(const HdlcFrame& frame, Instant now);
    void take_answer_to_command(const HdlcFrame& frame, Instant now);
    void take_traffic(const HdlcFrame& frame, Instant now);
    bool take_acknowledgement(const HdlcFrame& frame, Instant now);
    bool is_worth_another_try();
    void take_information(const HdlcFrame& frame, Instant now);
    void take_notification(const HdlcFrame& frame);
    void come_up(const HdlcFrame& frame);
    void begin_connecting(Instant now);
    void ask(Wants wanted, Instant now);
    void ask_again(Instant now);
    void end_pause(Instant now);
    void be_idle();
    void lose(HdlcFault fault);
    void go_down(LinkEvent event);
    Instant answer_overdue() const;
    Instant idle_until() const;

    HdlcClientOptions options_;
    HdlcReader reader_;
    HdlcEcho echo_;
    HdlcTraffic traffic_;
    HdlcCounts counts_;
    State state_ = State::down;
    Wants wants_ = Wants::nothing;
    Turn turn_ = Turn::mine;
    int attempts_ = 0;        // without an answer
    int futile_windows_ = 0;  // turns that brought nothing new, in a row
    bool peer_is_busy_ = false;
    Instant turn_ends_ = calibration::never;      // the answer is overdue, or the pause is over
    Instant patience_ends_ = calibration::never;  // for the reply as a whole
    Instant line_free_{};                         // when the bytes handed over will have left
    Instant last_heard_{};                        // the last frame of the peer
    Instant last_byte_{};
    Bytes output_;
    std::deque<LinkEvent> events_;
};

}  // namespace dut::dlms
