// A ZERA MT source as seen from its serial line: the dialect and its quirks on top of the shared
// bench model.
#pragma once

#include "calibration/bench_model.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/zera_mt/models.hpp"
#include "instruments/zera_mt/set_points.hpp"
#include "instruments/zera_mt/status.hpp"
#include "instruments/zera_mt/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace instruments::zera_mt {

// What goes wrong and when, in bench time, so that a run repeats exactly.
struct Faults {
    struct Refusal {  // commands that begin so are answered NAK and change nothing
        std::string prefix;
        io::Instant from;
        io::Instant until = io::never;
    };
    struct Trip {  // the outputs drop, the status word comes unasked, and stays until everything is
                   // switched off
        io::Instant at;
        Status status = Status::with(AmplifierFault::overload, Amplifier::i2);
    };
    struct Garble {  // one answer, the first from then on, leaves with byte `byte` (modulo its
                     // length) changed
        io::Instant from;
        std::size_t byte = 0;
        std::uint8_t mask = 1;
    };
    struct LateReply {  // one answer, the first from then on, comes so much later
        io::Instant from;
        io::Duration by;
    };

    std::vector<Refusal> nak;
    io::Instant silent_from = io::never;  // neither hears nor answers; the output stays as it is
    io::Instant silent_until = io::never;
    std::optional<Trip> trip;  // these three are gone once they have happened
    std::optional<Garble> garble;
    std::optional<LateReply> late_reply;
};

struct EmulatorOptions {
    std::string model = "MT786";
    std::string version = "V552";
    io::Duration setting_latency = std::chrono::milliseconds{50};  // also of questions
    io::Duration switch_on_latency = std::chrono::seconds{1};
    io::Duration switch_off_latency =
        std::chrono::milliseconds{200};  // of the answer; the output drops at once
    Faults faults;
};

class Emulator {
  public:
    // Throws calibration::DataError for an unknown model. Clock and bench must outlive the
    // emulator.
    Emulator(io::Clock& clock, calibration::BenchModel& bench, EmulatorOptions options);

    // Answers on `link` until the host goes away, then returns. May be called again: like the real
    // device it keeps its output, its staged values and a half-typed command meanwhile. One call at
    // a time; link and emulator must outlive it. A trip put into `faults` while it waits for the
    // host is noticed with the host's next byte.
    io::Task<void> serve(io::ByteLink& link);

    Faults faults;

  private:
    io::Task<void> obey(io::ByteLink& link, std::string line);
    io::Task<void> execute(io::ByteLink& link, Command command);
    io::Task<void> switch_over(io::ByteLink& link, Switch switches);
    io::Task<void> acknowledge(io::ByteLink& link, Command command);
    io::Task<void> refuse(io::ByteLink& link, std::string line);
    io::Task<void> answer(io::ByteLink& link, Reply reply);
    io::Task<void> pause(io::ByteLink& link, io::Duration duration);
    io::Task<void> trip_when_due(io::ByteLink& link);
    bool accepts(const Command& command) const;
    bool is_refused_by_fault(const std::string& line) const;
    bool is_silent() const;
    void stage(const Command& command);
    void put_out();

    io::Clock& clock_;
    calibration::BenchModel& bench_;
    EmulatorOptions options_;
    const ModelLimits& limits_;
    SetPoints fields_;  // staged values, and the switches as they are
    Status status_;
    std::string half_typed_;
};

}  // namespace instruments::zera_mt
