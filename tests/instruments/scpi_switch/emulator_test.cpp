// The emulated switch unit: what it does with relays, and the driver against each of its faults.
#include "instruments/scpi_switch/emulator.hpp"

#include "calibration/bench_model.hpp"
#include "tests/instruments/scpi_switch/bench.hpp"

#include <catch2/catch.hpp>

#include <numeric>

using namespace scpi_switch_test;
using Catch::Contains;
using Lines = std::vector<std::string>;

namespace {

scpi::EmulatorOptions with(scpi::Faults faults) {
    scpi::EmulatorOptions options;
    options.faults = std::move(faults);
    return options;
}

}  // namespace

TEST_CASE("relays close and open, and say so when asked") {
    Bench bench;
    CHECK(bench.answers({"*IDN?",
                         "ROUT:CLOS? (@1,2,3)",
                         "ROUT:CLOS (@1,3)",
                         "route:close? (@1:3)",
                         "ROUT:OPEN (@1)",
                         "ROUT:CLOS? (@3,1)",
                         "SYST:ERR?"}) ==
          Lines{"calrig,switch,1,1.0", "0,0,0", "-", "1,0,1", "-", "1,0", "+0,\"No error\""});
    CHECK(bench.moves == Lines{"+1", "+3", "-1"});
    CHECK(bench.emulator.is_closed(3));
    CHECK_FALSE(bench.emulator.is_closed(1));
}

TEST_CASE("what it cannot do gets no answer but an entry in its error queue, oldest first") {
    scpi::EmulatorOptions options;
    options.channels = {101, 102};
    Bench bench{options};
    CHECK(bench.answers({"ROUT:CLO (@101)",
                         "ROUT:CLOS 101",
                         "ROUT:CLOS (@101,103)",
                         "ROUT:CLOS? (@103)",
                         "SYST:ERR?",
                         "SYST:ERR?",
                         "SYST:ERR?",
                         "SYST:ERR?",
                         "SYST:ERR?"}) == Lines{"-",
                                                "-",
                                                "-",
                                                "-",
                                                "-113,\"Undefined header\"",
                                                "-102,\"Syntax error\"",
                                                "-222,\"Data out of range\"",
                                                "-222,\"Data out of range\"",
                                                "+0,\"No error\""});
    CHECK(bench.moves.empty());  // a list with one wrong channel moves nothing
    CHECK(bench.answers({"NONSENSE", "*CLS", "SYST:ERR?"}).back() == "+0,\"No error\"");
}

TEST_CASE("a full error queue says that there was more, and a line too long is refused") {
    Bench bench;
    Lines lines(25, "NONSENSE");
    lines.insert(lines.end(), 21, "SYST:ERR?");
    const Lines answers = bench.answers(lines);
    CHECK(answers[25 + 18] == "-113,\"Undefined header\"");
    CHECK(answers[25 + 19] == "-350,\"Queue overflow\"");
    CHECK(answers[25 + 20] == "+0,\"No error\"");
    const std::string list(300, '1');
    CHECK(bench.answers({"ROUT:CLOS (@" + list + ")", "SYST:ERR?"}).back() ==
          "-363,\"Input buffer overrun\"");
}

TEST_CASE("the driver moves the relays that differ, closing first") {
    Bench bench;
    bench.close_only({101, 102});
    bench.close_only({103, 102});
    bench.close_only({});
    CHECK(bench.moves == Lines{"+101", "+102", "+103", "-101", "-102", "-103"});
}

TEST_CASE("eighty positions are switched and read back") {
    std::vector<int> all(80), odd;
    std::iota(all.begin(), all.end(), 101);
    for (const int channel : all) {
        if (channel % 2 == 1) odd.push_back(channel);
    }
    Bench bench;
    bench.close_only(all);
    bench.close_only(odd);
    for (const int channel : all) CHECK(bench.emulator.is_closed(channel) == (channel % 2 == 1));
    CHECK(bench.moves.size() == 80 + 40);
}

TEST_CASE("four relays answer like an identity in its number of commas, and are none") {
    Bench bench;
    bench.close_only({1, 2, 3, 4});
    bench.close_only({2, 4});
    CHECK(bench.moves.size() == 6);
}

TEST_CASE("a switch follows the bench: the position that is bridged sees no current") {
    auto loop = io::Loop::with_virtual_time();
    calibration::BenchModel model{1, {}, {}, std::vector<calibration::MeterTraits>(2)};
    scpi::Emulator emulator{loop->clock(), {}, [&](int channel, bool closed) {
                                model.set_bypassed(loop->clock().now(),
                                                   static_cast<std::size_t>(channel - 101),
                                                   closed);
                            }};
    auto [host, unit] = io::memory_links(loop->clock(), "twin switch");
    loop->spawn(emulator.serve(*unit));
    auto driver = scpi::open(loop->clock(), std::move(host));
    model.set_output(
        {},
        calibration::LoadPoint::balanced(
            calibration::Volt{230}, calibration::Ampere{5}, calibration::PowerFactor::unity()));
    loop->run(loop->clock().sleep_for(10s));
    loop->run(driver->close_only({102}));
    const auto now = loop->clock().now();
    CHECK(model.meter_load(0, now).phases[0].current.value() == Approx(5).epsilon(1e-3));
    CHECK(model.meter_load(1, now).phases[0].current == calibration::Ampere{0});
    loop->run(driver->close_only({}));
    CHECK(model.meter_load(1, loop->clock().now()).any_current());
    driver.reset();
}

