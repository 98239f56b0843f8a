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
