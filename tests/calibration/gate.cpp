// From recorded edges to errors: sign, estimators, numerics.
#include "calibration/gate.hpp"

#include "tests/calibration/gate_edges.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace calibration;
using namespace gate_edges;

namespace {

std::optional<GateResult> streamed(const std::vector<PhasedEdge>& edges) {
    GateAccumulator accumulator{constants};
    for (const PhasedEdge& edge : edges) {
        accumulator.add(edge);
    }
    return accumulator.result();
}

}  // namespace

TEST_CASE("a meter that takes 21.1 s for an impulse of 20.87 s is 1.09 % slow") {
    // 172.5 W at 1000 imp/kWh: 20.87 s in theory. Reference impulses every 0.5 s, time in
    // microseconds.
    const double reference_constant = 3.6e6 / (172.5 * 0.5);
    const GateConstants timed{ImpulsesPerKilowattHour{1000},
                              ImpulsesPerKilowattHour{reference_constant}};
    const auto edge = [](std::int64_t tick) {
        const std::int64_t before = tick / 500'000;
        return PhasedEdge{tick, before, before * 500'000, (before + 1) * 500'000};
    };
    const std::vector<PhasedEdge> edges{edge(1'000'000), edge(22'100'000)};
    const auto result = evaluate_gate(edges, timed);
    REQUIRE(result);
    CHECK(result->error_pi_percent == Approx(-1.09).margin(0.005));
    CHECK(result->error_omega_percent == Approx(result->error_pi_percent));
    CHECK(result->duration_ticks == 21'100'000);
    CHECK(result->reference_impulses == Approx(42.2));
}

