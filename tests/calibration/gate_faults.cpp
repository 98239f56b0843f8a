// Missed and extra edges, found in the energy domain.
#include "calibration/gate.hpp"
#include "tests/calibration/gate_edges.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>

using namespace calibration;
using namespace gate_edges;

namespace {

struct Recorded {
    std::vector<double> places;  // true impulses that were recorded
    std::vector<double> extra;
    std::set<std::size_t> missed;
    std::vector<std::int64_t> index;  // what the gate should say, for all in the order of place
};

// Recorded impulses keep their number from the first recorded one, extra edges get -1.
void number(Recorded& record, const std::vector<double>& impulses_at) {
    std::vector<std::pair<double, std::int64_t>> all;
    std::int64_t first = -1;
    for (std::size_t i = 0; i < impulses_at.size(); ++i) {
        if (!record.missed.contains(i)) {
            first = first < 0 ? static_cast<std::int64_t>(i) : first;
            all.emplace_back(impulses_at[i], static_cast<std::int64_t>(i) - first);
            record.places.push_back(impulses_at[i]);
        }
    }
    for (const double place : record.extra) {
        all.emplace_back(place, -1);
        record.places.push_back(place);
    }
    std::sort(all.begin(), all.end());
    for (const auto& [place, index] : all) {
        record.index.push_back(index);
    }
}

GateResult streamed(const std::vector<PhasedEdge>& gate) {
    GateAccumulator accumulator{constants};
    for (const PhasedEdge& edge : gate) {
        accumulator.add(edge);
    }
    const auto result = accumulator.result();
    REQUIRE(result);
    return *result;
}

void check_found(const Recorded& record, double error, double margin) {
    const auto gate = edges(record.places);
    const auto result = evaluate_gate(gate, constants);
    REQUIRE(result);
    CHECK(result->index == record.index);
    CHECK(result->missed == static_cast<std::int64_t>(record.missed.size()));
    CHECK(result->extra == static_cast<std::int64_t>(record.extra.size()));
    CHECK(result->edges == static_cast<std::int64_t>(gate.size()));
    CHECK(std::abs(result->error_pi_percent - error) < margin);
    CHECK(std::abs(result->error_omega_percent - error) < margin);
}

}  // namespace

TEST_CASE("three missed and three extra edges are found through load steps of 40 %") {
    // the load steps every 15 s; in time they are 0.3 to 1.5 s apart. Edges
    // jitter by 20 us, which is 20 us times the power in energy; extra edges come at any time.
    const auto seed = GENERATE(range<std::uint64_t>(1, 40));
    CAPTURE(seed);
    const auto power = [](std::size_t i) { return 1.0 + 0.4 * static_cast<double>((i / 20) % 3); };
    auto places = impulses(121, 0.3);
    for (std::size_t i = 0; i < places.size(); ++i) {
        places[i] += 20e-6 * power(i) * normal(seed, 1, i);
    }
    Recorded record;
    while (record.missed.size() < 3) {
        const double draw = uniform(seed, 2, record.missed.size());
        record.missed.insert(2 + static_cast<std::size_t>(draw * 38.0) + 40 * record.missed.size());
    }
    for (std::uint64_t k = 0; k < 3; ++k) {
        // Not in a gap: an extra edge in the place of a missed one looks like a late impulse.
        auto after = static_cast<std::size_t>(3 + 115 * uniform(seed, 3, k));
        while (record.missed.contains(after) || record.missed.contains(after + 1)) {
            --after;
        }
        record.extra.push_back(places[after] + 0.002 + 0.99 * uniform(seed, 4, k));
    }
    number(record, places);
    check_found(record, 0.3, 1e-3);
    const auto live = streamed(edges(record.places));
    CHECK(live.missed == 3);
    CHECK(live.extra == 3);
    CHECK(std::abs(live.error_omega_percent - 0.3) < 1e-3);
}

TEST_CASE("an extra edge before the first impulse is left out") {
    const double before = GENERATE(0.01, 0.06, 0.2, 0.5, 0.8, 0.94);
    const double error = GENERATE(-20.0, 0.0, 0.4, 20.0);
    CAPTURE(before, error);
    const auto places = impulses(25, error);
    Recorded record;
    record.extra = {places[0] - before * (places[1] - places[0])};
    number(record, places);
    check_found(record, error, 1e-6);
}

TEST_CASE("an extra edge after the last impulse is left out") {
    const double after = GENERATE(0.01, 0.06, 0.2, 0.5, 0.8, 0.94);
    const double error = GENERATE(-20.0, 0.0, 0.4, 20.0);
    CAPTURE(after, error);
    const auto places = impulses(25, error);
    Recorded record;
    record.extra = {places.back() + after * (places[1] - places[0])};
    number(record, places);
    check_found(record, error, 1e-6);
}

TEST_CASE("a bounce right after an impulse is left out, wherever it is") {
    const std::size_t bounced = GENERATE(0U, 1U, 12U, 23U, 24U);
    const double after = GENERATE(1e-4, 1e-3, 1e-2);
    CAPTURE(bounced, after);
    const auto places = impulses(25, 0.4);
    Recorded record;
    record.extra = {places[bounced] + after};
    number(record, places);
    check_found(record, 0.4, 1e-6);
    const auto live = streamed(edges(record.places));
    CHECK(live.extra == 1);
    CHECK(live.missed == 0);
}

