// What one meter does apart from the others: its pulse output, its bypass, its phase weights, its
// LED's remainder and its per-phase registers.
#include "calibration/random.hpp"
#include "tests/calibration/bench_model_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

using namespace bench_model_bench;

namespace {

constexpr Duration nanosecond{1};

SourceTraits instant_source() {
    auto source = steady_source();
    source.settling_time_constant = Duration::zero();
    return source;
}

// 3 x 230 V x 5 A = 3450 W from the first instant, in steps without settling.
constexpr double power_w = 3450;
BenchModel stepping_bench(MeterTraits meter, std::size_t meters = 1) {
    return {1, instant_source(), {}, std::vector<MeterTraits>(meters, meter)};
}

MeterTraits meter_with_output(double weight_wh) {
    auto meter = healthy_meter();
    meter.output_weight = WattHour{weight_wh};
    return meter;
}

double second_of(Instant at) { return at == never ? -1 : seconds(at); }

std::vector<Instant> outputs_until(const BenchModel& bench, Instant until, std::size_t at = 0) {
    std::vector<Instant> result;
    for (std::int64_t k = 1; bench.output_impulse(at, k) <= until; ++k) {
        result.push_back(bench.output_impulse(at, k));
    }
    return result;
}

double watt_hours(const RegisteredEnergy& energy) {
    return (energy.active_import + energy.active_export).value();
}

template <class Unit>
double sum(const std::array<Unit, phase_count>& phases) {
    return (phases[0] + phases[1] + phases[2]).value();
}

}  // namespace

// -- pulse output
// ------------------------------------------------------------------------------------------

TEST_CASE("the pulse output gives one impulse per weight of energy, import and export alike") {
    auto bench = stepping_bench(meter_with_output(10));
    bench.set_output(at_s(0), balanced(5));
    const double period_s = 10 * 3600 / power_w;
    for (const int k : {1, 2, 10, 1000}) {
        CHECK(second_of(bench.output_impulse(0, k)) == Approx(k * period_s).margin(2e-9));
    }
    // Half of the eleventh impulse is there; export fills the other half.
    bench.set_output(at_s(10.5 * period_s), balanced(5, "-1"));
    CHECK(second_of(bench.output_impulse(0, 11)) == Approx(11 * period_s).margin(2e-9));
    bench.set_output(at_s(11.5 * period_s), LoadPoint::voltage_only(Volt{230}));
    CHECK(bench.output_impulse(0, 12) == never);
    CHECK_THROWS_AS(bench.output_impulse(0, 0), std::logic_error);
    CHECK_THROWS_AS(bench.output_impulse(1, 1), std::out_of_range);
}

TEST_CASE("a meter without a pulse output never gives an impulse there") {
    auto bench = bench_of(healthy_meter());
    bench.set_output(at_s(0), balanced(6));
    CHECK(bench.output_impulse(0, 1) == never);
    CHECK(bench.impulse(0, 1) != never);
}

TEST_CASE("a new weight keeps the energy that was accumulated towards the next impulse") {
    struct Row {
        double weight_wh;
        double first_s, second_s;  // the next impulses after the change, by hand
    };
    // At 40 s of 3600 W 40 Wh are there: three impulses of 10 Wh at 10, 20, 30 s are past, the
    // fourth comes at 40 s; at 45 s another 5 Wh wait.
    const auto row = GENERATE(Row{10, 50, 60},  // the same weight
                              Row{20, 60, 80},
                              Row{100, 140, 240},
                              Row{6, 46, 52},
                              Row{5, 45, 50},  // the waiting energy is an impulse of its own
                              Row{2, 45, 45},  // and two, at the change; 1 Wh is left
                              Row{0.5, 45, 45});
    CAPTURE(row.weight_wh);
    auto bench = stepping_bench(meter_with_output(10));
    bench.set_output(at_s(0), balanced(3600.0 / (3 * 230)));
    const auto before = outputs_until(bench, at_s(45));
    REQUIRE(before.size() == 4);
    const auto epoch = bench.epoch();
    bench.set_output_weight(at_s(45), 0, WattHour{row.weight_wh});
    CHECK(bench.epoch() > epoch);
    for (std::int64_t k = 1; k <= 4; ++k) {
        CHECK(bench.output_impulse(0, k) == before[static_cast<std::size_t>(k - 1)]);
    }
    CHECK(second_of(bench.output_impulse(0, 5)) == Approx(row.first_s).margin(3e-9));
    CHECK(second_of(bench.output_impulse(0, 6)) == Approx(row.second_s).margin(3e-9));
    CHECK(bench.output_impulse(0, 5) >= at_s(45));
    // And from there on one impulse for each weight of energy.
    const auto after = outputs_until(bench, at_s(1000));
    const double counted = static_cast<double>(after.size() - 4) * row.weight_wh;
    CHECK(counted == Approx(960).margin(row.weight_wh + 1e-6));
}

