// The verdict of one position at one point: accuracy, no-load, starting.
#include "sequences/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

namespace sequences {

namespace {

using calibration::Percent;
using calibration::Verdict;

// The third impulse is asked for within the interval measured between the first two; a meter's own
// jitter and the source's stability are no reason to fail, hence the margin.
constexpr double interval_margin = 1.1;
constexpr double first_taus = 1.5;
constexpr double second_taus = 1.5;
// Two impulses closer than this are not both the meter's: of an extra impulse between two of a
// right meter's, one part is always shorter. What blinks faster is a lamp or a bouncing head.
constexpr double least_starting_taus = 0.5;
// A gate that ends without an impulse for longer than this ends with a dead head, not with a slow
// meter.
constexpr double silent_intervals = 2;
constexpr double silent_margin_s = 1;
// Impulses of one meter lie on a line but for its update grid (a second at most: 0.3 s) and its
// jitter. What strays further has a step in it: a head that was moved to another meter.
constexpr double most_scatter_s = 0.4;

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
    if (result.gate->intervals < least && result.verdict == Verdict::pass) {
        conclude(
            result,
            Verdict::inconclusive,
            fmt::format("{} of {} intervals in the time allowed", result.gate->intervals, least));
    }
}

// How many seconds lie between the two impulses that came closest; nothing when all are a meter's.
std::optional<double> too_close_s(std::span<const double> times, double tau_s) {
    double least_s = least_starting_taus * tau_s;
    bool found = false;
    for (std::size_t i = 1; i < times.size(); ++i) {
        found = found || times[i] - times[i - 1] < least_s;
        least_s = std::min(least_s, times[i] - times[i - 1]);
    }
    return found ? std::optional(least_s) : std::nullopt;
}

}  // namespace

void judge_accuracy(const TestPoint& point,
                    const Plan& plan,
                    const GateFacts& facts,
                    PositionResult& result) {
    result.reference_constant_imp_per_kwh = facts.reference_constant_imp_per_kwh;
    const calibration::GateConstants constants{
        .dut = plan.ratings.constant,
        .reference = calibration::ImpulsesPerKilowattHour{facts.reference_constant_imp_per_kwh},
        .reference_divider = static_cast<double>(facts.reference_divider)};
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
    const calibration::BudgetInputs inputs{.certificate = plan.certificate,
                                           .power_factor = point.programme.power_factor.value(),
                                           .tick_s = facts.tick_s};
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
    const double tau_s = calibration::seconds(point.required);
    if (const auto apart_s = too_close_s(result.impulse_times_s, tau_s)) {
        return conclude(result,
                        Verdict::suspect,
                        fmt::format("two impulses {:.3g} s apart, at Ist one takes {:.4g} s: did "
                                    "the pulse head see other light?",
                                    *apart_s,
                                    tau_s));
    }
    const StartingState state = starting_state(result.impulse_times_s, tau_s, observed_s);
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
