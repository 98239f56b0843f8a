// The load point as Python sees it: three phases, and the power factor they were made from.
#pragma once

#include "sequences/bench_session.hpp"

#include <array>

namespace scripts::python {

// Per phase, as an array of three.
using PerPhase = std::array<double, calibration::phase_count>;

struct PhaseValues {
    PerPhase voltage_v, current_a, displacement_deg;
};
PhaseValues phase_values(const calibration::LoadPoint& load);

}  // namespace scripts::python
