// The built-in twin: its text reads back to the same bench, and its secrets come from the stated
// distributions.
#include "rig/bench_file.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using rig_test::meter_type;

struct Statistics {
    double mean, deviation, least, most;
};

Statistics statistics(const std::vector<double>& values) {
    double sum = 0;
    double squares = 0;
    for (const double value : values) {
        sum += value;
        squares += value * value;
    }
    const auto n = static_cast<double>(values.size());
    const auto [least, most] = std::ranges::minmax(values);
    return {sum / n, std::sqrt(squares / n - (sum / n) * (sum / n)), least, most};
}

rig::BenchFile bench_of(const char* meter, int positions, std::uint64_t seed) {
    return rig::parse_bench_file(rig::twin_bench_text(meter_type(meter), positions, seed), "twin");
}

}  // namespace

TEST_CASE(
    "the built-in twin is a bench file of its own, for every meter type and number of positions") {
    const auto positions = GENERATE(1, 2, 40, 80);
    for (const std::string& id : dut::meter_type_ids()) {
        const rig::BenchFile bench = bench_of(id.c_str(), positions, 7);
        CHECK(bench.positions.size() == static_cast<std::size_t>(positions));
        CHECK(bench.all_simulated());
        CHECK(bench.virtual_clock);
        CHECK(bench.positions.back().name == std::to_string(positions));
    }
}

TEST_CASE("the twin of a seed is the same to the byte, and another seed's is another") {
    const dut::MeterType meter = meter_type("countis-e48");
    CHECK(rig::twin_bench_text(meter, 5, 3) == rig::twin_bench_text(meter, 5, 3));
    CHECK(rig::twin_bench_text(meter, 5, 3) != rig::twin_bench_text(meter, 5, 4));
    // A longer bench begins with the same meters.
    CHECK(bench_of("countis-e48", 5, 3).positions[2].twin.gain_error_percent ==
          bench_of("countis-e48", 9, 3).positions[2].twin.gain_error_percent);
}

TEST_CASE(
    "the reference's secrets are normal, with half the certificate's expanded uncertainty as "
    "deviation") {
    std::vector<double> ratio;
    std::vector<double> phase;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        const rig::BenchFile bench = bench_of("countis-e28", 1, seed);
        ratio.push_back(*bench.reference_ratio_error_percent /
                        bench.certificate.expanded_uncertainty_percent);
        phase.push_back(*bench.reference_phase_error_minutes /
                        bench.certificate.expanded_phase_uncertainty_minutes);
    }
    for (const auto& values : {ratio, phase}) {
        const Statistics seen = statistics(values);
        // Four standard errors of 2000 draws.
        CHECK(std::abs(seen.mean) < 4 * 0.5 / std::sqrt(2000.0));
        CHECK(seen.deviation == Approx(0.5).epsilon(4 / std::sqrt(4000.0)));
        CHECK(seen.most > 0.5 * 2.5);  // a normal distribution has tails
        const auto inside =
            std::ranges::count_if(values, [](double v) { return std::abs(v) <= 1; });
        CHECK(static_cast<double>(inside) / 2000 == Approx(0.9545).margin(0.02));
    }
}

TEST_CASE("the meters' secrets are spread evenly, well inside the limits of their class") {
    struct Class {
        const char* meter;
        double width;
    };
    const auto asked = GENERATE(values<Class>({{"countis-e48", 1}, {"countis-e28", 2}}));
    const dut::MeterType type = meter_type(asked.meter);
    std::vector<double> gain;
    std::vector<double> phase;
    std::vector<double> start;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        for (const rig::PositionEntry& position : bench_of(asked.meter, 40, seed).positions) {
            gain.push_back(*position.twin.gain_error_percent / (0.15 * asked.width));
            phase.push_back(*position.twin.phase_error_minutes / (1.5 * asked.width));
            start.push_back(*position.twin.starts_at_a / type.ratings.starting.value());
        }
    }
    for (const auto& values : {gain, phase}) {
        const Statistics seen = statistics(values);
        CHECK(seen.least >= -1.0001);
        CHECK(seen.most <= 1.0001);
        CHECK(seen.least < -0.98);
        CHECK(seen.most > 0.98);
        CHECK(std::abs(seen.mean) < 4 * 0.5774 / std::sqrt(2000.0));
        CHECK(seen.deviation == Approx(0.5774).epsilon(0.05));
    }
    CHECK(statistics(start).least >= 0.599);
    CHECK(statistics(start).most <= 0.851);  // a healthy meter starts below Ist
}

TEST_CASE("the built-in twin has a relay for every position and wires every pulse output it can") {
    const rig::BenchFile few = bench_of("countis-e28", 3, 1);
    REQUIRE(few.position_switch);
    CHECK(few.position_switch->simulated());
    CHECK(few.positions[0].bypass_channel == 101);
    CHECK(few.positions[2].bypass_channel == 103);
    CHECK(few.positions[0].output_channel == 4);
    CHECK(few.positions[2].output_channel == 6);
    CHECK(few.buses.empty());
    CHECK(few.positions[0].port == "twin");
    const rig::BenchFile many = bench_of("countis-e28", 80, 1);
    CHECK(many.positions[45].output_channel == 126);
    CHECK_FALSE(many.positions[46].output_channel);  // the capture has no channel left
    CHECK(many.positions[79].bypass_channel == 180);
}

TEST_CASE("meters that have no Modbus TCP hang on lines, ten on each, as the factory set them") {
    const rig::BenchFile bench = bench_of("countis-e43", 21, 1);
    REQUIRE(bench.buses.size() == 3);
    CHECK(bench.buses[0].name == "A");
    CHECK(bench.buses[2].name == "C");
    CHECK(bench.buses[1].baud == 9600);
    CHECK(bench.buses[1].framing == "8E1");
    CHECK(bench.positions[0].port == "modbus-rtu:A,1");
    CHECK(bench.positions[9].port == "modbus-rtu:A,10");
    CHECK(bench.positions[10].port == "modbus-rtu:B,1");
    CHECK(bench.positions[20].port == "modbus-rtu:C,1");
    CHECK_FALSE(bench.positions[0].output_channel);  // the E43 has none
    CHECK(bench_of("countis-e43", 10, 1).buses.size() == 1);
    CHECK(bench_of("countis-e43", 80, 1).buses.size() == 8);
}
