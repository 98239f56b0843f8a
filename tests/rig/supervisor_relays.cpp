// Relays move without current only, and off ends with every meter in the circuit: the supervisor
// over a scripted position switch.
#include "instruments/position_switch.hpp"
#include "rig/circuit.hpp"
#include "tests/rig/supervised.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace rig_test;
using Catch::Matchers::Contains;
using instruments::DeviceFault;
using instruments::Task;

class ScriptedSwitch final : public instruments::PositionSwitch {
  public:
    ScriptedSwitch(instruments::io::Clock& clock, Script& script)
        : clock_(clock), script_(script) {}
    std::vector<int> closed;
    std::optional<int> stuck;  // this channel does not close any more

    Task<instruments::Identity> identify() override { co_return instruments::Identity{}; }
    Task<void> close_only(std::vector<int> channels) override {
        script_.call(fmt::format("close {}", fmt::join(channels, " ")));
        co_await clock_.sleep_for(50ms);
        closed = channels;
        for (const int channel : channels) {
            if (channel == stuck) {
                throw DeviceFault({.device = "position switch",
                                   .operation = fmt::format("close channel {}", channel),
                                   .problem = "stays open",
                                   .code = ""});
            }
        }
    }

  private:
    instruments::io::Clock& clock_;
    Script& script_;
};

// Three positions, the last without a relay.
struct Relayed {
    std::unique_ptr<instruments::io::Loop> loop = instruments::io::Loop::with_virtual_time();
    Script script;
    ScriptedSource source{script};
    ScriptedReference reference{script, source};
    ScriptedSwitch relays{loop->clock(), script};
    rig::Circuit circuit{&relays, {{"1", 101}, {"2", 102}, {"3", std::nullopt}}};
    dut::MeterType meter = meter_type("countis-e28");
    rig::Supervisor supervisor{loop->clock(), source, reference, meter, &circuit};

    Relayed() {
        loop->run(circuit.take_all_in());
        script.calls.clear();
    }
    void apply(const LoadPoint& load) { loop->run(supervisor.apply(load)); }
    void take(std::vector<bool> positions) {
        loop->run(supervisor.take_into_circuit(std::move(positions)));
    }
    Calls calls() { return std::exchange(script.calls, {}); }
    double seconds() { return calibration::seconds(loop->clock().now()); }
};

Task<void> apply_later(Relayed& bench, LoadPoint load, std::string& complaint) {
    try {
        co_await bench.supervisor.apply(load);
    } catch (const DeviceFault& fault) {
        complaint = fault.what();
    }
}

Task<void> take_later(Relayed& bench, std::vector<bool> positions, std::string& complaint) {
    try {
        co_await bench.supervisor.take_into_circuit(positions);
    } catch (const DeviceFault& fault) {
        complaint = fault.what();
    }
}

Task<void> pass(Relayed& bench, calibration::Duration time) {
    co_await bench.loop->clock().sleep_for(time);
}

}  // namespace

TEST_CASE("positions that are not taken into the circuit are bypassed, all others are in") {
    Relayed bench;
    CHECK(bench.supervisor.has_position_switch());
    CHECK(bench.supervisor.all_in_circuit());
    bench.take({false, true, true});
    CHECK(bench.calls() == Calls{"close 101"});
    CHECK_FALSE(bench.supervisor.all_in_circuit());
    bench.take({false, false, true});
    CHECK(bench.calls() == Calls{"close 101 102"});
    bench.take({true, true, true});
    CHECK(bench.calls() == Calls{"close "});
    CHECK(bench.supervisor.all_in_circuit());
}

TEST_CASE("relays move while voltages stand and no current flows") {
    Relayed bench;
    bench.apply(load_of(230, 0));
    bench.calls();
    bench.take({true, false, true});
    CHECK(bench.calls() == Calls{"close 102"});
    CHECK(bench.supervisor.energised());
}

