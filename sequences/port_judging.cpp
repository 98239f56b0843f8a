// What a meter says and takes: identify, heads, phase sequence, communication, set-up.
#include "dut/meter_port.hpp"
#include "sequences/head_story.hpp"
#include "sequences/port_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace sequences {

namespace {

using calibration::Verdict;

bool same_text(std::string_view a, std::string_view b) {
    const auto folded = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return std::ranges::equal(a, b, {}, folded, folded);
}

// -- identify
// ----------------------------------------------------------------------------------------------------

const PortIdentityRecord* identity_of(const StepView& view) {
    const auto found =
        std::ranges::find(view.step.identities, view.position, &PortIdentityRecord::position);
    return found == view.step.identities.end() ? nullptr : &*found;
}

std::string text_of(const PortIdentityRecord& identity, std::string_view name) {
    const auto found =
        std::ranges::find(identity.texts, name, &std::pair<std::string, std::string>::first);
    return found == identity.texts.end() ? "" : found->second;
}

// A text and where it is from; empty: nobody says.
struct Said {
    std::string text, origin;
};

// The port's word goes before the display's.
Said said_of(const StepView& view, const PortIdentityRecord& identity, const std::string& name) {
    if (std::string text = text_of(identity, name); !text.empty()) {
        return {std::move(text), "port"};
    }
    const PortReadingRecord* values = view.reading("identity");
    if (const auto value = values == nullptr ? std::nullopt : value_of(*values, name)) {
        return {fmt::format("{:g}", *value), "port"};
    }
    for (const auto& [field, text] : view.story.bench.positions[view.position].displayed) {
        if (field == name) {
            return {text, "display"};
        }
    }
    return {};
}

void judge_expected(const Said& said,
                    const std::string& name,
                    const std::string& expected,
                    Checks& checks) {
    if (said.text.empty()) {
        return checks.add(
            {.what = name,
             .text = fmt::format("expected \"{}\"", expected),
             .verdict = Verdict::inconclusive},
            fmt::format("neither the port nor the bench file's displayed values give {}", name));
    }
    const bool same = same_text(said.text, expected);
    checks.add(
        {.what = name,
         .text = fmt::format("\"{}\" by {}, expected \"{}\"", said.text, said.origin, expected),
         .verdict = same ? Verdict::pass : Verdict::suspect},
        fmt::format(
            "{} is \"{}\" by its {}, expected \"{}\"", name, said.text, said.origin, expected));
}

void judge_type(const StepView& view, const PortIdentityRecord& identity, Checks& checks) {
    const dut::MeterIdentity told{.maker = text_of(identity, "maker"),
                                  .extended_name = text_of(identity, "extended_name")};
    const std::string wrong = dut::mismatch(told, view.story.plan.meter).value_or("");
    checks.add({.what = "type",
                .text = wrong.empty() ? told.extended_name : wrong,
                .verdict = wrong.empty() ? Verdict::pass : Verdict::suspect},
               wrong);
}

void judge_serial(const StepView& view, const PortIdentityRecord& identity, Checks& checks) {
    const std::string& expected = view.story.bench.positions[view.position].serial;
    const std::string said = text_of(identity, "serial");
    const bool same = expected.empty() || same_text(said, expected);
    checks.add(
        {.what = "serial",
         .text = expected.empty() ? fmt::format("{} (the bench file gives none)", said)
                                  : fmt::format("\"{}\" by port, expected \"{}\"", said, expected),
         .verdict = same ? Verdict::pass : Verdict::suspect},
        fmt::format("states serial {}, the bench file gives {}", said, expected));
}

// -- phase sequence
// -----------------------------------------------------------------------------------------------

// What the map's values are under a load: 1 for 123, 2 for 132, and a bit for every phase without
// voltage.
struct PhasesDue {
    std::optional<double> sequence;  // nothing: two phases have none
    double missing = 0;
};

PhasesDue phases_due(const calibration::LoadPoint& load) {
    PhasesDue due;
    for (std::size_t phase = 0; phase < load.phases.size(); ++phase) {
        if (load.phases[phase].voltage.value() == 0) {
            due.missing += static_cast<double>(1U << phase);
        }
    }
    if (due.missing == 0) {
        due.sequence = load.sequence == calibration::PhaseSequence::l123 ? 1 : 2;
    }
    return due;
}

std::string sequence_text(std::optional<double> sequence) {
    if (!sequence) {
        return "nothing";
    }
    return *sequence == 1 ? "123" : *sequence == 2 ? "132" : "none";
}

std::string missing_text(std::optional<double> mask) {
    if (!mask) {
        return "nothing";
    }
    std::string text;
    for (unsigned phase = 0; phase < calibration::phase_count; ++phase) {
        if ((static_cast<unsigned>(*mask) >> phase & 1U) != 0) {
            text += fmt::format("{}L{}", text.empty() ? "" : " ", phase + 1);
        }
    }
    return text.empty() ? "none" : text;
}

// -- communication
// ------------------------------------------------------------------------------------------------

// Nearest rank: the smallest latency that this share of the reads does not exceed.
double percentile(const std::vector<double>& sorted, double percent) {
    const double rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
}

void add_latencies(std::vector<double> latencies, Checks& checks) {
    if (latencies.empty()) {
        return;
    }
    std::ranges::sort(latencies);
    for (const auto& [name, percent] :
         std::array<std::pair<const char*, double>, 4>{{{"latency p50", 50},
                                                        {"latency p95", 95},
                                                        {"latency p99", 99},
                                                        {"latency max", 100}}}) {
        checks.add({.what = name,
                    .value = percentile(latencies, percent),
                    .unit = "ms",
                    .verdict = Verdict::pass});
    }
}

// -- heads
// ----------------------------------------------------------------------------------------------

HeadStory head_story(const StepView& view) {
    HeadStory told;
    for (std::size_t step = 1;; ++step) {
        const std::string label = fmt::format("step {}", step);
        const MarkRecord* from = view.step.mark(label + " begins");
        const MarkRecord* to = view.step.mark(label + " ends");
        if (from == nullptr || to == nullptr) {
            return told;
        }
        const auto edges = view.story.between(view.position, from->tick, to->tick);
        told.impulses.push_back(static_cast<std::int64_t>(edges.size()));
        told.lasted_s.push_back(static_cast<double>(to->tick - from->tick) *
                                view.story.instruments.tick_s);
        if (const PortReadingRecord* reading = view.reading(label)) {
            told.power_w.push_back(value_of(*reading, "active_power"));
        }
    }
}

void add_head_line(std::string what, std::string complaint, Checks& checks) {
    const Verdict verdict = complaint.empty() ? Verdict::pass : Verdict::suspect;
    const std::string text = complaint.empty() ? "its own meter" : complaint;
    checks.add({.what = std::move(what), .text = text, .verdict = verdict}, complaint);
}

}  // namespace

