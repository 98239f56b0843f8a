#include "sequences/port_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace sequences {

using calibration::Verdict;

const SettingRecord* StepView::setting(std::string_view label, std::string_view quantity) const {
    const auto found = std::ranges::find_if(step.settings, [&](const SettingRecord& record) {
        return record.position == position && record.place.label == label &&
               record.quantity == quantity;
    });
    return found == step.settings.end() ? nullptr : &*found;
}

// A number that is none is inside no bounds.
void Checks::within(CheckLine line, std::string reason, Verdict otherwise) {
    const bool known = line.value && std::isfinite(*line.value);
    const bool inside = known && (!line.least || *line.value >= *line.least) &&
                        (!line.most || *line.value <= *line.most);
    line.verdict = inside ? Verdict::pass : otherwise;
    add(std::move(line), std::move(reason));
}

void Checks::add(CheckLine line, std::string reason) {
    reasons_.push_back(line.verdict == Verdict::pass ? "" : std::move(reason));
    result_.checks.push_back(std::move(line));
}

void Checks::missing(std::string_view what) {
    unknown(what, fmt::format("the journal does not hold {}", what));
}

void Checks::unknown(std::string_view what, std::string reason) {
    add({.what = std::string(what), .verdict = Verdict::invalid}, std::move(reason));
}

void Checks::conclude() {
    std::vector<Verdict> verdicts;
    for (const CheckLine& line : result_.checks) {
        verdicts.push_back(line.verdict);
    }
    result_.verdict = calibration::worst(verdicts);
    for (std::size_t i = 0; i < reasons_.size() && result_.reason.empty(); ++i) {
        if (result_.checks[i].verdict == result_.verdict) {
            result_.reason = reasons_[i];
        }
    }
}

namespace {

const NamedValue* find(const PortReadingRecord& reading, std::string_view quantity) {
    const auto found = std::ranges::find(reading.values, quantity, &NamedValue::quantity);
    return found == reading.values.end() ? nullptr : &*found;
}

}  // namespace

std::optional<double> value_of(const PortReadingRecord& reading, std::string_view quantity) {
    const NamedValue* found = find(reading, quantity);
    return found == nullptr ? std::nullopt : found->value;
}

double step_of(const PortReadingRecord& reading, std::string_view quantity) {
    const NamedValue* found = find(reading, quantity);
    return found == nullptr ? 0 : found->step;
}

std::expected<Advance, std::string> advance_of(const PortReadingRecord& from,
                                               const PortReadingRecord& to,
                                               std::string_view quantity) {
    const auto first = value_of(from, quantity);
    const auto second = value_of(to, quantity);
    const double step = step_of(to, quantity);
    const double ratio = value_of(to, "ratio").value_or(0);
    if (!first || !second || !(step > 0) || !(ratio > 0)) {
        return std::unexpected(fmt::format("the journal does not hold {}", quantity));
    }
    if (step_of(from, quantity) != step || value_of(from, "ratio") != ratio) {
        return std::unexpected(fmt::format(
            "{} carried the ratio {:g} in steps of {:g} before, {:g} in steps of {:g} after",
            quantity,
            value_of(from, "ratio").value_or(0),
            step_of(from, quantity),
            ratio,
            step));
    }
    double counts = std::round(*second / step) - std::round(*first / step);
    if (counts < 0) {
        counts += std::round(value_of(to, "roll_over").value_or(0) / step);
    }
    return Advance{.energy = counts * step / ratio, .step = step / ratio};
}

std::optional<std::int64_t> led_impulses(const StepView& view,
                                         const MarkRecord& from,
                                         const MarkRecord& to) {
    if (!view.story.lost_in(view.position, from.tick, to.tick).empty()) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(
        view.story.between(view.position, from.tick + 1, to.tick).size());
}

std::optional<double> reference_energy(const MarkRecord& from,
                                       const MarkRecord& loaded,
                                       const MarkRecord& to) {
    if (!from.reference_impulses || !to.reference_impulses ||
        !(loaded.reference_constant_imp_per_kwh > 0)) {
        return std::nullopt;
    }
    return static_cast<double>(*to.reference_impulses - *from.reference_impulses) /
           loaded.reference_constant_imp_per_kwh * 1000;
}

void judge_deviation(const StepView& view,
                     std::string what,
                     const Deviation& deviation,
                     const calibration::Limits& limits,
                     Checks& checks) {
    const calibration::Judgement judgement =
        calibration::judge(calibration::Percent{deviation.percent},
                           calibration::Percent{deviation.uncertainty_percent},
                           limits,
                           view.story.plan.rule);
    CheckLine line{
        .what = std::move(what),
        .value = deviation.percent,
        .unit = "%",
        .least = limits.lower.value(),
        .most = limits.upper.value(),
        .text = fmt::format("U = {:.2g} %, {}", deviation.uncertainty_percent, deviation.text),
        .verdict = judgement.verdict};
    const std::string reason = judgement.reason.empty() ? line.what : judgement.reason;
    checks.add(std::move(line), reason);
}

double certificate_percent(const StepView& view, bool reactive) {
    const calibration::Certificate& certificate = view.story.plan.certificate;
    const double cosine = std::abs(view.point.programme.power_factor.value());
    const double sine = std::sqrt(std::max(0.0, 1 - cosine * cosine));
    const double slope = reactive ? cosine / sine : sine / cosine;
    const double phase_rad =
        certificate.expanded_phase_uncertainty_minutes / 60 * std::numbers::pi / 180;
    return std::hypot(certificate.expanded_uncertainty_percent, 100 * phase_rad * slope) / 2;
}

double expanded_percent(double certificate, double step_percent, double other_percent) {
    const double step = step_percent / std::numbers::sqrt3;
    return 2 * std::sqrt(certificate * certificate + step * step + other_percent * other_percent);
}

}  // namespace sequences