TEST_CASE("a pulse output that is taken away rests, and goes on where it was") {
    auto bench = stepping_bench(meter_with_output(10));
    bench.set_output(at_s(0), balanced(3600.0 / (3 * 230)));
    bench.set_output_weight(at_s(14), 0, WattHour{0});
    CHECK(second_of(bench.output_impulse(0, 1)) == Approx(10));
    CHECK(bench.output_impulse(0, 2) == never);
    bench.set_output(at_s(50), balanced(2 * 3600.0 / (3 * 230)));
    CHECK(bench.output_impulse(0, 2) == never);
    bench.set_output_weight(at_s(100), 0, WattHour{20});  // 4 Wh are there
    CHECK(second_of(bench.output_impulse(0, 2)) == Approx(108));
    CHECK_THROWS_AS(bench.set_output_weight(at_s(100), 0, WattHour{-1}), std::logic_error);
    CHECK_THROWS_AS(
        bench.set_output_weight(at_s(100), 0, WattHour{std::numeric_limits<double>::infinity()}),
        std::logic_error);
}

TEST_CASE("an output that the meter gets later counts from then on") {
    auto bench = stepping_bench(healthy_meter());
    bench.set_output(at_s(0), balanced(3600.0 / (3 * 230)));
    bench.set_output_weight(at_s(100), 0, WattHour{10});
    CHECK(second_of(bench.output_impulse(0, 1)) == Approx(110));
}

TEST_CASE("over any loads, weights and bypasses the output's impulses are the energy registered") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 12));
    CAPTURE(seed);
    BenchModel bench{seed, {}, {}, {meter_with_output(0.5)}};
    double now = 1;
    double weight_wh = 0.5;
    double waiting_wh = 0;  // accumulated, in the model's own registered energy
    double registered_wh = 0;
    std::size_t expected = 0;
    std::vector<Instant> said;
    for (std::uint64_t i = 0; i < 60; ++i) {
        const double kind = uniform(seed, 90, i);
        const Instant at = at_s(now);
        const double energy_wh = watt_hours(bench.registered(0, at));
        const double impulses = (waiting_wh + energy_wh - registered_wh) / weight_wh;
        waiting_wh = (impulses - std::floor(impulses)) * weight_wh;
        registered_wh = energy_wh;
        expected += static_cast<std::size_t>(std::floor(impulses));
        const auto came = outputs_until(bench, at);
        REQUIRE(std::is_sorted(came.begin(), came.end()));
        REQUIRE(came.size() == expected);
        REQUIRE(std::equal(said.begin(), said.end(), came.begin()));  // the past stays
        said = came;
        const double current = 6 * uniform(seed, 91, i);
        if (kind < 0.4) bench.set_output(at, balanced(current, kind < 0.2 ? "-0.8 ind" : "1"));
        if (kind >= 0.4 && kind < 0.6) bench.set_bypassed(at, 0, kind < 0.5);
        if (kind >= 0.6) {
            weight_wh = 0.05 + uniform(seed, 92, i);
            bench.set_output_weight(at, 0, WattHour{weight_wh});
            expected += static_cast<std::size_t>(std::floor(waiting_wh / weight_wh));
            waiting_wh = std::fmod(waiting_wh, weight_wh);
            said = outputs_until(bench, at);
        }
        now += 0.3 + 20 * uniform(seed, 93, i);
    }
    CHECK(expected > 100);
}

