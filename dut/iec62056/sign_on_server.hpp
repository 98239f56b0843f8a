// The meter's side of the hand-shake.
#pragma once

#include "dut/iec62056/message_reader.hpp"
#include "dut/iec62056/sign_on.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dut::iec62056 {

struct SignOnServerOptions {
    Identification identification;
    std::string address;  // answers to this one (without leading zeros) and to none
    int start_baud = 300;
    bool parity_in_software = false;  // the port moves eight bits: 7E1 inside 8N1
    bool confirms_mode_e = true;      // some meters do not
    // The link hands over at once what a line would take its time for (networks, ptys): answers
    // then wait for that time as well, or they would be there before the other side can hear them.
    bool is_link_instant = false;
    std::string greeting = "()";  // of programming mode: the data of P0
    SignOnTimes times;
};

// Characters in, time-out in, actions out, next deadline out. ReadoutWanted is answered by
// give_readout(), CommandArrived by answer(). After HdlcReady it rests until reset().
class SignOnServer {
  public:
    explicit SignOnServer(SignOnServerOptions options);

    void receive(BytesView bytes, Instant now);
    void time_out(Instant now);
    Instant deadline() const;
    std::optional<SignOnAction> next_action();

    void give_readout(const std::vector<DataLine>& lines, Instant now);
    void answer(std::string_view message, Instant now);  // encode_command(), ACK or NAK
    void reset(Instant now);  // the line at its starting speed, waiting for a sign-on

  private:
    enum class State { waiting, offered, sending, programming, hdlc };
    void take(const Message& message, Instant now);
    void take_request(std::string_view line, Instant now);
    void take_option(const Message& message, Instant now);
    void take_command(const Message& message, Instant now);
    void after_identification(Instant sent);
    // Each waits until what is planned before has left the line.
    Instant plan_send(std::string_view characters, Instant from);
    void plan(Instant at, SignOnAction action);
    void plan_return(Instant sent);
    void repeat(Instant now);
    bool is_for_us(std::string_view address) const;
    Duration reaction() const;
    Instant heard_at(std::size_t characters, Instant now) const;

    SignOnServerOptions options_;
    MessageReader reader_;
    State state_ = State::waiting;
    int baud_;               // when everything planned is done
    int line_baud_;          // now
    std::string last_sent_;  // for NAK
    std::deque<std::pair<Instant, SignOnAction>> planned_;
    Instant option_overdue_ = calibration::never;
    std::deque<SignOnAction> actions_;
};

}  // namespace dut::iec62056
