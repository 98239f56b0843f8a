// The driver's side of the line as transcripts: what it sends, and what it makes of the answers.
#include "tests/instruments/scpi_switch/bench.hpp"

#include <catch2/catch.hpp>

#include <numeric>

using namespace scpi_switch_test;
using Catch::Contains;

namespace {

const Script first_two{greeting,
                       sends("*CLS"),
                       sends("ROUT:CLOS (@101,102)"),
                       asks("ROUT:CLOS? (@101,102)", "1,1"),
                       no_error};
const Script then_102_and_103{sends("*CLS"),
                              sends("ROUT:CLOS (@102,103)"),
                              sends("ROUT:OPEN (@101)"),
                              asks("ROUT:CLOS? (@101,102,103)", "0,1,1"),
                              no_error};

std::string close_fault(ScriptedUnit& unit, std::vector<int> channels) {
    try {
        unit.close_only(std::move(channels));
    } catch (const instruments::DeviceFault& fault) {
        CHECK(fault.report().device == "position switch scpi-switch at twin switch");
        return fault.what();
    }
    return "no fault";
}

// The first two relays, up to the question for their states, and what comes instead of the answer.
Script up_to_the_states(const Script& rest) {
    return Script(first_two.begin(), first_two.begin() + 3) + rest;
}

}  // namespace

TEST_CASE("the unit says who it is") {
    ScriptedUnit unit{{greeting}};
    const auto identity = unit.loop->run(unit.driver->identify());
    CHECK(identity.maker == "HEWLETT-PACKARD");
    CHECK(identity.model == "34970A");
    CHECK(identity.firmware == "13-2-2");
    CHECK(unit.is_done());
}

TEST_CASE("relays are closed before others open, each is read back, and the errors are asked for") {
    ScriptedUnit unit{first_two + then_102_and_103};
    unit.close_only({102, 101, 102});  // in any order, and said twice
    unit.close_only({103, 102});
    CHECK(unit.surprises.empty());
    CHECK(unit.is_done());
}

TEST_CASE("no channel at all opens every one it was ever told of") {
    ScriptedUnit unit{first_two + Script{sends("*CLS"),
                                         sends("ROUT:OPEN (@101,102)"),
                                         asks("ROUT:CLOS? (@101,102)", "0,0"),
                                         no_error}};
    unit.close_only({101, 102});
    unit.close_only({});
    CHECK(unit.is_done());
    ScriptedUnit fresh{{greeting, sends("*CLS"), no_error}};
    fresh.close_only({});  // it was told of none
    CHECK(fresh.is_done());
}

TEST_CASE("channels named when it was opened are opened by the first call") {
    ScriptedUnit unit{{greeting,
                       sends("*CLS"),
                       sends("ROUT:CLOS (@102)"),
                       sends("ROUT:OPEN (@101,103)"),
                       asks("ROUT:CLOS? (@101,102,103)", "0,1,0"),
                       no_error},
                      {.channels = {103, 102, 101}}};
    unit.close_only({102});
    CHECK(unit.surprises.empty());
    CHECK(unit.is_done());
    CHECK_THROWS_AS((ScriptedUnit{{}, {.channels = {0}}}), std::logic_error);
}

TEST_CASE("eighty relays take several lines, none longer than a unit takes") {
    std::vector<int> all(80);
    std::iota(all.begin(), all.end(), 101);
    const scpi::Channels front(all.begin(), all.begin() + 60), back(all.begin() + 60, all.end());
    const auto states = [](std::size_t count) {
        return scpi::encode_states(std::vector<bool>(count, true));
    };
    ScriptedUnit unit{{greeting,
                       sends("*CLS"),
                       sends(scpi::encode(scpi::Close{front})),
                       sends(scpi::encode(scpi::Close{back})),
                       asks(scpi::encode(scpi::AskClosed{front}), states(60)),
                       asks(scpi::encode(scpi::AskClosed{back}), states(20)),
                       no_error}};
    unit.close_only(all);
    CHECK(unit.surprises.empty());
    CHECK(unit.is_done());
    for (const Step& step : unit.script) CHECK(step.line.size() < 256);
}

TEST_CASE("answers that are wrong are faults that name the channel and what was expected") {
    const auto [answer, expected] = GENERATE(table<std::string, std::string>(
        {{"1,0", "channel 102 is open, expected closed"},
         {"0,1", "channel 101 is open, expected closed"},
         {"1", "channel 102: expected 0 or 1 as state 2 of 2"},
         {"1,", "channel 102: expected 0 or 1 as state 2 of 2"},
         {"1;1", "channel 101: expected 0 or 1 as state 1 of 2"},
         {"1,x", "channel 102: expected 0 or 1 as state 2 of 2, got another answer (1,x)"},
         {"1,1,1", "channels 101 to 102: expected 2 states, got more (1,1,1)"},
         {"-113,\"Undefined header\"", "channel 101: expected 0 or 1"}}));
    CAPTURE(answer);
    ScriptedUnit unit{up_to_the_states({asks("ROUT:CLOS? (@101,102)", answer), no_error})};
    const std::string fault = close_fault(unit, {101, 102});
    CHECK_THAT(fault, Contains("read back relays") && Contains(expected));
}

