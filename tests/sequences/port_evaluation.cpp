// Verdicts of the tests over the port from journals made by hand: every line at its edges.
#include "sequences/evaluation.hpp"
#include "sequences/records.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

using calibration::Verdict;
using sequences::CheckLine;
using sequences::MarkRecord;
using sequences::NamedValue;
using sequences::PortReadingRecord;
using sequences::Record;

namespace {

constexpr std::int64_t begin_tick = 1000, end_tick = 1'000'000;

// A run of one meter and one step, note by note.
class Story {
  public:
    Story(const std::string& meter, const std::string& keys) {
        setup_ = test::setup_of({.meter = meter,
                                 .programme = "\nid = \"p\"\ntitle = \"t\"\nlimits = "
                                              "[\"en50470-3-2006-a1-2018\", "
                                              "\"iec62053-21-2003\"]\n[[point]]\n" +
                                              keys + "\n",
                                 .twins = {""},
                                 .relays = true,
                                 .outputs = true,
                                 .keys = {"displayed = { checksum_2 = \"fb7d\" }"}});
    }

    Story& add(Record record) {
        records_.push_back(std::move(record));
        return *this;
    }
    Story& reading(const std::string& label, std::vector<NamedValue> values, double at_s = 0) {
        return add(PortReadingRecord{
            .place = {.label = label}, .position = 0, .at_s = at_s, .values = std::move(values)});
    }
    Story& mark(const std::string& label, std::int64_t tick, std::int64_t reference) {
        return add(MarkRecord{.place = {.label = label},
                              .at_s = static_cast<double>(tick) / 1000,
                              .tick = tick,
                              .reference_impulses = reference,
                              .reference_constant_imp_per_kwh = 1e6});
    }
    // So many impulses, evenly between begin and end.
    Story& impulses(int count, bool of_output = false) {
        std::vector<rig::PositionEdge> edges;
        for (int i = 0; i < count; ++i) {
            const std::int64_t tick =
                begin_tick + 10 + (end_tick - begin_tick - 20) * i / std::max(1, count - 1);
            edges.push_back(
                {static_cast<std::uint16_t>(of_output ? rig::output_flag : 0), {.tick = tick}});
        }
        edges_.insert(edges_.end(), edges.begin(), edges.end());
        return *this;
    }

    sequences::PositionResult result(bool done = true) const {
        test::Scratch scratch;
        const auto path = scratch.file();
        {
            rig::JournalWriter writer(path);
            write(writer, sequences::RunRecord{.setup = setup_, .identity = {.run_id = "1"}});
            write(writer,
                  sequences::InstrumentsRecord{
                      .instruments = {.tick_s = 1e-3}, .positions = {{"1", ""}}, .channels = {1}});
            write(writer, sequences::PointRecord{});
            for (const Record& record : records_) {
                write(writer, record);
            }
            writer.edges(edges_);
            if (done) {
                write(writer, sequences::DoneRecord{});
            }
            write(writer, sequences::PointEndRecord{});
            write(writer, sequences::EndRecord{});
        }
        return sequences::evaluate(rig::read_journal(path)).points.at(0).positions.at(0);
    }

