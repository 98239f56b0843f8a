// The numbers of one gate and how they are described: the same for a measurement by hand and in a
// run.
#pragma once

#include "sequences/results.hpp"

#include <cstdint>

namespace scripts::python {

double error_percent(
    const sequences::PositionResult& result);  // NaN without an error, as the next ones
double error_omega_percent(const sequences::PositionResult& result);
double expanded_uncertainty_percent(const sequences::PositionResult& result);
double coverage_factor(const sequences::PositionResult& result);
std::int64_t intervals(const sequences::PositionResult& result);
std::int64_t missed(const sequences::PositionResult& result);
std::int64_t extra(const sequences::PositionResult& result);

inline constexpr auto error_doc =
    "By energy, from the first edge of the gate to the last, %; NaN when there is none.";
inline constexpr auto omega_doc = "By least squares over all edges, %; NaN when there is none.";
inline constexpr auto uncertainty_doc =
    "Expanded uncertainty of error_percent (GUM, 95.45 %), %; infinite when the scatter cannot be "
    "known, NaN when there "
    "is no error.";
inline constexpr auto coverage_doc =
    "Student's t for the budget's effective degrees of freedom; NaN when there is no error.";
inline constexpr auto intervals_doc = "Impulse intervals in the gate, missed impulses included.";
inline constexpr auto missed_doc = "Impulses that did not come, by their energy.";
inline constexpr auto extra_doc = "Edges that are no impulses, by their energy.";
inline constexpr auto truth_doc =
    "On the twin, what the simulated meter really does, %; None on real hardware.";
inline constexpr auto edges_doc =
    "int64 [n, 4], owned by the array; a row per impulse in the gate: tick of its leading edge, "
    "reference impulses up to "
    "the reference edge at or before it, tick of that edge, tick of the next.";

}  // namespace scripts::python
