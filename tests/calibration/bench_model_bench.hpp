// A bench for the tests of the bench model: one healthy meter and instants in seconds.
#pragma once

#include "calibration/bench_model.hpp"

#include <vector>

namespace bench_model_bench {

using namespace calibration;

inline Instant at_s(double value) { return Instant{from_seconds(value)}; }

inline SourceTraits steady_source() {
    SourceTraits source;
    source.stability_percent = 0;
    return source;
}

// 3 x 230 V, 0.05 - 1 (6) A, 1000 imp/kWh.
inline MeterTraits healthy_meter() {
    MeterTraits meter;
    meter.ratings.starting = Ampere{0.001};
    meter.ratings.transitional = Ampere{0.05};
    meter.ratings.reference = Ampere{1};
    meter.ratings.maximum = Ampere{6};
    meter.ratings.constant = ImpulsesPerKilowattHour{1000};
    return meter;
}

inline LoadPoint balanced(double current_a,
                          const char* power_factor = "1",
                          double voltage_v = 230) {
    return LoadPoint::balanced(
        Volt{voltage_v}, Ampere{current_a}, PowerFactor::parse(power_factor));
}

inline BenchModel bench_of(MeterTraits meter, std::uint64_t seed = 1) {
    return {seed, steady_source(), ReferenceTraits{}, {std::move(meter)}};
}

// The impulses of a meter up to and including `until`.
inline std::vector<Instant> impulses_until(const BenchModel& bench,
                                           Instant until,
                                           std::size_t position = 0) {
    std::vector<Instant> result;
    for (std::int64_t k = 1;; ++k) {
        const Instant at = bench.impulse(position, k);
        if (at > until) {
            return result;
        }
        result.push_back(at);
    }
}

}  // namespace bench_model_bench