void judge_identify(const StepView& view, Checks& checks) {
    const PortIdentityRecord* identity = identity_of(view);
    if (identity == nullptr) {
        return checks.missing("what the meter says of itself");
    }
    judge_type(view, *identity, checks);
    judge_serial(view, *identity, checks);
    for (const auto& [name, expected] : view.asked().expect) {
        judge_expected(said_of(view, *identity, name), name, expected, checks);
    }
}

void judge_heads(const StepView& view, Checks& checks) {
    const HeadStory told = head_story(view);
    const std::size_t positions = view.story.plan.positions;
    if (told.impulses.size() != head_steps(positions)) {
        return checks.missing("all steps in and out of the circuit");
    }
    PositionNames names;
    for (const rig::PositionEntry& entry : view.story.bench.positions) {
        names.push_back(entry.name);
    }
    const HeadCode head = head_seen(view.point, told, positions);
    add_head_line("head", head_complaint(head, view.position, names), checks);
    if (const auto port = port_seen(view.point, told, positions)) {
        add_head_line("port", port_complaint(*port, view.position, names), checks);
    }
}

void judge_phase_sequence(const StepView& view, Checks& checks) {
    for (const NamedLoad& shown : view.point.port.loads) {
        const PortReadingRecord* reading = view.reading(shown.label);
        if (reading == nullptr) {
            return checks.missing(fmt::format("what the meter says at {}", shown.label));
        }
        const PhasesDue due = phases_due(shown.load);
        const auto sequence = value_of(*reading, "phase_sequence");
        const auto missing = value_of(*reading, "missing_phases");
        if (due.sequence) {
            checks.within(
                {.what = fmt::format("{}: phase sequence", shown.label),
                 .value = sequence,
                 .least = due.sequence,
                 .most = due.sequence,
                 .text = sequence_text(sequence)},
                fmt::format("says phase sequence {} at {}", sequence_text(sequence), shown.label));
        }
        checks.within(
            {.what = fmt::format("{}: missing phases", shown.label),
             .value = missing,
             .least = due.missing,
             .most = due.missing,
             .text = missing_text(missing)},
            fmt::format("says missing phases: {} at {}", missing_text(missing), shown.label));
    }
}

void judge_communication(const StepView& view, Checks& checks) {
    const auto found =
        std::ranges::find(view.step.communication, view.position, &CommunicationRecord::position);
    if (found == view.step.communication.end() || found->reads == 0) {
        return checks.missing("the reads of this meter");
    }
    const double rate =
        100 * static_cast<double>(found->errors) / static_cast<double>(found->reads);
    const std::string reason = fmt::format("{} of {} reads failed{}: {}",
                                           found->errors,
                                           found->reads,
                                           found->ended_early ? ", the rest was not asked" : "",
                                           found->first_error);
    checks.within({.what = "error rate",
                   .value = rate,
                   .unit = "%",
                   .most = view.asked().most_errors_percent,
                   .text = found->errors == 0 ? fmt::format("{} reads", found->reads) : reason},
                  reason,
                  found->errors == found->reads ? Verdict::invalid : Verdict::fail);
    add_latencies(found->latencies_ms, checks);
}

void judge_set_up(const StepView& view, Checks& checks) {
    for (const Setting& asked : view.asked().settings) {
        const SettingRecord* written = view.setting("set-up", asked.quantity);
        if (written == nullptr) {
            checks.missing(fmt::format("the writing of {}", asked.quantity));
            continue;
        }
        if (!written->refusal.empty()) {
            checks.add(
                {.what = asked.quantity,
                 .value = written->after,
                 .text = fmt::format("refused: {}", written->refusal),
                 .verdict = view.asked().may_refuse ? Verdict::pass : Verdict::fail},
                fmt::format(
                    "{} = {:g} was refused: {}", asked.quantity, asked.value, written->refusal));
            continue;
        }
        const std::string before =
            written->before ? fmt::format("was {:g}", *written->before) : "was nothing";
        // A command does something once and reads as before.
        const dut::Register* row =
            dut::find_register(view.story.plan.meter.registers, asked.quantity);
        if (row != nullptr && row->command) {
            checks.add({.what = asked.quantity,
                        .value = asked.value,
                        .text = "taken",
                        .verdict = Verdict::pass});
            continue;
        }
        checks.within({.what = asked.quantity,
                       .value = written->after,
                       .least = asked.value,
                       .most = asked.value,
                       .text = before},
                      fmt::format("{} reads back as {}, {:g} was written",
                                  asked.quantity,
                                  written->after ? fmt::format("{:g}", *written->after) : "nothing",
                                  asked.value));
    }
}

}  // namespace sequences
