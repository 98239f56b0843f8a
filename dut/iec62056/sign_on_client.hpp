// The reader's side of the hand-shake: sign on, identify, choose, read out or go on with HDLC.
#pragma once

#include "dut/iec62056/message_reader.hpp"
#include "dut/iec62056/sign_on.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace dut::iec62056 {

enum class Purpose { readout, hdlc, programming };

struct SignOnOptions {
    Purpose purpose = Purpose::readout;
    std::string address;              // empty: whoever is there
    int start_baud = 300;             // 9600 for meters that always speak at that speed
    int fastest_baud = 19200;         // what the optical head can do
    bool parity_in_software = false;  // the port moves eight bits: 7E1 inside 8N1
    int wake_up_characters = 0;       // NULs before the sign-on, for meters that sleep
    // Some meters never confirm mode E; the line is then changed all the same.
    bool needs_confirmation = true;
    int attempts = 3;
    std::size_t longest = 1U << 18;
    SignOnTimes times;
};

// Characters in, time-out in, actions out, next deadline out. Ends in ReadoutArrived, HdlcReady,
// CommandArrived (the greeting of programming mode) or SignOnFailed.
class SignOnClient {
  public:
    explicit SignOnClient(SignOnOptions options);

    void begin(Instant now);
    // Mode D: nothing is asked; the meter speaks at 2400 baud when its button is pressed.
    void listen(Instant now, Duration patience);
    // In programming mode: the next command. The answer is an action as well.
    void send_command(const Command& command, Instant now);

    void receive(BytesView bytes, Instant now);
    void time_out(Instant now);
    Instant deadline() const { return deadline_; }
    std::optional<SignOnAction> next_action();

  private:
    enum class State {
        idle,
        listening,   // mode D
        signing_on,  // the identification is awaited
        selecting,   // the option select is leaving the line
        confirming,  // mode E: the meter's confirmation is awaited at the new speed
        reading,     // the data are awaited
        commanding,  // an answer in programming mode is awaited
    };
    void sign_on(Instant now);
    void send(std::string_view characters, Instant now);
    void change_line(int baud, bool has_eight_bits);
    void take_characters(std::string_view characters, Instant now);
    std::string without_echo(std::string characters);
    void take(const Message& message, Instant now);
    void take_identification(const Message& message, Instant now);
    void select(const Identification& identification, Instant now);
    void await_data(Instant now);
    void confirm(const Message& message);
    void take_readout(const Message& message, Instant now);
    void take_command(const Message& message, Instant now);
    void ask_again(Error error, Instant now);
    void be_ready_for_hdlc();
    void fail(Error error);
    void finish(SignOnAction action);
    Error overdue() const;

    SignOnOptions options_;
    MessageReader reader_;
    State state_ = State::idle;
    int baud_ = 300;
    int chosen_baud_ = 300;
    bool has_eight_bits_ = false;
    bool has_changed_speed_ = false;
    int attempts_ = 0;
    std::string echo_;  // of what was sent, as far as it may still be heard
    std::size_t heard_ = 0;
    std::size_t characters_ = 0;          // since the last thing sent
    std::optional<std::size_t> damaged_;  // the first of them with the wrong parity
    std::optional<Error> first_error_;
    Instant line_free_{};
    Instant give_up_ = calibration::never;  // whatever still comes
    Instant deadline_ = calibration::never;
    std::deque<SignOnAction> actions_;
};

}  // namespace dut::iec62056
