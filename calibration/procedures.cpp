// Times the standards prescribe, from a meter's ratings.
#include "calibration/procedures.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <cmath>

namespace calibration {

namespace {

constexpr double joules_per_kilowatt_hour = 3.6e6;

// Nanoseconds in 64 bits hold 292 years; what is longer never comes.
Duration duration_or_never(double value_s) {
    constexpr double longest_s = 9.0e9;
    return value_s < longest_s ? from_seconds(value_s) : Duration::max();
}

// k m U Ist: what the impulse rate at the starting current is made of.
double starting_rate(const Ratings& ratings, Volt voltage, const char* procedure) {
    const double rate = ratings.constant.value() * ratings.measuring_elements * voltage.value() *
                        ratings.starting.value();
    if (!(rate > 0)) {
        throw DataError(
            fmt::format("{}: the constant, the measuring elements, the voltage and Ist "
                        "must all be above zero",
                        procedure));
    }
    return rate;
}

}  // namespace

Duration impulse_interval(ImpulsesPerKilowattHour constant, Watt power) {
    return duration_or_never(joules_per_kilowatt_hour / std::abs(constant.value() * power.value()));
}

Duration no_load_duration(const Ratings& ratings, Volt test_voltage) {
    const double minutes = 240e3 / starting_rate(ratings, test_voltage, "no-load test");
    return duration_or_never(60.0 * minutes);
}

Duration starting_tau(const Ratings& ratings) {
    return duration_or_never(joules_per_kilowatt_hour /
                             starting_rate(ratings, ratings.nominal_voltage, "starting test"));
}

}  // namespace calibration
