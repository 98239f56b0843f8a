// Impulses of meters and of the reference: number, order, time, precision, and when a prediction is
// void.
#include "calibration/bench_model_impulses.hpp"

#include "calibration/random.hpp"
#include "tests/calibration/bench_model_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace bench_model_bench;

namespace {

constexpr Duration nanosecond{1};

// Loads of every kind: steps up and down, export, no current, off, steps before the last one has
// settled.
void drive(BenchModel& bench, std::uint64_t seed, int set_points) {
    double now = 1;
    for (int i = 0; i < set_points; ++i) {
        const auto index = static_cast<std::uint64_t>(i);
        const double kind = uniform(seed, 90, index);
        const double current = 6 * uniform(seed, 91, index);
        if (kind < 0.1) {
            bench.set_output(at_s(now), LoadPoint::off());
        } else if (kind < 0.2) {
            bench.set_output(at_s(now), LoadPoint::voltage_only(Volt{230}));
        } else {
            bench.set_output(at_s(now), balanced(current, kind < 0.4 ? "-0.8 ind" : "0.5 cap"));
        }
        if (kind > 0.9) {
            bench.set_reference_constant(at_s(now + 0.3),
                                         ImpulsesPerKilowattHour{1e6 + 1e6 * kind});
        }
        now += kind > 0.6 ? 0.5 : 30 * uniform(seed, 92, index) + 0.5;
    }
}

MeterTraits real_meter() {
    auto meter = healthy_meter();
    meter.ratings.constant = ImpulsesPerKilowattHour{20'000};
    meter.gain_error_percent = 0.2;
    meter.update_grid = std::chrono::milliseconds{20};
    meter.jitter = std::chrono::microseconds{50};
    return meter;
}

}  // namespace

TEST_CASE("the impulses of a meter are its registered energy times its constant") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 12));
    CAPTURE(seed);
    auto meter = healthy_meter();
    meter.ratings.constant = ImpulsesPerKilowattHour{20'000};
    meter.offset_w = 0.1;
    meter.gain_error_percent = -0.7;
    auto bench = bench_of(meter, seed);
    drive(bench, seed, 60);
    const Instant end = at_s(3000);
    const auto impulses = impulses_until(bench, end);
    REQUIRE(impulses.size() > 100);
    const auto counted = [&](Instant at) {
        const auto energy = bench.registered(0, at);
        return (energy.active_import + energy.active_export).value() / 1000 * 20'000;
    };
    // The first impulse comes before one impulse's energy, by the meter's own phase; all others
    // follow one by one.
    const double phase = 1 - counted(impulses[0]);
    CHECK((phase >= 0 && phase < 1));
    for (std::size_t k = 0; k < impulses.size(); ++k) {
        const auto number = static_cast<double>(k + 1);
        REQUIRE(counted(impulses[k]) + phase >= number - 1e-6);
        REQUIRE(counted(impulses[k] - nanosecond) + phase <= number + 1e-6);
    }
    CHECK(std::floor(counted(end) + phase) == static_cast<double>(impulses.size()));
}

TEST_CASE(
    "impulses come in order, none before its energy and none later than grid and jitter allow") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 6));
    CAPTURE(seed);
    auto ideal = real_meter();
    ideal.update_grid = ideal.jitter = Duration::zero();
    BenchModel bench{seed, {}, {}, {real_meter()}};
    BenchModel exact{seed, {}, {}, {ideal}};
    drive(bench, seed, 60);
    drive(exact, seed, 60);
    const auto latest = std::chrono::milliseconds{20} + 10 * std::chrono::microseconds{50};
    const auto impulses = impulses_until(bench, at_s(3000));
    REQUIRE(impulses.size() > 100);
    CHECK(std::is_sorted(impulses.begin(), impulses.end()));
    for (std::size_t k = 0; k < impulses.size(); ++k) {
        const Instant energy = exact.impulse(0, static_cast<std::int64_t>(k) + 1);
        REQUIRE(impulses[k] >= energy);
        REQUIRE(impulses[k] <= energy + latest);
    }
}