TEST_CASE("relays do not move under current, and nothing is sent") {
    Relayed bench;
    bench.apply(load_of(230, 5));
    bench.calls();
    CHECK_THROWS_WITH(bench.take({false, true, true}),
                      Contains("move the relays: a current is applied"));
    CHECK(bench.calls().empty());
    CHECK(bench.supervisor.all_in_circuit());
    bench.apply(load_of(230, 0));
    CHECK_NOTHROW(bench.take({false, true, true}));
}

TEST_CASE("a current whose commit was not answered may flow") {
    Relayed bench;
    bench.apply(load_of(230, 0));
    bench.script.calls.clear();
    bench.script.fails_at = 2;  // "ranges", "stage", then the commit whose answer is lost
    CHECK_THROWS_AS(bench.apply(load_of(230, 5)), DeviceFault);
    CHECK(top_current(bench.source.output) > 0);
    bench.script.fails_at.reset();
    bench.calls();
    CHECK_THROWS_WITH(bench.take({false, true, true}), Contains("a current is applied"));
    CHECK(bench.calls().empty());
}

TEST_CASE("a position without a relay cannot be bypassed") {
    Relayed bench;
    CHECK_THROWS_WITH(bench.take({true, true, false}),
                      Contains("bypass position 3: the position has no bypass channel"));
    CHECK(bench.calls().empty());
}

TEST_CASE("a bench without a position switch has every meter in its circuit and says so") {
    Relayed relayed;
    rig::Circuit circuit(nullptr, {{"1", std::nullopt}, {"2", std::nullopt}});
    rig::Supervisor supervisor(
        relayed.loop->clock(), relayed.source, relayed.reference, relayed.meter, &circuit);
    CHECK_FALSE(supervisor.has_position_switch());
    CHECK(supervisor.all_in_circuit());
    CHECK_NOTHROW(relayed.loop->run(supervisor.take_into_circuit({true, true})));
    CHECK_THROWS_WITH(relayed.loop->run(supervisor.take_into_circuit({true, false})),
                      Contains("the bench has no position switch"));
    CHECK(relayed.calls().empty());
}

TEST_CASE("no load is applied while relays move, and no relay moves while a load is on its way") {
    Relayed bench;
    std::string complaint;
    SECTION("a load") {
        std::string none;
        bench.loop->spawn(take_later(bench, {false, true, true}, none));
        bench.loop->spawn(apply_later(bench, load_of(230, 5), complaint));
        bench.loop->run(pass(bench, 20s));
        CHECK_THAT(complaint, Contains("relays are being moved"));
        CHECK(none.empty());
        CHECK(bench.calls() == Calls{"close 101"});
    }
    SECTION("a relay") {
        std::string none;
        bench.loop->spawn(apply_later(bench, load_of(230, 0), none));
        bench.loop->spawn(take_later(bench, {false, true, true}, complaint));
        bench.loop->run(pass(bench, 20s));
        CHECK_THAT(complaint, Contains("a load is on its way"));
        CHECK(none.empty());
        CHECK(bench.relays.closed.empty());
    }
    SECTION("another caller") {
        std::string none;
        bench.loop->spawn(take_later(bench, {false, true, true}, none));
        bench.loop->spawn(take_later(bench, {true, false, true}, complaint));
        bench.loop->run(pass(bench, 20s));
        CHECK_THAT(complaint, Contains("one caller at a time"));
        CHECK(bench.relays.closed == std::vector{101});
    }
}

TEST_CASE("off comes first, then the source's time to settle, then every position is taken back") {
    Relayed bench;
    bench.take({false, true, true});
    bench.apply(load_of(230, 5));
    bench.calls();
    const double before_s = bench.seconds();
    SECTION("switched off") {
        bench.loop->run(bench.supervisor.switch_off());
        const Calls calls = bench.calls();
        REQUIRE(calls.size() > 2);
        CHECK(calls[calls.size() - 2] == "off");
        CHECK(calls.back() == "close ");
    }
    SECTION("made safe") {
        CHECK(bench.loop->run(bench.supervisor.make_safe()).empty());
        CHECK(bench.calls() == Calls{"off", "close "});
    }
    CHECK(bench.seconds() - before_s >= 8);
    CHECK(bench.seconds() - before_s < 9);
    CHECK(bench.supervisor.all_in_circuit());
}

