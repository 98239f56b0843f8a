// Driver and emulator together in virtual time: the bench gets what was asked, or the driver says
// that it did not.
#include "instruments/source.hpp"
#include "tests/instruments/zera_mt/bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace calibration;
using namespace instruments;
using namespace zera_mt_test;
using Catch::Contains;
using instruments::zera_mt::Faults;

namespace {

const LoadPoint load = LoadPoint::balanced(Volt{230}, Ampere{5}, PowerFactor::parse("0.5 ind"));
const double load_power = active_power(load).value();  // 1725 W

bool tries(Bench& bench) {
    try {
        bench.apply(load);
        return true;
    } catch (const DeviceFault&) {
        return false;
    }
}

// How many bytes the source answers while a load is staged and committed.
std::size_t answered_bytes() {
    std::size_t count = 0;
    Bench bench{{}, [&count](std::size_t, std::uint8_t byte) {
                    ++count;
                    return std::optional{byte};
                }};
    bench.apply(load);
    return count;
}

io::Task<void> commit_and_fail(Source& source, std::string& fault) {
    try {
        co_await source.commit();
    } catch (const DeviceFault& thrown) {
        fault = thrown.what();
    }
}

}  // namespace

TEST_CASE("the power on the bench is what was asked, for every kind of load") {
    const std::vector<LoadPoint> loads{
        LoadPoint::balanced(Volt{230}, Ampere{5}, PowerFactor::unity()),
        LoadPoint::balanced(Volt{230}, Ampere{0.001}, PowerFactor::unity()),
        LoadPoint::balanced(Volt{230}, Ampere{120}, PowerFactor::parse("0.8 cap")),
        LoadPoint::balanced(Volt{230}, Ampere{5}, PowerFactor::parse("-0.5 ind")),
        LoadPoint::balanced(
            Volt{230}, Ampere{5}, PowerFactor::unity(), Hertz{49}, PhaseSequence::l132),
        LoadPoint::single_phase(1, Volt{230}, Ampere{5}, PowerFactor::parse("0.5 ind")),
        LoadPoint::voltage_only(Volt{264.5}),
        LoadPoint::off(),
        LoadPoint::balanced(Volt{57.735}, Ampere{1}, PowerFactor::unity()),
    };
    Bench bench;
    for (std::size_t i = 0; i < loads.size(); ++i) {
        INFO("load " << i);
        bench.apply(loads[i]);
        const double asked = active_power(loads[i]).value();
        CHECK(bench.power() == Approx(asked).epsilon(2e-4).margin(1e-6));
        const auto actual = bench.bench.actual_load(bench.now());
        CHECK(actual.frequency == loads[i].frequency);
        for (std::size_t phase = 0; phase < phase_count; ++phase) {
            CHECK(
                reactive_power(actual.phases[phase]).value() ==
                Approx(reactive_power(loads[i].phases[phase]).value()).epsilon(2e-4).margin(1e-6));
        }
        CHECK(bench.run(bench.source->faults()).empty());
    }
}

TEST_CASE("staging changes nothing on the bench") {
    Bench bench;
    bench.apply(load);
    bench.run(bench.source->stage(LoadPoint::voltage_only(Volt{100})));
    CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
}

TEST_CASE("every way of switching off leaves what it says") {
    Bench bench;
    for (const auto mode : {OffMode::normal, OffMode::emergency}) {
        bench.apply(load);
        bench.run(bench.source->switch_off(mode));
        CHECK(bench.is_dead());
    }
    bench.apply(load);
    bench.run(bench.source->switch_off(OffMode::current_only));
    bench.sleep(20s);
    CHECK(bench.bench.actual_load(bench.now()).phases[0].voltage.value() == Approx(230));
    CHECK_FALSE(bench.bench.actual_load(bench.now()).any_current());
    bench.run(bench.source->switch_off(OffMode::normal));
    CHECK(bench.is_dead());
}

TEST_CASE("a new host switches off what an earlier one left on") {
    Bench bench;
    bench.apply(load);
    bench.connect();
    CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
    bench.run(bench.source->switch_off(OffMode::normal));
    CHECK(bench.is_dead());
}

TEST_CASE("a refusal at each step is a fault, and an output that was off stays off") {
    for (const std::string command : {"SFR", "SUP", "SIP", "SUI"}) {
        INFO(command);
        Faults faults;
        faults.nak.push_back({command, at(0s)});
        Bench bench{faults};
        CHECK_THROWS_WITH(bench.apply(load), Contains("refused (" + command + "NAK)"));
        CHECK(bench.is_dead());
        CHECK_FALSE(bench.bench.epoch() > 0);
    }
}

TEST_CASE(
    "silence from any moment on is a fault, and the bench can be switched off once it is over") {
    for (auto from = 0ms; from < 2400ms; from += 20ms) {
        INFO("silent from " << from.count() << " ms");
        Faults faults;
        faults.silent_from = at(from);
        faults.silent_until = at(300s);
        Bench bench{faults};
        CHECK_THROWS_WITH(bench.apply(load), Contains("no answer within"));
        CHECK_THROWS_AS(bench.run(bench.source->switch_off(OffMode::normal)), DeviceFault);
        bench.sleep(at(300s) - bench.now());
        CHECK_NOTHROW(bench.run(bench.source->switch_off(OffMode::normal)));
        CHECK(bench.is_dead());
        CHECK(tries(bench));
        CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
    }
}

