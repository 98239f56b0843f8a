// Student's t distribution by the regularised incomplete beta function, for coverage factors.
#pragma once

namespace calibration {

// I_x(a, b) for a, b > 0 and x in [0, 1] with y = 1 - x, given apart so that neither is lost to
// rounding next to the other's 1. By the continued fraction DLMF 8.17.22, relative error about
// 1e-12 for a and b below a million.
double incomplete_beta(double a, double b, double x, double y);

// Probability that |t| <= bound for `degrees_of_freedom` > 0, infinity included (then that of the
// normal distribution).
double student_coverage(double bound, double degrees_of_freedom);

}  // namespace calibration