  private:
    sequences::RunSetup setup_;
    std::vector<Record> records_;
    std::vector<rig::PositionEdge> edges_;
};

std::vector<NamedValue> energies(double import_wh,
                                 double export_wh = 0,
                                 double reactive_varh = 0,
                                 double ratio = 1) {
    return {{.quantity = "active_import_energy", .value = import_wh, .step = 10, .unit = "Wh"},
            {.quantity = "active_export_energy", .value = export_wh, .step = 10, .unit = "Wh"},
            {.quantity = "reactive_import_energy", .value = reactive_varh, .step = 10},
            {.quantity = "reactive_export_energy", .value = 0, .step = 10},
            {.quantity = "roll_over", .value = 1e9, .step = 10},
            {.quantity = "ratio", .value = ratio}};
}

// E28, 1000 imp/kWh, 10 Wh a step: registers from `from` to `to`, so many impulses, this much by
// the reference (1e6 imp/kWh).
sequences::PositionResult window(const std::string& kind,
                                 double from_wh,
                                 double to_wh,
                                 int impulses,
                                 double reference_wh,
                                 double export_wh = 0) {
    return Story("countis-e28", "kind = \"" + kind + "\"")
        .mark("before", begin_tick, 5)
        .reading("before", energies(from_wh))
        .mark("loaded", begin_tick + 5, 0)
        .mark("after", end_tick, 5 + static_cast<std::int64_t>(reference_wh * 1000))
        .reading("after", energies(to_wh, export_wh))
        .impulses(impulses)
        .result();
}

const CheckLine& line_of(const sequences::PositionResult& position, const std::string& what) {
    for (const CheckLine& line : position.checks) {
        if (line.what == what) {
            return line;
        }
    }
    throw std::out_of_range("no line " + what);
}

sequences::PortReadingRecord frequency(std::optional<double> value) {
    return {.place = {.label = "frequency"},
            .position = 0,
            .values = {{.quantity = "frequency", .value = value, .step = 0.001, .unit = "Hz"}}};
}

}  // namespace

TEST_CASE("registers may be a step and an impulse apart from the LED, no more") {
    const auto& [advance_wh, verdict] = GENERATE(table<double, Verdict>({{10300, Verdict::pass},
                                                                         {10310, Verdict::pass},
                                                                         {10290, Verdict::pass},
                                                                         {10320, Verdict::fail},
                                                                         {10280, Verdict::fail}}));
    const auto result = window("constant", 500, 500 + advance_wh, 10300, 10300);
    INFO(advance_wh << ' ' << result.reason);
    CHECK(result.verdict == verdict);
    CHECK(line_of(result, "register advance against LED").value ==
          Approx(100 * (advance_wh / 10300 - 1)).margin(1e-9));
    CHECK(line_of(result, "register advance against LED").most == Approx(100 * 11.0 / 10300));
}

TEST_CASE("the reference tells whether the register or the LED is wrong") {
    const auto tenfold = window("constant", 0, 103000, 10300, 10300);
    CHECK(tenfold.verdict == Verdict::fail);
    CHECK(tenfold.reason ==
          "registers advance 10 times what the LED shows: the reference agrees with the LED, the "
          "register's resolution is wrong");
    const auto constant = window("constant", 0, 10300, 5150, 10300);
    CHECK(constant.reason.find("the LED's constant is 500 imp/kWh, not 1000") != std::string::npos);
    const auto both = window("constant", 0, 103000, 5150, 20600);
    CHECK(both.reason.find("the reference measured 20.6 kWh") != std::string::npos);
}

TEST_CASE("a register that rolls over has advanced all the same") {
    const auto result = window("constant", 1e9 - 5000, 5300, 10300, 10300);
    INFO(result.reason);
    CHECK(result.verdict == Verdict::pass);
}

TEST_CASE("too little energy, none at all, or the wrong direction are said") {
    CHECK(window("constant", 0, 5000, 5000, 5000).verdict == Verdict::inconclusive);
    CHECK(window("constant", 0, 0, 0, 0).verdict == Verdict::invalid);
    const auto reversed = window("constant", 0, 10300, 10300, 10300, 10300);
    CHECK(reversed.verdict == Verdict::fail);
    CHECK(reversed.reason.find("were registered as active_export_energy") != std::string::npos);
}

TEST_CASE("the dial is judged by the edition's limit, with its uncertainty") {
    const auto& [advance_wh, verdict] = GENERATE(table<double, Verdict>({{10300, Verdict::pass},
                                                                         {10400, Verdict::pass},
                                                                         {10200, Verdict::pass},
                                                                         {10410, Verdict::fail},
                                                                         {10190, Verdict::fail}}));
    const auto result = window("dial", 0, advance_wh, 1, 10300);
    INFO(advance_wh << ' ' << result.reason);
    CHECK(result.verdict == verdict);
    const CheckLine& line = line_of(result, "register advance against reference");
    CHECK(line.least == -1.0);
    CHECK(line.most == 1.0);
    // 2 sqrt(0.01^2 + (0.0971 / sqrt 3)^2) = 0.1139 %
    CHECK(line.text.find("U = 0.11 %") == 0);
    CHECK(window("dial", 0, 1000, 1, 1000).verdict == Verdict::inconclusive);
}