TEST_CASE("one wrong bit anywhere in the answers never makes a wrong load look right") {
    const std::size_t count = answered_bytes();
    REQUIRE(count > 100);
    std::size_t faulted = 0;
    for (std::size_t bit = 0; bit < 8 * count; ++bit) {
        INFO("byte " << bit / 8 << ", bit " << bit % 8);
        Bench bench{{}, [bit](std::size_t index, std::uint8_t byte) {
                        const unsigned flip = index == bit / 8 ? 1U << (bit % 8) : 0U;
                        return std::optional{static_cast<std::uint8_t>(byte ^ flip)};
                    }};
        if (tries(bench)) {
            CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
        } else {
            ++faulted;
        }
        CHECK_NOTHROW(bench.run(bench.source->switch_off(OffMode::normal)));
        CHECK(bench.is_dead());
        CHECK(tries(bench));
    }
    CHECK(faulted > 4 * count);  // the rest is inside the name of the model
}

TEST_CASE("answers cut off at any byte are a fault, and the line is found again") {
    const std::size_t count = answered_bytes();
    for (std::size_t cut = 0; cut < count; ++cut) {
        INFO("nothing after byte " << cut);
        bool connected = false;
        Bench bench{{}, [cut, &connected](std::size_t index, std::uint8_t byte) {
                        return index < cut || connected ? std::optional{byte} : std::nullopt;
                    }};
        CHECK_FALSE(tries(bench));
        connected = true;
        CHECK_NOTHROW(bench.run(bench.source->switch_off(OffMode::normal)));
        CHECK(bench.is_dead());
        CHECK(tries(bench));
        CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
    }
}

TEST_CASE("one byte lost from the answers never makes a wrong load look right") {
    const std::size_t count = answered_bytes();
    for (std::size_t lost = 0; lost < count; ++lost) {
        INFO("byte " << lost);
        Bench bench{{}, [lost](std::size_t index, std::uint8_t byte) {
                        return index == lost ? std::nullopt : std::optional{byte};
                    }};
        if (tries(bench)) CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
        CHECK_NOTHROW(bench.run(bench.source->switch_off(OffMode::normal)));
        CHECK(bench.is_dead());
    }
}

TEST_CASE("an answer that comes too late is a fault and is not mixed up afterwards") {
    for (const auto from : {0ms, 60ms, 110ms, 160ms, 210ms, 1300ms}) {
        for (const auto by : {3s, 16s, 29s, 31s, 34s, 61s}) {
            INFO("from " << from.count() << " ms, late by " << by.count() << " s");
            Faults faults;
            faults.late_reply = Faults::LateReply{at(from), by};
            Bench bench{faults};
            if (tries(bench)) CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
            bench.sleep(70s);
            CHECK_NOTHROW(bench.run(bench.source->switch_off(OffMode::normal)));
            CHECK(bench.is_dead());
            CHECK(tries(bench));
            CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
        }
    }
}

TEST_CASE("a trip is seen by faults() by name, whether asked or not, and needs switching off") {
    Faults faults;
    faults.trip = Faults::Trip{at(100s)};
    Bench bench{faults};
    bench.apply(load);
    CHECK(bench.run(bench.source->faults()).empty());
    bench.sleep(120s);
    const auto names = bench.run(bench.source->faults());
    CHECK(std::ranges::count(names, "amplifier overload I2") == 1);
    CHECK(bench.is_dead());
    bench.run(bench.source->stage(load));
    CHECK_THROWS_WITH(bench.run(bench.source->commit()), Contains("tripped, switch off first"));
    CHECK(bench.is_dead());
    bench.run(bench.source->switch_off(OffMode::normal));
    CHECK(bench.run(bench.source->faults()).empty());
    bench.apply(load);
    CHECK(bench.power() == Approx(load_power).epsilon(1e-4));
}

TEST_CASE("a trip at any moment of switching on fails the commit or is reported afterwards") {
    for (auto when = 0ms; when < 2800ms; when += 10ms) {
        INFO("trip at " << when.count() << " ms");
        Faults faults;
        faults.trip =
            Faults::Trip{at(when), zera_mt::Status::with(zera_mt::SourceFault::emergency_stop)};
        Bench bench{faults};
        if (tries(bench)) {
            bench.sleep(1s);
            const auto names = bench.run(bench.source->faults());
            CHECK(names == std::vector<std::string>{"emergency stop"});
        }
        CHECK(bench.is_dead());
        CHECK_NOTHROW(bench.run(bench.source->switch_off(OffMode::normal)));
        CHECK(tries(bench));
    }
}

TEST_CASE("an emergency does not wait for the command that is under way") {
    for (const auto moment : {10ms, 500ms, 990ms, 1500ms}) {
        INFO("after " << moment.count() << " ms");
        Bench bench;
        bench.run(bench.source->stage(load));
        std::string fault;
        bench.loop->spawn(commit_and_fail(*bench.source, fault));
        bench.sleep(moment);
        const auto asked = bench.loop->clock().now();
        CHECK_NOTHROW(bench.run(bench.source->switch_off(OffMode::emergency)));
        CHECK(bench.loop->clock().now() - asked < 2s);  // nor does its confirmation
        CHECK(bench.is_dead());
        CHECK_THAT(fault, Contains("switch on: superseded by a later command"));
    }
}

TEST_CASE("a link that is gone is a link error, not a device fault") {
    Bench bench;
    bench.apply(load);
    bench.device_ends.back()->close();
    CHECK_THROWS_AS(bench.run(bench.source->faults()), io::LinkError);
    CHECK_THROWS_AS(bench.run(bench.source->switch_off(OffMode::normal)), io::LinkError);
}