TEST_CASE("the phase of an edge is the reference count and the part of the next impulse") {
    const PhasedEdge from = edge_at(7, 250'000);
    CHECK(reference_phase(from, edge_at(8, 500'000)) == 1.25);
    CHECK(reference_phase(edge_at(8, 500'000), from) == -1.25);
    CHECK(reference_phase(from, from) == 0.0);
    // Edges that are 16 impulses apart: a quarter of the way is four impulses.
    CHECK(reference_phase(from, edge_at(23, 500'000), 16) == 16 + 4.0);
}

TEST_CASE("the phase keeps all its digits after 10^10 reference impulses") {
    const std::int64_t far = 10'000'000'000;
    CHECK(reference_phase(edge_at(far, 250'000), edge_at(far + 1, 250'001)) == 1.0 + 1e-6);
    std::vector<PhasedEdge> near_edges;
    std::vector<PhasedEdge> far_edges;
    for (int i = 0; i < 20; ++i) {
        near_edges.push_back(edge_at(60'006 * i, 123'457 + i));
        far_edges.push_back(edge_at(far + 60'006 * i, 123'457 + i));
    }
    const auto near_result = evaluate_gate(near_edges, constants);
    const auto far_result = evaluate_gate(far_edges, constants);
    REQUIRE((near_result && far_result));
    CHECK(near_result->error_pi_percent == far_result->error_pi_percent);
    CHECK(near_result->error_omega_percent == far_result->error_omega_percent);
    CHECK(near_result->scatter_impulses == far_result->scatter_impulses);
    CHECK(streamed(near_edges)->error_omega_percent == streamed(far_edges)->error_omega_percent);
}

TEST_CASE("a gate of 10^10 reference impulses has its error to 1e-9 %") {
    std::vector<PhasedEdge> edges;
    for (std::int64_t i = 0; i <= 166'666; ++i) {
        edges.push_back(edge_at(60'006 * i, 0));  // 100.01 % of the nominal spacing
    }
    const double error = 100.0 * (60'000.0 / 60'006.0 - 1.0);
    const auto result = evaluate_gate(edges, constants);
    REQUIRE(result);
    CHECK(result->reference_impulses > 1e10);
    CHECK(std::abs(result->error_pi_percent - error) < 1e-9);
    CHECK(std::abs(result->error_omega_percent - error) < 1e-9);
    CHECK(result->scatter_impulses < 1e-9);
    CHECK(std::abs(streamed(edges)->error_omega_percent - error) < 1e-9);
}

TEST_CASE("there is no gate before the second edge") {
    CHECK_FALSE(evaluate_gate({}, constants));
    CHECK_FALSE(evaluate_gate(edges({1.0}), constants));
    CHECK_FALSE(GateAccumulator{constants}.result());
    CHECK_FALSE(streamed(edges({1.0})));
    CHECK(evaluate_gate(edges({1.0, 2.0}), constants));
    CHECK(streamed(edges({1.0, 2.0})));
}

TEST_CASE("two and three edges give the error of their ends") {
    const std::size_t count = GENERATE(2U, 3U);
    const double error = GENERATE(-30.0, -2.0, 0.0, 0.37, 2.0, 30.0);
    CAPTURE(count, error);
    const auto gate = edges(impulses(count, error));
    for (const auto& result : {evaluate_gate(gate, constants), streamed(gate)}) {
        REQUIRE(result);
        CHECK(result->error_pi_percent == Approx(error).margin(1e-7));
        CHECK(result->error_omega_percent == Approx(error).margin(1e-7));
        CHECK(result->intervals == static_cast<std::int64_t>(count) - 1);
        CHECK(result->scatter_impulses < 1e-7);
        CHECK(result->complete());
    }
}

TEST_CASE("a wrong meter is wrong, it neither misses impulses nor has extra ones") {
    const double error = GENERATE(-30.0, -21.0, -10.0, -3.0, -0.5, 0.0, 0.5, 3.0, 10.0, 21.0, 30.0);
    const std::size_t count = GENERATE(4U, 6U, 11U, 51U, 301U);
    CAPTURE(error, count);
    const auto gate = edges(impulses(count, error));
    for (const auto& result : {evaluate_gate(gate, constants), streamed(gate)}) {
        REQUIRE(result);
        CHECK(result->complete());
        CHECK(result->error_pi_percent == Approx(error).margin(1e-7));
        CHECK(result->error_omega_percent == Approx(error).margin(1e-7));
    }
}

TEST_CASE("an update grid shifts impulses, it neither hides nor adds any") {
    // 20 ms against 0.87 s (COUNTIS E48 at Imax), 0.13 s and 65.2 ms (E28 at half and full Imax).
    const double grid = GENERATE(20.0 / 870.0, 20.0 / 130.4, 20.0 / 65.2);
    const double error = GENERATE(-3.0, -0.4, 0.0, 0.21, 3.0);
    const std::size_t count = GENERATE(2U, 3U, 5U, 12U, 60U, 400U);
    const double start = GENERATE(0.1, 1.13, 2.77);
    CAPTURE(grid, error, count, start);
    const auto gate = edges(on_grid(impulses(count, error, start), grid));
    const double worst = 100.0 * grid * 1.1 / static_cast<double>(count - 1);
    for (const auto& result : {evaluate_gate(gate, constants), streamed(gate)}) {
        REQUIRE(result);
        CHECK(result->missed == 0);
        CHECK(result->extra == 0);
        CHECK(std::abs(result->error_pi_percent - error) < worst * 1.5);
    }
}

TEST_CASE(
    "least squares is better than the end points with jitter, and the scatter is the jitter") {
    const std::size_t count = 101;
    const double jitter = 2e-5;
    double pi = 0;
    double omega = 0;
    double scatter = 0;
    const std::uint64_t gates = 400;
    for (std::uint64_t gate = 0; gate < gates; ++gate) {
        auto places = impulses(count, 0.2);
        for (std::size_t i = 0; i < count; ++i) {
            places[i] += jitter * normal(3, gate, i);
        }
        const auto result = evaluate_gate(edges(places), constants);
        REQUIRE(result);
        pi += std::pow(result->error_pi_percent - 0.2, 2);
        omega += std::pow(result->error_omega_percent - 0.2, 2);
        scatter += result->scatter_impulses / static_cast<double>(gates);
    }
    // sqrt(n (n + 1) / (6 (n - 1))) for n = 101
    CHECK(std::sqrt(pi / omega) == Approx(4.14).epsilon(0.12));
    CHECK(scatter == Approx(jitter * 1.002).epsilon(0.02));
}

TEST_CASE("an edge without a reference phase bounds no gate") {
    auto gate = edges(impulses(5, 0.5));
    const PhasedEdge still{.tick = gate[0].tick - 5,
                           .reference_count = 1,
                           .reference_before = gate[0].tick - 10,
                           .reference_after = gate[0].tick - 10};
    CHECK_FALSE(still.has_phase());
    gate.insert(gate.begin(), still);
    gate.push_back({gate.back().tick + 10, 9, gate.back().tick, gate.back().tick - 1});
    const auto result = evaluate_gate(gate, constants);
    REQUIRE(result);
    CHECK(result->index == std::vector<std::int64_t>{-1, 0, 1, 2, 3, 4, -1});
    CHECK(result->edges == 5);
    CHECK(result->complete());
    CHECK(streamed(gate)->edges == 5);
    CHECK(streamed(gate)->error_pi_percent == result->error_pi_percent);
    CHECK_THROWS_AS(reference_phase(still, gate[1]), std::logic_error);
}

TEST_CASE("a constant of zero is a programmer's error") {
    const GateConstants none{ImpulsesPerKilowattHour{0}, ImpulsesPerKilowattHour{1}};
    CHECK_THROWS_AS(evaluate_gate({}, none), std::logic_error);
    CHECK_THROWS_AS(GateAccumulator{none}, std::logic_error);
}
