// How one quantity follows a change of the set point: exponentially, and after twelve time
// constants exactly.
#pragma once

#include "calibration/time.hpp"

#include <optional>

namespace calibration {

// After this many time constants 6e-6 of the step is left; from there on the value is the settled
// one.
inline constexpr int settling_time_constants = 12;

// The time scale of one change, common to all quantities on the bench. No length: the change is a
// step.
struct Settling {
    double time_constant_s = 0;
    Duration length{0};

    static Settling of(Duration time_constant);
    // What is left of the step: 1 at once, 0 from `length` on.
    double remainder(Duration elapsed) const;
};

// value(t) = to + (from - to) exp(-t / time constant); powers in watt or var, rates in impulses per
// second.
struct Approach {
    double from = 0;
    double to = 0;

    double value(const Settling& settling, Duration elapsed) const;
    double integral(const Settling& settling, Duration elapsed) const;  // value times seconds
    // The integral of max(value, 0): what an import register takes.
    double positive_integral(const Settling& settling, Duration elapsed) const;
    // When the sign changes while settling, if it does: the value is monotone, so that is once at
    // most.
    std::optional<Duration> zero_crossing(const Settling& settling) const;
};

}  // namespace calibration
