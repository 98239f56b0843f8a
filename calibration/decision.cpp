// Verdicts by decision rule. Simple acceptance is the practice of legal metrology (shared risk, U
// at most a third of the limit); guarded acceptance is that of ILAC-G8:09/2019 with a guard band of
// U.
#include "calibration/decision.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

namespace calibration {

namespace {

// From the worst to the best.
constexpr std::array<std::pair<Verdict, std::string_view>, 6> verdict_names{{
    {Verdict::fail, "fail"},
    {Verdict::invalid, "invalid"},
    {Verdict::suspect, "suspect"},
    {Verdict::inconclusive, "inconclusive"},
    {Verdict::not_run, "not_run"},
    {Verdict::pass, "pass"},
}};

constexpr std::array<std::pair<DecisionRule, std::string_view>, 2> rule_names{{
    {DecisionRule::simple, "simple"},
    {DecisionRule::guard, "guard"},
}};

template <class Value, std::size_t count>
std::string_view name_in(const std::array<std::pair<Value, std::string_view>, count>& names,
                         Value value) {
    const auto found = std::find_if(
        names.begin(), names.end(), [&](const auto& entry) { return entry.first == value; });
    return found->second;
}

template <class Value, std::size_t count>
Value value_in(const std::array<std::pair<Value, std::string_view>, count>& names,
               std::string_view name,
               std::string_view what) {
    std::vector<std::string_view> choices;
    for (const auto& [value, text] : names) {
        if (text == name) return value;
        choices.push_back(text);
    }
    throw DataError(
        fmt::format("{}: expected {}, got \"{}\"", what, fmt::join(choices, " or "), name));
}

// By how much the error lies outside of the limits, with its words; zero or less inside.
struct Excess {
    double percent = 0;
    std::string reason;
};

Excess excess_over(Percent error, const Limits& limits) {
    const double above = (error - limits.upper).value();
    const double below = (limits.lower - error).value();
    if (above > 0) {
        return {above,
                fmt::format(
                    "error {:.4f} % is above the limit {} %", error.value(), limits.upper.value())};
    }
    if (below > 0) {
        return {below,
                fmt::format(
                    "error {:.4f} % is below the limit {} %", error.value(), limits.lower.value())};
    }
    return {};
}

Verdict pass_or_fail(const Excess& excess) {
    return excess.percent > 0 ? Verdict::fail : Verdict::pass;
}

// The limits as they are, if the uncertainty is at most a third of them. An error outside by more
// than U fails whatever the ratio: no uncertainty can bring it back.
void judge_simple(Judgement& judgement, const Excess& excess, double u, const Limits& limits) {
    const double third =
        std::min(std::abs(limits.lower.value()), std::abs(limits.upper.value())) / 3.0;
    const bool fine_enough = u <= third * (1.0 + 1e-9);  // U = limit / 3 is enough, rounded or not
    if (fine_enough || excess.percent > u) {
        judgement.verdict = pass_or_fail(excess);
        judgement.reason = excess.reason;
        return;
    }
    judgement.verdict = Verdict::inconclusive;
    judgement.reason = fmt::format(
        "expanded uncertainty {:.4f} % is above a third of the limit, {:.4f} %", u, third);
}

void judge_guarded(Judgement& judgement, Percent error, const Excess& excess, double u) {
    const bool accepted =
        error >= judgement.acceptance_lower && error <= judgement.acceptance_upper;
    if (accepted || excess.percent > 0) {
        judgement.verdict = pass_or_fail(excess);
        judgement.reason = excess.reason;
        return;
    }
    judgement.verdict = Verdict::inconclusive;
    judgement.reason = fmt::format(
        "error {:.4f} % is within the limits, but not within the acceptance limits {:.4f} % to "
        "{:.4f} % (expanded uncertainty {:.4f} %)",
        error.value(),
        judgement.acceptance_lower.value(),
        judgement.acceptance_upper.value(),
        u);
}

}  // namespace

std::string_view name(Verdict verdict) { return name_in(verdict_names, verdict); }

Verdict verdict_from_name(std::string_view name) {
    return value_in(verdict_names, name, "verdict");
}

Verdict worst(std::span<const Verdict> verdicts) {
    for (const auto& [verdict, text] : verdict_names) {
        if (std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end()) return verdict;
    }
    return Verdict::not_run;
}

std::string_view name(DecisionRule rule) { return name_in(rule_names, rule); }

DecisionRule decision_rule_from_name(std::string_view name) {
    return value_in(rule_names, name, "decision rule");
}

Judgement judge(Percent error,
                Percent expanded_uncertainty,
                const Limits& limits,
                DecisionRule rule) {
    const double u = expanded_uncertainty.value();
    Judgement judgement;
    judgement.acceptance_lower = limits.lower;
    judgement.acceptance_upper = limits.upper;
    if (!std::isfinite(error.value())) {
        judgement.verdict = Verdict::invalid;
        judgement.reason = "the error is not a finite number";
        return judgement;
    }
    if (!std::isfinite(u) || u < 0) {
        judgement.verdict = Verdict::inconclusive;
        judgement.reason = "the uncertainty of the error is not known";
        return judgement;
    }
    const Excess excess = excess_over(error, limits);
    if (rule == DecisionRule::simple) {
        judge_simple(judgement, excess, u, limits);
        return judgement;
    }
    judgement.acceptance_lower = limits.lower + expanded_uncertainty;
    judgement.acceptance_upper = limits.upper - expanded_uncertainty;
    judge_guarded(judgement, error, excess, u);
    return judgement;
}

}  // namespace calibration
