// What the two evaluations of a gate share: the end-point error and the regression line.
#pragma once

#include "calibration/gate.hpp"

namespace calibration {

// r0 = C_ref / C_dut: reference impulses per dut impulse of a meter without error.
double nominal_spacing_of(const GateConstants& constants);

struct GateSpan {
    PhasedEdge first, last;
    std::int64_t intervals = 1;  // impulses from first to last
    std::int64_t counted = 2;    // edges taken as impulses
    double reference_divider = 1;
};
// Everything that follows from the two ends; regression, edges and extra ones are left at zero.
GateResult spanned(const GateSpan& span, double nominal_spacing);

// Moments of the residuals y over the indices i, about their means, in nominal spacings.
struct Moments {
    double count = 0;
    double ii = 0, iy = 0, yy = 0;
};
// Adds error_omega and scatter: the impulses are 1 + slope + iy / ii nominal spacings apart.
void add_line(GateResult& result, const Moments& about_mean, double slope);

}  // namespace calibration
