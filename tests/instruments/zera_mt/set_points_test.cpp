// Load points and wire fields: angles, rounding, and what is refused before a byte is sent.
#include "instruments/zera_mt/set_points.hpp"

#include "calibration/document.hpp"
#include "calibration/random.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <string>

using namespace calibration;
using namespace instruments::zera_mt;

namespace {

const ModelLimits& mt786 = model_limits("MT786");

SetPoints fields_of(const LoadPoint& load) { return set_points(load, mt786).value(); }

std::array<std::int64_t, 3> angles(const std::array<Phasor, 3>& phases) {
    return {phases[0].centidegrees, phases[1].centidegrees, phases[2].centidegrees};
}

using Angles = std::array<std::int64_t, 3>;

LoadPoint with_current(double amperes) {
    return LoadPoint::balanced(Volt{230}, Ampere{amperes}, PowerFactor::unity());
}

std::string refusal(const LoadPoint& load) {
    const auto fields = set_points(load, mt786);
    return fields ? "accepted" : fields.error();
}

double draw(std::uint64_t channel, std::uint64_t index, double from, double to) {
    return from + (to - from) * calibration::uniform(11, channel, index);
}

LoadPoint any_load(std::uint64_t index) {
    LoadPoint load;
    load.frequency = Hertz{draw(1, index, 45, 65)};
    for (std::size_t i = 0; i < 3; ++i) {
        auto& phase = load.phases[i];
        phase.voltage_angle =
            Degree{360 - 120 * static_cast<double>(i) + draw(10 + i, index, -9, 9)};
        phase.displacement = Degree{draw(20 + i, index, -179.9, 179.9)};
        if (draw(30 + i, index, 0, 1) < 0.8) phase.voltage = Volt{draw(40 + i, index, 20, 500)};
        if (draw(50 + i, index, 0, 1) < 0.8) phase.current = Ampere{draw(60 + i, index, 0.06, 120)};
    }
    return load;
}

}  // namespace

TEST_CASE(
    "sequence 123 at unity has L2 at 240 and L3 at 120 on the wire, currents with their voltages") {
    const auto fields = fields_of(with_current(5));
    CHECK(angles(fields.voltages.phases) == Angles{0, 24'000, 12'000});
    CHECK(angles(fields.currents.phases) == Angles{0, 24'000, 12'000});
    CHECK(fields.frequency.centihertz == 5000);
    CHECK(fields.switches == Switch{{true, true, true}, {true, true, true}, {}, false});
}