TEST_CASE("lost edges leave the constant open") {
    Story story("countis-e28", "kind = \"constant\"");
    story.mark("before", begin_tick, 0)
        .reading("before", energies(0))
        .mark("loaded", begin_tick + 5, 0)
        .mark("after", end_tick, 1)
        .reading("after", energies(10300))
        .impulses(10300)
        .add(sequences::LossRecord{{.from_tick = 5000,
                                    .to_tick = 6000,
                                    .cause = "crc",
                                    .everyone = true,
                                    .positions = {},
                                    .edges = {}}});
    CHECK(story.result().verdict == Verdict::inconclusive);
}

TEST_CASE("a pulse output weighs what the LED says between its first and last impulse") {
    const auto weighed = [](int outputs, int impulses) {
        return Story("countis-e28", "kind = \"pulse-output\"")
            .mark("before", begin_tick, 0)
            .reading("before", energies(0))
            .mark("loaded", begin_tick + 5, 0)
            .mark("after", end_tick, 1)
            .reading("after", energies(0))
            .impulses(impulses)
            .impulses(outputs, true)
            .result();
    };
    // The first impulse of the LED falls on the first of the output: it is before the interval.
    CHECK(weighed(11, 1001).verdict == Verdict::pass);
    CHECK(weighed(11, 1003).verdict == Verdict::pass);
    CHECK(weighed(11, 1004).verdict == Verdict::fail);
    CHECK(weighed(11, 998).verdict == Verdict::fail);
    CHECK(weighed(9, 801).reason == "9 impulses of the pulse output, 10 were due");
    CHECK(weighed(0, 1000).reason == "no impulse of the pulse output");
    CHECK(weighed(21, 1001).reason.find("is worth 50 Wh by the LED, expected 100 Wh") !=
          std::string::npos);
}

TEST_CASE("the frequency an identity states is that of the source, in the count that gave it") {
    const auto said = [](std::optional<double> value) {
        return Story("countis-e28", "kind = \"identify\"")
            .add(sequences::PortIdentityRecord{.place = {.label = "identity"},
                                               .position = 0,
                                               .texts = {{"maker", "SOCO"},
                                                         {"extended_name", "COUNTIS E28"},
                                                         {"serial", "24480001"}}})
            .add(frequency(value))
            .result();
    };
    CHECK(line_of(said(50.02), "frequency").text == "one count is 0.001 Hz");
    CHECK(said(50.02).verdict == Verdict::pass);
    CHECK(said(60.0).reason == "sees 60 Hz, the source makes 50 Hz");
    CHECK(said(60.0).verdict == Verdict::fail);
    CHECK(said(std::nullopt).verdict == Verdict::invalid);
}

TEST_CASE("an identity is the port's word, else the display's, else open") {
    const auto said = [](const std::string& expect, const std::string& checksum) {
        return Story("countis-e28", "kind = \"identify\"\nexpect = { " + expect + " }")
            .add(sequences::PortIdentityRecord{.place = {.label = "identity"},
                                               .position = 0,
                                               .texts = {{"maker", "SOCO"},
                                                         {"extended_name", "COUNTIS E28"},
                                                         {"serial", "24480001"},
                                                         {"checksum_1", checksum}}})
            .add(frequency(50.0))
            .result();
    };
    CHECK(said("checksum_1 = \"3f2a\"", "3F2A").verdict == Verdict::pass);
    const auto wrong = said("checksum_1 = \"3F2A\"", "3F2B");
    CHECK(wrong.verdict == Verdict::suspect);
    CHECK(wrong.reason == "checksum_1 is \"3F2B\" by its port, expected \"3F2A\"");
    const auto displayed = said("checksum_2 = \"FB7D\"", "3F2A");
    CHECK(displayed.verdict == Verdict::pass);
    CHECK(line_of(displayed, "checksum_2").text == "\"fb7d\" by display, expected \"FB7D\"");
    CHECK(said("checksum_2 = \"0000\"", "3F2A").verdict == Verdict::suspect);
    const auto open = said("checksum_1 = \"3F2A\"", "");
    CHECK(open.verdict == Verdict::inconclusive);
    CHECK(open.reason.find("checksum_1") != std::string::npos);
}

