// The incomplete beta function and what follows for Student's t.
#include "calibration/student.hpp"

#include "calibration/check.hpp"
#include "calibration/uncertainty.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace calibration {

namespace {

// One step of the modified Lentz evaluation, kept away from division by zero.
double nonzero(double value) {
    constexpr double tiny = 1e-300;
    return std::abs(value) < tiny ? tiny : value;
}

// DLMF 8.17.23: the coefficient of the continued fraction's step n = 1, 2, ...
double coefficient(int n, double a, double b, double x) {
    const double m = std::floor(n / 2.0);
    if (n % 2 == 0) return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

// Converges fast for x < (a + 1) / (a + b + 2), in about sqrt(max(a, b)) steps.
double continued_fraction(double a, double b, double x) {
    constexpr int most_steps = 10'000;
    double c = 1;
    double d = 0;
    double value = 1;
    for (int n = 1; n <= most_steps; ++n) {
        const double factor = coefficient(n, a, b, x);
        d = 1.0 / nonzero(1.0 + factor * d);
        c = nonzero(1.0 + factor / c);
        value *= c * d;
        if (std::abs(c * d - 1.0) < 1e-15) return 1.0 / value;
    }
    check(false, "the incomplete beta function converges");
    return std::numeric_limits<double>::quiet_NaN();
}

double log_beta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

// I_x(a, b) where the continued fraction converges fast; y is 1 - x.
double by_fraction(double a, double b, double x, double y) {
    const double front = std::exp(a * std::log(x) + b * std::log(y) - log_beta(a, b)) / a;
    return front * continued_fraction(a, b, x);
}

}  // namespace

double incomplete_beta(double a, double b, double x, double y) {
    if (x <= 0) return 0;
    if (y <= 0) return 1;
    if (x > (a + 1) / (a + b + 2)) return 1.0 - by_fraction(b, a, y, x);
    return by_fraction(a, b, x, y);
}

double student_coverage(double bound, double degrees_of_freedom) {
    // Beyond this many degrees the normal distribution's coverage factor differs by less than 3e-7.
    constexpr double as_good_as_infinite = 1e7;
    if (degrees_of_freedom > as_good_as_infinite) return std::erf(bound / std::numbers::sqrt2);
    const double squared = bound * bound;
    const double sum = degrees_of_freedom + squared;
    return incomplete_beta(0.5, degrees_of_freedom / 2, squared / sum, degrees_of_freedom / sum);
}

double student_coverage_factor(double degrees_of_freedom, double probability) {
    check(probability > 0 && probability < 1, "a coverage probability lies between 0 and 1");
    if (!(degrees_of_freedom > 0)) return std::numeric_limits<double>::infinity();
    double low = 0;
    double high = 1;
    while (student_coverage(high, degrees_of_freedom) < probability) {
        low = high;
        high *= 2;
        if (std::isinf(high)) return high;
    }
    while (true) {
        const double middle = low + (high - low) / 2;
        if (middle == low || middle == high) return high;
        (student_coverage(middle, degrees_of_freedom) < probability ? low : high) = middle;
    }
}

}  // namespace calibration
