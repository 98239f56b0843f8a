// There and back: impulses of a meter with a hidden error, evaluated from its edges.
#include "calibration/gate.hpp"
#include "calibration/random.hpp"
#include "tests/calibration/bench_model_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace bench_model_bench;

namespace {

constexpr double reference_constant = 6e7;

// An edge at any instant as a capture device with 1 ns ticks brackets it.
PhasedEdge captured(const BenchModel& bench, Instant at) {
    const auto count = bench.reference_phase(at).count;
    return {.tick = at.time_since_epoch().count(),
            .reference_count = count,
            .reference_before = bench.reference_impulse(count).time_since_epoch().count(),
            .reference_after = bench.reference_impulse(count + 1).time_since_epoch().count()};
}

std::vector<PhasedEdge> captured(const BenchModel& bench, const std::vector<Instant>& instants) {
    std::vector<PhasedEdge> edges;
    for (const Instant at : instants) {
        edges.push_back(captured(bench, at));
    }
    return edges;
}

GateConstants constants_of(const BenchModel& bench) {
    return {bench.meter(0).ratings.constant, ImpulsesPerKilowattHour{reference_constant}};
}

std::vector<Instant> gate_after(const BenchModel& bench, Instant start, std::size_t count) {
    std::int64_t number = 1;
    while (bench.impulse(0, number) <= start) {
        ++number;
    }
    std::vector<Instant> instants;
    while (instants.size() < count) {
        instants.push_back(bench.impulse(0, number++));
    }
    return instants;
}

}  // namespace

TEST_CASE("the hidden error of a meter comes back from its edges to 1e-6 %") {
    const double gain_error = GENERATE(-30.0, -1.3, 0.0, 0.12, 2.0, 30.0);
    const char* power_factor = GENERATE("1", "0.5 ind", "0.8 cap", "-1");
    const double current = GENERATE(0.01, 0.05, 1.0, 6.0);
    CAPTURE(gain_error, power_factor, current);
    auto meter = healthy_meter();
    meter.gain_error_percent = gain_error;
    meter.phase_gain_error_percent = {0.02, -0.01, 0.3};
    meter.phase_error_minutes = 1.5;
    meter.offset_w = 0.002;
    BenchModel bench{5, {}, {}, {meter}};
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{reference_constant});
    bench.set_output(at_s(0), balanced(current, power_factor));
    const auto edges = captured(bench, gate_after(bench, at_s(10), 41));
    const auto result = evaluate_gate(edges, constants_of(bench));
    REQUIRE(result);
    const double truth = bench.true_error(0, at_s(10)).value();
    CHECK(std::abs(result->error_pi_percent - truth) < 1e-6);
    CHECK(std::abs(result->error_omega_percent - truth) < 1e-6);
    CHECK(result->intervals == 40);
    CHECK(result->complete());
}

TEST_CASE("an error of the reference enters the result with the other sign") {
    BenchModel bench{5, {}, {0.05, 0.0}, {healthy_meter()}};
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{reference_constant});
    bench.set_output(at_s(0), balanced(5));
    const auto edges = captured(bench, gate_after(bench, at_s(10), 21));
    const auto result = evaluate_gate(edges, constants_of(bench));
    REQUIRE(result);
    CHECK(result->error_pi_percent == Approx(100 * (1 / 1.0005 - 1)).margin(1e-6));
}

TEST_CASE("in the energy domain load steps of 40 % neither hide nor fake an impulse") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 15));
    CAPTURE(seed);
    auto meter = healthy_meter();
    meter.gain_error_percent = 0.4;
    meter.jitter = std::chrono::microseconds{20};
    BenchModel bench{seed, {}, {}, {meter}};
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{reference_constant});
    for (int step = 0; step < 12; ++step) {
        bench.set_output(at_s(15 * step), balanced(step % 2 == 0 ? 5.0 : 3.0));
    }
    auto instants = gate_after(bench, at_s(6), 121);
    std::set<Instant> faulty(instants.begin(), instants.end());
    for (const std::size_t missed : {17U, 60U, 61U}) {
        faulty.erase(instants[missed]);
    }
    for (const std::uint64_t after : {5U, 33U, 100U}) {
        const Duration gap = instants[after + 1] - instants[after];
        faulty.insert(instants[after] +
                      from_seconds(seconds(gap) * (0.01 + 0.98 * uniform(seed, 9, after))));
    }
    const std::vector<Instant> recorded(faulty.begin(), faulty.end());
    const auto edges = captured(bench, recorded);
    const auto result = evaluate_gate(edges, constants_of(bench));
    REQUIRE(result);
    CHECK(result->missed == 3);
    CHECK(result->extra == 3);
    CHECK(result->intervals == 120);
    for (std::size_t k = 0; k < recorded.size(); ++k) {
        const auto place = std::find(instants.begin(), instants.end(), recorded[k]);
        const auto expected = place == instants.end() ? -1 : place - instants.begin();
        CHECK(result->index[k] == expected);
    }
    CHECK(std::abs(result->error_omega_percent - 0.4) < 1e-3);
}

TEST_CASE("a meter with an update grid is complete at every load and its error within the grid") {
    const double current = GENERATE(range(1, 80));
    auto meter = healthy_meter();
    meter.ratings.maximum = Ampere{80};
    meter.update_grid = std::chrono::milliseconds{20};
    meter.jitter = std::chrono::microseconds{30};
    meter.gain_error_percent = -0.3;
    BenchModel bench{2, {}, {}, {meter}};
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{reference_constant});
    bench.set_output(at_s(0), balanced(current));
    CAPTURE(current);
    const auto instants = gate_after(bench, at_s(10), 150);
    const auto result = evaluate_gate(captured(bench, instants), constants_of(bench));
    REQUIRE(result);
    CHECK(result->missed == 0);
    CHECK(result->extra == 0);
    const double gate_s = seconds(instants.back() - instants.front());
    CHECK(std::abs(result->error_pi_percent + 0.3) < 100 * 0.0205 / gate_s);
}