TEST_CASE("phases are judged bit by bit at every load") {
    const auto said = [](double sequence_at_132, double missing_without_l2) {
        Story story("countis-e28", "kind = \"phase-sequence\"");
        const auto phases = [](double sequence, double missing) {
            return std::vector<NamedValue>{{.quantity = "phase_sequence", .value = sequence},
                                           {.quantity = "missing_phases", .value = missing}};
        };
        return story.reading("123", phases(1, 0))
            .reading("132", phases(sequence_at_132, 0))
            .reading("without L1", phases(0, 1))
            .reading("without L2", phases(0, missing_without_l2))
            .reading("without L3", phases(0, 4))
            .result();
    };
    CHECK(said(2, 2).verdict == Verdict::pass);
    CHECK(said(1, 2).reason == "says phase sequence 123 at 132");
    CHECK(said(2, 0).reason == "says missing phases: none at without L2");
    CHECK(said(2, 3).reason == "says missing phases: L1 L2 at without L2");
}

TEST_CASE("the error rate is judged, latencies are told") {
    const auto told = [](std::int64_t errors, std::vector<double> latencies) {
        return Story("countis-e28",
                     "kind = \"communication\"\nreads = 100\nmost_errors_percent = 1")
            .add(sequences::CommunicationRecord{.position = 0,
                                                .reads = 100,
                                                .errors = errors,
                                                .first_error = "no reply",
                                                .latencies_ms = std::move(latencies)})
            .result();
    };
    std::vector<double> hundred;
    for (int i = 100; i > 0; --i) {
        hundred.push_back(i);
    }
    const auto good = told(1, hundred);
    CHECK(good.verdict == Verdict::pass);
    CHECK(line_of(good, "latency p50").value == 50.0);
    CHECK(line_of(good, "latency p95").value == 95.0);
    CHECK(line_of(good, "latency p99").value == 99.0);
    CHECK(line_of(good, "latency max").value == 100.0);
    CHECK(line_of(told(0, {7}), "latency p99").value == 7.0);
    CHECK(told(2, hundred).verdict == Verdict::fail);
    CHECK(told(2, hundred).reason == "2 of 100 reads failed: no reply");
    CHECK(told(100, {}).verdict == Verdict::invalid);
}

TEST_CASE("a port's fault is the position's reason, and a step without its notes is no pass") {
    const auto faulty = Story("countis-e28", "kind = \"dial\"")
                            .add(sequences::PortFaultRecord{
                                .position = 0, .reason = "meter 1: read 0xC702: no reply"})
                            .result(false);
    CHECK(faulty.verdict == Verdict::invalid);
    CHECK(faulty.reason == "meter 1: read 0xC702: no reply");
    const std::string kind = GENERATE("identify",
                                      "heads",
                                      "constant",
                                      "dial",
                                      "tariff",
                                      "pulse-output",
                                      "phase-sequence",
                                      "communication");
    INFO(kind);
    CHECK(Story("countis-e28", "kind = \"" + kind + "\"").result().verdict == Verdict::invalid);
    // With a moment of the step, but nothing else.
    CHECK(Story("countis-e28", "kind = \"" + kind + "\"").mark("before", 1, 0).result().verdict ==
          Verdict::invalid);
    CHECK(Story("countis-e28", "kind = \"" + kind + "\"").result(false).verdict ==
          Verdict::not_run);
}