TEST_CASE("an inductive current is turned back, a capacitive one forward") {
    const auto inductive =
        fields_of(LoadPoint::balanced(Volt{230}, Ampere{5}, PowerFactor::parse("0.5 ind")));
    CHECK(angles(inductive.currents.phases) == Angles{30'000, 18'000, 6'000});
    const auto capacitive =
        fields_of(LoadPoint::balanced(Volt{230}, Ampere{5}, PowerFactor::parse("0.5 cap")));
    CHECK(angles(capacitive.currents.phases) == Angles{6'000, 30'000, 18'000});
}

TEST_CASE("sequence 132 swaps the angles of L2 and L3, and is recognised on the wire") {
    const auto load = LoadPoint::balanced(
        Volt{230}, Ampere{5}, PowerFactor::unity(), Hertz{50}, PhaseSequence::l132);
    const auto fields = fields_of(load);
    CHECK(angles(fields.voltages.phases) == Angles{0, 12'000, 24'000});
    CHECK(load_point(fields).sequence == PhaseSequence::l132);
    CHECK(load_point(fields_of(with_current(5))).sequence == PhaseSequence::l123);
}

TEST_CASE("angles count from the first voltage that is on") {
    auto load = with_current(5);
    load.phases[0].voltage = Volt{0};
    const auto fields = fields_of(load);
    CHECK(angles(fields.voltages.phases) == Angles{12'000, 0, 24'000});
    CHECK(angles(fields.currents.phases) == Angles{12'000, 0, 24'000});
    CHECK(fields.switches.voltages == std::array{false, true, true});
}

TEST_CASE("an angle that rounds up to the full circle is sent as zero") {
    auto load = with_current(5);
    load.phases[0].displacement = Degree{0.004};
    load.phases[1].displacement = Degree{-120.0001};
    const auto fields = fields_of(load);
    CHECK(fields.currents.phases[0].centidegrees == 0);
    CHECK(fields.currents.phases[1].centidegrees == 0);
    CHECK(encode(fields.currents).has_value());
}

TEST_CASE("every accepted load fits the wire and comes back within half a digit") {
    for (std::uint64_t index = 0; index < 2000; ++index) {
        INFO("index " << index);
        const auto load = any_load(index);
        const auto fields = fields_of(load);
        REQUIRE(encode(fields.voltages).has_value());
        REQUIRE(encode(fields.currents).has_value());
        REQUIRE(encode(fields.frequency).has_value());
        const auto back = load_point(fields);
        CHECK(std::abs(back.frequency.value() - load.frequency.value()) <= 0.005001);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto& was = load.phases[i];
            const auto& is = back.phases[i];
            CHECK(std::abs(is.voltage.value() - was.voltage.value()) <= 0.000501);
            CHECK(std::abs(is.current.value() - was.current.value()) <= 0.000501);
            const double turned = is.displacement.value() - was.displacement.value();
            CHECK(std::abs(std::remainder(turned, 360)) <= 0.010001);
        }
    }
}

TEST_CASE("the fields of a load made from fields are the same fields") {
    for (std::uint64_t index = 0; index < 500; ++index) {
        const auto fields = fields_of(any_load(index));
        if (fields.switches.voltages == std::array{false, false, false}) continue;
        CHECK(fields_of(load_point(fields)) == fields);
    }
}

TEST_CASE("off is everything zero and nothing switched on") {
    const auto fields = fields_of(LoadPoint::off());
    CHECK(fields.switches == Switch{});
    CHECK(encode(fields.switches).value() == "SUIAAAAAAAAA");
}

TEST_CASE("loads the model cannot make are refused with field, limit and value") {
    CHECK(refusal(with_current(121)) == "current of L1: expected 0.001 to 120 A, got 121 A");
    CHECK(refusal(with_current(0.0009)) == "current of L1: expected 0.001 to 120 A, got 0.0009 A");
    CHECK(refusal(with_current(-1)) == "current of L1: expected 0.001 to 120 A, got -1 A");
    CHECK(refusal(LoadPoint::voltage_only(Volt{501})) ==
          "voltage of L1: expected 20 to 500 V, got 501 V");
    CHECK(refusal(LoadPoint::voltage_only(Volt{19.9})) ==
          "voltage of L1: expected 20 to 500 V, got 19.9 V");
    CHECK(refusal(LoadPoint::voltage_only(Volt{230}, Hertz{44.9})) ==
          "frequency: expected 45 to 65 Hz, got 44.9 Hz");
    CHECK(refusal(LoadPoint::single_phase(2, Volt{230}, Ampere{200}, PowerFactor::unity())) ==
          "current of L3: expected 0.001 to 120 A, got 200 A");
}

TEST_CASE("no model is asked for a frequency outside 40 to 69.99 Hz") {
    for (const char* model : {"MT786", "VU211", "VU220", "VUI302", "SVG3020"}) {
        const auto& limits = model_limits(model);
        for (const double hertz : {0.0, 0.16, 16.67, 39.99, 70.0, 400.0}) {
            INFO(model << " at " << hertz << " Hz");
            CHECK_FALSE(set_points(LoadPoint::voltage_only(Volt{230}, Hertz{hertz}), limits));
        }
        CHECK(set_points(LoadPoint::voltage_only(Volt{230}), limits));
    }
}

TEST_CASE("what is not a number is refused") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(refusal(with_current(nan)) != "accepted");
    CHECK(refusal(LoadPoint::voltage_only(Volt{nan})) != "accepted");
    CHECK(refusal(LoadPoint::voltage_only(Volt{230}, Hertz{nan})) != "accepted");
    auto load = with_current(5);
    load.phases[1].displacement = Degree{nan};
    CHECK(refusal(load) == "angle of L2: expected a number");
}

TEST_CASE("a small current that the last digit cannot carry is refused, not rounded") {
    CHECK(refusal(with_current(0.0015)) ==
          "current of L1: expected a multiple of 0.001 A, got 0.0015 A");
    CHECK(refusal(with_current(0.002)) == "accepted");
    CHECK(refusal(with_current(0.0505)) == "accepted");
}

TEST_CASE("harmonics are refused") {
    auto load = with_current(5);
    load.phases[2].current_harmonics.push_back({5, Percent{40}, Degree{0}});
    CHECK(refusal(load) == "waveform of L3: expected a sine, got harmonics");
}

TEST_CASE("an unknown model is an error that lists the known ones") {
    CHECK_THROWS_AS(model_limits("MT999"), DataError);
    CHECK_THROWS_WITH(
        model_limits("MT999"),
        "zera-mt: model: expected one of MT786, VU211, VU220, VUI302, SVG3020, got \"MT999\"");
}
