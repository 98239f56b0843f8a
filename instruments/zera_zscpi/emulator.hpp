// A COM5003 (or MT310s2) that measures the bench model: the face of the reference standard on the
// twin.
#pragma once

#include "calibration/bench_model.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace instruments::zera_zscpi {

// Faults of the instrument, by the instant of bench time from which they show; never: not at all.
struct EmulatorFaults {
    calibration::Instant silent_from = calibration::never;  // nothing is answered any more
    calibration::Instant range_change_at =
        calibration::never;  // someone turns the knob: current range one step up
    calibration::Instant overload_at = calibration::never;     // the overload flag latches
    calibration::Instant srq_noise_from = calibration::never;  // an "SRQ" line before every answer
    calibration::Instant garbled_at =
        calibration::never;  // the first answer from then on is garbled, once
    // M0CONSTANT? states the two-wire constant, three times what the output emits.
    calibration::Instant wrong_constant_from = calibration::never;
};

struct EmulatorOptions {
    std::string model = "COM5003";  // or "MT310s2"
    std::string serial = "050059467";
    std::uint64_t seed = 1;  // of the reading noise
    calibration::Duration write_time =
        std::chrono::milliseconds{30};  // until a written parameter takes effect
    EmulatorFaults faults{};
};

class Emulator {
  public:
    using Options = EmulatorOptions;
    using Faults = EmulatorFaults;

    // Starts in the widest ranges, and has the bench emit impulses accordingly. Throws
    // calibration::DataError for an unknown model. Clock and bench must outlive it.
    Emulator(io::Clock& clock, calibration::BenchModel& bench, Options options);
    ~Emulator();
    Emulator(const Emulator&) = delete;
    Emulator& operator=(const Emulator&) = delete;

    // Answers one client until it goes away. Several may be served at once: they share the
    // instrument, and each has its own error queue, registers and last readings.
    io::Task<void> serve(io::ByteLink& link);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace instruments::zera_zscpi
