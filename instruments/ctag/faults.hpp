// What can go wrong with an edge capture and its heads, for the emulator. Instants are bench time.
#pragma once

#include "calibration/time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace instruments::ctag {

struct Faults {
    struct OnChannel {
        int channel;
        calibration::Instant at;
    };
    struct Flicker {
        int channel;
        calibration::Instant from, until;
    };
    struct Overflow {
        calibration::Instant at;
        int edges;
    };
    struct Swap {
        calibration::Instant at;
        int a, b;  // channels, of two LEDs or of two pulse outputs
    };
    struct ClockStep {
        calibration::Instant at;
        std::int64_t ticks;
    };

    // On the line: the next frame from then on.
    std::vector<calibration::Instant> flip_bit_at, lose_frame_at;
    // The next leading edge from then on is missing in the stream, but not in the hardware
    // counters.
    std::vector<OnChannel> lose_edge;
    // The head misses the next whole pulse: missing in the counters too, so that only the energy
    // domain shows it.
    std::vector<OnChannel> missed_by_head;
    std::vector<OnChannel> extra_edge;   // a whole extra pulse, counted
    std::vector<OnChannel> bounce;       // from then on each pulse comes twice, 100 us apart
    std::vector<OnChannel> dead_head;    // from then on nothing comes
    std::vector<Flicker> flicker_100hz;  // a lamp shines into the head: a pulse every 10 ms
    std::vector<Overflow> overflow_at;   // the device loses so many edges, and says so
    std::vector<calibration::Instant> restart_at;
    std::vector<Swap> swap_heads;
    std::vector<ClockStep> clock_step_at;
    std::optional<calibration::Instant> stop_at;  // the stream falls silent, the link stays
};

}  // namespace instruments::ctag
