// The verdict of one position at one point: accuracy, no-load, starting.
#include "sequences/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sequences {

namespace {

using calibration::Percent;
using calibration::Verdict;

// The third impulse is asked for within the interval measured between the first two; a meter's own jitter and the
// source's stability are no reason to fail, hence the margin.
constexpr double interval_margin = 1.1;
constexpr double first_taus = 1.5;
constexpr double second_taus = 1.5;

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

void give_up(PositionResult& result, Verdict verdict, std::string reason) {
    result.verdict = verdict;
    result.reason = std::move(reason);
}

}  // namespace

void judge_accuracy(const TestPoint& point, const Plan& plan, const GateFacts& facts, PositionResult& result) {
    result.reference_constant_imp_per_kwh = facts.reference_constant_imp_per_kwh;
    const calibration::GateConstants constants{
        .dut = plan.ratings.constant,
        .reference = calibration::ImpulsesPerKilowattHour{facts.reference_constant_imp_per_kwh}};
    result.gate = calibration::evaluate_gate(result.edges, constants);
    if (!facts.lost.empty()) {
        return give_up(result, Verdict::invalid, fmt::format("edges were lost during the gate: {}", facts.lost));
    }
    if (!result.gate) {
        return give_up(result, Verdict::invalid,
                       result.edges.empty() ? "no impulse in the time allowed: is the pulse head in place?"
                                            : fmt::format("{} impulses in the time allowed: an error needs three", result.edges.size()));
    }
    const calibration::BudgetInputs inputs{
        .certificate = plan.certificate,
        .power_factor = point.programme.power_factor.value(),
        .tick_s = facts.tick_s,
        .mean_reference_gap_s = mean_reference_gap_s(result.edges, facts.tick_s)};
    result.budget = calibration::error_budget(*result.gate, inputs);
    result.judgement = calibration::judge(Percent{result.gate->error_pi_percent},
                                          Percent{result.budget->expanded_percent}, *point.limits, plan.rule);
    result.verdict = result.judgement->verdict;
    result.reason = result.judgement->reason;
    if (result.reason.empty() && !facts.recovered.empty()) {
        result.reason = fmt::format("recovered: the counters prove that no impulse was lost ({})", facts.recovered);
    }
    if (!result.gate->complete()) {
        give_up(result, Verdict::suspect,
                fmt::format("{} missed and {} extra impulses by their energy", result.gate->missed, result.gate->extra));
    }
}

void judge_no_load(const TestPoint& point, double observed_s, const GateFacts& facts, PositionResult& result) {
    result.impulses = static_cast<std::int64_t>(result.edges.size());
    result.observed_s = observed_s;
    const double required_s = calibration::seconds(point.required);
    if (result.impulses > 1) {
        return give_up(result, Verdict::fail,
                       fmt::format("{} impulses without current in {:.0f} s; at most 1 is allowed", result.impulses, observed_s));
    }
    if (!facts.lost.empty()) {
        return give_up(result, Verdict::invalid, fmt::format("edges were lost: {}", facts.lost));
    }
    if (observed_s < required_s) {
        return give_up(result, Verdict::invalid, fmt::format("observed for {:.0f} s of {:.0f} s", observed_s, required_s));
    }
    result.verdict = Verdict::pass;
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
            return {Starting::failed, due, fmt::format("impulse {} did not come within {:.1f} s", impulse + 1, due)};
        }
        if (!came) {
            return {};
        }
    }
    return {Starting::started, times[2], ""};
}

}  // namespace sequences
