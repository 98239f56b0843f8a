// Whole runs of the tests over the port on the twin: silent on healthy meters, and the fault each
// exists for found by name.
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using calibration::Verdict;
using sequences::CheckLine;
using sequences::PositionResult;
using sequences::RunResult;

namespace {

std::string programme(const std::string& points) {
    return "\nid = \"p\"\ntitle = \"t\"\nattempts = 2\nlimits = [\"en50470-3-2006-a1-2018\", "
           "\"iec62053-21-2003\"]\n" +
           points;
}

std::string one(const std::string& keys) { return programme("[[point]]\n" + keys + "\n"); }

test::BenchSpec spec_of(const std::string& meter,
                        const std::string& keys,
                        std::vector<std::string> faults = {}) {
    return {.meter = meter,
            .programme = one(keys),
            .twins = {"", "", ""},
            .faults = std::move(faults),
            .relays = true,
            .outputs = true};
}

const CheckLine& line_of(const PositionResult& position, const std::string& what) {
    for (const CheckLine& line : position.checks) {
        if (line.what == what) {
            return line;
        }
    }
    throw std::out_of_range("no line " + what);
}

bool remarked(const RunResult& run, const std::string& words) {
    return std::ranges::any_of(run.remarks, [&](const std::string& remark) {
        return remark.find(words) != std::string::npos;
    });
}

// The fault is found at position 2 with these words, and nowhere else.
void check_found(const RunResult& run, Verdict verdict, const std::string& words) {
    INFO(test::transcript(run));
    REQUIRE(run.points.size() == 1);
    const auto& positions = run.points[0].positions;
    CHECK(positions.at(1).verdict == verdict);
    CHECK(positions.at(1).reason.find(words) != std::string::npos);
    CHECK(run.meters.at(1).verdict != Verdict::pass);
    CHECK_FALSE(run.aborted);
    for (const std::size_t good : {0U, 2U}) {
        CHECK(positions.at(good).verdict == Verdict::pass);
        CHECK(run.meters.at(good).verdict == Verdict::pass);
    }
}

const std::string reactive_keys = "kind = \"reactive\"\nmost_error_percent = 2";
const std::string ratio_keys =
    "kind = \"set-up\"\nsettings = [{ quantity = \"ct_primary\", value = 100 }]";

}  // namespace