TEST_CASE("impulses keep their order where many fall into one update of the meter") {
    auto meter = real_meter();
    meter.ratings.constant = ImpulsesPerKilowattHour{1'000'000};
    auto bench = bench_of(meter);
    bench.set_output(at_s(0), balanced(6));
    const auto impulses = impulses_until(bench, at_s(10));
    REQUIRE(impulses.size() > 8000);
    CHECK(std::is_sorted(impulses.begin(), impulses.end()));
}

TEST_CASE("jitter has the deviation asked for, and the grid its width") {
    auto meter = healthy_meter();
    meter.jitter = std::chrono::microseconds{100};
    auto bench = bench_of(meter);
    auto exact = bench_of(healthy_meter());
    bench.set_output(at_s(0), balanced(6));
    exact.set_output(at_s(0), balanced(6));
    double sum = 0;
    double squares = 0;
    const int count = 5000;
    for (int k = 1; k <= count; ++k) {
        const double late = seconds(bench.impulse(0, k) - exact.impulse(0, k));
        sum += late;
        squares += (late - 500e-6) * (late - 500e-6);
    }
    CHECK(sum / count == Approx(500e-6).epsilon(0.02));
    CHECK(std::sqrt(squares / count) == Approx(100e-6).epsilon(0.05));

    meter.jitter = Duration::zero();
    meter.update_grid = std::chrono::milliseconds{20};
    auto gridded = bench_of(meter);
    gridded.set_output(at_s(0), balanced(6));
    const Instant first = gridded.impulse(0, 1);
    for (int k = 1; k <= count; ++k) {
        REQUIRE((gridded.impulse(0, k) - first) % meter.update_grid == Duration::zero());
    }
}

TEST_CASE("the same seed gives the same impulses in any order of asking") {
    BenchModel forward{7, {}, {}, {real_meter(), real_meter()}};
    BenchModel shuffled{7, {}, {}, {real_meter(), real_meter()}};
    BenchModel other{8, {}, {}, {real_meter(), real_meter()}};
    for (auto* bench : {&forward, &shuffled, &other}) {
        drive(*bench, 3, 40);
        bench->set_reference_constant(at_s(5000), ImpulsesPerKilowattHour{6e6});
    }
    const std::int64_t count = 2000;
    std::vector<std::int64_t> order(count);
    std::iota(order.begin(), order.end(), 1);
    for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[hashed(1, 1, i) % i]);
    }
    std::vector<Instant> dut(count + 1);
    std::vector<Instant> reference(count + 1);
    for (const std::int64_t k : order) {
        dut[static_cast<std::size_t>(k)] = shuffled.impulse(1, k);
        reference[static_cast<std::size_t>(k)] = shuffled.reference_impulse(k * 97);
    }
    int same_as_other = 0;
    for (std::int64_t k = 1; k <= count; ++k) {
        REQUIRE(forward.impulse(1, k) == dut[static_cast<std::size_t>(k)]);
        REQUIRE(forward.reference_impulse(k * 97) == reference[static_cast<std::size_t>(k)]);
        same_as_other += other.impulse(1, k) == forward.impulse(1, k) ? 1 : 0;
    }
    CHECK(same_as_other < 10);
    CHECK(forward.impulse(0, 5) != forward.impulse(1, 5));
}

TEST_CASE("a new set point voids what was said about the future, and only that") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 10));
    CAPTURE(seed);
    BenchModel bench{seed, {}, {}, {real_meter()}};
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{1e6});
    bench.set_output(at_s(1), balanced(6));
    const auto epoch = bench.epoch();
    const Instant step = at_s(20 + 5 * uniform(seed, 1, 1));
    std::vector<Instant> said;
    std::vector<Instant> reference_said;
    for (std::int64_t k = 1; k <= 800; ++k) {
        said.push_back(bench.impulse(0, k));
        reference_said.push_back(bench.reference_impulse(k * 30));
    }
    bench.set_output(step, balanced(2, "-0.5 ind"));
    CHECK(bench.epoch() > epoch);
    int changed = 0;
    for (std::int64_t k = 1; k <= 800; ++k) {
        const auto i = static_cast<std::size_t>(k - 1);
        const Instant now = bench.impulse(0, k);
        const Instant reference_now = bench.reference_impulse(k * 30);
        if (said[i] <= step) {
            REQUIRE(now == said[i]);
        } else {
            REQUIRE(now > step);
            changed += now != said[i] ? 1 : 0;
        }
        REQUIRE((reference_said[i] <= step ? reference_now == reference_said[i]
                                           : reference_now > step));
    }
    CHECK(changed > 100);
}

