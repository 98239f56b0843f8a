// Registers against the LED and against the reference's impulses: constant, dial, pulse output.
#include "sequences/port_checks.hpp"
#include "sequences/port_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sequences {

namespace {

using calibration::Verdict;

// Of these two, one agrees with the reference and tells which of them is wrong.
constexpr double agreement = 0.1;

struct Window {
    const MarkRecord* before;
    const MarkRecord* loaded;
    const MarkRecord* after;
    const PortReadingRecord* first;
    const PortReadingRecord* last;
    bool complete() const { return before && loaded && after && first && last; }
};

Window window_of(const StepView& view) {
    return {.before = view.step.mark("before"),
            .loaded = view.step.mark("loaded"),
            .after = view.step.mark("after"),
            .first = view.reading("before"),
            .last = view.reading("after")};
}

double limit_of(const calibration::Limits& limits) {
    return std::min(std::abs(limits.lower.value()), std::abs(limits.upper.value()));
}

bool agree(double a, double b) { return b > 0 && std::abs(a / b - 1) < agreement; }

// Which of the two the reference contradicts.
std::string wrong_one(const StepView& view,
                      const Window& window,
                      double register_wh,
                      double led_wh) {
    const auto reference_wh = reference_energy(*window.before, *window.loaded, *window.after);
    const double constant = view.story.plan.ratings.constant.value();
    if (!reference_wh) {
        return "";
    }
    if (agree(led_wh, *reference_wh)) {
        return ": the reference agrees with the LED, the register's resolution is wrong";
    }
    if (agree(register_wh, *reference_wh)) {
        return fmt::format(
            ": the reference agrees with the registers, the LED's constant is {:.5g} imp/kWh, not "
            "{:g}",
            led_wh / *reference_wh * constant,
            constant);
    }
    return fmt::format(": the reference measured {:.6g} kWh", *reference_wh / 1000);
}

// A register step that is no small part of the limit proves nothing.
void check_resolution(const StepView& view, double step_wh, double energy_wh, Checks& checks) {
    const double most = view.asked().resolution_share * limit_of(*view.point.limits);
    checks.within({.what = "one register step",
                   .value = energy_wh > 0 ? 100 * step_wh / energy_wh : INFINITY,
                   .unit = "%",
                   // What the source holds and what was planned are not the same to the digit.
                   .most = most * 1.02,
                   .text = fmt::format("{:g} Wh of {:.6g} Wh", step_wh, energy_wh)},
                  fmt::format("one register step is more than {:.3g} % of the energy", most),
                  Verdict::inconclusive);
}

// Energy in the other direction than the load's.
void check_other_direction(const StepView& view, const Window& window, Checks& checks) {
    const std::string other = total_register(view.point) == "active_import_energy"
                                  ? "active_export_energy"
                                  : "active_import_energy";
    const auto wrong = advance_of(*window.first, *window.last, other);
    if (!wrong) {
        return checks.unknown(other, wrong.error());
    }
    checks.within(
        {.what = other,
         .value = wrong->energy,
         .unit = "Wh",
         .least = 0,
         .most = wrong->step,
         .text = "registered in the other direction"},
        fmt::format(
            "{:.6g} Wh were registered as {}: are the currents reversed?", wrong->energy, other));
}

}  // namespace

void judge_constant(const StepView& view, Checks& checks) {
    const Window window = window_of(view);
    if (!window.complete()) {
        return checks.missing("the readings before and after the load");
    }
    const auto advance = advance_of(*window.first, *window.last, total_register(view.point));
    const auto impulses = led_impulses(view, *window.before, *window.after);
    if (!advance) {
        return checks.unknown(total_register(view.point), advance.error());
    }
    if (!impulses) {
        return checks.add({.what = "LED impulses", .verdict = Verdict::inconclusive},
                          "edges of the LED were lost during the load");
    }
    const double impulse_wh = 1000 / view.story.plan.ratings.constant.value();
    const double led_wh = static_cast<double>(*impulses) * impulse_wh;
    if (*impulses == 0) {
        return checks.add({.what = "LED impulses", .value = 0, .verdict = Verdict::invalid},
                          "no impulse of the LED: is the pulse head in place?");
    }
    const double tolerance = 100 * (advance->step + impulse_wh) / led_wh;
    checks.within({.what = "register advance against LED",
                   .value = 100 * (advance->energy / led_wh - 1),
                   .unit = "%",
                   .least = -tolerance,
                   .most = tolerance,
                   .text = fmt::format("{:.6g} kWh against {} impulses = {:.6g} kWh",
                                       advance->energy / 1000,
                                       *impulses,
                                       led_wh / 1000)},
                  fmt::format("registers advance {:.3g} times what the LED shows{}",
                              advance->energy / led_wh,
                              wrong_one(view, window, advance->energy, led_wh)));
    check_other_direction(view, window, checks);
    // The LED's impulse is part of the tolerance as the register's step is.
    check_resolution(view, std::max(advance->step, impulse_wh), led_wh, checks);
}