TEST_CASE("relays stay when the host goes, and a new host finds them") {
    Bench bench;
    bench.close_only({101});
    bench.connect();
    CHECK(bench.emulator.is_closed(101));
    bench.close_only({102});  // it was never told of 101
    CHECK(bench.moves == Lines{"+101", "+102"});
    bench.close_only({101});
    bench.close_only({});
    CHECK_FALSE(bench.emulator.is_closed(101));
}

TEST_CASE("half a line of a host that went away spoils nothing") {
    Bench bench;
    auto [host, unit] = io::memory_links(bench.loop->clock(), "twin switch");
    bench.loop->spawn(bench.emulator.serve(*unit));
    bench.loop->run(host->write(io::bytes_of("ROUT:CLOS (@10")));
    auto driver = scpi::open(bench.loop->clock(), std::move(host));
    bench.loop->run(driver->close_only({101}));
    CHECK(bench.moves == Lines{"+101"});
    driver.reset();
    bench.loop->run(bench.loop->clock().sleep_for(1s));
}

// -- faults
// -----------------------------------------------------------------------------------------------

TEST_CASE("fault: a relay that sticks open, or closed") {
    Bench bench{with({.stuck = {{102}}})};
    CHECK_THROWS_WITH(bench.close_only({101, 102, 103}),
                      Contains("channel 102 is open, expected closed"));
    bench.emulator.faults.stuck.clear();
    bench.close_only({101, 102, 103});
    bench.emulator.faults.stuck = {{103, bench.loop->clock().now()}};
    CHECK_THROWS_WITH(bench.close_only({101}), Contains("channel 103 is closed, expected open"));
    CHECK(bench.emulator.is_closed(103));
    CHECK_FALSE(bench.emulator.is_closed(102));
}

TEST_CASE("fault: a unit that falls silent moves nothing more") {
    Bench bench;
    bench.close_only({101});
    bench.emulator.faults.silent_from = bench.loop->clock().now();
    const double begin = bench.now();
    CHECK_THROWS_WITH(bench.close_only({102}), Contains("channels 101 to 102: no answer"));
    CHECK(bench.now() - begin == Approx(4.1));  // the states, and why there are none
    CHECK_THROWS_WITH(bench.loop->run(bench.driver->identify()),
                      Contains("identify: no answer to *IDN?"));
    CHECK(bench.moves == Lines{"+101"});
    bench.emulator.faults.silent_from = io::never;
    bench.close_only({102});
    CHECK(bench.moves == Lines{"+101", "+102", "-101"});
}

TEST_CASE("fault: a unit that refuses says why") {
    Bench bench{with({.refuses_from = io::Instant{}})};
    CHECK_THROWS_WITH(bench.close_only({101}),
                      Contains("channel 101 is open, expected closed (-200,\"Execution error\")"));
}

TEST_CASE("fault: a channel that the unit does not have is refused with its words") {
    scpi::EmulatorOptions options;
    options.channels = {101, 102};
    Bench bench{options};
    CHECK_THROWS_WITH(bench.close_only({102, 103}),
                      Contains("channels 102 to 103: no answer within 2 s") &&
                          Contains("-222,\"Data out of range\""));
}

TEST_CASE("fault: a garbled answer costs one call, and the next one works") {
    Bench bench;
    bench.close_only({101});
    bench.emulator.faults.garbled_at = bench.loop->clock().now();
    CHECK_THROWS_WITH(bench.close_only({101, 102}),
                      Contains("channel 101: expected 0 or 1 as state 1 of 2"));
    bench.close_only({101, 102});
    CHECK(bench.moves == Lines{"+101", "+102"});
}

TEST_CASE("one wrong bit in any answer is a fault, or changes nothing") {
    // The answers to two calls: identity, states, error; states, error.
    const std::size_t bytes = 20 + 4 + 14 + 6 + 14;
    const auto index = GENERATE_COPY(range<std::size_t>(0, bytes));
    const int bit = GENERATE(0, 1, 2, 3, 4, 5, 6, 7);
    CAPTURE(index, bit);
    Bench bench{{}, [=](std::size_t at, std::uint8_t byte) -> std::optional<std::uint8_t> {
                    return at == index ? static_cast<std::uint8_t>(byte ^ 1U << bit) : byte;
                }};
    bool failed = false;
    for (const auto& channels : {std::vector<int>{101, 102}, {102, 103}}) {
        try {
            bench.close_only(channels);
        } catch (const instruments::DeviceFault&) {
            failed = true;
        }
    }
    const bool right = bench.emulator.is_closed(102) && bench.emulator.is_closed(103) &&
                       !bench.emulator.is_closed(101);
    CHECK(right);
    const bool in_states = (index >= 20 && index < 23) || (index >= 38 && index < 43);
    if (in_states) CHECK(failed);
}

TEST_CASE("an answer that loses a byte is a fault, or changes nothing") {
    const auto index = GENERATE(range<std::size_t>(0, 38));  // of the first call's answers
    CAPTURE(index);
    Bench bench{{}, [=](std::size_t at, std::uint8_t byte) {
                    return at == index ? std::nullopt : std::optional{byte};
                }};
    bool failed = false;
    try {
        bench.close_only({101, 102});
    } catch (const instruments::DeviceFault&) {
        failed = true;
    }
    if (index >= 20 && index < 23) CHECK(failed);  // within the states
    bench.close_only({102});
    CHECK(bench.emulator.is_closed(102));
    CHECK_FALSE(bench.emulator.is_closed(101));
}
