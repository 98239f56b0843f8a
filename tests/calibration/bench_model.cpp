// The physics of the bench model: settling, source, reference, registers, true errors.
#include "calibration/bench_model.hpp"

#include "tests/calibration/bench_model_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace bench_model_bench;

namespace {

constexpr double tau = 0.4;

// The formula of the header, in watt hours of one sign: a fine trapezoid while settling, then a
// constant.
double integrated_wh(double from_w, double to_w, double until_s, double sign) {
    const double settling_s = std::min(until_s, 12 * tau);
    const auto power = [&](double t) {
        return std::max(0.0, sign * (to_w + (from_w - to_w) * std::exp(-t / tau)));
    };
    const int steps = 400'000;
    const double width = settling_s / steps;
    double sum = 0.5 * (power(0) + power(settling_s));
    for (int i = 1; i < steps; ++i) {
        sum += power(i * width);
    }
    const double settled = std::max(0.0, sign * to_w) * (until_s - settling_s);
    return (sum * width + settled) / 3600.0;
}

}  // namespace

TEST_CASE("the registers take the integral of the settling and the settled power") {
    struct Row {
        const char* from;
        double from_a;
        const char* to;
        double to_a;
    };
    const auto row = GENERATE(Row{"1", 0, "1", 6},
                              Row{"1", 6, "1", 0},
                              Row{"1", 1, "1", 6},
                              Row{"1", 6, "0.5 ind", 1},
                              Row{"1", 5, "-1", 3},
                              Row{"-1", 0.1, "1", 6},
                              Row{"1", 6, "-1", 0.00001});
    const double until_s = GENERATE(1e-3, 0.05, 0.3, 1.0, 4.7, 4.8, 5.0, 60.0);
    CAPTURE(row.from, row.from_a, row.to, row.to_a, until_s);
    auto bench = bench_of(healthy_meter());
    bench.set_output(at_s(0), balanced(row.from_a, row.from));
    const Instant step = at_s(20);
    bench.set_output(step, balanced(row.to_a, row.to));
    const double from_w = bench.true_power(step).value();
    const double to_w = bench.true_power(at_s(1000)).value();
    CHECK(to_w == Approx(active_power(balanced(row.to_a, row.to)).value()).margin(1e-12));

    const auto before = bench.registered(0, step);
    const auto after = bench.registered(0, step + from_seconds(until_s));
    const double import_wh = (after.active_import - before.active_import).value();
    const double export_wh = (after.active_export - before.active_export).value();
    CHECK(import_wh == Approx(integrated_wh(from_w, to_w, until_s, 1)).epsilon(1e-7).margin(1e-9));
    CHECK(export_wh == Approx(integrated_wh(from_w, to_w, until_s, -1)).epsilon(1e-7).margin(1e-9));
}

