// The safety supervisor over a scripted source and reference: what is refused, and in which
// order things move.
#include "rig/supervisor.hpp"

#include "calibration/document.hpp"
#include "tests/rig/supervised.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace rig_test;
using calibration::DataError;
using calibration::PowerFactor;
using Catch::Matchers::Contains;

std::size_t index_of(const Calls& calls, const std::string& what) {
    return static_cast<std::size_t>(std::ranges::find(calls, what) - calls.begin());
}

}  // namespace

TEST_CASE("the limit that counts is the tightest of meter, source and reference, and is named") {
    Supervised bench;
    const auto refused = [&](const LoadPoint& load, const char* says) {
        CHECK_THROWS_WITH(bench.supervisor.check(load, "P7"),
                          Contains("load point 'P7': ") && Contains(says));
        CHECK_THROWS_AS(bench.apply(load), DataError);
    };
    CHECK_NOTHROW(bench.supervisor.check(load_of(288, 80, 65), "P7"));
    CHECK_NOTHROW(bench.supervisor.check(load_of(20, 0.001, 45), "P7"));
    refused(load_of(288.1, 5), "L1 voltage 288.1 V is above the meter's limit of 288 V");
    refused(load_of(230, 80.1), "L1 current 80.1 A is above the meter's limit of 80 A");
    refused(load_of(19.9, 5), "L1 voltage 19.9 V is below the source's limit of 20 V");
    refused(load_of(230, 0.0009), "L1 current 0.0009 A is below the source's limit of 0.001 A");
    refused(load_of(230, 5, 65.1), "frequency 65.1 Hz is above the meter's limit of 65 Hz");
    refused(load_of(230, 5, 44.9), "frequency 44.9 Hz is below the meter's limit of 45 Hz");
    bench.source.can.most_voltage = Volt{250};
    bench.source.can.most_frequency = Hertz{60};
    bench.source.can.least_frequency = Hertz{48};
    bench.reference.can.most_current = Ampere{20};
    refused(load_of(251, 5), "above the source's limit of 250 V");
    refused(load_of(230, 21), "above the reference's limit of 20 A");
    refused(load_of(230, 5, 61), "above the source's limit of 60 Hz");
    refused(load_of(230, 5, 47), "below the source's limit of 48 Hz");
    bench.reference.can.most_voltage = Volt{240};
    refused(load_of(241, 5), "above the reference's limit of 240 V");
    CHECK(bench.calls().empty());  // not one byte
    CHECK_FALSE(bench.supervisor.energised());
}

TEST_CASE("the phase that breaks a limit is named") {
    Supervised bench;
    const auto phase = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
    LoadPoint load = load_of(230, 5);
    load.phases[phase].current = Ampere{90};
    CHECK_THROWS_WITH(bench.supervisor.check(load, "x"),
                      Contains("L" + std::to_string(phase + 1) + " current 90 A"));
}

TEST_CASE("what is no number, negative or a harmonic the source cannot make is refused") {
    Supervised bench;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    LoadPoint load = load_of(230, 5);
    SECTION("voltage") { load.phases[1].voltage = Volt{nan}; }
    SECTION("current") { load.phases[1].current = Ampere{nan}; }
    SECTION("angle") { load.phases[1].displacement = calibration::Degree{nan}; }
    SECTION("frequency") { load.frequency = Hertz{nan}; }
    SECTION("negative voltage") { load.phases[1].voltage = Volt{-230}; }
    SECTION("negative current") { load.phases[1].current = Ampere{-5}; }
    SECTION("harmonic") {
        load.phases[1].current_harmonics = {{5, calibration::Percent{10}, calibration::Degree{0}}};
    }
    CHECK_THROWS_AS(bench.apply(load), DataError);
    CHECK(bench.calls().empty());
}

TEST_CASE("harmonics count towards the limits") {
    Supervised bench;
    bench.source.can.highest_harmonic = 40;
    LoadPoint load = load_of(288, 5);
    load.phases[0].voltage_harmonics = {{3, calibration::Percent{10}, calibration::Degree{0}}};
    CHECK_THROWS_WITH(bench.supervisor.check(load, "x"),
                      Contains("L1 voltage 289.4") && Contains("above the meter's"));
}

TEST_CASE("a grid source that cannot drive a current is not asked to") {
    Supervised bench;
    bench.source.can.phantom_current = false;
    CHECK_THROWS_WITH(bench.supervisor.check(load_of(230, 5), "x"),
                      Contains("its current setting is a trip limit"));
    CHECK_NOTHROW(bench.supervisor.check(LoadPoint::voltage_only(Volt{230}), "x"));
}

TEST_CASE("voltage comes before current, the reference's ranges before both") {
    Supervised bench;
    bench.apply(load_of(230, 80));
    CHECK(bench.calls() == Calls{"ranges 230 V 80 A",
                                 "stage 115 V 0 A",
                                 "commit",
                                 "stage 230 V 0 A",
                                 "commit",
                                 "stage 230 V 40 A",
                                 "commit",
                                 "stage 230 V 80 A",
                                 "commit"});
    CHECK(calibration::seconds(bench.loop->clock().now()) ==
          Approx(0.5 + 8));  // two pauses between steps, settling
    CHECK(bench.supervisor.energised());
    CHECK(bench.supervisor.applied() == load_of(230, 80));
}

TEST_CASE("current goes before voltage") {
    Supervised bench;
    bench.apply(load_of(230, 80));
    bench.calls();
    bench.loop->run(bench.supervisor.switch_off());
    CHECK(bench.calls() == Calls{"stage 230 V 40 A", "commit", "stage 230 V 0 A", "commit", "off"});
    CHECK_FALSE(bench.supervisor.energised());
    bench.loop->run(bench.supervisor.switch_off());
    CHECK(bench.calls().empty());  // off is off
}

