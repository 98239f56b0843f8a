// What a meter shows and takes: heads, phase sequence, communication, set-up.
#include "sequences/head_story.hpp"
#include "sequences/port_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sequences {

namespace {

using calibration::Verdict;

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
        } else if (view.story.bench.positions[view.position].port != "none") {
            told.power_w.emplace_back();
        }
    }
}

// -- set-up
// ----------------------------------------------------------------------------------------------

// Only what the type calls sealed may refuse, and what was refused must not have changed.
void judge_refusal(const StepView& view,
                   const SettingRecord& written,
                   bool is_sealed,
                   Checks& checks) {
    CheckLine line{.what = written.quantity,
                   .value = written.after,
                   .text = fmt::format("refused: {}", written.refusal),
                   .verdict = Verdict::pass};
    std::string reason =
        fmt::format("{} = {:g} was refused: {}", written.quantity, written.asked, written.refusal);
    if (!view.asked().may_refuse) {
        line.verdict = Verdict::fail;
    } else if (!is_sealed) {
        line.verdict = Verdict::suspect;
        reason += fmt::format("; the {} does not seal it", view.story.plan.meter.name);
    } else if (written.after != written.before) {
        line.verdict = Verdict::fail;
        reason += ", and changed all the same";
    }
    checks.add(std::move(line), std::move(reason));
}

void add_head_line(std::string what, std::string complaint, Checks& checks) {
    const Verdict verdict = complaint.empty() ? Verdict::pass : Verdict::suspect;
    const std::string text = complaint.empty() ? "its own meter" : complaint;
    checks.add({.what = std::move(what), .text = text, .verdict = verdict}, complaint);
}

}  // namespace

void judge_heads(const StepView& view, Checks& checks) {
    const HeadStory told = head_story(view);
    const std::size_t positions = view.story.plan.positions;
    if (told.impulses.size() != head_steps(positions)) {
        return checks.missing("all steps in and out of the circuit");
    }
    const MarkRecord* begin = view.step.mark("step 1 begins");
    const MarkRecord* end = view.step.mark(fmt::format("step {} ends", told.impulses.size()));
    if (!view.story.lost_in(view.position, begin->tick, end->tick).empty()) {
        return checks.add({.what = "head", .verdict = Verdict::inconclusive},
                          "edges of the LED were lost during the steps");
    }
    const auto unread = [](const std::optional<double>& power_w) { return !power_w; };
    if (std::ranges::any_of(told.power_w, unread)) {
        return checks.missing("the power that the port reads in every step");
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
    // A read that was not asked was not answered.
    const std::int64_t unasked = std::max<std::int64_t>(0, view.asked().reads - found->reads);
    const double rate = 100 * static_cast<double>(found->errors + unasked) /
                        static_cast<double>(found->reads + unasked);
    const std::string reason = fmt::format("{} of {} reads failed{}: {}",
                                           found->errors,
                                           found->reads,
                                           unasked > 0 ? ", the rest was not asked" : "",
                                           found->first_error);
    checks.within(
        {.what = "error rate",
         .value = rate,
         .unit = "%",
         .most = view.asked().most_errors_percent,
         .text = found->errors + unasked == 0 ? fmt::format("{} reads", found->reads) : reason},
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
        const dut::Register* row =
            dut::find_register(view.story.plan.meter.registers, asked.quantity);
        const bool is_sealed = row != nullptr && row->access == dut::Access::sealed;
        if (!written->refusal.empty()) {
            judge_refusal(view, *written, is_sealed, checks);
            continue;
        }
        if (is_sealed) {
            checks.add({.what = asked.quantity,
                        .value = written->after,
                        .text = "taken",
                        .verdict = Verdict::suspect},
                       fmt::format("{} = {:g} was taken, a sealed {} refuses it",
                                   asked.quantity,
                                   asked.value,
                                   view.story.plan.meter.name));
            continue;
        }
        const std::string before =
            written->before ? fmt::format("was {:g}", *written->before) : "was nothing";
        // A command does something once and reads as before.
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