TEST_CASE("a setting that reads back otherwise, or is not restored, is no pass") {
    const std::string keys =
        "kind = \"set-up\"\nsettings = [{ quantity = \"ct_primary\", value = 100 }]";
    const auto written = [&](double after, std::optional<double> restored) {
        Story story("countis-e43", keys);
        story.add(sequences::SettingRecord{.place = {.label = "set-up"},
                                           .position = 0,
                                           .quantity = "ct_primary",
                                           .asked = 100,
                                           .before = 5,
                                           .after = after});
        if (restored) {
            story.add(sequences::SettingRecord{.place = {.label = "restore"},
                                               .position = 0,
                                               .quantity = "ct_primary",
                                               .asked = 5,
                                               .before = 100,
                                               .after = restored});
        }
        return story.result();
    };
    CHECK(written(100, {}).verdict == Verdict::pass);
    CHECK(written(100, 5).verdict == Verdict::pass);
    CHECK(written(5, {}).reason == "ct_primary reads back as 5, 100 was written");
    const auto left = written(100, 100);
    CHECK(left.verdict == Verdict::suspect);
    CHECK(left.reason == "ct_primary was not restored to 5");
}

namespace {

// Two tariffs of an E28, 1 kWh a step of theirs, 10 Wh of the total; what each register went.
sequences::PositionResult tariffs(double first_t1_wh,
                                  double second_t1_wh,
                                  double second_t2_wh,
                                  double selected = 2,
                                  bool restored = true) {
    Story story("countis-e28", "kind = \"tariff\"\nleast_steps = 3");
    const auto state = [](double total, double t1, double t2) {
        auto values = energies(total);
        values.push_back({.quantity = "active_import_energy_t1", .value = 7000 + t1, .step = 1000});
        values.push_back({.quantity = "active_import_energy_t2", .value = 9000 + t2, .step = 1000});
        return values;
    };
    const auto setting = [&](const std::string& label, double asked, double after) {
        story.add(sequences::SettingRecord{.place = {.label = label},
                                           .position = 0,
                                           .quantity = "tariff",
                                           .asked = asked,
                                           .before = 1,
                                           .after = after});
    };
    story.reading("before", state(0, 0, 0));
    setting("tariff 1", 1, 1);
    story.reading("after tariff 1", state(4050, first_t1_wh, 0));
    setting("tariff 2", 2, selected);
    story.reading("after tariff 2", state(8100, first_t1_wh + second_t1_wh, second_t2_wh));
    if (restored) {
        setting("restore", 1, 1);
    }
    return story.result();
}

}  // namespace

TEST_CASE("only the chosen tariff's register advances, as the total does, within a count each") {
    CHECK(tariffs(4000, 0, 4000).verdict == Verdict::pass);
    CHECK(tariffs(5000, 0, 4000).verdict == Verdict::pass);
    CHECK(tariffs(6000, 0, 4000).verdict == Verdict::fail);
    CHECK(tariffs(3000, 0, 4000).verdict == Verdict::fail);
    const auto stuck = tariffs(4000, 4000, 0);
    CHECK(stuck.verdict == Verdict::fail);
    CHECK(stuck.reason ==
          "with tariff 2 its register advanced by 0 Wh, the total by 4050 Wh, "
          "active_import_energy_t1 by 4000 Wh");
    CHECK(tariffs(4000, 1000, 4000).reason ==
          "with tariff 2 other registers advanced: active_import_energy_t1 by 1000 Wh");
    CHECK(tariffs(4000, 0, 4000, 1).reason == "tariff 2 was selected, the meter says 1");
    const auto left = tariffs(4000, 0, 4000, 2, false);
    CHECK(left.verdict == Verdict::suspect);
    CHECK(left.reason == "the tariff that was set before was not restored");
}

