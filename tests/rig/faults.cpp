// Faults by name: what a command line may say, what makes no sense on a bench, and that no kind is
// forgotten.
#include "calibration/document.hpp"
#include "rig/bench.hpp"
#include "rig/bench_file.hpp"
#include "rig/fault_kinds.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>

namespace {

using calibration::DataError;
using Catch::Matchers::Contains;
using rig::parse_fault;
using rig_test::twin_bench;
using namespace std::chrono_literals;

std::string fault(std::string_view kind, std::string_view more) {
    return fmt::format("[[fault]]\nkind = \"{}\"\n{}\n", kind, more);
}

}  // namespace

TEST_CASE("a fault on the command line is KIND[:POSITION][@SECONDS][=AMOUNT]") {
    const rig::FaultEntry whole = parse_fault("flicker:3@12.5=2");
    CHECK(whole.kind == "flicker");
    CHECK(whole.position == "3");
    CHECK(whole.at_s == 12.5);
    CHECK(whole.amount == 2);
    CHECK(parse_fault("source-trip@100").at_s == 100);
    CHECK(parse_fault("source-trip").at_s == 0);
    CHECK(parse_fault("clock-step@1=-125").amount == -125);
    CHECK(parse_fault("clock-step=5").amount == 5);
    CHECK(parse_fault("lost-edge:a@b@1").position == "a@b");
    CHECK(parse_fault("lost-edge:rack:2@1").position == "rack:2");
}

TEST_CASE("a fault text that makes no sense is refused in one line") {
    const auto [text, says] = GENERATE(table<const char*, const char*>({
        {"", "expected one of"},
        {"nonsense@1", "expected one of"},
        {"source-trip@", "expected KIND"},
        {"source-trip@soon", "expected KIND"},
        {"source-trip@1s", "expected KIND"},
        {"source-trip@nan", "expected KIND"},
        {"source-trip@inf", "expected KIND"},
        {"source-trip@-1", "expected a time from 0"},
        {"source-trip@1e9", "expected a time from 0"},
        {"overflow@1=", "expected KIND"},
        {"overflow@1=many", "expected KIND"},
        {"overflow@1=2000000", "expected an amount (edges) from 0 to 1e+06"},
        {"source-trip@1=3", "expected no amount"},
        {"meter-exception:1@1=256", "from 0 to 255"},
        {"swapped-heads:1@1", "expected an amount: the number of the other position"},
        {"swapped-ports:1", "expected an amount: the number of the other position"},
        {"swapped-ports:1@5=2", "from the start"},
        {"register-scale:1=1001", "from 0 to 1000"},
        {"stuck-tariff:1=2", "expected no amount"},
        {"wrong-constant:1@5=500", "from the start"},
    }));
    CHECK_THROWS_WITH(parse_fault(text), Contains(says));
    CHECK_THROWS_AS(parse_fault(text), DataError);
}

TEST_CASE("a fault that cannot befall this bench is refused") {
    const auto [text, says] = GENERATE(table<std::string, const char*>({
        {fault("lost-edge", ""), "expected a position, got none"},
        {fault("lost-edge", "position = \"9\""), "expected a position of this bench, got '9'"},
        {fault("source-trip", "position = \"1\""), "expected no position"},
        {fault("source-trip", "") + fault("source-trip", "at_s = 2"), "expected it once"},
        {fault("meter-late", "position = \"1\"") + fault("meter-late", "position = \"1\""),
         "expected it once"},
        {fault("swapped-heads", "position = \"1\"\namount = 1"), "another position"},
        {fault("swapped-heads", "position = \"1\"\namount = 3"), "another position, 1 to 2"},
        {fault("swapped-heads", "position = \"1\"\namount = 1.5"), "another position"},
        {fault("source-nak", "amount = 1"), "expected no amount"},
    }));
    INFO(text);
    CHECK_THROWS_WITH(twin_bench(2, text), Contains(says));
}

