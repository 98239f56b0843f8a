// Faults of RS485 lines in whole runs over the port: found at the positions of that line, by name,
// and nowhere else.
#include "rig/bench_file.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using calibration::Verdict;
using sequences::RunResult;

namespace {

// The built-in twin: the first ten meters hang on line A, the other two on line B.
constexpr std::size_t meters = 12;
constexpr std::size_t on_line_a = 10;

const std::string programme = R"(
id = "p"
title = "t"
attempts = 1
limits = ["iec62053-21-2003"]
[[point]]
kind = "identify"
[[point]]
kind = "communication"
reads = 5
most_errors_percent = 0
)";

RunResult run_with(const std::string& fault, test::Scratch& scratch) {
    auto setup = test::setup_of({.meter = "countis-e43", .programme = programme});
    const auto type = dut::parse_meter_type(setup.meter_text, setup.meter_name);
    setup.bench_text = rig::twin_bench_text(type, static_cast<int>(meters), 1);
    if (!fault.empty()) {
        const rig::FaultEntry entry = rig::parse_fault(fault);
        setup.bench_text +=
            fmt::format("[[fault]]\nkind = \"{}\"\nat_s = {}\nposition = \"{}\"\namount = {}\n",
                        entry.kind,
                        entry.at_s,
                        entry.position,
                        entry.amount);
    }
    const auto bench = test::assemble(setup);
    return sequences::run(*bench, setup, {.journal = scratch.file()});
}

std::vector<std::size_t> harmed(const RunResult& run) {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < run.meters.size(); ++i) {
        if (run.meters[i].verdict != Verdict::pass) {
            positions.push_back(i + 1);
        }
    }
    return positions;
}

std::string reasons_of(const RunResult& run, std::size_t position) {
    std::string text;
    for (const auto& point : run.points) {
        text += point.positions.at(position - 1).reason + '\n';
    }
    return text;
}

}  // namespace

TEST_CASE("two lines of healthy meters pass") {
    test::Scratch scratch;
    const RunResult run = run_with("", scratch);
    INFO(test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
}

TEST_CASE("two meters with one unit are not believed, and their line goes on without them") {
    test::Scratch scratch;
    const RunResult run = run_with("unit-conflict:2=5", scratch);
    INFO(test::transcript(run));
    CHECK_FALSE(run.aborted);
    CHECK(harmed(run) == std::vector<std::size_t>{2, 5});
    // Nobody has the second's unit any more; at the fifth's two talk at once.
    CHECK(reasons_of(run, 2).find("unit 2") != std::string::npos);
    CHECK(reasons_of(run, 5).find("unit 5") != std::string::npos);
}

TEST_CASE("an adapter that begins to echo spoils its line and no other") {
    test::Scratch scratch;
    const RunResult run = run_with("line-echo:3", scratch);
    INFO(test::transcript(run));
    CHECK_FALSE(run.aborted);
    CHECK(harmed(run).size() == on_line_a);
    for (std::size_t position = 1; position <= on_line_a; ++position) {
        CHECK(reasons_of(run, position).find("echo") != std::string::npos);
    }
}

TEST_CASE("a byte that is lost, doubled or changed costs one meter one answer, and is named") {
    test::Scratch scratch;
    const std::string kind = GENERATE("line-drop-byte", "line-double-byte", "line-noise");
    // In the middle of the communication test.
    const RunResult run = run_with(kind + ":1@30", scratch);
    INFO(test::transcript(run));
    CHECK_FALSE(run.aborted);
    const std::vector<std::size_t> positions = harmed(run);
    REQUIRE(positions.size() == 1);
    CHECK(positions[0] <= on_line_a);
    const std::string reasons = reasons_of(run, positions[0]);
    CHECK(reasons.find("1 of 5 reads failed") != std::string::npos);
    CHECK(reasons.find("bus A") != std::string::npos);
}