TEST_CASE("what the display says and what the port says must agree, expected or not") {
    const auto said = [](const std::string& checksum, const std::string& serial) {
        return Story("countis-e28", "kind = \"identify\"")
            .add(sequences::PortIdentityRecord{.place = {.label = "identity"},
                                               .position = 0,
                                               .texts = {{"maker", "SOCO"},
                                                         {"extended_name", "COUNTIS E28"},
                                                         {"serial", serial},
                                                         {"checksum_2", checksum}}})
            .add(frequency(50.0))
            .result();
    };
    CHECK(said("FB7D", "24480001").verdict == Verdict::pass);
    const auto wrong = said("FB7C", "24480001");
    CHECK(wrong.verdict == Verdict::suspect);
    CHECK(wrong.reason == "checksum_2 is \"FB7C\" by its port, \"fb7d\" by its display");
    const auto unread = said("", "24480001");
    CHECK(unread.verdict == Verdict::pass);
    CHECK(line_of(unread, "checksum_2, port and display").text ==
          "\"fb7d\" by display, the port does not say");
    CHECK(said("FB7D", "").verdict == Verdict::inconclusive);
    CHECK(said("FB7D", "").reason == "does not state its serial");
}

TEST_CASE("a register that changed its ratio or its step in the window has no advance") {
    const std::string kind = GENERATE("constant", "dial");
    const auto told = [&](std::vector<NamedValue> before, std::vector<NamedValue> after) {
        return Story("countis-e28", "kind = \"" + kind + "\"")
            .mark("before", begin_tick, 0)
            .reading("before", std::move(before))
            .mark("loaded", begin_tick + 5, 0)
            .mark("after", end_tick, 10'300'000)
            .reading("after", std::move(after))
            .impulses(10300)
            .result();
    };
    CHECK(told(energies(0), energies(10300)).verdict == Verdict::pass);
    const auto changed = told(energies(0, 0, 0, 20), energies(10300, 0, 0, 1));
    CHECK(changed.verdict == Verdict::invalid);
    CHECK(changed.reason.find("carried the ratio 20 in steps of 10 before, 1 in steps of 10") !=
          std::string::npos);
    auto without = energies(10300);
    without.pop_back();
    CHECK(told(energies(0), without).verdict == Verdict::invalid);
    auto unread = energies(10300);
    unread[1].value.reset();  // the other direction
    CHECK(told(energies(0), unread).verdict == Verdict::invalid);
}

TEST_CASE("a tariff register that was not read is no pass, chosen or not") {
    Story story("countis-e28", "kind = \"tariff\"\nleast_steps = 3\ntariffs = [1]");
    const bool chosen = GENERATE(false, true);
    const auto state = [&](double total, double t1) {
        auto values = energies(total);
        values.push_back({.quantity = "active_import_energy_t1", .value = t1, .step = 1000});
        values.push_back({.quantity = "active_import_energy_t2", .value = 9000, .step = 1000});
        values[values.size() - (chosen ? 2 : 1)].value.reset();
        return values;
    };
    for (const std::string label : {"tariff 1", "restore"}) {
        story.add(sequences::SettingRecord{.place = {.label = label},
                                           .position = 0,
                                           .quantity = "tariff",
                                           .asked = 1,
                                           .before = 1,
                                           .after = 1});
    }
    const auto result =
        story.reading("before", state(0, 0)).reading("after tariff 1", state(4050, 4000)).result();
    CHECK(result.verdict == Verdict::invalid);
    CHECK(result.reason.find("active_import_energy_t") != std::string::npos);
}

TEST_CASE("a head without the port's reading in every step is no pass") {
    const auto told = [](std::optional<double> first, bool second) {
        Story story("countis-e28", "kind = \"heads\"");
        story.mark("step 1 begins", 10, 0).mark("step 1 ends", 900, 0);
        story.mark("step 2 begins", begin_tick, 0).mark("step 2 ends", end_tick, 0);
        story.reading("step 1", {{.quantity = "active_power", .value = first}});
        if (second) {
            story.reading("step 2", {{.quantity = "active_power", .value = 55000}});
        }
        return story.impulses(20000).result();
    };
    CHECK(told(0, true).verdict == Verdict::pass);
    CHECK(told({}, true).verdict == Verdict::invalid);
    CHECK(told(0, false).verdict == Verdict::invalid);
    CHECK(told(0, false).reason.find("power that the port reads") != std::string::npos);
}