void judge_dial(const StepView& view, Checks& checks) {
    const Window window = window_of(view);
    if (!window.complete()) {
        return checks.missing("the readings before and after the load");
    }
    const auto advance = advance_of(*window.first, *window.last, total_register(view.point));
    const auto reference_wh = reference_energy(*window.before, *window.loaded, *window.after);
    if (!advance) {
        return checks.unknown(total_register(view.point), advance.error());
    }
    if (!reference_wh || !(*reference_wh > 0)) {
        return checks.missing("the reference's energy");
    }
    const double impulse_wh = 1000 / window.loaded->reference_constant_imp_per_kwh;
    const Deviation deviation{
        .percent = 100 * (advance->energy / *reference_wh - 1),
        .uncertainty_percent = expanded_percent(certificate_percent(view, false),
                                                100 * advance->step / *reference_wh,
                                                100 * impulse_wh / *reference_wh),
        .text = fmt::format("{:.6g} kWh against {:.7g} kWh of the reference",
                            advance->energy / 1000,
                            *reference_wh / 1000)};
    judge_deviation(
        view, "register advance against reference", deviation, *view.point.limits, checks);
    check_other_direction(view, window, checks);
    check_resolution(view, advance->step, *reference_wh, checks);
}

// -- the pulse output
// ------------------------------------------------------------------------------------------

namespace {

std::optional<double> output_weight(const StepView& view) {
    const PortReadingRecord* set = view.reading("transformer");
    const auto whole = [&](std::string_view quantity) {
        return set == nullptr ? 1 : static_cast<int>(value_of(*set, quantity).value_or(0));
    };
    const auto weight = dut::pulse_weight_at_terminals(
        view.story.plan.meter, whole("ct_primary"), whole("ct_secondary"));
    return weight ? std::optional(weight->value()) : std::nullopt;
}

void judge_weight(const StepView& view,
                  const std::vector<calibration::PhasedEdge>& outputs,
                  double due_wh,
                  Checks& checks) {
    const double impulse_wh = 1000 / view.story.plan.ratings.constant.value();
    const auto led =
        view.story.between(view.position, outputs.front().tick + 1, outputs.back().tick);
    const double led_wh = static_cast<double>(led.size()) * impulse_wh;
    const auto intervals = static_cast<double>(outputs.size() - 1);
    const double tolerance_wh = output_tolerance_impulses * impulse_wh / intervals;
    checks.within(
        {.what = "share of the weight that decides",
         .value = 100 * tolerance_wh / due_wh,
         .unit = "%",
         .most = 100 * most_output_tolerance,
         .text = fmt::format("{:g} impulses of the LED", output_tolerance_impulses)},
        fmt::format("{:g} intervals of the pulse output are too few for its weight", intervals),
        Verdict::inconclusive);
    checks.within(
        {.what = "weight of the pulse output",
         .value = led_wh / intervals,
         .unit = "Wh",
         .least = due_wh - tolerance_wh,
         .most = due_wh + tolerance_wh,
         .text = fmt::format(
             "{} impulses of the LED in {:g} intervals, at the terminals", led.size(), intervals)},
        fmt::format("an impulse of the pulse output is worth {:.4g} Wh by the LED, "
                    "expected {:.4g} Wh",
                    led_wh / intervals,
                    due_wh));
}

}  // namespace

void judge_pulse_output(const StepView& view, Checks& checks) {
    if (!view.story.bench.positions[view.position].output_channel) {
        return checks.add({.what = "pulse output", .verdict = Verdict::not_run},
                          "its pulse output is not wired");
    }
    const Window window = window_of(view);
    const auto due_wh = output_weight(view);
    if (!window.complete() || !due_wh) {
        return checks.missing("the load and the weight of the pulse output");
    }
    const std::int64_t from = window.before->tick + 1;
    const std::int64_t to = window.after->tick;
    if (!view.story.output_lost_in(view.position, from, to).empty() ||
        !view.story.lost_in(view.position, from, to).empty()) {
        return checks.add({.what = "pulse output", .verdict = Verdict::inconclusive},
                          "edges were lost during the load");
    }
    const auto outputs = view.story.outputs_between(view.position, from, to);
    const auto least = static_cast<double>(view.asked().least_impulses);
    const std::size_t enough = 2;  // what is between two is a weight
    if (outputs.size() >= enough) {
        judge_weight(view, outputs, *due_wh, checks);
    } else if (outputs.size() == 1) {
        checks.add({.what = "weight of the pulse output", .verdict = Verdict::inconclusive},
                   "one impulse of the pulse output shows no weight");
    }
    checks.within(
        {.what = "impulses of the pulse output",
         .value = static_cast<double>(outputs.size()),
         .least = least,
         .text = fmt::format("{:g} were due", least)},
        outputs.empty()
            ? "no impulse of the pulse output"
            : fmt::format("{} impulses of the pulse output, {:g} were due", outputs.size(), least));
}

}  // namespace sequences