TEST_CASE("a new weight of one meter touches neither its LED nor another meter") {
    auto bench = stepping_bench(meter_with_output(10), 2);
    auto untouched = stepping_bench(meter_with_output(10), 2);
    for (auto* each : {&bench, &untouched}) each->set_output(at_s(0), balanced(5));
    bench.set_output_weight(at_s(33), 0, WattHour{3});
    for (std::int64_t k = 1; k < 200; ++k) {
        REQUIRE(bench.impulse(0, k) == untouched.impulse(0, k));
        REQUIRE(bench.impulse(1, k) == untouched.impulse(1, k));
        REQUIRE(bench.output_impulse(1, k) == untouched.output_impulse(1, k));
    }
    CHECK(bench.output_impulse(0, 20) != untouched.output_impulse(0, 20));
}

// -- bypass
// -----------------------------------------------------------------------------------------------

TEST_CASE("a bypassed meter has voltage and no current; the others go on") {
    auto bench = stepping_bench(meter_with_output(10), 2);
    auto untouched = stepping_bench(meter_with_output(10), 2);
    for (auto* each : {&bench, &untouched}) {
        each->set_reference_constant(at_s(0), ImpulsesPerKilowattHour{1e6});
        each->set_output(at_s(0), balanced(5));
    }
    const Instant gone = at_s(1800), back = at_s(5400);
    const auto epoch = bench.epoch();
    bench.set_bypassed(gone, 0, true);
    CHECK(bench.epoch() > epoch);
    CHECK(bench.impulse(0, 3600) == never);
    CHECK(bench.output_impulse(0, 1000) == never);
    bench.set_bypassed(back, 0, false);

    CHECK(bench.meter_load(0, gone - nanosecond).phases[2].current == Ampere{5});
    for (const Instant at : {gone, at_s(3600), back - nanosecond}) {
        const LoadPoint load = bench.meter_load(0, at);
        for (const PhaseLoad& phase : load.phases) {
            CHECK(phase.voltage == Volt{230});
            CHECK(phase.current == Ampere{0});
        }
        CHECK(bench.meter_load(1, at).phases[0].current == Ampere{5});
        CHECK(bench.actual_load(at).phases[0].current == Ampere{5});
        CHECK(bench.true_power(at).value() == Approx(power_w));
        CHECK(bench.true_error(0, at) == untouched.true_error(0, at));
    }
    CHECK(bench.meter_load(0, back).phases[0].current == Ampere{5});
    CHECK(watt_hours(bench.registered(0, gone)) == Approx(power_w / 2));
    CHECK(watt_hours(bench.registered(0, back)) == Approx(power_w / 2));
    CHECK(watt_hours(bench.registered(0, at_s(7200))) == Approx(power_w));
    CHECK(watt_hours(bench.registered(1, at_s(7200))) == Approx(2 * power_w));
    CHECK(outputs_until(bench, at_s(7200)).size() == 345);
    CHECK(outputs_until(bench, at_s(7200), 1).size() == 690);
    CHECK(bench.reference_phase(at_s(7200)).count == untouched.reference_phase(at_s(7200)).count);
    // An hour without an impulse, and every later one an hour late.
    const auto impulses = impulses_until(bench, gone);
    const auto next = static_cast<std::int64_t>(impulses.size()) + 1;
    CHECK(seconds(bench.impulse(0, next) - untouched.impulse(0, next)) ==
          Approx(3600).margin(3e-9));
    CHECK(bench.impulse(1, 5000) == untouched.impulse(1, 5000));
}

TEST_CASE("a later load keeps the bypass, and a bypass said twice is one") {
    auto bench = stepping_bench(healthy_meter());
    bench.set_bypassed(at_s(0), 0, true);
    bench.set_output(at_s(1), balanced(5));
    bench.set_bypassed(at_s(2), 0, true);
    bench.set_output(at_s(3), balanced(6));
    CHECK(bench.meter_load(0, at_s(4)).phases[0].current == Ampere{0});
    CHECK(bench.meter_load(0, at_s(4)).phases[0].voltage == Volt{230});
    CHECK(watt_hours(bench.registered(0, at_s(3600))) == 0);
    CHECK(bench.impulse(0, 1) == never);
    bench.set_bypassed(at_s(3600), 0, false);
    CHECK(watt_hours(bench.registered(0, at_s(7200))) == Approx(3 * 230 * 6));
}

TEST_CASE("a creeping meter creeps while it is bypassed") {
    auto meter = healthy_meter();
    meter.creep_w = 2;
    auto bench = stepping_bench(meter);
    bench.set_output(at_s(0), balanced(5));
    bench.set_bypassed(at_s(0), 0, true);
    CHECK(watt_hours(bench.registered(0, at_s(3600))) == Approx(2));
}

