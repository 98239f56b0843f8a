// Bench time: int64 nanoseconds since the bench was assembled, virtual or real. No clock lives
// here.
#pragma once

#include <chrono>

namespace calibration {

// A tag only: bench time comes from instruments/io/clock.hpp, never from the system.
struct BenchTime {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BenchTime>;
    static constexpr bool is_steady = true;
};

using Duration = BenchTime::duration;
using Instant = BenchTime::time_point;

inline constexpr Instant never = Instant::max();

constexpr double seconds(Duration duration) { return static_cast<double>(duration.count()) * 1e-9; }
constexpr double seconds(Instant instant) { return seconds(instant.time_since_epoch()); }

// Rounded to the nearest nanosecond; used where a formula gives a real number of seconds.
constexpr Duration from_seconds(double value) {
    return Duration{static_cast<Duration::rep>(value * 1e9 + (value < 0 ? -0.5 : 0.5))};
}

}  // namespace calibration