TEST_CASE("missed impulses in a row are counted, however many") {
    const std::size_t row = GENERATE(1U, 2U, 3U, 6U, 9U);
    const double error = GENERATE(-30.0, -5.0, 0.0, 5.0, 30.0);
    CAPTURE(row, error);
    Recorded record;
    for (std::size_t i = 0; i < row; ++i) {
        record.missed.insert(9 + i);
    }
    number(record, impulses(30, error));
    check_found(record, error, 1e-6);
    const auto live = streamed(edges(record.places));
    CHECK(live.extra == 0);
    if (std::abs(error) <= 5 || row <= 2) {
        CHECK(live.missed == static_cast<std::int64_t>(row));
    }
}

TEST_CASE("a gap just before the last edge is a gap, not an extra edge") {
    const std::size_t row = GENERATE(1U, 2U, 4U);
    Recorded record;
    for (std::size_t i = 0; i < row; ++i) {
        record.missed.insert(28 - i);
    }
    number(record, impulses(30, 0.2));
    check_found(record, 0.2, 1e-6);
}

TEST_CASE("missed and extra edges are found in spite of an update grid of 30 %") {
    const double grid = 20.0 / 65.2;
    const auto seed = GENERATE(range<std::uint64_t>(1, 30));
    CAPTURE(seed);
    const auto places = on_grid(impulses(80, 0.1, uniform(seed, 1, 1)), grid);
    const auto missed = static_cast<std::size_t>(5 + 30 * uniform(seed, 2, 1));
    const auto split = static_cast<std::size_t>(42 + 30 * uniform(seed, 3, 1));
    Recorded record;
    record.missed = {missed};
    record.extra = {0.5 * (places[split] + places[split + 1])};
    number(record, places);
    const auto result = evaluate_gate(edges(record.places), constants);
    REQUIRE(result);
    CHECK(result->missed == 1);
    CHECK(result->extra == 1);
    CHECK(result->index == record.index);
}

TEST_CASE("a lamp's flicker is extra edges, not impulses") {
    // 100 Hz on a head that waits for one impulse per second.
    const auto places = impulses(12, 0.3);
    Recorded record;
    for (int k = 1; k < 1090; ++k) {
        record.extra.push_back(places[0] + 0.0101 * k + 0.0003);
    }
    number(record, places);
    const auto result = evaluate_gate(edges(record.places), constants);
    REQUIRE(result);
    CHECK(result->extra > 1000);
    CHECK(result->intervals < 14);
    const auto live = streamed(edges(record.places));
    CHECK(live.extra > 1000);
    CHECK(live.intervals < 14);
}

TEST_CASE("a wrong constant is a fault of half the impulses, not a small error") {
    const auto result = evaluate_gate(edges(impulses(40, -50.0)), constants);
    REQUIRE(result);
    CHECK(result->missed == 39);
    const auto twice = evaluate_gate(edges(impulses(40, 100.0)), constants);
    REQUIRE(twice);
    CHECK(twice->extra >= 19);
}

TEST_CASE("the streaming sums say what the whole gate says") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 200));
    CAPTURE(seed);
    const double error = -5.0 + 10.0 * uniform(seed, 1, 0);
    const auto count = static_cast<std::size_t>(8 + 200 * uniform(seed, 1, 1));
    auto places = impulses(count, error);
    for (std::size_t i = 0; i < count; ++i) {
        places[i] += 1e-4 * normal(seed, 2, i);
    }
    Recorded record;
    if (uniform(seed, 3, 0) < 0.5) {
        record.missed.insert(
            2 + static_cast<std::size_t>(uniform(seed, 3, 1) * static_cast<double>(count - 4)));
    }
    if (uniform(seed, 3, 2) < 0.5) {
        const auto after =
            2 + static_cast<std::size_t>(uniform(seed, 3, 3) * static_cast<double>(count - 4));
        if (!record.missed.contains(after) && !record.missed.contains(after + 1)) {
            record.extra.push_back(places[after] + 0.01 + 0.98 * uniform(seed, 3, 4));
        }
    }
    number(record, places);
    const auto gate = edges(record.places);
    const auto whole = evaluate_gate(gate, constants);
    REQUIRE(whole);
    const auto live = streamed(gate);
    CHECK(live.edges == whole->edges);
    CHECK(live.intervals == whole->intervals);
    CHECK(live.missed == whole->missed);
    CHECK(live.extra == whole->extra);
    CHECK(live.reference_impulses == whole->reference_impulses);
    CHECK(live.duration_ticks == whole->duration_ticks);
    CHECK(live.error_pi_percent == Approx(whole->error_pi_percent).margin(1e-10));
    CHECK(live.error_omega_percent == Approx(whole->error_omega_percent).margin(1e-10));
    CHECK(live.scatter_impulses == Approx(whole->scatter_impulses).margin(1e-9));
}
