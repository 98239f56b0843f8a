// Synthetic edges of a meter with a known error, for the tests of the gate.
#pragma once

#include "calibration/gate.hpp"
#include "calibration/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace gate_edges {

using calibration::GateConstants;
using calibration::ImpulsesPerKilowattHour;
using calibration::PhasedEdge;

inline const GateConstants constants{ImpulsesPerKilowattHour{1000}, ImpulsesPerKilowattHour{6e7}};
inline constexpr double nominal_spacing = 60'000;  // reference impulses per impulse
inline constexpr std::int64_t ticks_per_reference = 1'000'000;

// An edge at a phase of `whole` reference impulses and `tick` ticks of the next; 10^6 ticks are one
// impulse.
inline PhasedEdge edge_at(std::int64_t whole, std::int64_t tick) {
    const std::int64_t before = whole * ticks_per_reference;
    return {.tick = before + tick,
            .reference_count = whole,
            .reference_before = before,
            .reference_after = before + ticks_per_reference};
}

// An edge `impulses` nominal spacings after phase zero.
inline PhasedEdge at(double impulses) {
    const double phase = impulses * nominal_spacing;
    const double whole = std::floor(phase);
    const auto tick = std::lround((phase - whole) * static_cast<double>(ticks_per_reference));
    return edge_at(static_cast<std::int64_t>(whole), tick);
}

// `count` impulses of a meter with this error, on a straight line from `start`.
inline std::vector<double> impulses(std::size_t count, double error_percent, double start = 3.25) {
    std::vector<double> places;
    const double spacing = 1.0 / (1.0 + error_percent / 100.0);
    for (std::size_t i = 0; i < count; ++i) {
        places.push_back(start + spacing * static_cast<double>(i));
    }
    return places;
}

// Delayed to an update grid of `grid` impulses: what a meter with a slow measurement loop emits.
inline std::vector<double> on_grid(std::vector<double> places, double grid) {
    for (double& place : places) {
        place = std::ceil(place / grid) * grid;
    }
    return places;
}

inline std::vector<PhasedEdge> edges(std::vector<double> places) {
    std::sort(places.begin(), places.end());
    std::vector<PhasedEdge> result;
    for (const double place : places) {
        result.push_back(at(place));
    }
    return result;
}

}  // namespace gate_edges