TEST_CASE("healthy meters pass every test over the port they have") {
    test::Scratch scratch;
    const std::string meter = GENERATE("countis-e28", "countis-e48", "countis-e43");
    const std::string kind = GENERATE("identify",
                                      "heads",
                                      "constant",
                                      "dial",
                                      "tariff",
                                      "pulse-output",
                                      "phase-sequence",
                                      "reactive",
                                      "communication");
    if (meter == "countis-e43" && kind == "pulse-output") {
        return;  // has none
    }
    const std::string more = kind == "reactive"        ? "most_error_percent = 2"
                             : kind == "communication" ? "reads = 20"
                                                       : "";
    const RunResult run =
        test::run(spec_of(meter, "kind = \"" + kind + "\"\n" + more), scratch.file());
    INFO(meter << '\n' << test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
    CHECK_FALSE(run.points.at(0).positions.at(2).checks.empty());
    CHECK(run.points.at(0).attempts == 1);
}

TEST_CASE("each test finds the fault it exists for, by name, and harms no other position") {
    test::Scratch scratch;
    struct Case {
        std::string meter, keys, fault;
        Verdict verdict;
        std::string words;
    };
    const auto c = GENERATE(values<Case>({
        {"countis-e28",
         "kind = \"constant\"",
         "register-scale:2=10",
         Verdict::fail,
         "registers advance 10 times what the LED shows"},
        {"countis-e28",
         "kind = \"constant\"",
         "register-scale:2=10",
         Verdict::fail,
         "the register's resolution is wrong"},
        {"countis-e48",
         "kind = \"constant\"",
         "wrong-constant:2=500",
         Verdict::fail,
         "the LED's constant is 500"},
        {"countis-e28", "kind = \"dial\"", "register-scale:2=1.05", Verdict::fail, "5."},
        {"countis-e28",
         "kind = \"tariff\"",
         "stuck-tariff:2",
         Verdict::fail,
         "with tariff 2 its register advanced by 0 Wh"},
        {"countis-e48",
         "kind = \"tariff\"\nbroadcast = true",
         "stuck-tariff:2",
         Verdict::fail,
         "active_import_energy_t1"},
        {"countis-e28",
         "kind = \"tariff\"\ntariffs = [2]\nbroadcast = true",
         "lost-write:2",
         Verdict::invalid,
         "reads back 1"},
        {"countis-e28",
         "kind = \"pulse-output\"",
         "wrong-output-weight:2=2",
         Verdict::fail,
         "is worth 200 Wh by the LED, expected 100 Wh"},
        {"countis-e28",
         "kind = \"pulse-output\"",
         "dead-output:2",
         Verdict::fail,
         "no impulse of the pulse output"},
        {"countis-e48",
         "kind = \"phase-sequence\"",
         "wrong-sequence:2",
         Verdict::fail,
         "says phase sequence"},
        {"countis-e28", reactive_keys, "wrong-reactive:2=1.1", Verdict::fail, "10"},
        {"countis-e28",
         "kind = \"identify\"\nexpect = { firmware_1 = \"1.22\" }",
         "wrong-firmware:2",
         Verdict::suspect,
         "firmware_1 is"},
        {"countis-e28",
         "kind = \"identify\"\nexpect = { checksum_1 = \"7a37\" }",
         "wrong-checksum:2",
         Verdict::suspect,
         "checksum_1 is"},
        {"countis-e28",
         "kind = \"communication\"\nreads = 20\nsettle_s = 60",
         "meter-exception:2@40=4",
         Verdict::invalid,
         "reads failed"},
    }));
    const RunResult run = test::run(spec_of(c.meter, c.keys, {c.fault}), scratch.file());
    INFO(c.keys << ' ' << c.fault);
    check_found(run, c.verdict, c.words);
}

TEST_CASE("swapped heads and ports are named on both sides, and given up") {
    test::Scratch scratch;
    const auto& [fault, first, second] = GENERATE(table<std::string, std::string, std::string>(
        {{"swapped-heads:2=3",
          "the head of position 2 sees the meter of position 3",
          "the head of position 3 sees the meter of position 2"},
         {"swapped-ports:2=3",
          "the port of position 2 reads the meter of position 3",
          "the port of position 3 reads the meter of position 2"}}));
    auto spec = spec_of("countis-e28", "kind = \"heads\"", {fault});
    spec.programme += "[[point]]\nkind = \"dial\"\n";
    const RunResult run = test::run(spec, scratch.file());
    INFO(test::transcript(run));
    const auto& heads = run.points.at(0).positions;
    CHECK(heads.at(0).verdict == Verdict::pass);
    CHECK(heads.at(1).verdict == Verdict::suspect);
    CHECK(heads.at(1).reason == first);
    CHECK(heads.at(2).reason == second);
    CHECK(run.meters.at(1).reason == first);
    CHECK(run.points.at(1).positions.at(0).verdict == Verdict::pass);
    CHECK(run.points.at(1).positions.at(1).verdict != Verdict::pass);
    CHECK(run.points.at(1).positions.at(1).checks.empty());  // not asked any more
    CHECK(run.meters.at(0).verdict == Verdict::pass);
    CHECK(run.meters.at(2).verdict == Verdict::invalid);
}

TEST_CASE("a head that never blinks and a relay that does not move are named") {
    test::Scratch scratch;
    const auto& [fault, words] = GENERATE(
        table<std::string, std::string>({{"dead-head:2", "the head of position 2 never blinks"}}));
    const RunResult run =
        test::run(spec_of("countis-e28", "kind = \"heads\"", {fault}), scratch.file());
    INFO(test::transcript(run));
    CHECK(run.points.at(0).positions.at(1).reason.find(words) == 0);
    CHECK(run.points.at(0).positions.at(1).verdict == Verdict::suspect);
    CHECK(run.points.at(0).positions.at(0).verdict == Verdict::pass);
}

TEST_CASE("eleven positions are told apart in eight steps") {
    test::Scratch scratch;
    auto spec = spec_of("countis-e48", "kind = \"heads\"", {"swapped-heads:4=11"});
    spec.twins = std::vector<std::string>(11);
    const RunResult run = test::run(spec, scratch.file());
    INFO(test::transcript(run));
    CHECK(run.points.at(0).positions.at(3).reason ==
          "the head of position 4 sees the meter of position 11");
    CHECK(run.points.at(0).positions.at(10).reason ==
          "the head of position 11 sees the meter of position 4");
    for (const std::size_t good : {0U, 1U, 2U, 4U, 5U, 6U, 7U, 8U, 9U}) {
        CHECK(run.points.at(0).positions.at(good).verdict == Verdict::pass);
    }
}

TEST_CASE("a bench without a position switch leaves heads out, and is not whole") {
    test::Scratch scratch;
    auto spec = spec_of("countis-e28", "kind = \"heads\"");
    spec.programme += "[[point]]\nkind = \"identify\"\n";
    spec.relays = false;
    const RunResult run = test::run(spec, scratch.file());
    CHECK(run.points.size() == 1);
    CHECK(partial_text(run.plan) == "1 of the programme's 2 points");
    CHECK(remarked(run, "the bench has no position switch"));
}

TEST_CASE("a set-up is written, read back, logged, and given back at the end where asked") {
    test::Scratch scratch;
    const bool restore = GENERATE(false, true);
    auto spec = spec_of("countis-e43", "kind = \"dial\"\nname = \"dial before\"");
    spec.programme += "[[point]]\n" + ratio_keys + (restore ? "\nrestore = true" : "") +
                      "\n[[point]]\nkind = \"dial\"\n";
    const RunResult run = test::run(spec, scratch.file());
    INFO(test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
    const auto& lines = run.points.at(1).positions.at(0).checks;
    CHECK(lines.at(0).what == "ct_primary");
    CHECK(lines.at(0).value == 100.0);
    CHECK(lines.at(0).text == "was 5");
    CHECK(remarked(run, "position 1, set-up: ct_primary was 5, is 100"));
    CHECK(remarked(run, "position 1, set-up: ct_primary was 100, is 5") == restore);
    // The register check goes on over the change, in both stretches by its own ratio.
    REQUIRE(run.meters.at(0).registers);
    CHECK(run.meters.at(0).registers->verdict == Verdict::pass);
    CHECK(run.meters.at(0).registers->advance_kwh > 10);
}

TEST_CASE("a sealed meter's refusal is legal where the programme says so") {
    test::Scratch scratch;
    const bool may = GENERATE(false, true);
    const RunResult run = test::run(
        spec_of("countis-e48", ratio_keys + (may ? "\nmay_refuse = true" : "")), scratch.file());
    INFO(test::transcript(run));
    const auto& position = run.points.at(0).positions.at(0);
    CHECK(position.verdict == (may ? Verdict::pass : Verdict::fail));
    CHECK(line_of(position, "ct_primary").text.find("refused: ") == 0);
    CHECK(remarked(run, "ct_primary = 100 was refused: "));
}

TEST_CASE("the tariff that was set before is set again") {
    test::Scratch scratch;
    const RunResult run =
        test::run(spec_of("countis-e28", "kind = \"tariff\"\nleast_steps = 2"), scratch.file());
    INFO(test::transcript(run));
    const auto& position = run.points.at(0).positions.at(0);
    CHECK(line_of(position, "tariff restored").value == 1.0);
    CHECK(line_of(position, "tariff 1").verdict == Verdict::pass);
    CHECK(line_of(position, "tariff 2, other registers").value == 0.0);
    CHECK(line_of(position, "sum of the tariffs").verdict == Verdict::pass);
}

TEST_CASE("a meter that falls silent costs its own position only") {
    test::Scratch scratch;
    const std::string keys = GENERATE("kind = \"dial\"",
                                      "kind = \"tariff\"",
                                      "kind = \"tariff\"\nbroadcast = true",
                                      "kind = \"phase-sequence\"",
                                      "kind = \"heads\"");
    const RunResult run =
        test::run(spec_of("countis-e28", keys, {"meter-silent:2@30"}), scratch.file());
    INFO(keys << '\n' << test::transcript(run));
    CHECK_FALSE(run.aborted);
    CHECK(run.points.at(0).positions.at(1).verdict == Verdict::invalid);
    CHECK(run.points.at(0).positions.at(1).reason.find("meter 2") != std::string::npos);
    for (const std::size_t good : {0U, 2U}) {
        CHECK(run.points.at(0).positions.at(good).verdict == Verdict::pass);
        CHECK(run.meters.at(good).verdict == Verdict::pass);
    }
}

TEST_CASE("a load that leaves its bounds repeats the step") {
    test::Scratch scratch;
    const RunResult run = test::run(
        spec_of("countis-e28", "kind = \"dial\"", {"source-drift@120=-3"}), scratch.file());
    INFO(test::transcript(run));
    CHECK(run.points.at(0).attempts == 2);
    CHECK(run.points.at(0).positions.at(0).attempt == 2);
    CHECK(run.points.at(0).positions.at(0).verdict == Verdict::pass);
    REQUIRE(run.points.at(0).invalidations.size() == 1);
    CHECK(run.points.at(0).invalidations[0].reason.find("voltage") != std::string::npos);
    CHECK(run.verdict == Verdict::pass);
}

TEST_CASE("port tests mix with accuracy points in any order") {
    test::Scratch scratch;
    auto spec = spec_of("countis-e28", "kind = \"constant\"\nresolution_share = 0.5");
    const std::string accuracy =
        "[[point]]\nkind = \"accuracy\"\ncurrent = [\"Imax\"]\nleast_time_s = 4\nmost_time_s = "
        "60\n";
    spec.programme += accuracy + "[[point]]\nkind = \"heads\"\n" +
                      "[[point]]\nkind = \"accuracy\"\ncurrent = [\"Iref\"]\nmost_time_s = 60\n" +
                      "[[point]]\nkind = \"tariff\"\nleast_steps = 2\n";
    const RunResult run = test::run(spec, scratch.file());
    INFO(test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
    CHECK(run.points.size() == 5);
}

TEST_CASE("the whole port programme passes for each COUNTIS") {
    test::Scratch scratch;
    const std::string meter =
        GENERATE("countis-e27", "countis-e28", "countis-e43", "countis-e47", "countis-e48");
    auto spec = spec_of(meter, "");
    spec.programme = GENERATE("countis-port-tests", "eol-port");
    const RunResult run = test::run(spec, scratch.file());
    INFO(meter << '\n' << test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
}

TEST_CASE("the IEC 62053-21 form passes for healthy class 1 meters") {
    test::Scratch scratch;
    const std::string meter = GENERATE("countis-e27", "countis-e43", "countis-e47");
    const RunResult run =
        test::run({.meter = meter, .programme = "iec62053-21-verification"}, scratch.file());
    INFO(meter << '\n' << test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
    CHECK(partial_text(run.plan).empty());
}

TEST_CASE("the same seed leaves the same journal of port tests to the byte") {
    test::Scratch scratch;
    auto spec = spec_of("countis-e28", "");
    spec.programme = "countis-port-tests";
    const auto first = scratch.file();
    const auto second = scratch.file();
    test::run(spec, first);
    test::run(spec, second);
    CHECK(test::bytes_of(first) == test::bytes_of(second));
}

TEST_CASE("the tests over the port take the time that was planned, on every COUNTIS") {
    test::Scratch scratch;
    const std::string meter =
        GENERATE("countis-e27", "countis-e28", "countis-e43", "countis-e47", "countis-e48");
    const RunResult run = test::run({.meter = meter,
                                     .programme = "countis-port-tests",
                                     .twins = {"", ""},
                                     .relays = true,
                                     .outputs = true},
                                    scratch.file());
    INFO(meter << ": planned " << run.plan.expected_s << " s, took " << run.bench_time_s << " s\n"
               << test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
    CHECK(run.bench_time_s > 0.8 * run.plan.expected_s);
    CHECK(run.bench_time_s < 1.25 * run.plan.expected_s);
}
