// Meters against the reference's readings: reactive energy, load curve.
#include "sequences/port_checks.hpp"

#include <fmt/format.h>

#include <cmath>

namespace sequences {

namespace {

using calibration::Percent;
using calibration::Verdict;

// Between the meter's latching of its registers and the answer that was stamped.
constexpr double stamp_uncertainty_s = 0.2;

struct Integral {
    double var_hours = 0;
    double spread_percent = 0;  // of the readings about their mean, as a standard deviation of it
};

double reactive_of(const ConditionsRecord& record) {
    double sum = 0;
    for (const calibration::SeenPhase& phase : record.seen.phases) {
        sum += phase.reactive.value();
    }
    return sum;
}

double active_of(const ConditionsRecord& record) {
    double sum = 0;
    for (const calibration::SeenPhase& phase : record.seen.phases) {
        sum += phase.active.value();
    }
    return sum;
}

std::vector<ConditionsRecord> looks_in(const StepView& view, double from_s, double to_s) {
    std::vector<ConditionsRecord> looks;
    const auto& attempts = view.story.points[view.point.index].attempts;
    const auto attempt = attempts.find(view.attempt);
    if (attempt == attempts.end()) {
        return looks;
    }
    for (const ConditionsRecord& look : attempt->second.conditions) {
        if (look.at_s >= from_s && look.at_s <= to_s) {
            looks.push_back(look);
        }
    }
    return looks;
}

// The load stands: every reading holds for the time around it, the first and the last to the ends.
std::optional<Integral> reactive_energy(const StepView& view, double from_s, double to_s) {
    const auto looks = looks_in(view, from_s, to_s);
    if (looks.size() < 2 || !(to_s > from_s)) {
        return std::nullopt;
    }
    double sum = reactive_of(looks.front()) * (looks.front().at_s - from_s) +
                 reactive_of(looks.back()) * (to_s - looks.back().at_s);
    for (std::size_t i = 1; i < looks.size(); ++i) {
        sum += (reactive_of(looks[i - 1]) + reactive_of(looks[i])) / 2 *
               (looks[i].at_s - looks[i - 1].at_s);
    }
    const double mean = sum / (to_s - from_s);
    double squares = 0;
    for (const ConditionsRecord& look : looks) {
        squares += std::pow(reactive_of(look) / mean - 1, 2);
    }
    const auto n = static_cast<double>(looks.size());
    return Integral{.var_hours = sum / 3600,
                    .spread_percent = 100 * std::sqrt(squares / (n - 1) / n)};
}

}  // namespace

void judge_reactive(const StepView& view, Checks& checks) {
    const PortReadingRecord* first = view.reading("before");
    const PortReadingRecord* last = view.reading("after");
    if (first == nullptr || last == nullptr) {
        return checks.missing("the readings under load");
    }
    const bool import = calibration::reactive_power(view.point.load).value() > 0;
    const std::string name = import ? "reactive_import_energy" : "reactive_export_energy";
    const auto advance = advance_of(*first, *last, name);
    const auto reference = reactive_energy(view, first->at_s, last->at_s);
    if (!advance) {
        return checks.unknown(name, advance.error());
    }
    if (!reference || reference->var_hours == 0 || (reference->var_hours > 0) != import) {
        return checks.missing("the reference's reactive energy in the load's direction");
    }
    const double reference_varh = std::abs(reference->var_hours);
    const double stamps = 100 * stamp_uncertainty_s / (last->at_s - first->at_s);
    const Deviation deviation{
        .percent = 100 * (advance->energy / reference_varh - 1),
        .uncertainty_percent = expanded_percent(certificate_percent(view, true),
                                                100 * advance->step / reference_varh,
                                                std::hypot(stamps, reference->spread_percent)),
        .text = fmt::format("{:.6g} kvarh against {:.6g} kvarh of the reference",
                            advance->energy / 1000,
                            reference_varh / 1000)};
    const Percent most{view.asked().most_error_percent};
    judge_deviation(view,
                    name + " against reference",
                    deviation,
                    {.lower = -most, .upper = most, .row = "the programme's most_error_percent"},
                    checks);
    const std::string other = import ? "reactive_export_energy" : "reactive_import_energy";
    const auto wrong = advance_of(*first, *last, other);
    if (!wrong) {
        return checks.unknown(other, wrong.error());
    }
    checks.within(
        {.what = other,
         .value = wrong->energy,
         .unit = "varh",
         .least = 0,
         .most = wrong->step,
         .text = "registered in the other direction"},
        fmt::format("{:.6g} varh were registered as {}: wrong quadrant", wrong->energy, other));
}

// -- load curve
// --------------------------------------------------------------------------------------------------

// Records of another load could hold the same power: the meter's clock must have gone on by as many
// periods as the load lasted, or one more.
bool judge_curve_clock(const StepView& view, double period_s, Checks& checks) {
    const PortReadingRecord* before = view.reading("clock before");
    const PortReadingRecord* after = view.reading("clock after");
    const auto from = before == nullptr ? std::nullopt : value_of(*before, "average_time_s");
    const auto to = after == nullptr ? std::nullopt : value_of(*after, "average_time_s");
    if (before == nullptr || !to) {
        checks.unknown("clock of the load curve", "the meter does not say when it averaged");
        return false;
    }
    if (!from) {
        checks.add({.what = "clock of the load curve",
                    .text = "nothing had been averaged before the load",
                    .verdict = calibration::Verdict::pass});
        return true;
    }
    const double least_s = static_cast<double>(view.asked().periods + 1) * period_s;
    checks.within(
        {.what = "clock of the load curve",
         .value = *to - *from,
         .unit = "s",
         .least = least_s,
         .most = least_s + period_s,
         .text = "between the load's beginning and its end"},
        fmt::format(
            "its clock went on by {:g} s while the load stood for {:g} s", *to - *from, least_s));
    return true;
}

void judge_load_curve(const StepView& view, Checks& checks) {
    const MarkRecord* from = view.step.mark("loaded");
    const MarkRecord* to = view.step.mark("end");
    const PortReadingRecord* curve = view.reading("load curve");
    if (from == nullptr || to == nullptr || curve == nullptr) {
        return checks.missing("the load and the meter's load curve");
    }
    const auto looks = looks_in(view, from->at_s, to->at_s);
    double mean_w = 0;
    for (const ConditionsRecord& look : looks) {
        mean_w += active_of(look) / static_cast<double>(looks.size());
    }
    std::vector<NamedValue> complete;
    for (const NamedValue& record : curve->values) {
        if (record.reason.empty() && record.value) {
            complete.push_back(record);
        }
    }
    const auto wanted = static_cast<std::size_t>(view.asked().periods);
    if (looks.empty() || complete.size() < wanted) {
        return checks.add({.what = "load curve",
                           .value = static_cast<double>(complete.size()),
                           .least = static_cast<double>(wanted),
                           .text = "complete records",
                           .verdict = Verdict::inconclusive},
                          fmt::format("{} of {} complete records", complete.size(), wanted));
    }
    if (!judge_curve_clock(view, complete.back().step, checks)) {
        return;
    }
    const double most = view.asked().most_error_percent;
    for (std::size_t i = complete.size() - wanted; i < complete.size(); ++i) {
        const double percent = 100 * (*complete[i].value / mean_w - 1);
        checks.within({.what = complete[i].quantity,
                       .value = percent,
                       .unit = "%",
                       .least = -most,
                       .most = most,
                       .text = fmt::format(
                           "{:g} W against {:.5g} W of the reference", *complete[i].value, mean_w)},
                      fmt::format("the load curve holds {:g} W, the reference measured {:.5g} W",
                                  *complete[i].value,
                                  mean_w));
    }
}

}  // namespace sequences