TEST_CASE("a position that comes back while the load settles follows what is left of it") {
    auto bench = bench_of(healthy_meter());
    auto always = bench_of(healthy_meter());
    bench.set_bypassed(at_s(0), 0, true);
    for (auto* each : {&bench, &always}) each->set_output(at_s(10), balanced(5));
    const Instant back = at_s(10.3);
    bench.set_bypassed(back, 0, false);
    for (const double at : {10.4, 11.0, 14.8, 100.0}) {
        CAPTURE(at);
        const double since =
            watt_hours(always.registered(0, at_s(at))) - watt_hours(always.registered(0, back));
        CHECK(watt_hours(bench.registered(0, at_s(at))) == Approx(since).epsilon(1e-9));
    }
    // And goes away again at once, whatever is left to settle.
    bench.set_output(at_s(100), balanced(1));
    bench.set_bypassed(at_s(100.1), 0, true);
    const double rest = watt_hours(bench.registered(0, at_s(100.1)));
    CHECK(watt_hours(bench.registered(0, at_s(200))) == rest);
}

TEST_CASE("impulses before a bypass are final, whatever the meter's grid and jitter") {
    auto meter = healthy_meter();
    meter.update_grid = std::chrono::milliseconds{20};
    meter.jitter = std::chrono::microseconds{50};
    auto bench = bench_of(meter);
    bench.set_output(at_s(0), balanced(6));
    const Instant change = at_s(77.7);
    const auto said = impulses_until(bench, change);
    bench.set_bypassed(change, 0, true);
    bench.set_bypassed(at_s(80), 0, false);
    const auto now = impulses_until(bench, change);
    CHECK(now == said);
    CHECK(said.size() > 80);
}

// -- phase weights
// ---------------------------------------------------------------------------------------

TEST_CASE("totals are the weighted sum of the phases, a phase's own registers are as measured") {
    struct Row {
        PhaseWeights weights;
        double import_wh, export_wh;            // of L1 1150 W, L2 460 W, L3 -230 W, one hour
        std::array<double, phase_count> phase;  // which of them count at all
    };
    const auto row = GENERATE(Row{{1, 1, 1}, 1380, 0, {1, 1, 1}},
                              Row{{3, 0, 0}, 3450, 0, {1, 0, 0}},
                              Row{{1.5, 1.5, 0}, 2415, 0, {1, 1, 0}},
                              Row{{0, 1, 2}, 0, 0, {0, 1, 1}},
                              Row{{0, 1, 4}, 0, 460, {0, 1, 1}},
                              Row{{0, 0, 0}, 0, 0, {0, 0, 0}});
    CAPTURE(row.weights);
    auto load = balanced(5);
    load.phases[1].current = Ampere{2};
    load.phases[2].current = Ampere{1};
    load.phases[2].displacement = Degree{180};
    auto meter = meter_with_output(10);
    meter.led_remainder = 0;
    auto bench = stepping_bench(meter, 2);
    const auto epoch = bench.epoch();
    bench.set_phase_weights(at_s(0), 0, row.weights);
    CHECK(bench.epoch() > epoch);
    bench.set_output(at_s(0), load);
    const auto energy = bench.registered(0, at_s(3600));
    CHECK(energy.active_import.value() == Approx(row.import_wh).margin(1e-9));
    CHECK(energy.active_export.value() == Approx(row.export_wh).margin(1e-9));
    CHECK(energy.active_import_phase[0].value() == Approx(1150 * row.phase[0]));
    CHECK(energy.active_import_phase[1].value() == Approx(460 * row.phase[1]));
    CHECK(energy.active_import_phase[2].value() == Approx(0).margin(1e-9));
    CHECK(energy.active_export_phase[2].value() == Approx(230 * row.phase[2]));
    const double total_wh = row.import_wh + row.export_wh;
    const auto due = [&](double unit_wh) { return static_cast<std::size_t>(total_wh / unit_wh); };
    CHECK(outputs_until(bench, at_s(3600.001)).size() == due(10));
    CHECK(impulses_until(bench, at_s(3600.001)).size() == due(1));
    CHECK(bench.registered(1, at_s(3600)).active_import.value() == Approx(1380));
}