TEST_CASE("a change of the reference constant is a new epoch and the count goes on") {
    auto bench = bench_of(healthy_meter());
    CHECK(bench.reference_constant(at_s(0)).value() == 0);
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{1e6});
    bench.set_output(at_s(0), balanced(5));
    const auto epoch = bench.epoch();
    // While the power still settles, so that the exponential has to go on.
    const Instant change = at_s(0.7);
    const auto before = bench.reference_phase(change);
    bench.set_reference_constant(change, ImpulsesPerKilowattHour{2e6});
    CHECK(bench.epoch() > epoch);
    const auto after = bench.reference_phase(change);
    CHECK(after.count == before.count);
    CHECK(after.fraction == Approx(before.fraction));
    CHECK(bench.reference_constant(at_s(0.5)).value() == 1e6);
    CHECK(bench.reference_constant(at_s(0.7)).value() == 2e6);
    const double energy_wh =
        (bench.registered(0, at_s(50)).active_import - bench.registered(0, change).active_import)
            .value();
    const auto end = bench.reference_phase(at_s(50));
    const double counted =
        static_cast<double>(end.count - after.count) + end.fraction - after.fraction;
    CHECK(counted == Approx(energy_wh * 2000).epsilon(1e-9));
}

TEST_CASE("the reference stands still without current, and counts export as well") {
    auto bench = bench_of(healthy_meter());
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{6e7});
    CHECK(bench.reference_impulse(1) == never);
    bench.set_output(at_s(0), LoadPoint::voltage_only(Volt{230}));
    CHECK(bench.reference_impulse(1) == never);
    CHECK(bench.reference_phase(at_s(40'000)).count == 0);
    bench.set_output(at_s(40'000), balanced(1, "-1"));
    CHECK(bench.reference_impulse(1) > at_s(40'000));
    const auto count = bench.reference_phase(at_s(40'060)).count;
    CHECK(count == Approx(690 * (60 - 0.4) / 3.6e6 * 6e7).epsilon(1e-4));
    bench.set_output(at_s(40'060), LoadPoint::voltage_only(Volt{230}));
    const auto last = bench.reference_phase(at_s(50'000));
    CHECK(bench.reference_phase(at_s(90'000)).count == last.count);
    CHECK(bench.reference_impulse(last.count) < at_s(40'066));
    CHECK(bench.reference_impulse(last.count + 1) == never);
}

TEST_CASE("the reference count at any instant is the number of its impulses up to there") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 9));
    const double constant = GENERATE(3.0, 1e4, 6e7);
    CAPTURE(seed, constant);
    auto bench = bench_of(healthy_meter());
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{constant});
    drive(bench, seed, 60);
    const Instant end = at_s(3000);
    const auto total = bench.reference_phase(end).count;
    for (std::uint64_t draw = 0; draw < 300; ++draw) {
        const auto number =
            1 + static_cast<std::int64_t>(uniform(seed, 5, draw) * static_cast<double>(total + 3));
        const Instant at = bench.reference_impulse(number);
        if (at == never) {
            REQUIRE(number > total);
            continue;
        }
        REQUIRE(bench.reference_phase(at).count >= number);
        REQUIRE(bench.reference_phase(at - nanosecond).count < number);
        // And from the instants' side.
        const Instant any = at_s(3000 * uniform(seed, 6, draw));
        const auto phase = bench.reference_phase(any);
        REQUIRE((phase.fraction >= 0 && phase.fraction < 1));
        REQUIRE((phase.count == 0 || bench.reference_impulse(phase.count) <= any));
        REQUIRE(bench.reference_impulse(phase.count + 1) > any);
    }
}

TEST_CASE("after twelve hours at Imax impulses are right to the nanosecond") {
    // 6 A x 230 V x 3 at 20 000 imp/kWh; the reference runs at 200 kHz: 8.6e9 impulses.
    auto meter = healthy_meter();
    meter.ratings.constant = ImpulsesPerKilowattHour{20'000};
    auto bench = bench_of(meter);
    const double power = 3 * 230 * 6;
    const double constant = 200'000 * 3.6e6 / power;
    bench.set_reference_constant(at_s(0), ImpulsesPerKilowattHour{constant});
    bench.set_output(at_s(0), balanced(6));
    // The settling takes 0.4 s (1 - e^-12) of the energy; computed in extended precision.
    const long double lost = 0.4L * (1.0L - std::exp(-12.0L));
    const long double rate = static_cast<long double>(constant) * power / 3.6e6L;
    for (const std::int64_t number : {1'000'000LL, 8'000'000'000LL, 8'639'000'000LL}) {
        const long double at = static_cast<long double>(number) / rate + lost;
        const auto expected = static_cast<double>(std::ceil(at * 1e9L));
        const auto found =
            static_cast<double>(bench.reference_impulse(number).time_since_epoch().count());
        CAPTURE(number);
        CHECK(std::abs(found - expected) <= 1);
    }
    const long double half_day = (43'200.0L - lost) * rate;
    const auto phase = bench.reference_phase(at_s(43'200));
    const long double counted =
        static_cast<long double>(phase.count) + static_cast<long double>(phase.fraction);
    CHECK(std::abs(static_cast<double>(counted - half_day)) < 1e-6);

    const Instant first = bench.impulse(0, 100'001);
    const Instant last = bench.impulse(0, 900'001);
    const double spacing_s = 3.6e6 / 20'000 / power;
    CHECK(std::abs(seconds(last - first) - 800'000 * spacing_s) < 2e-9);
}

TEST_CASE("an impulse while settling is where the closed form says, to a nanosecond") {
    ImpulseTrain train{0.25};
    const auto settling = Settling::of(std::chrono::milliseconds{400});
    const double from = GENERATE(0.0, 5.0, 2000.0);
    const double to = GENERATE(-3000.0, -7.0, 0.0, 7.0, 3000.0);
    CAPTURE(from, to);
    const Approach rate{from, to};
    train.change(at_s(2), rate, settling);
    const auto total = train.count(at_s(2 + 4.8)).whole;
    std::int64_t checked = 0;
    for (std::int64_t number = 1; number <= total; ++number) {
        const Duration t = train.impulse(number) - at_s(2);
        REQUIRE((t > Duration::zero() && t <= settling.length));
        const auto counted = [&](Duration at) {
            return 0.25 + rate.positive_integral(settling, at) +
                   Approach{-from, -to}.positive_integral(settling, at);
        };
        const auto wanted = static_cast<double>(number);
        REQUIRE(counted(t) >= wanted - 1e-9);
        REQUIRE(counted(t - nanosecond) <= wanted + 1e-9);
        ++checked;
    }
    CHECK(checked == total);
}

TEST_CASE("an output at rest has no impulse, and one nearly at rest one far away") {
    ImpulseTrain train{0.5};
    CHECK(train.impulse(1) == never);
    CHECK(train.count(at_s(1e6)).whole == 0);
    train.change(at_s(0), {1e-12, 1e-12}, {});
    CHECK(train.impulse(1) == never);  // 0.5e12 s: beyond what an Instant holds
    train.change(at_s(0), {1e-8, 1e-8}, {});
    CHECK(seconds(train.impulse(1)) == Approx(0.5e8));
    CHECK_THROWS_AS(ImpulseTrain{1.0}, std::logic_error);
}
