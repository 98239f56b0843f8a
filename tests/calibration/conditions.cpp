// Reference conditions: every way a load can leave its set point is named, and no other is.
#include "calibration/conditions.hpp"

#include "calibration/document.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>

namespace {

using namespace calibration;
using Catch::Matchers::Contains;

const ReferenceConditions standard = standard_reference_conditions();

SeenLoad exactly(const LoadPoint& load) {
    SeenLoad seen;
    for (std::size_t i = 0; i < phase_count; ++i) {
        seen.phases[i] = {.voltage = rms_voltage(load.phases[i]),
                          .current = rms_current(load.phases[i]),
                          .voltage_angle = load.phases[i].voltage_angle,
                          .displacement = load.phases[i].displacement};
    }
    seen.frequency = load.frequency;
    return seen;
}

LoadPoint usual(const char* power_factor = "1", PhaseSequence sequence = PhaseSequence::l123) {
    return LoadPoint::balanced(
        Volt{230}, Ampere{5}, PowerFactor::parse(power_factor), Hertz{50}, sequence);
}

std::vector<std::string> look(const LoadPoint& asked,
                              const SeenLoad& seen,
                              PhaseSequence sequence = PhaseSequence::l123) {
    return deviations(asked, seen, sequence, standard);
}

std::string only(const std::vector<std::string>& lines) {
    REQUIRE(lines.size() == 1);
    return lines[0];
}

}  // namespace

TEST_CASE("the standard's reference conditions are those of the paper they name") {
    CHECK(standard.voltage_percent == 1);
    CHECK(standard.voltage_symmetry_percent == 1);
    CHECK(standard.current_percent == 2);
    CHECK(standard.current_symmetry_percent == 2);
    CHECK(standard.frequency_percent == 0.3);
    CHECK(standard.angle_deg == 2);
    CHECK_THAT(standard.source, Contains("1 August 2013"));
}

TEST_CASE("reference conditions with an unknown key or a wrong value are refused") {
    const std::string text(condition_texts().front().text);
    CHECK_NOTHROW(ReferenceConditions::parse(text, "c"));
    CHECK_THROWS_AS(ReferenceConditions::parse(text + "more = 1\n", "c"), DataError);
    CHECK_THROWS_AS(ReferenceConditions::parse("angle_deg = 181\n", "c"), DataError);
}

TEST_CASE("a load that is exactly as asked has nothing to report") {
    const auto power_factor = GENERATE("1", "0.5 ind", "0.8 cap", "-1", "-0.5 ind");
    CHECK(look(usual(power_factor), exactly(usual(power_factor))).empty());
    CHECK(look(LoadPoint::voltage_only(Volt{230}), exactly(LoadPoint::voltage_only(Volt{230})))
              .empty());
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
        const LoadPoint single =
            LoadPoint::single_phase(phase, Volt{230}, Ampere{5}, PowerFactor::unity());
        CHECK(look(single, exactly(single)).empty());
    }
}

TEST_CASE("one voltage may leave its set point by the bound and no further") {
    const auto phase = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
    const auto side = GENERATE(-1.0, 1.0);
    SeenLoad seen = exactly(usual());
    // All together, so that they stay symmetrical; one a little more.
    for (auto& each : seen.phases) {
        each.voltage = Volt{230 + side * 2.3};
    }
    CHECK(look(usual(), seen).empty());
    seen.phases[phase].voltage = Volt{230 + side * 2.3001};
    const std::string line = only(look(usual(), seen));
    CHECK_THAT(
        line,
        Contains("L" + std::to_string(phase + 1) + " voltage") && Contains("left 230 V +- 1 %"));
}

TEST_CASE("voltages inside their own bounds must be symmetrical to their mean too") {
    SeenLoad seen = exactly(usual());
    seen.phases[0].voltage = Volt{232};
    seen.phases[1].voltage = Volt{228};
    seen.phases[2].voltage = Volt{228};
    CHECK_THAT(only(look(usual(), seen)),
               Contains("L1 voltage 232 V is not symmetrical to the mean 229.333 V +- 1 %"));
}

TEST_CASE("one current may leave its set point by the bound and no further") {
    SeenLoad seen = exactly(usual());
    for (auto& each : seen.phases) {
        each.current = Ampere{5.1};
    }
    CHECK(look(usual(), seen).empty());
    seen.phases[2].current = Ampere{5.1001};
    CHECK_THAT(only(look(usual(), seen)), Contains("L3 current 5.1001 A left 5 A +- 2 %"));
    seen = exactly(usual());
    seen.phases[0].current = Ampere{5.09};
    seen.phases[1].current = seen.phases[2].current = Ampere{4.92};
    CHECK_THAT(only(look(usual(), seen)), Contains("L1 current") && Contains("not symmetrical"));
}

