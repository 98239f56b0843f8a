// Power factors as text and as angles, phasors, and powers with harmonics.
#include "calibration/load_point.hpp"

#include "calibration/document.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace calibration;

namespace {

double displacement(std::string_view text) {
    return PowerFactor::parse(text).displacement().value();
}

Harmonic harmonic(int order, double percent, double angle) {
    return {order, Percent{percent}, Degree{angle}};
}

PhaseLoad one_phase(double u, double i, double phi) {
    return {.voltage = Volt{u}, .current = Ampere{i}, .displacement = Degree{phi}};
}

}  // namespace

TEST_CASE("a power factor gives its text back") {
    const auto text = GENERATE(as<std::string>{},
                               "1",
                               "-1",
                               "0.5 ind",
                               "0.8 cap",
                               "-0.5 ind",
                               "-0.8 cap",
                               "0.25 ind",
                               "0 ind",
                               "0 cap",
                               "0.333333333333 cap");
    const PowerFactor parsed = PowerFactor::parse(text);
    CHECK(parsed.text() == text);
    CHECK(PowerFactor::parse(parsed.text()) == parsed);
}

TEST_CASE("every hundredth of a power factor, on every side, survives the way through text") {
    for (int hundredths = 1; hundredths < 100; ++hundredths) {
        for (const std::string sign : {"", "-"}) {
            for (const std::string side : {" ind", " cap"}) {
                const std::string digits =
                    (hundredths < 10 ? "0.0" : "0.") + std::to_string(hundredths);
                const PowerFactor first = PowerFactor::parse(sign + digits + side);
                CHECK(PowerFactor::parse(first.text()) == first);
                CHECK(first.is_inductive() == (side == " ind"));
                CHECK(first.is_capacitive() == (side == " cap"));
            }
        }
    }
}

TEST_CASE("a power factor may be written with other zeros and spaces") {
    CHECK(PowerFactor::parse("1.0") == PowerFactor::unity());
    CHECK(PowerFactor::parse(" 1 ") == PowerFactor::unity());
    CHECK(PowerFactor::parse("0.50  ind").text() == "0.5 ind");
    CHECK(PowerFactor::parse("0.5ind").text() == "0.5 ind");
}

TEST_CASE("what is no power factor is refused with what was expected") {
    const auto text = GENERATE(as<std::string>{},
                               "",
                               "ind",
                               "0.5",
                               "1.1 ind",
                               "1 ind",
                               "0.5 lag",
                               "--0.5 ind",
                               "nan",
                               "nan ind",
                               "inf",
                               "0",
                               "-0 ind",
                               "2",
                               "0.5 ind x",
                               "+1",
                               "0,5 ind",
                               "0.5 IND");
    CAPTURE(text);
    CHECK_THROWS_AS(PowerFactor::parse(text), DataError);
    CHECK_THROWS_WITH(PowerFactor::parse(text),
                      "power factor: expected 1, or 0..1 with ind or cap, got \"" + text + "\"");
}

TEST_CASE("an inductive current lags, a capacitive one leads, export turns by half a turn") {
    CHECK(displacement("1") == 0);
    CHECK(displacement("0.5 ind") == Approx(60));
    CHECK(displacement("0.5 cap") == Approx(-60));
    CHECK(displacement("0.8 cap") == Approx(-36.86989764584402));
    CHECK(displacement("0 ind") == Approx(90));
    CHECK(displacement("-1") == 180);
    CHECK(displacement("-0.5 ind") == Approx(-120));
    CHECK(displacement("-0.5 cap") == Approx(120));
}

TEST_CASE("a balanced load has its voltages a third of a turn apart in the sequence asked for") {
    const auto half = PowerFactor::parse("0.5 ind");
    const auto load = LoadPoint::balanced(Volt{230}, Ampere{5}, half);
    CHECK(load.phases[0].voltage_angle.value() == 0);
    CHECK(load.phases[1].voltage_angle.value() == 240);
    CHECK(load.phases[2].voltage_angle.value() == 120);
    CHECK(active_power(load).value() == Approx(3 * 230 * 5 * 0.5));
    CHECK(reactive_power(load).value() == Approx(3 * 230 * 5 * 0.8660254037844386));
    CHECK(apparent_power(load).value() == Approx(3 * 230 * 5));
    CHECK(power_factor(load) == Approx(0.5));
    const auto reversed =
        LoadPoint::balanced(Volt{230}, Ampere{5}, half, Hertz{60}, PhaseSequence::l132);
    CHECK(reversed.phases[1].voltage_angle.value() == 120);
    CHECK(reversed.phases[2].voltage_angle.value() == 240);
    CHECK(reversed.frequency.value() == 60);
    CHECK(active_power(reversed).value() == Approx(active_power(load).value()));
}

