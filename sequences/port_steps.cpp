// Tests that ask and write: identify, phase sequence, communication, set-up.
#include "sequences/step_course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sequences {

namespace {

using rig::Task;
using Records = std::vector<Record>;
using Texts = std::vector<std::pair<std::string, std::string>>;

// A meter that fails so often in a row is not going to answer: the rest is not asked.
constexpr std::int64_t most_errors_in_a_row = 5;

Texts texts_of(const dut::MeterIdentity& identity) {
    Texts texts{{"maker", identity.maker},
                {"vendor", identity.vendor},
                {"product_name", identity.product_name},
                {"extended_name", identity.extended_name},
                {"serial", identity.serial},
                {"table_version", identity.table_version},
                {"software_version", identity.software_version},
                {"product_version", identity.product_version}};
    for (const dut::IdentityField& field : identity.fields) {
        const bool known =
            std::ranges::any_of(texts, [&](const auto& text) { return text.first == field.field; });
        if (!known) {
            texts.emplace_back(field.field, field.text);
        }
    }
    return texts;
}

// The families of a maker count in different parts of a hertz: which one this meter uses is found
// by the value, and said.
Task<std::optional<PortReadingRecord>> frequency_of(StepCourse& course, std::size_t position) {
    if (dut::find_register(course.plan().meter.registers, "frequency") == nullptr) {
        co_return std::nullopt;
    }
    const dut::InstantValues seen = co_await course.port(position).read_instant();
    NamedValue value{.quantity = "frequency", .step = seen.frequency_scale_hz, .unit = "Hz"};
    if (seen.frequency) {
        value.value = seen.frequency->value();
    } else {
        value.reason = "not available";
    }
    co_return PortReadingRecord{.place = course.place("frequency"),
                                .position = position,
                                .at_s = course.now_s(),
                                .values = {value}};
}

// Expected names that are values of the map, not identification fields.
std::vector<std::string> expected_quantities(const StepCourse& course) {
    std::vector<std::string> names;
    for (const auto& [name, text] : course.asked().expect) {
        if (dut::find_register(course.plan().meter.registers, name) != nullptr) {
            names.push_back(name);
        }
    }
    return names;
}

Task<Records> identity_of(StepCourse& course, std::size_t position) {
    dut::MeterPort& port = course.port(position);
    const dut::MeterIdentity identity = co_await port.identify();
    Records answers{PortIdentityRecord{
        .place = course.place("identity"), .position = position, .texts = texts_of(identity)}};
    const auto frequency = co_await frequency_of(course, position);
    if (frequency) {
        answers.emplace_back(*frequency);
    }
    const std::vector<std::string> names = expected_quantities(course);
    if (!names.empty()) {
        const auto readings = co_await port.read(names);
        answers.emplace_back(PortReadingRecord{.place = course.place("identity"),
                                               .position = position,
                                               .at_s = course.now_s(),
                                               .values = named_values(readings)});
    }
    co_return answers;
}

Task<Records> phases_seen(StepCourse& course, std::size_t position, std::string label) {
    const auto readings = co_await course.port(position).read({"phase_sequence", "missing_phases"});
    Records answers{PortReadingRecord{.place = course.place(label),
                                      .position = position,
                                      .at_s = course.now_s(),
                                      .values = named_values(readings)}};
    co_return answers;
}

// One read of everything, into the record.
Task<void> read_once(StepCourse& course, CommunicationRecord& record, std::int64_t& in_a_row) {
    instruments::io::Clock& clock = course.bench().clock();
    const calibration::Instant begin = clock.now();
    std::string error;
    try {
        co_await course.port(record.position).read_everything();
    } catch (const instruments::DeviceFault& fault) {
        error = fault.what();
    } catch (const instruments::io::LinkError& fault) {
        error = fault.what();
    }
    ++record.reads;
    if (error.empty()) {
        record.latencies_ms.push_back(calibration::seconds(clock.now() - begin) * 1000);
        in_a_row = 0;
        co_return;
    }
    ++record.errors;
    record.first_error = record.first_error.empty() ? error : record.first_error;
    record.ended_early = ++in_a_row >= most_errors_in_a_row;
}

// The members of a line in turn, as its traffic is when all are read.
Task<Records> read_line(StepCourse& course, std::vector<std::size_t> members) {
    std::vector<CommunicationRecord> records;
    for (const std::size_t member : members) {
        records.push_back({.place = course.place("reads"), .position = member});
    }
    std::vector<std::int64_t> in_a_row(members.size(), 0);
    for (std::int64_t read = 0; read < course.asked().reads; ++read) {
        course.bench().throw_if_stopped();
        for (std::size_t i = 0; i < records.size(); ++i) {
            if (!records[i].ended_early) {
                co_await read_once(course, records[i], in_a_row[i]);
            }
        }
    }
    Records answers(records.begin(), records.end());
    co_return answers;
}

Task<Records> write_setting(StepCourse& course, std::size_t position, Setting setting) {
    const dut::SettingOutcome outcome =
        co_await course.door().set(course.port(position), setting.quantity, setting.value);
    Records answers{SettingRecord{.place = course.place("set-up"),
                                  .position = position,
                                  .quantity = setting.quantity,
                                  .asked = setting.value,
                                  .before = outcome.before,
                                  .after = outcome.after,
                                  .refusal = outcome.refusal}};
    co_return answers;
}

}  // namespace

Task<void> identify_step(StepCourse& course) {
    co_await course.voltages_only();
    co_await course.ask_all(
        "identity", [&course](std::size_t position) { return identity_of(course, position); });
}

Task<void> phase_sequence_step(StepCourse& course) {
    for (const NamedLoad& shown : course.point().port.loads) {
        co_await course.apply(shown.load);
        co_await course.ask_all(shown.label, [&course, &shown](std::size_t position) {
            return phases_seen(course, position, shown.label);
        });
    }
    co_await course.voltages_only();
}

Task<void> communication_step(StepCourse& course) {
    co_await course.voltages_only();
    co_await course.ask_lines([&course](std::vector<std::size_t> members) {
        return read_line(course, std::move(members));
    });
}

// One after another, so that what was written is recorded before the next can fail.
Task<void> set_up_step(StepCourse& course) {
    co_await course.voltages_only();
    for (const Setting& setting : course.asked().settings) {
        co_await course.ask_all("set-up", [&course, &setting](std::size_t position) {
            return write_setting(course, position, setting);
        });
    }
}

}  // namespace sequences
