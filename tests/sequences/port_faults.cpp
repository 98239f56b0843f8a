// Tests over the port where things go wrong beside the meter: buses, relays, stops, dead ports, cut
// journals.
#include "rig/journal.hpp"
#include "sequences/evaluation.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using calibration::Verdict;
using sequences::RunResult;

namespace {

std::string programme(const std::string& points) {
    return "\nid = \"p\"\ntitle = \"t\"\nattempts = 2\nlimits = [\"en50470-3-2006-a1-2018\", "
           "\"iec62053-21-2003\"]\n" +
           points;
}

std::string one(const std::string& keys) { return programme("[[point]]\n" + keys + "\n"); }

test::BenchSpec bus_of_three(const std::string& keys, std::vector<std::string> faults = {}) {
    return {.meter = "countis-e43",
            .programme = one(keys),
            .twins = {"", "", ""},
            .port = "modbus-rtu:A,{}",
            .faults = std::move(faults),
            .relays = true,
            .buses = "[[bus]]\nname = \"A\"\nlink = \"twin\"\nline = \"9600,8N1\"\n"};
}

bool remarked(const RunResult& run, const std::string& words) {
    return std::ranges::any_of(run.remarks, [&](const std::string& remark) {
        return remark.find(words) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("a bus answers every test over the port, its tariffs by one broadcast") {
    test::Scratch scratch;
    const std::string keys =
        GENERATE("kind = \"tariff\"\nbroadcast = true\nleast_steps = 2",
                 "kind = \"heads\"",
                 "kind = \"dial\"",
                 "kind = \"communication\"\nreads = 5",
                 "kind = \"phase-sequence\"",
                 "kind = \"set-up\"\nsettings = [{ quantity = \"ct_primary\", value = 50 }]");
    const RunResult run = test::run(bus_of_three(keys), scratch.file());
    INFO(keys << '\n' << test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
    if (keys.find("communication") != std::string::npos) {
        CHECK(run.points[0].positions[1].checks.at(1).value > 0.0);  // bytes take their time
    }
    if (keys.find("broadcast") != std::string::npos) {
        CHECK(remarked(run, "tariff was 1, is 2 by broadcast"));
    }
}

TEST_CASE("a write that one meter of a bus loses is its own fault") {
    test::Scratch scratch;
    const RunResult run = test::run(
        bus_of_three("kind = \"tariff\"\nbroadcast = true\ntariffs = [2]\nleast_steps = 2",
                     {"lost-write:2"}),
        scratch.file());
    INFO(test::transcript(run));
    const auto& positions = run.points.at(0).positions;
    CHECK(positions.at(1).verdict == Verdict::fail);
    CHECK(positions.at(1).reason == "tariff 2 was selected, the meter says 1");
    CHECK(positions.at(0).verdict == Verdict::pass);
    CHECK(positions.at(2).verdict == Verdict::pass);
}

TEST_CASE("a load curve is held against the reference") {
    test::Scratch scratch;
    const std::string fault = GENERATE("", "wrong-load-curve:2=1.1");
    auto spec = bus_of_three("kind = \"load-curve\"\nmost_error_percent = 2\nperiods = 2");
    if (!fault.empty()) {
        spec.faults = {fault};
    }
    const RunResult run = test::run(spec, scratch.file());
    INFO(test::transcript(run));
    const auto& positions = run.points.at(0).positions;
    CHECK(positions.at(0).verdict == Verdict::pass);
    CHECK(positions.at(0).checks.size() == 3);
    CHECK(positions.at(1).verdict == (fault.empty() ? Verdict::pass : Verdict::fail));
    if (!fault.empty()) {
        CHECK(positions.at(1).reason.find("the load curve holds") == 0);
    }
}

TEST_CASE("a load curve whose clock has stopped does not pass on an older load of the same power") {
    test::Scratch scratch;
    const std::string curve =
        "[[point]]\nkind = \"load-curve\"\nmost_error_percent = 2\nperiods = 2\n";
    auto spec = bus_of_three("");
    spec.programme = programme(curve + "name = \"first\"\n" + curve + "name = \"second\"\n");
    const sequences::RunSetup setup = test::setup_of(spec);
    const auto bench = test::assemble(setup);
    const auto in_the_second = calibration::Instant{std::chrono::seconds{1900}};
    bench->twin()->meter(1).faults().wrong_registers.push_back(
        {.quantity = "average_time_s", .stuck_from = in_the_second});
    const RunResult run = sequences::run(*bench, setup, {.journal = scratch.file()});
    INFO(test::transcript(run));
    CHECK(run.points.at(0).positions.at(1).verdict == Verdict::pass);
    const auto& second = run.points.at(1).positions;
    CHECK(second.at(1).verdict == Verdict::fail);
    CHECK(second.at(1).reason.find("its clock went on by 0 s") == 0);
    CHECK(second.at(0).verdict == Verdict::pass);
}

TEST_CASE("a position without a port is seen by its head and asked nothing") {
    test::Scratch scratch;
    test::BenchSpec spec{.programme = one("kind = \"heads\"") + "[[point]]\nkind = \"identify\"\n",
                         .twins = {"", ""},
                         .relays = true};
    sequences::RunSetup setup = test::setup_of(spec);
    const auto at = setup.bench_text.rfind("port = \"twin\"");
    setup.bench_text.replace(at, 13, "port = \"none\"");
    const auto bench = test::assemble(setup);
    const RunResult run = sequences::run(*bench, setup, {.journal = scratch.file()});
    INFO(test::transcript(run));
    CHECK(run.points.at(0).positions.at(1).verdict == Verdict::pass);
    CHECK(run.points.at(0).positions.at(1).checks.size() == 1);
    CHECK(run.points.at(1).positions.at(0).verdict == Verdict::pass);
    CHECK(run.points.at(1).positions.at(1).verdict == Verdict::not_run);
    CHECK(run.points.at(1).positions.at(1).reason == "has no port");
    CHECK(run.verdict != Verdict::pass);
}

TEST_CASE("a relay that does not move ends the run by name, with the bench off") {
    test::Scratch scratch;
    test::BenchSpec spec{.programme = one("kind = \"heads\""),
                         .twins = {"", ""},
                         .faults = {"stuck-relay:2"},
                         .relays = true};
    const auto setup = test::setup_of(spec);
    const auto bench = test::assemble(setup);
    const RunResult run = sequences::run(*bench, setup, {.journal = scratch.file()});
    INFO(test::transcript(run));
    CHECK(run.verdict != Verdict::pass);
    CHECK_FALSE(bench->supervisor().energised());
}

TEST_CASE("a stop in any test leaves the bench off and every meter in the circuit") {
    test::Scratch scratch;
    const std::string kind = GENERATE("heads", "constant", "tariff", "phase-sequence");
    test::BenchSpec spec{.programme = one("kind = \"" + kind + "\""),
                         .twins = {"", ""},
                         .relays = true,
                         .outputs = true};
    const auto setup = test::setup_of(spec);
    const auto bench = test::assemble(setup);
    const RunResult run = sequences::run(
        *bench, setup, {.journal = scratch.file(), .live = [&](const sequences::LivePoint& live) {
                            if (!live.name.empty()) {
                                bench->request_stop();
                            }
                        }});
    INFO(kind << '\n' << test::transcript(run));
    CHECK(run.aborted);
    CHECK(run.abort_reason == "stopped by the operator");
    CHECK_FALSE(bench->supervisor().energised());
    CHECK(bench->supervisor().all_in_circuit());
    CHECK(run.points.at(0).positions.at(0).verdict != Verdict::pass);
}

TEST_CASE("a journal of port tests cut after any record is an aborted run that does not pass") {
    test::Scratch scratch;
    const auto path = scratch.file();
    test::run({.programme = one("kind = \"identify\"") +
                            "[[point]]\nkind = \"heads\"\n[[point]]\nkind = \"tariff\"\n"
                            "[[point]]\nkind = \"pulse-output\"\n[[point]]\nkind = "
                            "\"communication\"\nreads = 3\n[[point]]\nkind = \"reactive\"\n"
                            "most_error_percent = 2\n",
               .twins = {"", ""},
               .relays = true,
               .outputs = true},
              path);
    const auto whole = rig::read_journal(path);
    REQUIRE(sequences::evaluate(whole).verdict == Verdict::pass);
    const auto is_note = [](const rig::JournalRecord& record) {
        return std::holds_alternative<rig::Note>(record);
    };
    for (std::size_t kept = 1; kept < whole.records.size(); ++kept) {
        if (!is_note(whole.records[kept - 1])) {
            continue;
        }
        rig::JournalContent cut;
        cut.records.assign(whole.records.begin(),
                           whole.records.begin() + static_cast<std::ptrdiff_t>(kept));
        const RunResult run = sequences::evaluate(cut);
        CHECK(run.aborted);
        CHECK(run.verdict != Verdict::pass);
    }
    // And without any one of its notes it is never more than it was.
    for (std::size_t left_out = 1; left_out < whole.records.size(); ++left_out) {
        if (!is_note(whole.records[left_out])) {
            continue;
        }
        rig::JournalContent holed;
        holed.records = whole.records;
        holed.records.erase(holed.records.begin() + static_cast<std::ptrdiff_t>(left_out));
        CHECK_NOTHROW(sequences::evaluate(holed));
    }
}

TEST_CASE("a load that leaves between relays is tried again, and every relay comes home") {
    test::Scratch scratch;
    const RunResult run =
        test::run({.programme = one("kind = \"heads\"") + "[[point]]\nkind = \"dial\"\n",
                   .twins = {"", "", ""},
                   .faults = {"source-drift@30=-3"},
                   .relays = true},
                  scratch.file());
    INFO(test::transcript(run));
    CHECK(run.points.at(0).attempts == 2);
    CHECK(run.verdict == Verdict::pass);
}

TEST_CASE("a load that never stands in heads leaves no meter out of the circuit") {
    test::Scratch scratch;
    test::BenchSpec spec{.programme = one("kind = \"heads\"") + "[[point]]\nkind = \"dial\"\n",
                         .twins = {"", "", ""},
                         .faults = {"source-drift@30=-3"},
                         .relays = true};
    spec.programme.replace(spec.programme.find("attempts = 2"), 12, "attempts = 1");
    const RunResult run = test::run(spec, scratch.file());
    INFO(test::transcript(run));
    CHECK(run.points.at(0).positions.at(0).verdict == Verdict::invalid);
    // The dial has every meter in the circuit all the same.
    for (const auto& position : run.points.at(1).positions) {
        CHECK(position.verdict == Verdict::pass);
    }
}

TEST_CASE("of forty meters the two whose heads are swapped are named, in twelve steps") {
    test::Scratch scratch;
    const RunResult run = test::run({.programme = one("kind = \"heads\""),
                                     .twins = std::vector<std::string>(40),
                                     .faults = {"swapped-heads:7=38"},
                                     .relays = true},
                                    scratch.file());
    const auto& positions = run.points.at(0).positions;
    CHECK(positions.at(6).reason == "the head of position 7 sees the meter of position 38");
    CHECK(positions.at(37).reason == "the head of position 38 sees the meter of position 7");
    CHECK(std::ranges::count(positions, Verdict::pass, &sequences::PositionResult::verdict) == 38);
    CHECK(run.bench_time_s < 600);  // one by one it would be twenty minutes
}

TEST_CASE("a command is taken, and what was written before a fault is told") {
    test::Scratch scratch;
    const RunResult command = test::run(
        {.programme =
             one("kind = \"set-up\"\nsettings = [{ quantity = \"partial_reset\", value = 1 }]")},
        scratch.file());
    INFO(test::transcript(command));
    CHECK(command.verdict == Verdict::pass);
    const std::string two =
        "kind = \"set-up\"\nsettings = [{ quantity = \"ct_primary\", value = 50 }, "
        "{ quantity = \"tariff\", value = 2 }]\nrestore = true";
    auto spec = bus_of_three(two, {"lost-write:2"});
    const RunResult lost = test::run(spec, scratch.file());
    INFO(test::transcript(lost));
    CHECK(lost.points.at(0).positions.at(1).verdict == Verdict::invalid);
    CHECK(lost.points.at(0).positions.at(1).reason.find("reads back") != std::string::npos);
    CHECK(lost.points.at(0).positions.at(0).verdict == Verdict::pass);
    CHECK(remarked(lost, "position 3, set-up: tariff was 2, is 1"));
    CHECK(remarked(lost, "position 3, set-up: ct_primary was 50, is 5"));
}

TEST_CASE("what a run that ends early leaves written in the meters is told, with what it was") {
    test::Scratch scratch;
    const std::string set_up =
        "kind = \"set-up\"\nsettings = [{ quantity = \"ct_primary\", value = 100 }]\n"
        "restore = true\n[[point]]\nkind = \"dial\"";
    SECTION("the source trips") {
        const RunResult run = test::run(bus_of_three(set_up, {"source-trip@200"}), scratch.file());
        INFO(test::transcript(run));
        CHECK(run.aborted);
        for (const char* position : {"1", "2", "3"}) {
            CHECK(remarked(run,
                           std::string("position ") + position +
                               ": ct_primary was not given back: it was 5 and is 100"));
        }
    }
    SECTION("a meter is given up") {
        const RunResult run =
            test::run(bus_of_three(set_up, {"meter-exception:2@200"}), scratch.file());
        INFO(test::transcript(run));
        CHECK_FALSE(run.aborted);
        CHECK(remarked(run, "position 1, set-up: ct_primary was 100, is 5"));
        CHECK_FALSE(remarked(run, "position 1: ct_primary was not given back"));
        CHECK(remarked(run, "position 2: ct_primary was not given back: it was 5 and is 100"));
    }
}

TEST_CASE("a command is not given back: what it did cannot be undone") {
    test::Scratch scratch;
    const RunResult run = test::run(
        {.programme = one("kind = \"set-up\"\nsettings = [{ quantity = \"partial_reset\", value "
                          "= 1 }]\nrestore = true")},
        scratch.file());
    INFO(test::transcript(run));
    CHECK(std::ranges::count_if(run.remarks, [](const std::string& remark) {
              return remark.find("partial_reset") != std::string::npos;
          }) == 1);
}
