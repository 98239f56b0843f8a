// A switch unit as seen from its line: relays, an error queue, and what can go wrong with them.
#pragma once

#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/scpi_switch/wire.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace instruments::scpi_switch {

// What goes wrong and when, in bench time, so that a run repeats exactly.
struct Faults {
    struct Stuck {  // this relay stays as it is
        int channel;
        io::Instant from{};
    };
    std::vector<Stuck> stuck;
    io::Instant silent_from = io::never;   // neither hears nor answers; the relays stay
    io::Instant refuses_from = io::never;  // moves nothing and queues an error
    io::Instant garbled_at = io::never;    // the first answer from then on is garbled, once
};

struct EmulatorOptions {
    Identity identity{"calrig", "switch", "1", "1.0"};
    std::vector<int> channels;                                // that it has; empty: all
    io::Duration latency = std::chrono::milliseconds{5};      // of every command
    io::Duration relay_time = std::chrono::milliseconds{10};  // of each relay named, one by one
    Faults faults;
};

class Emulator {
  public:
    // Called when a relay has moved, and only then.
    using Moved = std::function<void(int channel, bool closed)>;

    // All relays are open. The clock must outlive the emulator, and so must what `moved` refers to.
    Emulator(io::Clock& clock, EmulatorOptions options, Moved moved = {});

    // Answers on `link` until the host goes away, then returns; the relays stay. One call at a
    // time. Link and emulator must outlive it.
    io::Task<void> serve(io::ByteLink& link);

    bool is_closed(int channel) const { return closed_.contains(channel); }

    Faults faults;

  private:
    bool is_silent() const { return clock_.now() >= faults.silent_from; }
    bool has(const Channels& channels) const;
    bool is_stuck(int channel) const;
    void raise(ErrorEntry error);
    ErrorEntry take_error();
    io::Task<void> obey(io::ByteLink& link, std::string line);
    io::Task<void> execute(io::ByteLink& link, Command command);
    io::Task<void> move(Channels channels, bool closed);
    io::Task<void> answer(io::ByteLink& link, std::string text);
    void report_states(const Channels& channels, std::optional<std::string>& text);

    io::Clock& clock_;
    EmulatorOptions options_;
    Moved moved_;
    std::set<int> closed_;
    std::deque<ErrorEntry> errors_;
};

}  // namespace instruments::scpi_switch
