// The energy definition of the error at the ends of a gate and on its regression line.
#include "calibration/gate_line.hpp"

#include "calibration/check.hpp"

#include <algorithm>
#include <cmath>

namespace calibration {
namespace {

double error_percent(double spacing) { return 100.0 * (1.0 / spacing - 1.0); }

}  // namespace

double nominal_spacing_of(const GateConstants& constants) {
    check(constants.dut.value() > 0, "the constant of a dut is positive");
    check(constants.reference.value() > 0, "the constant of a reference is positive");
    check(constants.reference_divider >= 1, "a reference is divided by 1 or more");
    return constants.reference / constants.dut;
}

GateResult spanned(const GateSpan& span, double nominal_spacing) {
    GateResult result;
    result.intervals = span.intervals;
    result.missed = span.intervals - (span.counted - 1);
    result.reference_impulses = reference_phase(span.first, span.last, span.reference_divider);
    result.duration_ticks = static_cast<double>(span.last.tick - span.first.tick);
    const double expected = static_cast<double>(span.intervals) * nominal_spacing;
    result.error_pi_percent = error_percent(result.reference_impulses / expected);
    return result;
}

void add_line(GateResult& result, const Moments& about_mean, double slope) {
    const double rest = about_mean.iy / about_mean.ii;
    const double spacing = 1.0 + (slope + rest);
    result.error_omega_percent = error_percent(spacing);
    if (about_mean.count > 2) {
        const double squares = std::max(0.0, about_mean.yy - rest * about_mean.iy);
        result.scatter_impulses = std::sqrt(squares / (about_mean.count - 2.0)) / spacing;
    }
}

}  // namespace calibration
