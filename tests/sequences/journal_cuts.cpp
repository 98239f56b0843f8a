// Journals as a killed process, a bad disk or a hostile hand leaves them: the evaluation never
// throws when there was a run, never calls it complete, and keeps every edge that was recorded.
#include "calibration/random.hpp"
#include "rig/journal.hpp"
#include "sequences/evaluation.hpp"
#include "sequences/records.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using calibration::Verdict;
using sequences::RunResult;

namespace {

test::BenchSpec small_run() {
    return {.programme = "imax-short", .twins = {"", ""}, .only_points = {"Imax PF 1"}};
}

std::vector<std::uint8_t> small_journal() {
    test::Scratch scratch;
    const auto path = scratch.file();
    test::run(small_run(), path);
    return test::bytes_of(path);
}

std::vector<std::int64_t> ticks_of(const rig::JournalContent& journal, std::uint16_t position) {
    std::vector<std::int64_t> list;
    for (const auto& record : journal.records) {
        if (const auto* batch = std::get_if<std::vector<rig::PositionEdge>>(&record)) {
            for (const rig::PositionEdge& edge : *batch) {
                if (edge.position == position) {
                    list.push_back(edge.edge.tick);
                }
            }
        }
    }
    std::ranges::sort(list);
    return list;
}

void check_edges(const rig::JournalContent& journal, const RunResult& run) {
    for (std::size_t position = 0; position < run.meters.size(); ++position) {
        CHECK(run.meters[position].edge_ticks ==
              ticks_of(journal, static_cast<std::uint16_t>(position)));
    }
}

std::vector<rig::JournalRecord> shuffled(std::vector<rig::JournalRecord> records,
                                         std::uint64_t seed) {
    for (std::size_t i = records.size(); i > 1; --i) {
        const auto j =
            static_cast<std::size_t>(calibration::uniform(seed, 1, i) * static_cast<double>(i));
        std::swap(records[i - 1], records[j]);
    }
    return records;
}

}  // namespace

TEST_CASE("a journal cut after any record is an aborted run with every edge in it") {
    const auto bytes = small_journal();
    const auto whole = rig::read_journal_bytes(bytes, "whole");
    REQUIRE(whole.records.size() > 20);
    REQUIRE_FALSE(sequences::evaluate(whole).aborted);
    for (std::size_t kept = 1; kept < whole.records.size(); ++kept) {
        rig::JournalContent cut;
        cut.records.assign(whole.records.begin(),
                           whole.records.begin() + static_cast<std::ptrdiff_t>(kept));
        const RunResult run = sequences::evaluate(cut);
        INFO("kept " << kept << " of " << whole.records.size() << '\n' << test::transcript(run));
        CHECK(run.aborted);
        CHECK(run.abort_reason == "the journal ends here: the run was killed");
        CHECK(run.verdict != Verdict::pass);
        CHECK(run.meters.size() == 2);
        check_edges(cut, run);
    }
}

TEST_CASE("a journal cut at any byte of its last kilobyte is an aborted run") {
    const auto bytes = small_journal();
    REQUIRE(bytes.size() > 2000);
    for (std::size_t size = bytes.size() - 1024; size < bytes.size(); ++size) {
        const auto cut = rig::read_journal_bytes(std::span(bytes).first(size), "cut");
        const RunResult run = sequences::evaluate(cut);
        CHECK(run.aborted);
        CHECK(run.verdict != Verdict::pass);
        check_edges(cut, run);
    }
}

TEST_CASE("one wrong bit anywhere never completes a run that differs") {
    const auto bytes = small_journal();
    const RunResult right = sequences::evaluate(rig::read_journal_bytes(bytes, "right"));
    for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 400) {
        auto wrong = bytes;
        wrong[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
        try {
            const RunResult run = sequences::evaluate(rig::read_journal_bytes(wrong, "wrong"));
            INFO("byte " << at);
            CHECK((run.aborted || run.verdict == right.verdict));
            CHECK(run.aborted);
        } catch (const rig::JournalError&) {
            // The run's own record, or the head of the file, was hit: there is no run to speak of.
            CHECK(at < bytes.size() / 2);
        }
    }
}

TEST_CASE("a gate that was open when the run ended keeps its edges") {
    const auto whole = rig::read_journal_bytes(small_journal(), "whole");
    // Up to the first confirmed position: the gate is open, the edges are in.
    rig::JournalContent cut;
    for (const auto& record : whole.records) {
        const auto* note = std::get_if<rig::Note>(&record);
        if (note != nullptr && note->kind == "done") {
            break;
        }
        cut.records.push_back(record);
    }
    const RunResult run = sequences::evaluate(cut);
    const auto& position = run.points.at(0).positions.at(0);
    CHECK(position.verdict == Verdict::not_run);
    CHECK(position.edges.size() > 10);
    CHECK(position.impulses == static_cast<std::int64_t>(position.edges.size()));
    CHECK(position.reference_constant_imp_per_kwh > 0);
}