TEST_CASE("the frequency may leave its set point by the bound and no further") {
    SeenLoad seen = exactly(usual());
    const auto [hertz, lines] = GENERATE(
        table<double, std::size_t>({{50.15, 0}, {49.85, 0}, {50.1501, 1}, {49.8499, 1}, {0.0, 1}}));
    seen.frequency = Hertz{hertz};
    CHECK(look(usual(), seen).size() == lines);
}

TEST_CASE(
    "an angle may leave its set point by the bound and no further, across 0 and 360 degrees too") {
    const auto asked = GENERATE(0.0, 60.0, 179.0, 180.0, -179.0, 300.0, 359.5);
    const auto turns = GENERATE(-360.0, 0.0, 360.0);
    LoadPoint load = usual();
    for (auto& phase : load.phases) {
        phase.displacement = Degree{asked};
    }
    SeenLoad seen = exactly(load);
    for (auto& phase : seen.phases) {
        phase.displacement = Degree{asked + 2 + turns};
    }
    CHECK(look(load, seen).empty());
    for (auto& phase : seen.phases) {
        phase.displacement = Degree{asked - 2.001 + turns};
    }
    CHECK(look(load, seen).size() == 3);
}

TEST_CASE("angles inside their own bounds must not differ among each other") {
    SeenLoad seen = exactly(usual());
    seen.phases[0].displacement = Degree{1.5};
    seen.phases[1].displacement = Degree{359.4};
    CHECK_THAT(only(look(usual(), seen)),
               Contains("the phase angles differ by 2.10 deg, more than 2 deg"));
    seen.phases[1].displacement = Degree{359.5};
    CHECK(look(usual(), seen).empty());
}

TEST_CASE("angles of channels without current say nothing") {
    const LoadPoint single = LoadPoint::single_phase(1, Volt{230}, Ampere{5}, PowerFactor::unity());
    SeenLoad seen = exactly(single);
    seen.phases[0].displacement = Degree{123};
    CHECK(look(single, seen).empty());
    seen.phases[1].displacement = Degree{3};
    CHECK_THAT(only(look(single, seen)), Contains("L2 angle"));
}

TEST_CASE("a channel that is off must be off") {
    const LoadPoint single = LoadPoint::single_phase(1, Volt{230}, Ampere{5}, PowerFactor::unity());
    SeenLoad seen = exactly(single);
    seen.phases[0].current = Ampere{0.05};  // crosstalk: 1 % of the channel that is on
    CHECK(look(single, seen).empty());
    seen.phases[0].current = Ampere{0.0501};
    CHECK_THAT(only(look(single, seen)),
               Contains("L1 current 0.0501 A is there, but the channel is off"));
}

TEST_CASE("a current on a bench that asks for voltage alone is seen") {
    const LoadPoint no_load = LoadPoint::voltage_only(Volt{230});
    SeenLoad seen = exactly(no_load);
    seen.phases[2].current = Ampere{0.0005};
    CHECK(look(no_load, seen).empty());
    seen.phases[2].current = Ampere{5};
    CHECK_THAT(only(look(no_load, seen)), Contains("L3 current 5 A is there"));
}

TEST_CASE("a bench that is off has no conditions") {
    CHECK(look(LoadPoint::off(), SeenLoad{}).empty());
}

TEST_CASE("the phase sequence is the one asked for") {
    const LoadPoint forward = usual();
    const LoadPoint backward = usual("1", PhaseSequence::l132);
    CHECK(only(look(forward, exactly(forward), PhaseSequence::l132)) ==
          "the phase sequence is 132, not 123");
    CHECK(look(backward, exactly(backward), PhaseSequence::l132).empty());
    CHECK(only(look(backward, exactly(backward), PhaseSequence::l123)) ==
          "the phase sequence is 123, not 132");
    LoadPoint two = forward;
    two.phases[2] = {};
    CHECK(look(two, exactly(two), PhaseSequence::l132).empty());  // two voltages have none
}

TEST_CASE("a reading that is no number is a deviation, never a silent pass") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const LoadPoint load = usual();
    SeenLoad seen = exactly(load);
    SECTION("voltage") { seen.phases[1].voltage = Volt{nan}; }
    SECTION("current") { seen.phases[1].current = Ampere{nan}; }
    SECTION("angle") { seen.phases[1].displacement = Degree{nan}; }
    SECTION("frequency") { seen.frequency = Hertz{nan}; }
    CHECK_FALSE(look(load, seen).empty());
}