TEST_CASE("a relay that did not move is named with the unit's own words") {
    ScriptedUnit unit{
        up_to_the_states({asks("ROUT:CLOS? (@101,102)", "1,0"),
                          asks("SYST:ERR?", "+305,\"Not able to perform requested operation\"")})};
    CHECK_THAT(close_fault(unit, {101, 102}),
               Contains("channel 102 is open, expected closed (+305,\"Not able to perform"));
    CHECK(unit.is_done());
}

TEST_CASE("a relay that should have opened and did not is named") {
    Script script = first_two + then_102_and_103;
    script[8].answer = "1,1,1\n";
    ScriptedUnit unit{script};
    unit.close_only({101, 102});
    CHECK_THAT(close_fault(unit, {102, 103}), Contains("channel 101 is closed, expected open"));
}

TEST_CASE("an error in the queue is a fault though all relays say what they should") {
    const auto [answer, expected] = GENERATE(table<std::string, std::string>(
        {{"-200,\"Execution error\"", "reports an error, expected none (-200,\"Execution error\")"},
         {"0", "expected a number and a text in quotes (0)"},
         {"+0,\"No err", "expected a number and a text in quotes"}}));
    Script script = first_two;
    script.back() = asks("SYST:ERR?", answer);
    ScriptedUnit unit{script};
    CHECK_THAT(close_fault(unit, {101, 102}), Contains(expected));
}

TEST_CASE("silence at any step is a fault that names the step, and the next call finds its way") {
    // Index of the question that gets no answer, and what the fault says.
    const auto [silent, expected, seconds] = GENERATE(table<std::size_t, std::string, double>(
        {{0, "close relays: no answer to *IDN? within 2 s", 2},
         {3, "channels 101 to 102: no answer within 2 s, expected their states", 2.1},
         {4, "no answer to SYST:ERR?", 2}}));
    CAPTURE(silent);
    Script script(first_two.begin(), first_two.begin() + static_cast<std::ptrdiff_t>(silent) + 1);
    script.back().answer.reset();
    if (silent == 3) script.push_back(no_error);  // asked why
    ScriptedUnit unit{script + first_two};
    CHECK_THAT(close_fault(unit, {101, 102}), Contains(expected));
    CHECK(unit.now() == Approx(seconds));
    unit.close_only({101, 102});
    CHECK(unit.surprises.empty());
    CHECK(unit.is_done());
}

TEST_CASE("an answer that comes too late is nobody's, whatever it looks like") {
    Script script = first_two;
    script[3].after = 3s;        // of two relays: 2.1 s are granted
    script.push_back(greeting);  // the question why is a surprise to the unit
    script = script + Script(first_two.begin() + 1, first_two.end());
    script.erase(script.begin() + 4);
    ScriptedUnit unit{script};
    CHECK_THAT(close_fault(unit, {101, 102}), Contains("no answer within 2 s"));
    unit.close_only({101, 102});
    CHECK(unit.is_done() == false);  // only the question why
    CHECK(unit.surprises == std::vector<std::string>{"step 4: SYST:ERR?"});
}

TEST_CASE("an identity that comes too late is not taken for the states asked for next") {
    Script script = Script{greeting} + first_two;
    script[0].after = 3s;
    ScriptedUnit unit{script};
    CHECK_THAT(close_fault(unit, {101, 102}), Contains("no answer to *IDN?"));
    unit.close_only({101, 102});  // two identities come, one after the other
    CHECK(unit.is_done());
}

TEST_CASE("moving relays have time, and a unit that takes it is no fault") {
    Script script = first_two;
    script[3].after = 2090ms;
    ScriptedUnit unit{script};
    unit.close_only({101, 102});
    CHECK(unit.is_done());
}

TEST_CASE("what it was told of counts though the call failed") {
    Script failing{greeting,
                   sends("*CLS"),
                   sends("ROUT:CLOS (@101,102)"),
                   asks("ROUT:CLOS? (@101,102)", "1,0"),
                   no_error};
    ScriptedUnit unit{failing + Script{greeting,
                                       sends("*CLS"),
                                       sends("ROUT:OPEN (@101,102)"),
                                       asks("ROUT:CLOS? (@101,102)", "0,0"),
                                       no_error}};
    CHECK_THAT(close_fault(unit, {101, 102}), Contains("channel 102"));
    unit.close_only({});
    CHECK(unit.surprises.empty());
    CHECK(unit.is_done());
}

TEST_CASE("channels that no unit has are the caller's error, before a byte is sent") {
    const int channel = GENERATE(0, -1, 100'000);
    ScriptedUnit unit{{}};
    CHECK_THROWS_AS(unit.close_only({101, channel}), std::logic_error);
    CHECK(unit.surprises.empty());
}

TEST_CASE("a link that is gone is a LinkError, not a fault of the unit") {
    ScriptedUnit unit{{}};
    unit.device_end->link().close();
    CHECK_THROWS_AS(unit.close_only({101}), io::LinkError);
}