TEST_CASE("notes in any order never throw, and never lose an edge") {
    const auto whole = rig::read_journal_bytes(small_journal(), "whole");
    const RunResult right = sequences::evaluate(whole);
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        rig::JournalContent mixed;
        mixed.records = shuffled(whole.records, seed);
        const RunResult run = sequences::evaluate(mixed);
        INFO("seed " << seed << '\n' << test::transcript(run));
        check_edges(mixed, run);
        CHECK(run.verdict == right.verdict);  // the notes say all, whatever their order
    }
}

TEST_CASE("any notes missing never throw and never make a better run") {
    const auto whole = rig::read_journal_bytes(small_journal(), "whole");
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        rig::JournalContent thinned;
        for (std::size_t i = 0; i < whole.records.size(); ++i) {
            if (i == 0 || calibration::uniform(seed, 2, i) < 0.7) {
                thinned.records.push_back(whole.records[i]);
            }
        }
        const RunResult run = sequences::evaluate(thinned);
        INFO("seed " << seed << '\n' << test::transcript(run));
        check_edges(thinned, run);
        for (const auto& position : run.points.at(0).positions) {
            if (position.verdict == Verdict::pass) {
                CHECK(std::abs(position.gate->error_pi_percent - *position.true_error_percent) <=
                      3 * position.budget->expanded_percent);
            }
        }
    }
}

TEST_CASE("a note that does not fit is left out, said, and the run is not complete") {
    const auto& [kind, json, words] = GENERATE(table<std::string, std::string, std::string>(
        {{"gate", "{}", "another shape"},
         {"gate", "{", "another shape"},
         {"point",
          R"({"point": 99, "attempt": 1, "at_s": 0, "reference_constant_imp_per_kwh": 1})",
          "point 99"},
         {"given-up", R"({"position": 7, "reason": "x"})", "position 7"},
         {"done",
          R"({"point": 0, "attempt": 1, "position": 7, "from_tick": 0, "to_tick": 1})",
          "position 7"},
         {"meter", R"({"position": 7, "serial": "", "identity": []})", "position 7"},
         {"invalid", R"({"point": 0, "attempt": 1, "position": 7, "reason": "x"})", "position 7"},
         {"loss",
          R"({"from_tick": 0, "to_tick": 1, "cause": "c", "everyone": false, "positions": [7]})",
          "position 7"},
         {"instruments",
          R"({"source": "", "reference": "", "capture": "", "tick_s": 1, "positions": [], "channels": []})",
          "0 positions"}}));
    auto journal = rig::read_journal_bytes(small_journal(), "whole");
    journal.records.insert(journal.records.end() - 1, rig::Note{kind, json});
    const RunResult run = sequences::evaluate(journal);
    INFO(test::transcript(run));
    CHECK(run.aborted);
    CHECK(run.abort_reason.find("the journal contradicts itself") == 0);
    CHECK(run.abort_reason.find(words) != std::string::npos);
    CHECK(run.verdict == Verdict::invalid);
    CHECK(run.points.at(0).positions.at(0).verdict == Verdict::pass);
}

TEST_CASE("a note of a kind this version does not know changes nothing") {
    auto journal = rig::read_journal_bytes(small_journal(), "whole");
    journal.records.insert(journal.records.begin() + 3, rig::Note{"weather", "{\"rain\": 1}"});
    CHECK_FALSE(sequences::evaluate(journal).aborted);
}

TEST_CASE("a gate that counted without the word of how it began is invalid") {
    auto journal = rig::read_journal_bytes(small_journal(), "whole");
    const std::string missing = GENERATE("point", "instruments");
    std::erase_if(journal.records, [&](const rig::JournalRecord& record) {
        const auto* note = std::get_if<rig::Note>(&record);
        return note != nullptr && note->kind == missing;
    });
    const RunResult run = sequences::evaluate(journal);
    INFO(test::transcript(run));
    CHECK(run.points.at(0).positions.at(0).verdict == Verdict::invalid);
    CHECK_FALSE(run.points.at(0).positions.at(0).edges.empty());
    CHECK(run.meters.at(0).position == "1");
}

TEST_CASE("a journal without a run is no run") {
    CHECK_THROWS_AS(sequences::evaluate({}), rig::JournalError);
    rig::JournalContent journal;
    journal.records.emplace_back(
        rig::Note{"end", R"({"aborted": false, "reason": "", "at_s": 1})"});
    CHECK_THROWS_WITH(sequences::evaluate(journal), "the journal holds no run: nothing was driven");
}