TEST_CASE("a fault of a line, an output or a relay needs one on the twin at its position") {
    rig::BenchFile bench = twin_bench(3);
    bench.buses = {{.name = "A", .link = "twin", .baud = 9600, .framing = "8E1"},
                   {.name = "B", .link = "twin", .baud = 9600, .framing = "8E1"}};
    bench.positions[0].port = "modbus-rtu:A,1";
    bench.positions[1].port = "modbus-rtu:A,2";
    bench.positions[2].port = "modbus-rtu:B,1";
    const auto complaint = [&bench](const char* text) -> std::string {
        bench.faults = {parse_fault(text)};
        try {
            rig::check_faults(bench);
        } catch (const DataError& error) {
            return error.what();
        }
        return "";
    };
    for (const char* sound : {"line-noise:1@5",
                              "unit-conflict:1=2",
                              "swapped-ports:1=3",
                              "dead-output:3",
                              "wrong-output-weight:2=0.5",
                              "stuck-relay:1@3",
                              "switch-silent@3"}) {
        INFO(sound);
        CHECK(complaint(sound).empty());
    }
    CHECK_THAT(complaint("unit-conflict:1=3"), Contains("two positions of one bus"));
    CHECK_THAT(complaint("unit-conflict:1=1"), Contains("another position"));
    CHECK_THAT(complaint("swapped-ports:1=4"), Contains("another position, 1 to 3"));
    CHECK_THAT(complaint("register-scale:9"), Contains("expected a position of this bench"));
    bench.virtual_clock = false;
    bench.positions[2].port = "modbus-tcp:10.0.0.1:502,5";
    CHECK_THAT(complaint("swapped-ports:1=3"), Contains("whose meter is on the twin"));
    CHECK_THAT(complaint("unit-conflict:1=3"), Contains("a position on a bus of the twin"));
    CHECK_THAT(complaint("line-echo:3"), Contains("a position on a bus of the twin"));
    bench.buses[0].link = "pty:/dev/pts/9";
    CHECK_THAT(complaint("line-echo:1"), Contains("a position on a bus of the twin"));
    CHECK_THAT(complaint("stuck-tariff:1"), Contains("whose meter is on the twin"));
    bench.positions[0].output_channel.reset();
    CHECK_THAT(complaint("dead-output:1"), Contains("a position with an output channel"));
    bench.positions[0].bypass_channel.reset();
    CHECK_THAT(complaint("stuck-relay:1"), Contains("a position with a bypass channel"));
    bench.position_switch->link = "tcp:10.0.0.1:5025";
    CHECK_THAT(complaint("stuck-relay:2"), Contains("whose position switch is on the twin"));
    CHECK_THAT(complaint("switch-silent"), Contains("whose position switch is on the twin"));
    bench.position_switch.reset();
    CHECK_THAT(complaint("switch-silent"), Contains("whose position switch is on the twin"));
}

TEST_CASE("two faults of one kind at two positions are two faults") {
    CHECK(twin_bench(
              2, fault("meter-late", "position = \"1\"") + fault("meter-late", "position = \"2\""))
              .faults.size() == 2);
    CHECK(twin_bench(1, fault("overflow", "at_s = 1") + fault("overflow", "at_s = 2"))
              .faults.size() == 2);
}

TEST_CASE("a device that is really there is not pretended to fail") {
    rig::BenchFile bench = twin_bench(1);
    bench.virtual_clock = false;
    const auto refuses = [&bench](const char* text, const char* says) {
        bench.faults = {parse_fault(text)};
        CHECK_THROWS_WITH(rig::check_faults(bench), Contains(says));
    };
    bench.source.link = "tcp:10.0.0.1:1";
    refuses("source-trip@1", "whose source is on the twin");
    bench.reference.link = "tcp:10.0.0.1:1";
    refuses("reference-silent@1", "whose reference is on the twin");
    bench.positions[0].port = "none";
    refuses("meter-silent:1@1", "whose meter is on the twin");
    bench.faults = {parse_fault("lost-edge:1@1")};
    CHECK_NOTHROW(rig::check_faults(bench));
    bench.capture.link = "tcp:10.0.0.1:1";
    refuses("lost-edge:1@1", "whose capture is on the twin");
    refuses("wrong-constant:1", "whose meter is on the twin");
}
