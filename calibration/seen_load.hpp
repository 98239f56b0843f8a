// A load as a reference standard reports it: measured values, its own errors included.
#pragma once

#include "calibration/load_point.hpp"
#include "calibration/quantity.hpp"

#include <array>

namespace calibration {

struct SeenPhase {
    Volt voltage{0};
    Ampere current{0};
    Degree voltage_angle{0};
    Degree displacement{0};
    Watt active{0};
    Var reactive{0};
    VoltAmpere apparent{0};
};
struct SeenLoad {
    std::array<SeenPhase, phase_count> phases;
    Hertz frequency{0};
};

}  // namespace calibration
