#include "sequences/point_evaluation.hpp"

#include "sequences/evaluation.hpp"
#include "sequences/port_evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace sequences {

namespace {

using calibration::Verdict;

void widen(Spread& spread, double value, std::int64_t before) {
    const auto n = static_cast<double>(before);
    spread.least = before == 0 ? value : std::min(spread.least, value);
    spread.most = before == 0 ? value : std::max(spread.most, value);
    spread.mean = (spread.mean * n + value) / (n + 1);
}

void widen(Conditions& conditions, const calibration::SeenLoad& seen) {
    double power = 0;
    for (std::size_t i = 0; i < calibration::phase_count; ++i) {
        const calibration::SeenPhase& phase = seen.phases[i];
        widen(conditions.voltage_v[i], phase.voltage.value(), conditions.readings);
        widen(conditions.current_a[i], phase.current.value(), conditions.readings);
        widen(conditions.displacement_deg[i],
              std::remainder(phase.displacement.value(), 360.0),
              conditions.readings);
        power += phase.active.value();
    }
    widen(conditions.frequency_hz, seen.frequency.value(), conditions.readings);
    widen(conditions.power_w, power, conditions.readings);
    ++conditions.readings;
}

// Of the attempts that count for some position; of the last one when none does.
std::optional<Conditions> conditions_of(const PointStory& story) {
    Conditions conditions;
    for (const auto& [number, attempt] : story.attempts) {
        const bool counts = std::ranges::any_of(
            story.done, [n = number](const auto& done) { return done.second.attempt == n; });
        if (!counts && !(story.done.empty() && number == story.attempts.rbegin()->first)) {
            continue;
        }
        for (const ConditionsRecord& record : attempt.conditions) {
            widen(conditions, record.seen);
        }
    }
    return conditions.readings == 0 ? std::nullopt : std::optional(conditions);
}

double ticks_to_seconds(std::int64_t from, std::int64_t to, double tick_s) {
    return static_cast<double>(to - from) * tick_s;
}

void judge(const JournalStory& story,
           const TestPoint& point,
           const DoneRecord& done,
           const GateFacts& facts,
           PositionResult& out) {
    const double observed_s = ticks_to_seconds(done.from_tick, done.to_tick, facts.tick_s);
    switch (point.programme.kind) {
        case PointKind::accuracy:
            return judge_accuracy(point, story.plan, facts, out);
        case PointKind::no_load:
            return judge_no_load(point, observed_s, facts, out);
        case PointKind::starting:
            return judge_starting(point, done.from_tick, observed_s, facts, out);
        default:
            return;  // tests over the port are evaluated by themselves
    }
}

void evaluate_done(const JournalStory& story,
                   const TestPoint& point,
                   const DoneRecord& done,
                   PositionResult& out) {
    out.attempt = done.attempt;
    out.true_error_percent = done.true_error_percent;
    out.edges = story.between(done.position, done.from_tick, done.to_tick);
    const PointStory& told = story.points[point.index];
    const auto attempt = told.attempts.find(done.attempt);
    if (attempt == told.attempts.end() || !attempt->second.begin ||
        !(story.instruments.tick_s > 0)) {
        out.verdict = Verdict::invalid;
        out.reason = "the journal does not tell with which instruments this gate was measured";
        return;
    }
    const double tick_s = story.instruments.tick_s;
    const std::int64_t last = out.edges.empty() ? done.from_tick : out.edges.back().tick;
    judge(story,
          point,
          done,
          {.reference_constant_imp_per_kwh = attempt->second.begin->reference_constant_imp_per_kwh,
           .tick_s = tick_s,
           .reference_divider = story.instruments.reference_divider,
           .lost = story.lost_in(done.position, done.from_tick, done.to_tick),
           .recovered = story.recovered_in(done.position, done.from_tick, done.to_tick),
           .silent_s = ticks_to_seconds(last, done.to_tick, tick_s)},
          out);
}

// A gate that was open when the run ended, or that never became valid: its edges are evidence all
// the same.
void describe_unfinished(const JournalStory& story,
                         const PointStory& told,
                         std::size_t position,
                         PositionResult& out) {
    out.reason = story.meters[position].reason;
    if (told.attempts.empty()) {
        return;
    }
    const auto& [number, last] = *told.attempts.rbegin();
    out.attempt = number;
    if (last.gate && !last.end) {
        out.reference_constant_imp_per_kwh =
            last.begin ? last.begin->reference_constant_imp_per_kwh : 0;
        out.edges = story.between(position, last.gate->from_tick, INT64_MAX);
        out.impulses = static_cast<std::int64_t>(out.edges.size());
    }
    for (const InvalidRecord& record : told.invalid) {
        const bool mine = !record.position || *record.position == position;
        if (record.attempt == number && mine && story.meters[position].reason.empty()) {
            out.verdict = Verdict::invalid;
            out.reason = record.reason;
        }
    }
}

PositionResult evaluate_position(const JournalStory& story,
                                 const TestPoint& point,
                                 std::size_t position) {
    const MeterResult& owner = story.meters[position];
    const PointStory& told = story.points[point.index];
    PositionResult out{.position = owner.position, .serial = owner.serial};
    const auto done = told.done.find(position);
    if (is_port_test(point.programme.kind)) {
        evaluate_port_test(story, point, position, out);
    } else if (done == told.done.end()) {
        describe_unfinished(story, told, position, out);
    } else {
        evaluate_done(story, point, done->second, out);
    }
    return out;
}

void describe_last_attempt(const PointStory& told, PointResult& out) {
    const auto& [number, last] = *told.attempts.rbegin();
    out.attempts = number;
    if (last.gate) {
        out.started_s = last.gate->at_s;
    } else if (last.begin) {
        out.started_s = last.begin->at_s;
    }
    out.ended_s = last.end ? last.end->at_s : 0;
}

// What the lines of a test over the port follow from, beside the impulses and the readings.
void tell_step(const PointStory& told, PointResult& out) {
    const auto& [number, last] = *told.attempts.rbegin();
    if (const auto step = told.steps.find(number); step != told.steps.end()) {
        for (const MarkRecord& mark : step->second.marks) {
            out.moments.push_back(
                {.label = mark.place.label,
                 .time_s = mark.at_s,
                 .tick = mark.tick,
                 .reference_impulses = mark.reference_impulses,
                 .reference_constant_imp_per_kwh = mark.reference_constant_imp_per_kwh});
        }
    }
    for (const ConditionsRecord& record : last.conditions) {
        StepLook look{.time_s = record.at_s};
        for (const calibration::SeenPhase& phase : record.seen.phases) {
            look.active_w += phase.active.value();
            look.reactive_var += phase.reactive.value();
        }
        out.looks.push_back(look);
    }
}

}  // namespace

PointResult evaluate_point(const JournalStory& story, const TestPoint& point) {
    const PointStory& told = story.points[point.index];
    PointResult out{.point = point};
    if (!told.attempts.empty()) {
        describe_last_attempt(told, out);
        out.conditions = conditions_of(told);
        if (is_port_test(point.programme.kind)) {
            tell_step(told, out);
        }
    }
    for (const InvalidRecord& record : told.invalid) {
        out.invalidations.push_back({record.attempt,
                                     record.position ? story.meters[*record.position].position : "",
                                     record.reason});
    }
    for (std::size_t position = 0; position < story.meters.size(); ++position) {
        out.positions.push_back(evaluate_position(story, point, position));
    }
    return out;
}

}  // namespace sequences
