// The product's promise: the reported uncertainty covers the true error as often as it says.
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace {

// All positions of a run share the reference's one hidden error, and so do all points of it: runs
// are independent, positions and points are not. So one position, two points counted each for
// itself, and every seed draws the reference's error anew from what its certificate states.
constexpr std::uint64_t seeds = 200;
constexpr double stated_coverage = 0.9545;

constexpr auto programme = R"(
id = "coverage"
title = "One short point at Imax and one at Iref"
limits = ["en50470-3-2006-a1-2018"]
[[point]]
kind = "accuracy"
current = ["Imax"]
power_factor = ["0.5 ind"]
least_intervals = 30
least_time_s = 3
most_time_s = 30
[[point]]
kind = "accuracy"
current = ["Iref"]
least_intervals = 6
least_time_s = 5
most_time_s = 60
)";

// The least k with P(X <= k) > tail, X binomial: bounds an interval that a true coverage leaves
// with at most that probability on either side.
std::uint64_t binomial_quantile(std::uint64_t n, double p, double tail) {
    double sum = 0;
    for (std::uint64_t k = 0; k <= n; ++k) {
        const auto N = static_cast<double>(n);
        const auto K = static_cast<double>(k);
        const double log_weight = std::lgamma(N + 1) - std::lgamma(K + 1) - std::lgamma(N - K + 1) +
                                  K * std::log(p) + (N - K) * std::log1p(-p);
        sum += std::exp(log_weight);
        if (sum > tail) {
            return k;
        }
    }
    return n;
}

struct Reported {
    double away_percent = 0, uncertainty_percent = 0;
};

// What both points of one run report.
std::vector<Reported> report(std::uint64_t seed, const std::string& meter, test::Scratch& scratch) {
    const auto run = test::run({.programme = programme,
                                .twins = {meter},
                                .port = "none",
                                .certificate = "expanded_uncertainty_percent = 0.02, "
                                               "expanded_phase_uncertainty_minutes = 0.3",
                                .seed = seed},
                               scratch.file());
    std::vector<Reported> out;
    for (const auto& point : run.points) {
        const auto& position = point.positions.at(0);
        INFO(test::transcript(run));
        REQUIRE(position.gate);
        out.push_back({std::abs(position.gate->error_pi_percent - *position.true_error_percent),
                       position.budget->expanded_percent});
    }
    return out;
}

using Counts = std::vector<std::uint64_t>;

// Per point: how many of the seeds lie within `share` of the reported uncertainty.
Counts covered(const std::vector<std::vector<Reported>>& runs, double share) {
    Counts counts(runs.front().size());
    for (const auto& run : runs) {
        for (std::size_t point = 0; point < run.size(); ++point) {
            counts[point] += run[point].away_percent <= share * run[point].uncertainty_percent;
        }
    }
    return counts;
}

}  // namespace

TEST_CASE("the reported uncertainty covers the true error as often as it states") {
    // A coverage of 95.45 % gives 181 to 198 of 200 but once in a thousand times on either side.
    const std::uint64_t least = binomial_quantile(seeds, stated_coverage, 0.001);
    const std::uint64_t most = binomial_quantile(seeds, stated_coverage, 0.999);
    REQUIRE(least == 181);
    REQUIRE(most == 198);

    const auto& [kind, meter] = GENERATE(table<std::string, std::string>(
        {{"gain", "gain_error_percent = 0.7, phase_error_minutes = 0, jitter_us = 20"},
         {"phase and offset",
          "gain_error_percent = 0, phase_error_minutes = 4, offset_w = 1.5, jitter_us = 50"},
         {"jitter", "gain_error_percent = -0.2, phase_error_minutes = 1, jitter_us = 1000"}}));
    test::Scratch scratch;
    std::vector<std::vector<Reported>> runs;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        runs.push_back(report(seed, meter, scratch));
    }
    INFO(kind);
    for (const std::uint64_t count : covered(runs, 1)) {
        CHECK(count >= least);
        CHECK(count <= most);
    }
    // The control: with half of the uncertainty this test fails, so it can.
    for (const std::uint64_t count : covered(runs, 0.5)) {
        CHECK(count < least);
    }
}
