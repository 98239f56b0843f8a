// The notes of a journal: what is written is what is read.
#include "sequences/records.hpp"

#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <type_traits>
#include <variant>
#include <vector>

using sequences::Record;

namespace {

calibration::SeenLoad some_load() {
    calibration::SeenLoad seen;
    seen.frequency = calibration::Hertz{50.0123456789};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto n = static_cast<double>(i);
        seen.phases[i] = {.voltage = calibration::Volt{230.1 + n},
                          .current = calibration::Ampere{1e-3 / 3 + n},
                          .voltage_angle = calibration::Degree{120 * n},
                          .displacement = calibration::Degree{-59.99 + n},
                          .active = calibration::Watt{115.1 * n},
                          .reactive = calibration::Var{-7.25 + n},
                          .apparent = calibration::VoltAmpere{230.5 + n}};
    }
    return seen;
}

std::vector<Record> one_of_each() {
    using namespace sequences;
    RunRecord run;
    run.setup =
        test::setup_of({.rule = calibration::DecisionRule::guard, .only_points = {"Itr PF 1"}});
    run.setup.printed_minimum_current = true;
    run.setup.seed = UINT64_MAX;
    run.identity = {.run_id = "0123456789abcdef",
                    .started_at = "2026-11-20T00:00:00Z",
                    .simulated = false,
                    .virtual_time = false,
                    .software_version = "0.1.0",
                    .git_commit = "abc",
                    .operator_name = "J. \"Q\" \u00fc"};
    return {run,
            InstrumentsRecord{
                .instruments = {.source = "s", .reference = "r", .capture = "c", .tick_s = 8e-9},
                .positions = {{"1", "24480001"}, {"2", ""}},
                .channels = {1, 126}},
            MeterRecord{
                .position = 1, .identity = {{"maker", "Socomec"}, {"empty", ""}}, .serial = "x"},
            GivenUpRecord{.position = 79, .reason = "no answer"},
            RegistersRecord{.position = 1,
                            .after = true,
                            .stretch = 2,
                            .import_kwh = 999999.99,
                            .export_kwh = 0.01,
                            .step_kwh = 0.01,
                            .roll_over_kwh = 1e6,
                            .ratio = 40,
                            .tick = INT64_MAX},
            PointRecord{
                .point = 17, .attempt = 3, .at_s = 0.1, .reference_constant_imp_per_kwh = 1.5e8},
            GateRecord{.point = 2, .attempt = 2, .at_s = 1.0 / 3, .from_tick = -5},
            ConditionsRecord{.point = 1, .attempt = 1, .at_s = 2, .tick = 77, .seen = some_load()},
            InvalidRecord{.point = 1, .attempt = 1, .position = {}, .reason = "L2 left"},
            InvalidRecord{.point = 1, .attempt = 1, .position = 0, .reason = "lost"},
            DoneRecord{.point = 1,
                       .attempt = 1,
                       .position = 2,
                       .from_tick = 1,
                       .to_tick = 2,
                       .true_error_percent = {}},
            DoneRecord{.point = 1,
                       .attempt = 1,
                       .position = 2,
                       .from_tick = 1,
                       .to_tick = 2,
                       .true_error_percent = -0.1},
            PointEndRecord{.point = 4, .attempt = 2, .at_s = 45245.53},
            LossRecord{{.from_tick = 1,
                        .to_tick = 2,
                        .cause = "crc",
                        .everyone = true,
                        .positions = {},
                        .edges = {}}},
            LossRecord{{.from_tick = 1,
                        .to_tick = 2,
                        .cause = "overflow",
                        .everyone = false,
                        .positions = {0, 3},
                        .edges = 0}},
            RemarkRecord{.text = "a \"quoted\" line\nand another"},
            EndRecord{.aborted = true, .reason = "stopped by the operator", .at_s = 12.5},
            MarkRecord{.place = {.point = 3, .attempt = 2, .label = "before"},
                       .at_s = 1.25,
                       .tick = INT64_MAX,
                       .reference_impulses = 1LL << 60,
                       .reference_constant_imp_per_kwh = 2.5e8,
                       .bypassed = {0, 39}},
            MarkRecord{.place = {.label = "loaded"}},
            PortReadingRecord{.place = {.point = 3, .attempt = 1, .label = "after tariff 2"},
                              .position = 7,
                              .at_s = 1.0 / 3,
                              .values = {{.quantity = "tariff", .value = 2, .step = 1},
                                         {.quantity = "active_import_energy",
                                          .value = 999999990,
                                          .step = 10,
                                          .unit = "Wh"},
                                         {.quantity = "frequency", .reason = "not available"}}},
            PortIdentityRecord{.place = {.label = "identity"},
                               .position = 1,
                               .texts = {{"maker", "SOCO"}, {"vendor", ""}}},
            PortFaultRecord{.place = {.label = "restore"},
                            .position = 1,
                            .reason = "twin meter 2: read 0xC702: no reply"},
            SettingRecord{.place = {.label = "set-up"},
                          .position = 1,
                          .quantity = "ct_primary",
                          .asked = 100,
                          .before = 5,
                          .after = {},
                          .refusal = "exception 3",
                          .by_broadcast = true},
            CommunicationRecord{.place = {.label = "reads"},
                                .position = 2,
                                .reads = 100,
                                .errors = 3,
                                .first_error = "timeout",
                                .ended_early = true,
                                .latencies_ms = {0.1, 12.5}}};
}

