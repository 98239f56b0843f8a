// The verdict of one position at one point: accuracy, no-load, starting.
#include "sequences/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sequences {

namespace {

using calibration::Percent;
using calibration::Verdict;

// The third impulse is asked for within the interval measured between the first two; a meter's own
// jitter and the source's stability are no reason to fail, hence the margin.
constexpr double interval_margin = 1.1;
constexpr double first_taus = 1.5;
constexpr double second_taus = 1.5;
// A gate that ends without an impulse for longer than this ends with a dead head, not with a slow
// meter.
constexpr double silent_intervals = 2;
constexpr double silent_margin_s = 1;
// Impulses of one meter lie on a line but for its update grid (a second at most: 0.3 s) and its
// jitter. What strays further has a step in it: a head that was moved to another meter.
constexpr double most_scatter_s = 0.4;

double mean_reference_gap_s(const std::vector<calibration::PhasedEdge>& edges, double tick_s) {
    double sum = 0;
    std::int64_t count = 0;
    for (const calibration::PhasedEdge& edge : edges) {
        if (edge.has_phase()) {
            sum += static_cast<double>(edge.reference_after - edge.reference_before);
            ++count;
        }
    }
    return count == 0 ? 0 : sum / static_cast<double>(count) * tick_s;
}

void conclude(PositionResult& result, Verdict verdict, std::string reason) {
    result.verdict = verdict;
    result.reason = std::move(reason);
}

// What the stop rule asked for and the time allowed did not give. A meter that fell silent, or
// whose impulses do not belong together, is not believed.
void judge_course(const TestPoint& point, const GateFacts& facts, PositionResult& result) {
    const double interval_s = calibration::seconds(point.impulse_interval);
    const std::int64_t least = point.programme.stop.least_intervals;
    if (facts.silent_s > silent_intervals * interval_s + silent_margin_s &&
        result.verdict != Verdict::fail) {
        return conclude(
            result,
            Verdict::suspect,
            fmt::format("no impulse in the last {:.0f} s of the gate: is the pulse head in place?",
                        facts.silent_s));
    }
    const double scatter_s = result.gate->scatter_impulses * interval_s;
    if (scatter_s > most_scatter_s && result.verdict != Verdict::fail) {
        return conclude(result,
                        Verdict::suspect,
                        fmt::format("the impulses stray by {:.2g} s from their line: did the pulse "
                                    "head see one meter only?",
                                    scatter_s));
    }
    if (result.gate->intervals < least && result.reason.empty()) {
        result.reason =
            fmt::format("{} of {} intervals in the time allowed", result.gate->intervals, least);
    }
}

}  // namespace

void judge_accuracy(const TestPoint& point,
                    const Plan& plan,
                    const GateFacts& facts,
                    PositionResult& result) {
    result.reference_constant_imp_per_kwh = facts.reference_constant_imp_per_kwh;
    const calibration::GateConstants constants{
        .dut = plan.ratings.constant,
        .reference = calibration::ImpulsesPerKilowattHour{facts.reference_constant_imp_per_kwh}};
    result.gate = calibration::evaluate_gate(result.edges, constants);
    if (!facts.lost.empty()) {
        return conclude(result,
                        Verdict::invalid,
                        fmt::format("edges were lost during the gate: {}", facts.lost));
    }
    if (!result.gate) {
        return conclude(
            result,
            Verdict::invalid,
            result.edges.empty()
                ? "no impulse in the time allowed: is the pulse head in place?"
                : fmt::format("{} impulses in the time allowed: an error needs three; is the pulse "
                              "head in place?",
                              result.edges.size()));
    }
    const calibration::BudgetInputs inputs{
        .certificate = plan.certificate,
        .power_factor = point.programme.power_factor.value(),
        .tick_s = facts.tick_s,
        .mean_reference_gap_s = mean_reference_gap_s(result.edges, facts.tick_s)};
    result.budget = calibration::error_budget(*result.gate, inputs);
    result.judgement = calibration::judge(Percent{result.gate->error_pi_percent},
                                          Percent{result.budget->expanded_percent},
                                          *point.limits,
                                          plan.rule);
    result.verdict = result.judgement->verdict;
    result.reason = result.judgement->reason;
    if (result.reason.empty() && !facts.recovered.empty()) {
        result.reason = fmt::format("recovered: the counters prove that no impulse was lost ({})",
                                    facts.recovered);
    }
    judge_course(point, facts, result);
    if (!result.gate->complete()) {
        conclude(result,
                 Verdict::suspect,
                 fmt::format("{} missed and {} extra impulses by their energy",
                             result.gate->missed,
                             result.gate->extra));
    }
}

void judge_no_load(const TestPoint& point,
                   double observed_s,
                   const GateFacts& facts,
                   PositionResult& result) {
    result.impulses = static_cast<std::int64_t>(result.edges.size());
    result.observed_s = observed_s;
    const double required_s = calibration::seconds(point.required);
    if (result.impulses > 1) {
        return conclude(result,
                        Verdict::fail,
                        fmt::format("{} impulses without current in {:.0f} s; at most 1 is allowed",
                                    result.impulses,
                                    observed_s));
    }
    if (!facts.lost.empty()) {
        return conclude(result, Verdict::invalid, fmt::format("edges were lost: {}", facts.lost));
    }
    if (observed_s < required_s) {
        return conclude(result,
                        Verdict::invalid,
                        fmt::format("observed for {:.0f} s of {:.0f} s", observed_s, required_s));
    }
    result.verdict = Verdict::pass;
}

void judge_starting(const TestPoint& point,
                    std::int64_t from_tick,
                    double observed_s,
                    const GateFacts& facts,
                    PositionResult& result) {
    result.impulses = static_cast<std::int64_t>(result.edges.size());
    result.observed_s = observed_s;
    for (std::size_t i = 0; i < std::min<std::size_t>(3, result.edges.size()); ++i) {
        result.impulse_times_s.push_back(static_cast<double>(result.edges[i].tick - from_tick) *
                                         facts.tick_s);
    }
    if (!facts.lost.empty()) {
        return conclude(result, Verdict::invalid, fmt::format("edges were lost: {}", facts.lost));
    }
    const StartingState state =
        starting_state(result.impulse_times_s, calibration::seconds(point.required), observed_s);
    switch (state.state) {
        case Starting::started:
            return conclude(result, Verdict::pass, "");
        case Starting::failed:
            return conclude(result, Verdict::fail, state.reason);
        case Starting::waiting:
            return conclude(
                result,
                Verdict::invalid,
                fmt::format("{} of 3 impulses when the observation ended after {:.0f} s",
                            result.impulses,
                            observed_s));
    }
}

StartingState starting_state(std::span<const double> times, double tau_s, double observed_s) {
    const auto deadline = [&](std::size_t impulse) {
        switch (impulse) {
            case 0:
                return first_taus * tau_s;
            case 1:
                return times[0] + second_taus * tau_s;
            default:
                return times[1] + interval_margin * (times[1] - times[0]);
        }
    };
    for (std::size_t impulse = 0; impulse < 3; ++impulse) {
        const bool came = impulse < times.size();
        const double due = deadline(impulse);
        if ((came && times[impulse] > due) || (!came && observed_s > due)) {
            return {Starting::failed,
                    due,
                    fmt::format("impulse {} did not come within {:.1f} s", impulse + 1, due)};
        }
        if (!came) {
            return {};
        }
    }
    return {Starting::started, times[2], ""};
}

}  // namespace sequences
