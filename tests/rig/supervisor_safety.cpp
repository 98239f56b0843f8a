// The safety supervisor: "off" whatever fails and until armed again, and whether the load stands as
// asked.
#include "rig/supervisor.hpp"
#include "tests/rig/supervised.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace rig_test;
using Catch::Matchers::Contains;
using instruments::DeviceFault;

}  // namespace

TEST_CASE("making a bench safe that was never on asks nothing") {
    Supervised bench;
    CHECK(bench.make_safe().empty());
    CHECK(bench.calls().empty());
}

TEST_CASE("making safe switches off without ramps, then as an emergency, then complains") {
    Supervised bench;
    bench.apply(load_of(230, 80));
    bench.calls();
    SECTION("normal") {
        CHECK(bench.make_safe().empty());
        CHECK(bench.calls() == Calls{"off"});
        CHECK_FALSE(bench.supervisor.energised());
    }
    SECTION("emergency") {
        bench.source.only_emergency = true;
        CHECK(bench.make_safe().empty());
        CHECK(bench.calls() == Calls{"off", "off, emergency"});
        CHECK_FALSE(bench.supervisor.energised());
    }
    SECTION("neither") {
        bench.source.never_goes_off = true;
        CHECK(bench.make_safe() == "THE SOURCE COULD NOT BE CONFIRMED OFF: script: off: stays on");
        CHECK(bench.calls() == Calls{"off", "off, emergency"});
        CHECK(bench.supervisor.energised());
    }
}

TEST_CASE("whatever fails on the way to a load, making safe ends in off") {
    const std::vector<LoadPoint> loads{
        load_of(230, 80), load_of(207, 20), load_of(253, 40), load_of(253, 1)};
    std::size_t steps = 0;
    {
        Supervised bench;
        for (const LoadPoint& load : loads) {
            bench.apply(load);
        }
        bench.loop->run(bench.supervisor.switch_off());
        steps = bench.script.calls.size();
    }
    REQUIRE(steps > 30);
    for (std::size_t step = 0; step < steps; ++step) {
        INFO("failing at step " << step);
        Supervised bench;
        bench.script.fails_at = step;
        bool failed = false;
        try {
            for (const LoadPoint& load : loads) {
                bench.apply(load);
            }
            bench.loop->run(bench.supervisor.switch_off());
        } catch (const DeviceFault&) {
            failed = true;
        }
        REQUIRE(failed);
        CHECK(bench.script.calls.size() == step + 1);  // nothing was asked after the failure
        CHECK(bench.make_safe().empty());
        CHECK(bench.source.output == LoadPoint::off());
        CHECK_FALSE(bench.supervisor.energised());
    }
}

TEST_CASE("after making safe nothing energises until the bench is armed again") {
    Supervised bench;
    bench.apply(load_of(230, 5));
    bench.make_safe();
    bench.calls();
    CHECK_THROWS_WITH(bench.apply(load_of(230, 5)),
                      Contains("was made safe and has not been armed again"));
    CHECK(bench.calls().empty());
    bench.supervisor.rearm();
    CHECK_NOTHROW(bench.apply(load_of(230, 5)));
    CHECK(bench.source.output == load_of(230, 5));
}

TEST_CASE("a bench that could not be switched off is not armed again before it is off") {
    Supervised bench;
    bench.apply(load_of(230, 5));
    bench.source.never_goes_off = true;
    CHECK_FALSE(bench.make_safe().empty());
    bench.supervisor.rearm();
    CHECK_THROWS_AS(bench.apply(load_of(230, 5)), DeviceFault);
    CHECK_THROWS_AS(bench.loop->run(bench.supervisor.switch_off()), DeviceFault);
    bench.source.never_goes_off = false;
    bench.calls();
    bench.loop->run(bench.supervisor.switch_off());
    CHECK(bench.calls() == Calls{"off"});  // no ramp through set points of a bench in doubt
    bench.supervisor.rearm();
    CHECK_NOTHROW(bench.apply(load_of(230, 5)));
}