TEST_CASE("a single-phase load has all voltages and one current") {
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
        const auto load =
            LoadPoint::single_phase(phase, Volt{230}, Ampere{5}, PowerFactor::parse("0.8 cap"));
        for (std::size_t i = 0; i < phase_count; ++i) {
            CHECK(load.phases[i].voltage.value() == 230);
            CHECK(load.phases[i].current.value() == (i == phase ? 5 : 0));
        }
        CHECK(active_power(load).value() == Approx(230 * 5 * 0.8));
        CHECK(reactive_power(load).value() == Approx(-230 * 5 * 0.6));
    }
    CHECK_THROWS_AS(LoadPoint::single_phase(3, Volt{230}, Ampere{5}, PowerFactor::unity()),
                    std::logic_error);
}

TEST_CASE("off has neither voltage nor current, and no load has no current") {
    CHECK_FALSE(LoadPoint::off().any_voltage());
    CHECK_FALSE(LoadPoint::off().any_current());
    CHECK(power_factor(LoadPoint::off()) == 0);
    CHECK(LoadPoint::voltage_only(Volt{264.5}).any_voltage());
    CHECK_FALSE(LoadPoint::voltage_only(Volt{264.5}).any_current());
    CHECK(active_power(LoadPoint::voltage_only(Volt{264.5})).value() == 0);
    CHECK(LoadPoint::single_phase(2, Volt{230}, Ampere{1}, PowerFactor::unity()).any_current());
}

// Expected values: the mean of 4096 samples of u(t) i(t) over one period, and their RMS, computed
// elsewhere.
TEST_CASE("harmonics that both channels share carry power") {
    struct Case {
        double u, i, phi;
        std::vector<Harmonic> voltage, current;
        double p, rms_u, rms_i;
    };
    const std::vector<Harmonic> quadriform_u{
        harmonic(3, 3.8, 180), harmonic(5, 2.4, 180), harmonic(7, 1.7, 180)};
    const std::vector<Harmonic> quadriform_i{
        harmonic(3, 30, 0), harmonic(5, 18, 0), harmonic(7, 14, 0)};
    const Case cases[] = {
        {230, 5, 0, {harmonic(5, 10, 0)}, {harmonic(5, 40, 0)}, 1196, 231.147139286, 5.385164807},
        {230, 5, 0, {harmonic(5, 10, 180)}, {harmonic(5, 40, 0)}, 1104, 231.147139286, 5.385164807},
        {230, 5, 60, {harmonic(5, 10, 0)}, {harmonic(5, 40, 0)}, 598, 231.147139286, 5.385164807},
        {230, 1, 0, quadriform_u, quadriform_i, 225.837, 230.265381897, 1.068644001},
        {230,
         5,
         -36.86989764584402,
         {harmonic(3, 5, 30)},
         {harmonic(3, 20, 75), harmonic(7, 10, 0)},
         909.526334357,
         230.287320537,
         5.123475383},
    };
    for (const Case& c : cases) {
        PhaseLoad phase = one_phase(c.u, c.i, c.phi);
        phase.voltage_harmonics = c.voltage;
        phase.current_harmonics = c.current;
        CHECK(active_power(phase).value() == Approx(c.p).epsilon(1e-9));
        CHECK(rms_voltage(phase).value() == Approx(c.rms_u).epsilon(1e-9));
        CHECK(rms_current(phase).value() == Approx(c.rms_i).epsilon(1e-9));
        CHECK(apparent_power(phase).value() == Approx(c.rms_u * c.rms_i).epsilon(1e-9));
    }
}

TEST_CASE("reactive power is that of the fundamental, whatever the harmonics") {
    PhaseLoad phase = one_phase(230, 5, 30);
    const double sinusoidal = reactive_power(phase).value();
    phase.voltage_harmonics = {harmonic(5, 10, 0)};
    phase.current_harmonics = {harmonic(5, 40, 90)};
    CHECK(reactive_power(phase).value() == sinusoidal);
    CHECK(sinusoidal == Approx(575));
}

TEST_CASE("an angle is brought into one turn") {
    CHECK(normalised(Degree{0}).value() == 0);
    CHECK(normalised(Degree{360}).value() == 0);
    CHECK(normalised(Degree{-120}).value() == 240);
    CHECK(normalised(Degree{725}).value() == 5);
    CHECK(normalised(Degree{-1e-20}).value() == 0);
}