TEST_CASE("a loss that shows after a gate was confirmed takes its verdict away") {
    auto journal = rig::read_journal_bytes(small_journal(), "whole");
    const auto edges = sequences::evaluate(journal).points.at(0).positions.at(0).edges;
    const std::int64_t tick = edges.at(edges.size() / 2).tick;
    journal.records.insert(journal.records.end() - 1,
                           rig::Note{"loss",
                                     rig::to_json({.from_tick = tick,
                                                   .to_tick = tick,
                                                   .cause = "counter mismatch",
                                                   .everyone = false,
                                                   .positions = {0},
                                                   .edges = {}})});
    const RunResult run = sequences::evaluate(journal);
    INFO(test::transcript(run));
    CHECK(run.points.at(0).positions.at(0).verdict == Verdict::invalid);
    CHECK(run.points.at(0).positions.at(1).verdict == Verdict::pass);
    CHECK(run.meters.at(0).registers->verdict == Verdict::inconclusive);
}

TEST_CASE("a meter that states another serial than the bench file is suspect") {
    auto journal = rig::read_journal_bytes(small_journal(), "whole");
    auto& first = std::get<rig::Note>(journal.records.at(0));
    auto json = nlohmann::json::parse(first.json);
    REQUIRE(first.kind == "run");
    std::string text = test::bench_text(small_run());
    text.insert(text.find("led_channel"), "serial = \"24489999\"\n");
    json.at("setup").at("bench").at(1) = text;
    first.json = json.dump();
    const RunResult run = sequences::evaluate(journal);
    INFO(test::transcript(run));
    CHECK(run.meters.at(0).verdict == Verdict::suspect);
    CHECK(std::ranges::count(run.remarks,
                             "position 1: the bench file gives serial 24489999, the meter states "
                             "24480001") == 1);
    CHECK(run.meters.at(1).verdict == Verdict::pass);
    CHECK(run.verdict == Verdict::suspect);
}

TEST_CASE("energy registered in the wrong direction makes its meter suspect") {
    auto journal = rig::read_journal_bytes(small_journal(), "whole");
    REQUIRE(sequences::evaluate(journal).meters.at(0).registers->verdict == Verdict::pass);
    for (auto& entry : journal.records) {
        auto* note = std::get_if<rig::Note>(&entry);
        if (note == nullptr || note->kind != "registers") {
            continue;
        }
        auto json = nlohmann::json::parse(note->json);
        if (json.at("position") == 0) {
            std::swap(json.at("import_kwh"), json.at("export_kwh"));
            note->json = json.dump();
        }
    }
    const RunResult run = sequences::evaluate(journal);
    INFO(test::transcript(run));
    CHECK(run.meters.at(0).registers->verdict == Verdict::suspect);
    CHECK(run.meters.at(0).registers->reason.find("were registered as export") !=
          std::string::npos);
    CHECK(run.meters.at(0).verdict == Verdict::suspect);
    CHECK(run.meters.at(1).verdict == Verdict::pass);
}

TEST_CASE("an evaluation is a pure function of the journal") {
    const auto journal = rig::read_journal_bytes(small_journal(), "whole");
    CHECK(test::transcript(sequences::evaluate(journal)) ==
          test::transcript(sequences::evaluate(journal)));
}

namespace {

// Without it a test over the port still has all it judges by: readings that only tell how long the
// load must stand, and those that are read a second time.
bool is_spare(const rig::Note& note) {
    return note.json.find(", energies\"") != std::string::npos ||
           note.json.find("\"label\":\"ratio\"") != std::string::npos;
}

}  // namespace

TEST_CASE("a test over the port that lacks any one of its notes is no pass") {
    test::Scratch scratch;
    const auto path = scratch.file();
    const std::string kind = GENERATE("identify",
                                      "heads",
                                      "constant",
                                      "dial",
                                      "tariff",
                                      "pulse-output",
                                      "phase-sequence",
                                      "reactive",
                                      "communication");
    const std::string more = kind == "reactive"        ? "most_error_percent = 2\n"
                             : kind == "communication" ? "reads = 5\n"
                                                       : "";
    test::run({.programme = "\nid = \"p\"\ntitle = \"t\"\nlimits = "
                            "[\"en50470-3-2006-a1-2018\"]\n[[point]]\nkind = \"" +
                            kind + "\"\n" + more,
               .twins = {""},
               .relays = true,
               .outputs = true},
              path);
    const auto whole = rig::read_journal(path);
    REQUIRE(sequences::evaluate(whole).verdict == Verdict::pass);
    int left_out = 0;
    for (std::size_t i = 0; i < whole.records.size(); ++i) {
        const auto* note = std::get_if<rig::Note>(&whole.records[i]);
        const bool counts =
            note != nullptr && (note->kind == "mark" || note->kind == "setting" ||
                                note->kind.starts_with("port-") || note->kind == "communication");
        if (!counts || is_spare(*note)) {
            continue;
        }
        rig::JournalContent without = whole;
        without.records.erase(without.records.begin() + static_cast<std::ptrdiff_t>(i));
        INFO(kind << ": " << note->kind << ' ' << note->json);
        CHECK(sequences::evaluate(without).verdict != Verdict::pass);
        ++left_out;
    }
    CHECK(left_out > 0);
}