namespace {

instruments::Task<void> catching(rig::Supervisor& supervisor, LoadPoint load, std::string& error) {
    try {
        co_await supervisor.apply(load);
    } catch (const DeviceFault& fault) {
        error = fault.what();
    }
}

instruments::Task<void> safe_at(instruments::io::Loop& loop,
                                rig::Supervisor& supervisor,
                                calibration::Duration at,
                                bool rearm) {
    co_await loop.clock().sleep_for(at);
    co_await supervisor.make_safe();
    if (rearm) {
        supervisor.rearm();
    }
    co_await loop.clock().sleep_for(60s);
}

}  // namespace

TEST_CASE(
    "a ramp that was only sleeping when the bench was made safe never goes on, not even after "
    "arming again") {
    const auto at = GENERATE(100ms, 300ms, 400ms, 5000ms);
    const auto rearm = GENERATE(false, true);
    Supervised bench;
    std::string error;
    bench.loop->spawn(catching(bench.supervisor, load_of(230, 80), error));
    bench.loop->run(safe_at(*bench.loop, bench.supervisor, at, rearm));
    CHECK_THAT(error, Contains("was made safe"));
    CHECK(bench.script.calls.back() == "off");
    CHECK(bench.source.output == LoadPoint::off());
    CHECK_FALSE(bench.supervisor.energised());
}

TEST_CASE("a load that stands as asked has no deviations") {
    Supervised bench;
    bench.apply(load_of(230, 5));
    bench.calls();
    const rig::Observation seen = bench.loop->run(bench.supervisor.observe());
    CHECK(seen.deviations.empty());
    CHECK(seen.remarks.empty());
    CHECK(bench.calls() == Calls{"faults?", "read", "constant?"});
}

TEST_CASE("a load that left its set point, an overload and a new constant are deviations by name") {
    Supervised bench;
    bench.apply(load_of(230, 5));
    SECTION("load") {
        bench.source.output = load_of(226, 5);
        const rig::Observation seen = bench.loop->run(bench.supervisor.observe());
        REQUIRE(seen.deviations.size() == 3);
        CHECK_THAT(seen.deviations[1], Contains("L2 voltage 226 V left 230 V"));
    }
    SECTION("overload") {
        bench.reference.overload = true;
        CHECK(bench.loop->run(bench.supervisor.observe()).deviations ==
              Calls{"the reference reports an overload"});
    }
    SECTION("constant") {
        bench.reference.epoch += 1;
        CHECK(bench.loop->run(bench.supervisor.observe()).deviations ==
              Calls{"the reference's constant changed from 2000 to 3000 imp/kWh"});
        CHECK(bench.loop->run(bench.supervisor.observe()).deviations.empty());  // said once
    }
}

TEST_CASE("an answer that does not come or is garbled is asked for three times in all") {
    Supervised bench;
    bench.apply(load_of(230, 5));
    bench.calls();
    int failures = GENERATE(1, 2, 3);
    const int told = failures;
    bench.script.on_call = [&](const std::string& call) {
        if (call == "read" && failures-- > 0) {
            throw DeviceFault(
                {.device = "reference", .operation = "read", .problem = "garbled", .code = ""});
        }
    };
    if (told < 3) {
        const rig::Observation seen = bench.loop->run(bench.supervisor.observe());
        CHECK(seen.remarks ==
              Calls(static_cast<std::size_t>(told), "asked again: reference: read: garbled"));
        CHECK(seen.deviations.empty());
    } else {
        CHECK_THROWS_WITH(bench.loop->run(bench.supervisor.observe()), Contains("garbled"));
        CHECK(std::ranges::count(bench.script.calls, "read") == 3);
    }
}

TEST_CASE("a source that tripped is not asked twice") {
    Supervised bench;
    bench.apply(load_of(230, 5));
    bench.calls();
    bench.source.trips = {"overload I2", "fan"};
    CHECK_THROWS_WITH(bench.loop->run(bench.supervisor.observe()), Contains("overload I2, fan"));
    CHECK(bench.calls() == Calls{"faults?"});
}