TEST_CASE("reads that were not asked count as failed ones") {
    const auto told = [](std::int64_t reads, std::int64_t errors) {
        return Story("countis-e28",
                     "kind = \"communication\"\nreads = 100\nmost_errors_percent = 20")
            .add(sequences::CommunicationRecord{.position = 0,
                                                .reads = reads,
                                                .errors = errors,
                                                .first_error = "no reply",
                                                .ended_early = errors > 0,
                                                .latencies_ms = {7}})
            .result();
    };
    CHECK(told(100, 20).verdict == Verdict::pass);
    CHECK(told(55, 5).verdict == Verdict::fail);
    CHECK(told(1, 0).verdict == Verdict::fail);
    CHECK(told(1, 0).reason.find("the rest was not asked") != std::string::npos);
}

TEST_CASE("only what the type calls sealed may refuse, and must") {
    const auto written = [](const std::string& meter, std::string refusal, double after) {
        return Story(meter,
                     "kind = \"set-up\"\nmay_refuse = true\nsettings = [{ quantity = "
                     "\"ct_primary\", value = 100 }]")
            .add(sequences::SettingRecord{.place = {.label = "set-up"},
                                          .position = 0,
                                          .quantity = "ct_primary",
                                          .asked = 100,
                                          .before = 5,
                                          .after = after,
                                          .refusal = std::move(refusal)})
            .result();
    };
    CHECK(written("countis-e48", "exception 3", 5).verdict == Verdict::pass);
    CHECK(written("countis-e48", "exception 3", 100).verdict == Verdict::fail);
    CHECK(written("countis-e48", "", 100).verdict == Verdict::suspect);
    CHECK(written("countis-e47", "", 100).verdict == Verdict::pass);
    const auto unsealed = written("countis-e47", "exception 3", 5);
    CHECK(unsealed.verdict == Verdict::suspect);
    CHECK(unsealed.reason.find("the COUNTIS E47 does not seal it") != std::string::npos);
}

TEST_CASE("what was to be restored and was not is suspect") {
    const auto result =
        Story("countis-e43",
              "kind = \"set-up\"\nrestore = true\nsettings = [{ quantity = \"ct_primary\", "
              "value = 100 }]")
            .add(sequences::SettingRecord{.place = {.label = "set-up"},
                                          .position = 0,
                                          .quantity = "ct_primary",
                                          .asked = 100,
                                          .before = 5,
                                          .after = 100})
            .result();
    CHECK(result.verdict == Verdict::suspect);
    CHECK(result.reason == "ct_primary was not restored");
}

TEST_CASE("one impulse of the pulse output shows no weight") {
    const auto result = Story("countis-e28", "kind = \"pulse-output\"\nleast_impulses = 1")
                            .mark("before", begin_tick, 0)
                            .reading("before", energies(0))
                            .mark("loaded", begin_tick + 5, 0)
                            .mark("after", end_tick, 100'000)
                            .reading("after", energies(100))
                            .impulses(100)
                            .impulses(1, true)
                            .result();
    CHECK(result.verdict == Verdict::inconclusive);
    CHECK(result.reason == "one impulse of the pulse output shows no weight");
}

TEST_CASE("a step with a fault in it is no pass, whatever else it holds") {
    const auto result =
        Story("countis-e28", "kind = \"communication\"\nreads = 1")
            .add(sequences::CommunicationRecord{.position = 0, .reads = 1, .latencies_ms = {7}})
            .add(sequences::PortFaultRecord{.position = 0, .reason = "no reply"})
            .result();
    CHECK(result.verdict == Verdict::invalid);
    CHECK(result.reason == "no reply");
}