rig::JournalContent journal_of(const std::vector<Record>& records, test::Scratch& scratch) {
    const auto path = scratch.file();
    {
        rig::JournalWriter writer(path);
        for (const Record& record : records) {
            sequences::write(writer, record);
        }
    }
    return rig::read_journal(path);
}

}  // namespace

TEST_CASE("every record comes back as it was written, and there is one of each here") {
    test::Scratch scratch;
    const std::vector<Record> records = one_of_each();
    const auto first = journal_of(records, scratch);
    REQUIRE(first.records.size() == records.size());
    std::vector<bool> seen(std::variant_size_v<Record>);
    std::vector<Record> back;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto record = sequences::read(std::get<rig::Note>(first.records[i]));
        REQUIRE(record);
        CHECK(record->index() == records[i].index());
        seen[record->index()] = true;
        back.push_back(*record);
    }
    CHECK(seen == std::vector<bool>(std::variant_size_v<Record>, true));
    // Written again it is the same text: nothing was lost or rounded on the way.
    const auto second = journal_of(back, scratch);
    for (std::size_t i = 0; i < records.size(); ++i) {
        CHECK(std::get<rig::Note>(second.records[i]).json ==
              std::get<rig::Note>(first.records[i]).json);
    }
}

TEST_CASE("single values of records survive to the last bit") {
    test::Scratch scratch;
    const auto journal = journal_of(one_of_each(), scratch);
    const auto at = [&](std::size_t i) {
        return *sequences::read(std::get<rig::Note>(journal.records[i]));
    };
    const auto run = std::get<sequences::RunRecord>(at(0));
    CHECK(run.setup.seed == UINT64_MAX);
    CHECK(run.setup.rule == calibration::DecisionRule::guard);
    CHECK(run.setup.printed_minimum_current);
    CHECK(run.setup.only_points == std::vector<std::string>{"Itr PF 1"});
    CHECK(run.setup.meter_text == test::setup_of({}).meter_text);
    CHECK(run.identity.operator_name == "J. \"Q\" \u00fc");
    CHECK_FALSE(run.identity.simulated);
    CHECK(std::get<sequences::RegistersRecord>(at(4)).tick == INT64_MAX);
    CHECK(std::get<sequences::GateRecord>(at(6)).at_s == 1.0 / 3);
    const auto conditions = std::get<sequences::ConditionsRecord>(at(7));
    CHECK(conditions.seen.frequency.value() == 50.0123456789);
    CHECK(conditions.seen.phases[2].current.value() == 1e-3 / 3 + 2);
    CHECK(conditions.seen.phases[1].reactive.value() == -6.25);
    CHECK_FALSE(std::get<sequences::InvalidRecord>(at(8)).position);
    CHECK(std::get<sequences::InvalidRecord>(at(9)).position == 0u);
    CHECK_FALSE(std::get<sequences::DoneRecord>(at(10)).true_error_percent);
    CHECK(std::get<sequences::LossRecord>(at(14)).loss.edges == 0);
}

TEST_CASE("a note of an unknown kind is nothing, one of another shape is an error") {
    CHECK_FALSE(sequences::read({.kind = "weather", .json = "{\"rain\": true}"}));
    CHECK_THROWS_AS(sequences::read({.kind = "gate", .json = "{\"point\": 1}"}), rig::JournalError);
    CHECK_THROWS_AS(sequences::read({.kind = "gate", .json = "{"}), rig::JournalError);
    CHECK_THROWS_AS(sequences::read({.kind = "loss", .json = "{}"}), rig::JournalError);
    CHECK_THROWS_AS(sequences::read({.kind = "run", .json = "[]"}), rig::JournalError);
}

TEST_CASE("text of a device that is no UTF-8 does not stop the journal") {
    test::Scratch scratch;
    const auto journal = journal_of({sequences::RemarkRecord{.text = "\xff\xfe serial"}}, scratch);
    const auto record = sequences::read(std::get<rig::Note>(journal.records.at(0)));
    CHECK(std::get<sequences::RemarkRecord>(*record).text.find(" serial") != std::string::npos);
}
