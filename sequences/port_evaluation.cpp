#include "sequences/port_evaluation.hpp"

#include "sequences/port_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sequences {

namespace {

using calibration::Verdict;

const PortFaultRecord* fault_of(const StepStory& step, std::size_t position, bool at_restoring) {
    const auto found = std::ranges::find_if(step.faults, [&](const PortFaultRecord& fault) {
        return fault.position == position && (fault.place.label == "restore") == at_restoring;
    });
    return found == step.faults.end() ? nullptr : &*found;
}

void judge(const StepView& view, Checks& checks) {
    switch (view.point.programme.kind) {
        case PointKind::identify:
            return judge_identify(view, checks);
        case PointKind::heads:
            return judge_heads(view, checks);
        case PointKind::constant:
            return judge_constant(view, checks);
        case PointKind::dial:
            return judge_dial(view, checks);
        case PointKind::tariff:
            return judge_tariff(view, checks);
        case PointKind::pulse_output:
            return judge_pulse_output(view, checks);
        case PointKind::phase_sequence:
            return judge_phase_sequence(view, checks);
        case PointKind::reactive:
            return judge_reactive(view, checks);
        case PointKind::communication:
            return judge_communication(view, checks);
        case PointKind::set_up:
            return judge_set_up(view, checks);
        default:
            return judge_load_curve(view, checks);
    }
}

// What was to be restored and was written must have been restored.
void demand_restoring(const StepView& view, Checks& checks) {
    for (const SettingRecord& record : view.step.settings) {
        if (view.asked().restore && record.position == view.position &&
            record.place.label == "set-up" && record.refusal.empty() &&
            view.setting("restore", record.quantity) == nullptr &&
            fault_of(view.step, view.position, true) == nullptr) {
            checks.add(
                {.what = fmt::format("{} restored", record.quantity), .verdict = Verdict::suspect},
                fmt::format("{} was not restored", record.quantity));
        }
    }
}

// What was found must be there again, or whoever uses the meter next must know.
void judge_restoring(const StepView& view, Checks& checks) {
    demand_restoring(view, checks);
    if (const PortFaultRecord* fault = fault_of(view.step, view.position, true)) {
        checks.add({.what = "restored", .text = fault->reason, .verdict = Verdict::suspect},
                   fmt::format("was not restored: {}", fault->reason));
    }
    for (const SettingRecord& record : view.step.settings) {
        if (record.position != view.position || record.place.label != "restore") {
            continue;
        }
        checks.within({.what = fmt::format("{} restored", record.quantity),
                       .value = record.after,
                       .least = record.asked,
                       .most = record.asked,
                       .text = record.refusal},
                      fmt::format("{} was not restored to {:g}{}{}",
                                  record.quantity,
                                  record.asked,
                                  record.refusal.empty() ? "" : ": ",
                                  record.refusal),
                      Verdict::suspect);
    }
}

void tell_readings(const StepStory& step, std::size_t position, PositionResult& result) {
    for (const PortReadingRecord& record : step.readings) {
        for (const NamedValue& value : record.values) {
            if (record.position == position) {
                result.readings.push_back({.label = record.place.label,
                                           .time_s = record.at_s,
                                           .quantity = value.quantity,
                                           .value = value.value,
                                           .step = value.step,
                                           .unit = value.unit,
                                           .reason = value.reason});
            }
        }
    }
}

// A step that did not come to its end for this position.
void describe_unfinished(const JournalStory& story,
                         const PointStory& told,
                         std::size_t position,
                         PositionResult& result) {
    const bool has_port = story.bench.positions[position].port != "none";
    result.reason = story.meters[position].reason;
    if (told.attempts.empty()) {
        return;
    }
    const int last = told.attempts.rbegin()->first;
    result.attempt = last;
    const auto step = told.steps.find(last);
    const PortFaultRecord* fault =
        step == told.steps.end() ? nullptr : fault_of(step->second, position, false);
    if (fault != nullptr) {
        result.verdict = Verdict::invalid;
        result.reason = fault->reason;
        return;
    }
    if (!result.reason.empty()) {
        return;  // given up before
    }
    if (!has_port) {
        result.reason = "has no port";
        return;
    }
    for (const InvalidRecord& record : told.invalid) {
        if (record.attempt == last && !record.position) {
            result.verdict = Verdict::invalid;
            result.reason = record.reason;
        }
    }
}

}  // namespace

void evaluate_port_test(const JournalStory& story,
                        const TestPoint& point,
                        std::size_t position,
                        PositionResult& result) {
    const PointStory& told = story.points[point.index];
    const auto done = told.done.find(position);
    if (done == told.done.end()) {
        return describe_unfinished(story, told, position, result);
    }
    result.attempt = done->second.attempt;
    Checks checks(result);
    const auto step = told.steps.find(result.attempt);
    if (step == told.steps.end() || !(story.instruments.tick_s > 0)) {
        checks.missing("what was done in this step, and with which instruments");
        return checks.conclude();
    }
    const StepView view{.story = story,
                        .point = point,
                        .step = step->second,
                        .position = position,
                        .attempt = result.attempt};
    tell_readings(step->second, position, result);
    judge(view, checks);
    if (const PortFaultRecord* fault = fault_of(view.step, view.position, false)) {
        checks.unknown("the step's end", fault->reason);
    }
    judge_restoring(view, checks);
    checks.conclude();
}

}  // namespace sequences