TEST_CASE("relays stay where they are while the source cannot be confirmed off") {
    Relayed bench;
    bench.take({false, true, true});
    bench.apply(load_of(230, 5));
    bench.calls();
    bench.source.never_goes_off = true;
    CHECK_THAT(bench.loop->run(bench.supervisor.make_safe()),
               Contains("COULD NOT BE CONFIRMED OFF"));
    CHECK(bench.calls() == Calls{"off", "off, emergency"});
    CHECK_FALSE(bench.supervisor.all_in_circuit());
    CHECK(bench.relays.closed == std::vector{101});
}

TEST_CASE("a bench that was never on takes its positions back all the same") {
    Relayed bench;
    bench.take({false, true, true});
    bench.calls();
    SECTION("switched off") { bench.loop->run(bench.supervisor.switch_off()); }
    SECTION("made safe") { CHECK(bench.loop->run(bench.supervisor.make_safe()).empty()); }
    CHECK(bench.calls() == Calls{"close "});
    CHECK(bench.supervisor.all_in_circuit());
}

TEST_CASE("after a relay that did not move nothing is known until a move succeeds") {
    Relayed bench;
    bench.relays.stuck = 102;
    CHECK_THROWS_WITH(bench.take({true, false, true}), Contains("close channel 102: stays open"));
    CHECK_FALSE(bench.supervisor.all_in_circuit());
    bench.take({true, true, true});
    CHECK(bench.supervisor.all_in_circuit());
}

TEST_CASE("relays that cannot be taken back are said, and the bench is off all the same") {
    Relayed bench;
    bench.take({false, true, true});
    bench.apply(load_of(230, 5));
    bench.script.calls.clear();
    bench.script.fails_at = 1;  // "off", then the relays
    CHECK_THAT(bench.loop->run(bench.supervisor.make_safe()),
               Contains("NOT EVERY POSITION COULD BE TAKEN BACK INTO THE CIRCUIT") &&
                   Contains("failed as told"));
    CHECK_FALSE(bench.supervisor.energised());
    CHECK_FALSE(bench.supervisor.all_in_circuit());
    CHECK(bench.source.output == LoadPoint::off());
}

TEST_CASE("after make_safe no relay moves until the bench is armed again") {
    Relayed bench;
    CHECK(bench.loop->run(bench.supervisor.make_safe()).empty());
    CHECK_THROWS_WITH(bench.take({false, true, true}), Contains("was made safe"));
    CHECK(bench.calls().empty());
    bench.supervisor.rearm();
    CHECK_NOTHROW(bench.take({false, true, true}));
}

TEST_CASE("a bench that is made safe while relays move ends with every position in the circuit") {
    Relayed bench;
    std::string complaint;
    bench.loop->spawn(take_later(bench, {false, true, true}, complaint));
    bench.loop->run(pass(bench, 10ms));
    CHECK(bench.loop->run(bench.supervisor.make_safe()).empty());
    CHECK(bench.calls() == Calls{"close 101", "close "});
    CHECK(bench.supervisor.all_in_circuit());
    CHECK_THAT(complaint, Contains("was made safe"));
}

TEST_CASE("a bench that is made safe while a load settles takes its positions back") {
    Relayed bench;
    bench.take({false, true, true});
    std::string complaint;
    bench.loop->spawn(apply_later(bench, load_of(230, 5), complaint));
    bench.loop->run(pass(bench, 3s));
    CHECK(bench.loop->run(bench.supervisor.make_safe()).empty());
    CHECK(bench.supervisor.all_in_circuit());
    CHECK(bench.source.output == LoadPoint::off());
    bench.loop->run(pass(bench, 20s));
    CHECK_THAT(complaint, Contains("was made safe"));
}
