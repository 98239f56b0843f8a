// Counter-based randomness: reproducible to the bit, and random enough.
#include "calibration/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <set>

using namespace calibration;

namespace {

constexpr std::uint64_t draws = 200'000;

}  // namespace

TEST_CASE("a draw is the same on every machine and in every run") {
    struct Row {
        std::uint64_t seed, channel, index, bits;
        double uniform, normal;
    };
    // Computed independently with Python's integers and floats.
    const auto row = GENERATE(
        Row{0, 0, 0, 0x238275bc38fcbe91U, 0.13870941014555427, 0.37498133062236305},
        Row{1, 2, 3, 0xd0734750fde362b3U, 0.814259011529328, 1.6519965649802688},
        Row{48, 7, 123456789, 0x84fa43bf9a8f20c3U, 0.51944373538804856, -0.2201665208813002});
    CHECK(hashed(row.seed, row.channel, row.index) == row.bits);
    CHECK(uniform(row.seed, row.channel, row.index) == row.uniform);
    CHECK(normal(row.seed, row.channel, row.index) == Approx(row.normal).epsilon(1e-14));
}

TEST_CASE("uniform draws fill [0, 1) evenly") {
    double sum = 0;
    double squares = 0;
    for (std::uint64_t i = 0; i < draws; ++i) {
        const double u = uniform(7, 1, i);
        REQUIRE((u >= 0 && u < 1));
        sum += u;
        squares += (u - 0.5) * (u - 0.5);
    }
    CHECK(std::abs(sum / draws - 0.5) < 4 * std::sqrt(1.0 / 12 / draws));
    CHECK(squares / draws == Approx(1.0 / 12).epsilon(0.01));
}

TEST_CASE("normal draws have mean 0, deviation 1 and the tails of a normal distribution") {
    double sum = 0;
    double squares = 0;
    double outside_two = 0;
    for (std::uint64_t i = 0; i < draws; ++i) {
        const double x = normal(7, 1, i);
        sum += x;
        squares += x * x;
        outside_two += std::abs(x) > 2 ? 1 : 0;
    }
    CHECK(std::abs(sum / draws) < 4 / std::sqrt(double{draws}));
    CHECK(squares / draws == Approx(1.0).epsilon(0.015));
    CHECK(outside_two / draws == Approx(0.0455).margin(0.002));
}

TEST_CASE("neighbouring seeds, channels and indices are independent") {
    double by_seed = 0;
    double by_channel = 0;
    double by_index = 0;
    for (std::uint64_t i = 0; i < draws; ++i) {
        const double x = normal(7, 1, i);
        by_seed += x * normal(8, 1, i);
        by_channel += x * normal(7, 2, i);
        by_index += x * normal(7, 1, i + 1);
    }
    const double bound = 4.5 * std::sqrt(double{draws});
    CHECK(std::abs(by_seed) < bound);
    CHECK(std::abs(by_channel) < bound);
    CHECK(std::abs(by_index) < bound);
}

TEST_CASE("seed, channel and index cannot stand in for each other") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        for (std::uint64_t channel = 0; channel < 20; ++channel) {
            for (std::uint64_t index = 0; index < 20; ++index) {
                seen.insert(hashed(seed, channel, index));
            }
        }
    }
    CHECK(seen.size() == 8000);
}