TEST_CASE("new weights in mid-load count from then on, reactive energy too") {
    auto bench = stepping_bench(healthy_meter());
    bench.set_output(at_s(0), balanced(5, "0.5 ind"));
    bench.set_phase_weights(at_s(3600), 0, {3, 0, 0});
    auto load = balanced(5, "0.5 ind");
    load.phases[1].current = load.phases[2].current = Ampere{0};
    bench.set_output(at_s(7200), load);
    const double active = 3 * 575.0, reactive = 3 * 1150 * std::sin(std::numbers::pi / 3);
    for (const int hours : {1, 2, 3}) {  // a balanced load, and then L1 alone stands for all three
        const auto energy = bench.registered(0, at_s(3600 * hours));
        CHECK(energy.active_import.value() == Approx(active * hours));
        CHECK(energy.reactive_import.value() == Approx(reactive * hours));
    }
    CHECK(bench.registered(0, at_s(10'800)).active_import_phase[1].value() == Approx(575));
    CHECK(bench.true_error(0, at_s(3601)).value() == Approx(0).margin(1e-9));
    CHECK(bench.true_error(0, at_s(7201)).value() == Approx(200));  // the load is not balanced
    CHECK_THROWS_AS(bench.set_phase_weights(at_s(20'000), 0, {1, -1, 1}), std::logic_error);
    CHECK_THROWS_AS(bench.set_phase_weights(at_s(20'000), 0, {1, std::nan(""), 1}),
                    std::logic_error);
}

TEST_CASE("a phase weighted 0 neither starts the meter nor keeps it from creeping") {
    auto meter = healthy_meter();
    meter.starts_at_a = 0.01;
    meter.creep_w = 2;
    meter.offset_w = 0.5;
    auto bench = stepping_bench(meter);
    bench.set_phase_weights(at_s(0), 0, {3, 0, 0});
    auto load = balanced(5);
    load.phases[0].current = Ampere{0};
    bench.set_output(at_s(0), load);
    CHECK(watt_hours(bench.registered(0, at_s(3600))) == Approx(2));
    load.phases[0].current = Ampere{0.009};
    bench.set_output(at_s(3600), load);
    CHECK(watt_hours(bench.registered(0, at_s(7200))) == Approx(2));
    load.phases[0].current = Ampere{1};
    bench.set_output(at_s(7200), load);
    CHECK(watt_hours(bench.registered(0, at_s(10'800))) == Approx(2 + 690 + 0.5));
}

// -- registers per phase
// ---------------------------------------------------------------------------------

TEST_CASE("the registers of the phases add up to the totals while all have one direction") {
    const char* power_factor = GENERATE("1", "0.5 ind", "0.8 cap", "-1", "-0.5 ind", "-0.5 cap");
    CAPTURE(power_factor);
    auto meter = healthy_meter();
    meter.phase_gain_error_percent = {0.5, -0.5, 1};
    meter.phase_error_minutes = 2;
    meter.register_scale = 1.1;
    meter.initial_import_wh = 600;
    meter.initial_export_wh = 300;
    auto bench = bench_of(meter);
    auto load = balanced(5, power_factor);
    load.phases[1].current = Ampere{1};
    bench.set_output(at_s(0), load);
    bench.set_output(at_s(2000), balanced(2, power_factor));
    for (const double at : {0.0, 0.5, 2000.2, 5000.0}) {
        const auto energy = bench.registered(0, at_s(at));
        CHECK(sum(energy.active_import_phase) == Approx(energy.active_import.value()));
        CHECK(sum(energy.active_export_phase) == Approx(energy.active_export.value()));
        CHECK(sum(energy.reactive_import_phase) ==
              Approx(energy.reactive_import.value()).margin(1e-9));
        CHECK(sum(energy.reactive_export_phase) ==
              Approx(energy.reactive_export.value()).margin(1e-9));
    }
}

TEST_CASE("each phase registers in its own direction") {
    auto load = balanced(1);
    load.phases[0].displacement = Degree{60};    // quadrant I
    load.phases[1].displacement = Degree{120};   // II
    load.phases[2].displacement = Degree{-120};  // III
    auto bench = stepping_bench(healthy_meter());
    bench.set_output(at_s(0), load);
    const auto energy = bench.registered(0, at_s(3600));
    const double reactive = 230 * std::sin(std::numbers::pi / 3);
    CHECK(energy.active_import_phase[0].value() == Approx(115));
    CHECK(energy.active_export_phase[0].value() == 0);
    CHECK(energy.active_export_phase[1].value() == Approx(115));
    CHECK(energy.active_export_phase[2].value() == Approx(115));
    CHECK(energy.reactive_import_phase[0].value() == Approx(reactive));
    CHECK(energy.reactive_import_phase[1].value() == Approx(reactive));
    CHECK(energy.reactive_export_phase[1].value() == 0);
    CHECK(energy.reactive_export_phase[2].value() == Approx(reactive));
    CHECK(energy.active_import.value() == 0);  // the sum of the three is export
    CHECK(energy.active_export.value() == Approx(115));
    CHECK(energy.reactive_import.value() == Approx(reactive));
}

// -- the LED's remainder
// ---------------------------------------------------------------------------------

TEST_CASE("what the LED's accumulator held brings the first impulse forward") {
    const double remainder = GENERATE(0.0, 0.25, 0.999);
    CAPTURE(remainder);
    auto meter = healthy_meter();
    meter.led_remainder = remainder;
    auto bench = stepping_bench(meter);
    bench.set_output(at_s(0), balanced(5));
    const double period_s = 3600 / power_w;  // 1000 imp/kWh: one watt hour
    for (const int k : {1, 2, 100}) {
        CHECK(second_of(bench.impulse(0, k)) == Approx((k - remainder) * period_s).margin(3e-9));
    }
}

TEST_CASE("a remainder is a share of one impulse; without one the seed gives it") {
    auto meter = healthy_meter();
    for (const double wrong : {-0.1, 1.0, 7.0, std::nan("")}) {
        meter.led_remainder = wrong;
        CHECK_THROWS_AS(bench_of(meter), std::logic_error);
    }
    auto bench = stepping_bench(healthy_meter(), 3);
    bench.set_output(at_s(0), balanced(5));
    CHECK(bench.impulse(0, 1) != bench.impulse(1, 1));
    CHECK(bench.impulse(1, 1) != bench.impulse(2, 1));
    meter = healthy_meter();
    meter.output_weight = WattHour{-1};
    CHECK_THROWS_AS(bench_of(meter), std::logic_error);
}

TEST_CASE("the same seed and the same writing give the same bench, in any order of asking") {
    auto meter = meter_with_output(0.7);
    BenchModel forward{5, {}, {}, {meter, meter}};
    BenchModel shuffled{5, {}, {}, {meter, meter}};
    for (auto* bench : {&forward, &shuffled}) {
        bench->set_output(at_s(1), balanced(5));
        bench->set_bypassed(at_s(30), 1, true);
        bench->set_output_weight(at_s(40), 0, WattHour{0.1});
        bench->set_phase_weights(at_s(50), 0, {3, 0, 0});
        bench->set_bypassed(at_s(60), 1, false);
        bench->set_output(at_s(70), balanced(2, "-0.5 cap"));
    }
    constexpr std::int64_t count = 500;
    std::vector<std::int64_t> order(count);
    std::iota(order.begin(), order.end(), 1);
    for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[hashed(1, 1, i) % i]);
    }
    std::vector<Instant> outputs(count + 1), leds(count + 1);
    for (const std::int64_t k : order) {
        outputs[static_cast<std::size_t>(k)] = shuffled.output_impulse(0, k);
        leds[static_cast<std::size_t>(k)] = shuffled.impulse(1, k);
    }
    for (std::int64_t k = 1; k <= count; ++k) {
        REQUIRE(forward.output_impulse(0, k) == outputs[static_cast<std::size_t>(k)]);
        REQUIRE(forward.impulse(1, k) == leds[static_cast<std::size_t>(k)]);
    }
}

TEST_CASE("what concerns one meter is written in the order of time as well") {
    auto bench = bench_of(meter_with_output(1));
    bench.set_output(at_s(5), balanced(1));
    CHECK_THROWS_AS(bench.set_bypassed(at_s(4), 0, true), std::logic_error);
    CHECK_THROWS_AS(bench.set_output_weight(at_s(4), 0, WattHour{2}), std::logic_error);
    CHECK_THROWS_AS(bench.set_phase_weights(at_s(4), 0, {3, 0, 0}), std::logic_error);
    CHECK_THROWS_AS(bench.set_bypassed(at_s(6), 1, true), std::out_of_range);
}
