// A CTAG/1 edge capture on the bench model: the physics' closed form seen through a device's
// stream.
#pragma once

#include "calibration/bench_model.hpp"
#include "instruments/ctag/faults.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace instruments::ctag {

enum class ReferenceMode { bracketed, explicit_edges };

struct EmulatorOptions {
    calibration::Duration tick = std::chrono::nanoseconds{8};
    double clock_deviation_ppm = 0;
    ReferenceMode mode = ReferenceMode::bracketed;
    int reference_channel = 0;
    std::uint32_t reference_divider = 1;
    std::vector<int> led_channels;  // position -> channel; negative: no head there
    // The same for the meters' pulse outputs; empty: none is wired. They are dut channels like the
    // LEDs': in HELLO, in COUNTERS, and for every fault.
    std::vector<int> output_channels;
    calibration::Duration led_pulse_width = std::chrono::milliseconds{30};
    calibration::Duration output_pulse_width = std::chrono::milliseconds{50};
    calibration::Duration heartbeat = std::chrono::seconds{1};  // 100 ms on real time
    calibration::Duration counters = std::chrono::seconds{1};
    calibration::Duration flush = std::chrono::milliseconds{10};
    std::uint64_t boot_id = 1;
    Faults faults;
};

// Sleeps from one dut edge to the next, never per reference impulse in bracketed mode.
class Emulator {
  public:
    // Clock and model must outlive the emulator.
    Emulator(io::Clock& clock, const calibration::BenchModel& model, EmulatorOptions options);
    ~Emulator();
    Emulator(const Emulator&) = delete;
    Emulator& operator=(const Emulator&) = delete;

    // Serves one connection until the other side is gone. Edges that fall between two connections
    // count as lost.
    io::Task<void> serve(io::ByteLink& link);

    // More faults, at instants not yet passed.
    void inject(const Faults& faults);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace instruments::ctag
