// Closed forms of the exponential approach.
#include "calibration/bench_model_approach.hpp"

#include <algorithm>
#include <cmath>

namespace calibration {

Settling Settling::of(Duration time_constant) {
    if (time_constant <= Duration::zero()) {
        return {};
    }
    return {seconds(time_constant), settling_time_constants * time_constant};
}

double Settling::remainder(Duration elapsed) const {
    return elapsed < length ? std::exp(-seconds(elapsed) / time_constant_s) : 0.0;
}

double Approach::value(const Settling& settling, Duration elapsed) const {
    return to + (from - to) * settling.remainder(elapsed);
}

double Approach::integral(const Settling& settling, Duration elapsed) const {
    const double steady = to * seconds(elapsed);
    if (settling.length <= Duration::zero()) {
        return steady;
    }
    const double settled = seconds(std::min(elapsed, settling.length));
    const double tau = settling.time_constant_s;
    return steady + (from - to) * tau * -std::expm1(-settled / tau);
}

// Between the start, the zero crossing, the end of settling and `elapsed` the sign does not change.
double Approach::positive_integral(const Settling& settling, Duration elapsed) const {
    const Duration crossing = zero_crossing(settling).value_or(Duration::zero());
    double begin = 0;
    double positive = 0;
    for (const Duration bound : {crossing, settling.length, elapsed}) {
        const double end = integral(settling, std::min(bound, elapsed));
        positive += std::max(end - begin, 0.0);
        begin = end;
    }
    return positive;
}

std::optional<Duration> Approach::zero_crossing(const Settling& settling) const {
    if (settling.length <= Duration::zero() || from * to >= 0) {
        return std::nullopt;
    }
    const double left_s = settling.time_constant_s * std::log1p(-from / to);
    if (left_s >= seconds(settling.length)) {
        return std::nullopt;
    }
    return from_seconds(left_s);
}

}  // namespace calibration