TEST_CASE("power settles exponentially and then stands still") {
    auto bench = bench_of(healthy_meter());
    bench.set_output(at_s(1), balanced(6));
    const double settled_w = 3 * 230 * 6;
    CHECK(bench.true_power(at_s(0.5)).value() == 0);
    CHECK(bench.true_power(at_s(1)).value() == 0);
    CHECK(bench.true_power(at_s(1.4)).value() == Approx(settled_w * (1 - std::exp(-1.0))));
    CHECK(bench.true_power(at_s(5.8)).value() == settled_w);
    CHECK(bench.true_power(at_s(50'000)).value() == settled_w);
    CHECK(bench.actual_load(at_s(1)).phases[0].voltage == Volt{0});
    CHECK(bench.actual_load(at_s(1.4)).phases[1].current.value() ==
          Approx(6 * (1 - std::exp(-1.0))));
    CHECK(bench.actual_load(at_s(5.8)) == balanced(6));
}

TEST_CASE("a source without settling steps at once") {
    auto source = steady_source();
    source.settling_time_constant = Duration::zero();
    BenchModel bench{1, source, {}, {healthy_meter()}};
    bench.set_output(at_s(10), balanced(1));
    CHECK(bench.true_power(at_s(10)).value() == 690);
    CHECK(bench.registered(0, at_s(3610)).active_import.value() == Approx(690));
    bench.set_output(at_s(3610), LoadPoint::off());
    CHECK(bench.true_power(at_s(3610)).value() == 0);
    CHECK(bench.registered(0, at_s(9000)).active_import.value() == Approx(690));
}

TEST_CASE("a load that is switched off keeps its angles while it decays") {
    auto bench = bench_of(healthy_meter());
    bench.set_output(at_s(0), balanced(6, "0.5 ind"));
    bench.set_output(at_s(20), LoadPoint::off());
    const auto load = bench.actual_load(at_s(20.2));
    CHECK(load.phases[1].voltage_angle == Degree{240});
    CHECK(load.phases[0].displacement.value() == Approx(60));
    CHECK(bench.seen(at_s(20.2)).phases[0].displacement.value() == Approx(60));
    CHECK(bench.seen(at_s(20.2)).phases[2].voltage_angle == Degree{120});
    CHECK(bench.seen(at_s(20.2)).frequency == Hertz{50});
    CHECK(bench.actual_load(at_s(30)) == LoadPoint::off());
    CHECK(bench.seen(at_s(30)).frequency == Hertz{0});
}

TEST_CASE("the source puts its gains, angles and a new deviation of power on every set point") {
    auto source = steady_source();
    source.voltage_gain_percent = {0.1, 0, -0.1};
    source.current_gain_percent = {0, 0.5, 0};
    source.angle_error_deg = {0.2, 0, 0};
    BenchModel bench{1, source, {}, {healthy_meter()}};
    bench.set_output(at_s(0), balanced(5, "0.5 ind"));
    const auto load = bench.actual_load(at_s(100));
    CHECK(load.phases[0].voltage.value() == Approx(230.23));
    CHECK(load.phases[2].voltage.value() == Approx(229.77));
    CHECK(load.phases[1].current.value() == Approx(5.025));
    CHECK(load.phases[0].displacement.value() == Approx(60.2));

    source = steady_source();
    source.stability_percent = 0.01;
    BenchModel noisy{1, source, {}, {healthy_meter()}};
    double sum = 0;
    double squares = 0;
    const int set_points = 2000;
    for (int i = 0; i < set_points; ++i) {
        noisy.set_output(at_s(10 * i), balanced(5));
        const double percent = 100 * (noisy.true_power(at_s(10 * i + 9)).value() / 3450 - 1);
        sum += percent;
        squares += percent * percent;
    }
    CHECK(std::abs(sum / set_points) < 0.001);
    CHECK(std::sqrt(squares / set_points) == Approx(0.01).epsilon(0.06));
}

TEST_CASE("the reference sees a load with its ratio and phase error") {
    BenchModel bench{1, steady_source(), {0.02, 3.0}, {healthy_meter()}};
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{6e7});
    bench.set_output(at_s(0), balanced(5, "0.5 ind"));
    const auto seen = bench.seen(at_s(60));
    const double phi = (60 + 3.0 / 60) * std::numbers::pi / 180;
    CHECK(seen.frequency == Hertz{50});
    for (const SeenPhase& phase : seen.phases) {
        CHECK(phase.voltage.value() == 230);
        CHECK(phase.current.value() == Approx(5.001));
        CHECK(phase.displacement.value() == Approx(60.05));
        CHECK(phase.active.value() == Approx(1150 * 1.0002 * std::cos(phi)));
        CHECK(phase.reactive.value() == Approx(1150 * 1.0002 * std::sin(phi)));
        CHECK(phase.apparent.value() == Approx(1150 * 1.0002));
    }
    const auto from = bench.reference_phase(at_s(60));
    const auto to = bench.reference_phase(at_s(61));
    const double counted =
        static_cast<double>(to.count - from.count) + (to.fraction - from.fraction);
    CHECK(counted == Approx(3 * 1150 * 1.0002 * std::cos(phi) * 6e7 / 3.6e6).epsilon(1e-12));
}

TEST_CASE("the true error of a meter is the formula of its traits") {
    auto meter = healthy_meter();
    meter.gain_error_percent = 0.3;
    meter.phase_gain_error_percent = {0.1, -0.2, 0.05};
    meter.phase_error_minutes = 4;
    meter.offset_w = 0.02;
    meter.voltage_coefficient_percent = 0.01;
    meter.frequency_coefficient_percent = -0.02;
    auto bench = bench_of(meter);
    const auto load =
        LoadPoint::balanced(Volt{253}, Ampere{0.05}, PowerFactor::parse("0.5 ind"), Hertz{51});
    bench.set_output(at_s(0), load);
    const double rad = std::numbers::pi / 180;
    double power = 0.02;
    for (const double phase : {0.1, -0.2, 0.05}) {
        const double g = 0.3 + phase + 0.01 * 10 - 0.02 * 2;
        power += 253 * 0.05 * (1 + g / 100) * std::cos((60 + 4.0 / 60) * rad);
    }
    const double truth = 3 * 253 * 0.05 * std::cos(60 * rad);
    CHECK(bench.true_error(0, at_s(9)).value() == Approx(100 * (power / truth - 1)).epsilon(1e-9));
    const auto hour = bench.registered(0, at_s(7200)).active_import.value() -
                      bench.registered(0, at_s(3600)).active_import.value();
    CHECK(hour == Approx(power).epsilon(1e-12));
}

TEST_CASE("the true error belongs to the set point of its instant") {
    auto meter = healthy_meter();
    meter.offset_w = 0.69;
    auto bench = bench_of(meter);
    CHECK(bench.true_error(0, at_s(0)).value() == 0);
    bench.set_output(at_s(1), balanced(1));
    bench.set_output(at_s(100), balanced(0.1));
    bench.set_output(at_s(200), LoadPoint::voltage_only(Volt{230}));
    CHECK(bench.true_error(0, at_s(99)).value() == Approx(0.1));
    CHECK(bench.true_error(0, at_s(100)).value() == Approx(1.0));
    CHECK(bench.true_error(0, at_s(200)).value() == 0);
    CHECK(bench.true_power(at_s(99)).value() == 690);
}

TEST_CASE("below its starting current in every phase a meter registers nothing") {
    auto meter = healthy_meter();
    meter.starts_at_a = 0.001;
    meter.offset_w = 0.5;
    auto bench = bench_of(meter);
    bench.set_output(at_s(0), balanced(0.00099));
    CHECK(bench.registered(0, at_s(36'000)).active_import == WattHour{0});
    CHECK(bench.impulse(0, 2) == never);
    CHECK(bench.true_error(0, at_s(9)).value() == -100);
    bench.set_output(at_s(36'000), balanced(0.001));
    CHECK(bench.registered(0, at_s(72'000)).active_import.value() ==
          Approx((0.69 + 0.5) * 10).epsilon(1e-3));
    CHECK(bench.impulse(0, 2) != never);
    // One phase above is enough, and then all of them count.
    auto uneven = balanced(0.0005);
    uneven.phases[2].current = Ampere{0.002};
    bench.set_output(at_s(72'000), uneven);
    CHECK(bench.true_error(0, at_s(72'001)).value() > 0);
}

TEST_CASE("a creeping meter registers with voltage and no current, and only then") {
    auto meter = healthy_meter();
    meter.creep_w = 2;
    meter.offset_w = 7;
    auto bench = bench_of(meter);
    bench.set_output(at_s(0), LoadPoint::voltage_only(Volt{230}));
    CHECK(bench.registered(0, at_s(3600 + 0.4)).active_import.value() == Approx(2).epsilon(1e-6));
    CHECK(bench.registered(0, at_s(3600)).active_import_phase[1].value() ==
          Approx(2.0 / 3).epsilon(1e-3));
    CHECK(impulses_until(bench, at_s(3600 * 5 + 1)).size() == 10);
    bench.set_output(at_s(18'001), LoadPoint::off());
    const auto settled = bench.registered(0, at_s(18'100));
    CHECK(bench.registered(0, at_s(90'000)).active_import == settled.active_import);
    CHECK(bench.impulse(0, 1000) == never);
}

TEST_CASE("a meter without voltage registers nothing, whatever its current") {
    auto meter = healthy_meter();
    meter.offset_w = 5;
    meter.creep_w = 5;
    auto bench = bench_of(meter);
    bench.set_output(at_s(0), balanced(6, "1", 0));
    CHECK(bench.registered(0, at_s(3600)).active_import == WattHour{0});
    CHECK(bench.true_error(0, at_s(9)) == Percent{0});
}

TEST_CASE("a meter with one element measures L1 alone") {
    auto meter = healthy_meter();
    meter.ratings.measuring_elements = 1;
    auto bench = bench_of(meter);
    bench.set_output(at_s(0),
                     LoadPoint::single_phase(0, Volt{230}, Ampere{5}, PowerFactor::unity()));
    CHECK(bench.true_error(0, at_s(9)).value() == Approx(0).margin(1e-12));
    bench.set_output(at_s(3600), balanced(5));
    CHECK(bench.true_error(0, at_s(3601)).value() == Approx(-200.0 / 3));
    const auto energy = bench.registered(0, at_s(7200));
    CHECK(energy.active_import.value() == Approx(2300).epsilon(1e-3));
    CHECK(energy.active_import_phase[0] == energy.active_import);
    CHECK(energy.active_import_phase[1] == WattHour{0});
}

TEST_CASE("registers begin where they stood and split by direction, kind and phase") {
    auto meter = healthy_meter();
    meter.initial_import_wh = 6000;
    meter.initial_export_wh = 500;
    meter.register_scale = 1.5;
    auto source = steady_source();
    source.settling_time_constant = Duration::zero();
    BenchModel bench{1, source, {}, {meter}};
    CHECK(bench.registered(0, at_s(0)).active_import.value() == 6000);
    CHECK(bench.registered(0, at_s(0)).active_export.value() == 500);
    auto load = balanced(5, "0.5 ind");
    load.phases[2].current = Ampere{2};
    bench.set_output(at_s(0), load);
    bench.set_output(at_s(3600), balanced(5, "-0.5 cap"));
    bench.set_output(at_s(7200), LoadPoint::off());
    const auto energy = bench.registered(0, at_s(9000));
    const double sine = std::sin(std::numbers::pi / 3);
    CHECK(energy.active_import.value() == Approx(6000 + 1.5 * (2 * 575 + 230)));
    CHECK(energy.active_export.value() == Approx(500 + 1.5 * 3 * 575));
    CHECK(energy.reactive_import.value() ==
          Approx(1.5 * (2 * 1150 + 460) * sine + 1.5 * 3 * 1150 * sine));
    CHECK(energy.reactive_export.value() == 0);
    CHECK(energy.active_import_phase[0].value() == Approx(2000 + 1.5 * 575));
    CHECK(energy.active_import_phase[2].value() == Approx(2000 + 1.5 * 230));
    // The past stays readable.
    CHECK(bench.registered(0, at_s(1800)).active_import.value() ==
          Approx(6000 + 0.75 * (2 * 575 + 230)));
}

TEST_CASE("the phases of a meter with offset add up to its total") {
    auto meter = healthy_meter();
    meter.offset_w = 0.3;
    meter.phase_gain_error_percent = {0.5, -0.5, 1};
    auto bench = bench_of(meter);
    bench.set_output(at_s(0),
                     LoadPoint::single_phase(1, Volt{230}, Ampere{1}, PowerFactor::unity()));
    bench.set_output(at_s(1000), balanced(2));
    const auto energy = bench.registered(0, at_s(5000));
    const auto& phase = energy.active_import_phase;
    CHECK((phase[0] + phase[1] + phase[2]).value() == Approx(energy.active_import.value()));
    CHECK(bench.registered(0, at_s(1000)).active_import_phase[0] == WattHour{0});
}

TEST_CASE("the bench is written in the order of time") {
    auto bench = bench_of(healthy_meter());
    bench.set_output(at_s(5), balanced(1));
    CHECK_THROWS_AS(bench.set_output(at_s(4.999), balanced(1)), std::logic_error);
    CHECK_THROWS_AS(bench.set_reference_constant(at_s(4), ImpulsesPerKilowattHour{1}),
                    std::logic_error);
    CHECK_THROWS_AS(bench.impulse(0, 0), std::logic_error);
    CHECK_THROWS_AS(bench.impulse(1, 1), std::out_of_range);
    CHECK(bench.meter_count() == 1);
    CHECK(bench.meter(0).ratings.constant.value() == 1000);
}
