// How often a load is looked at and how long anything waits: the same for programmes, tests over
// the port and measurements by hand.
#pragma once

#include "calibration/time.hpp"

#include <chrono>

namespace sequences {

// How long a load that has just been set may take to come inside the reference conditions.
inline constexpr int settling_looks = 10;
inline constexpr calibration::Duration settling_pause = std::chrono::seconds{1};
// Back control: often while little time has passed, seldom in what takes hours.
inline constexpr calibration::Duration short_gate = std::chrono::seconds{60};
inline constexpr calibration::Duration often = std::chrono::seconds{2};
inline constexpr calibration::Duration seldom = std::chrono::seconds{10};
// Nobody waits longer than this without looking at the operator's wish to stop.
inline constexpr calibration::Duration patience = std::chrono::seconds{1};

}  // namespace sequences