TEST_CASE("voltages change without current only") {
    Supervised bench;
    bench.apply(load_of(230, 30));
    bench.calls();
    bench.apply(load_of(207, 30));
    CHECK(bench.calls() == Calls{"stage 230 V 0 A",
                                 "commit",
                                 "stage 207 V 0 A",
                                 "commit",
                                 "ranges 207 V 30 A",
                                 "stage 207 V 30 A",
                                 "commit"});
    bench.apply(load_of(253, 10));
    CHECK(bench.calls() == Calls{"stage 207 V 0 A",
                                 "commit",
                                 "ranges 253 V 10 A",
                                 "stage 253 V 0 A",
                                 "commit",
                                 "stage 253 V 10 A",
                                 "commit"});
}

TEST_CASE("a frequency, an angle or a harmonic of the voltage changes without current too") {
    Supervised bench;
    bench.source.can.highest_harmonic = 40;
    bench.apply(load_of(230, 5));
    bench.calls();
    LoadPoint next = load_of(230, 5);
    SECTION("frequency") { next.frequency = Hertz{51}; }
    SECTION("sequence") {
        next = LoadPoint::balanced(Volt{230},
                                   Ampere{5},
                                   PowerFactor::unity(),
                                   Hertz{50},
                                   calibration::PhaseSequence::l132);
    }
    SECTION("harmonic") {
        next.phases[2].voltage_harmonics = {{3, calibration::Percent{5}, calibration::Degree{0}}};
    }
    bench.apply(next);
    CHECK(bench.calls().front() == "stage 230 V 0 A");
}

TEST_CASE(
    "the reference's current range is widened before a rise and narrowed after a fall, and stays "
    "without a current") {
    Supervised bench;
    bench.apply(load_of(230, 5));
    bench.calls();
    bench.apply(load_of(230, 20));
    CHECK(bench.calls() == Calls{"ranges 230 V 20 A", "stage 230 V 20 A", "commit"});
    bench.apply(load_of(230, 1));
    CHECK(bench.calls() == Calls{"stage 230 V 1 A", "commit", "ranges 230 V 1 A"});
    bench.apply(LoadPoint::voltage_only(Volt{230}));
    CHECK(bench.calls() == Calls{"stage 230 V 0 A", "commit", "ranges 230 V 1 A"});
    // Nothing flows: the range may be narrowed before the rise, and its constant holds for all of
    // it.
    bench.apply(load_of(230, 0.1));
    CHECK(bench.calls() == Calls{"ranges 230 V 0.1 A", "stage 230 V 0.1 A", "commit"});
}

TEST_CASE(
    "on the way between any two loads no step is too large, nothing overloads, and the end is "
    "exact") {
    Supervised bench;
    const std::vector<LoadPoint> loads{
        load_of(230, 80),
        load_of(57.7, 0.05),
        load_of(253, 33.3),
        load_of(288, 0.1),
        load_of(207, 79.9),
        LoadPoint::voltage_only(Volt{230}),
        load_of(230, 80),
        LoadPoint::single_phase(1, Volt{230}, Ampere{80}, PowerFactor::unity())};
    bench.script.on_call = [&](const std::string& call) {
        if (call != "commit") {
            return;
        }
        // The reference's ranges hold what stands, with the 5 % that they have to spare.
        CHECK(top_voltage(bench.source.output) <= 1.05 * top_voltage(bench.reference.range));
        CHECK(top_current(bench.source.output) <= 1.05 * top_current(bench.reference.range));
    };
    LoadPoint before;
    for (const LoadPoint& from : loads) {
        for (const LoadPoint& to : loads) {
            for (const LoadPoint& load : {from, to}) {
                bench.source.outputs.clear();
                bench.apply(load);
                CHECK(bench.supervisor.applied() == load);
                CHECK(bench.source.output == load);
                for (const LoadPoint& output : bench.source.outputs) {
                    for (std::size_t i = 0; i < calibration::phase_count; ++i) {
                        const double volts =
                            (output.phases[i].voltage - before.phases[i].voltage).value();
                        const double amperes =
                            (output.phases[i].current - before.phases[i].current).value();
                        CHECK(std::abs(volts) <= 0.5 * 230 * 1.0001);
                        CHECK(std::abs(amperes) <= 0.5 * 80 * 1.0001);
                        CHECK((volts == 0 || output.phases[i].current.value() == 0));
                    }
                    before = output;
                }
            }
        }
    }
}

TEST_CASE("a load that is asked for again is set anew, currents or not") {
    Supervised bench;
    const double amperes = GENERATE(0.0, 5.0);
    const LoadPoint load =
        amperes == 0 ? LoadPoint::voltage_only(Volt{230}) : load_of(230, amperes);
    bench.apply(load);
    bench.calls();
    bench.source.output.phases[0].voltage = Volt{198};  // drifted meanwhile
    bench.apply(load);
    CHECK(bench.source.output == load);
    CHECK(std::ranges::count(bench.calls(), "commit") == 1);
}

TEST_CASE("on the way a channel stays off until the source can hold it") {
    Supervised bench;
    bench.source.can.least_current = Ampere{45};
    bench.apply(load_of(230, 80));
    const Calls calls = bench.calls();
    CHECK(index_of(calls, "stage 230 V 40 A") == calls.size());
    CHECK(calls.back() == "commit");
    CHECK(bench.source.output == load_of(230, 80));
}
