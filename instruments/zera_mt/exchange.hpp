// One command in flight: sends it, keeps unasked status lines apart, waits for its answer, finds
// the step again.
#pragma once

#include "instruments/fault.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/line_link.hpp"
#include "instruments/zera_mt/wire.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace instruments::zera_mt {

// How long each kind of answer may take: the maker's own drivers.
struct Timeouts {
    io::Duration setting = std::chrono::seconds{30};
    io::Duration switch_on = std::chrono::seconds{15};
    io::Duration switch_off = std::chrono::seconds{5};
    io::Duration status = std::chrono::milliseconds{2500};  // and other questions
};

// A later command took the line over; what the waiting one asked for is no longer wanted.
class Superseded : public DeviceFault {
  public:
    using DeviceFault::DeviceFault;
};

void add_once(std::vector<std::string>& names, std::string name);

// All functions throw DeviceFault or io::LinkError. A command sent while another one still waits
// supersedes it: the one that waits ends with Superseded. So an emergency switch-off never queues
// behind anything.
class Exchange {
  public:
    Exchange(io::Clock& clock, std::unique_ptr<io::ByteLink> link, Timeouts timeouts);

    // A setting: returns when the source acknowledged it. Synchronises first when the line is out
    // of step.
    io::Task<void> set(Command command, std::string operation);
    io::Task<Status> status();
    io::Task<Model> model();
    io::Task<Version> version();

    // Sends at once, in step or not. The answer of a line that was out of step may belong to an
    // earlier command.
    io::Task<void> set_at_once(Command command, std::string operation);

    // Sends a lone CR against a half-typed command, then a question whose answer cannot be
    // mistaken: answers come in order, so whatever is late has come before it, and is dropped.
    io::Task<void> synchronise();
    bool in_step() const { return in_step_; }

    // Names of the faults in status lines that came unasked since the last call.
    std::vector<std::string> take_trips();

    DeviceFault fault(std::string operation, std::string problem, std::string code = {}) const {
        return DeviceFault({device_, std::move(operation), std::move(problem), std::move(code)});
    }

  private:
    struct Question;
    io::Task<void> take_arrived();
    io::Task<Reply> ask(Question question);
    io::Task<Reply> answer(const Question& question, std::uint64_t turn);
    void demand_turn(const Question& question, std::uint64_t turn) const;
    Question question(const Command& command, std::string operation) const;
    bool keep(const Reply& reply);  // whether a line that is not the answer may come all the same

    io::Clock& clock_;
    io::LineLink lines_;
    Timeouts timeouts_;
    std::string device_;
    bool in_step_ = false;
    std::uint64_t turn_ = 0;                                   // of the newest command
    std::shared_ptr<int> waiting_ = std::make_shared<int>(0);  // commands that wait for a line
    std::vector<std::string> trips_;
    std::optional<Version> version_;  // comes in a line of its own before its acknowledgement
};

}  // namespace instruments::zera_mt
