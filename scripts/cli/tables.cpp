#include "scripts/cli/tables.hpp"

#include "reports/check_text.hpp"
#include "reports/remarks.hpp"
#include "scripts/cli/progress.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

namespace scripts {

namespace {

using calibration::Verdict;
using sequences::PointKind;
using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;

// More meters than this do not fit side by side: then a row gives the worst of them.
constexpr std::size_t columns = 6;

std::string limit_text(const sequences::TestPoint& point) {
    if (point.limits) {
        const double lower = point.limits->lower.value();
        const double upper = point.limits->upper.value();
        return lower == -upper ? fmt::format("+-{:.2f} %", upper)
                               : fmt::format("{:+.2f} {:+.2f} %", lower, upper);
    }
    if (sequences::is_port_test(point.programme.kind)) {
        return {};
    }
    return point.programme.kind == PointKind::no_load ? "<= 1 imp" : "starts";
}

bool passed(const sequences::CheckLine& line) { return line.verdict == Verdict::pass; }

// How many of the things that were looked at are as they should be; remarks are not judged.
std::string checks_text(const PositionResult& position) {
    const auto judged = std::ranges::count_if(
        position.checks, [](const auto& line) { return line.verdict != Verdict::not_run; });
    return judged == 0
               ? std::string()
               : fmt::format("{}/{}", std::ranges::count_if(position.checks, passed), judged);
}

std::string cell(const PointResult& point, const PositionResult& position) {
    if (position.verdict == Verdict::not_run) {
        return "not run";
    }
    std::string text;
    if (position.gate) {
        text = fmt::format("{:+.3f} %", position.gate->error_pi_percent);
    } else if (point.point.programme.kind == PointKind::no_load) {
        text = fmt::format("{} imp", position.impulses);
    } else if (sequences::is_port_test(point.point.programme.kind)) {
        text = checks_text(position);
    } else if (!position.impulse_times_s.empty()) {
        text = duration_text(position.impulse_times_s.back());
    }
    text += text.empty() ? "" : " ";
    text += position.verdict == Verdict::pass ? "ok" : calibration::name(position.verdict);
    return text;
}

const PositionResult* worst_of(const PointResult& point) {
    std::vector<Verdict> verdicts;
    for (const PositionResult& position : point.positions) {
        verdicts.push_back(position.verdict);
    }
    const Verdict worst = calibration::worst(verdicts);
    const PositionResult* found = nullptr;
    for (const PositionResult& position : point.positions) {
        const auto size = [](const PositionResult& p) {
            return p.gate ? std::abs(p.gate->error_pi_percent) : 0;
        };
        if (position.verdict == worst && (found == nullptr || size(position) > size(*found))) {
            found = &position;
        }
    }
    return found;
}

double uncertainty_of(const PointResult& point) {
    double most = 0;
    for (const PositionResult& position : point.positions) {
        most = std::max(most, position.budget ? position.budget->expanded_percent : 0);
    }
    return most;
}

template <class Points>
std::size_t longest_name(const Points& points, auto name_of) {
    std::size_t longest = 20;
    for (const auto& point : points) {
        longest = std::max(longest, name_of(point).size());
    }
    return longest + 2;
}

// How wide the columns of a result must be for everything to stand straight.
struct Layout {
    bool side_by_side;
    std::size_t name, cell;
};

std::string heading(const sequences::MeterResult& meter) {
    return fmt::format("{} ({})", meter.position, meter.serial);
}

Layout layout_of(const RunResult& result) {
    Layout layout{
        .side_by_side = result.meters.size() <= columns,
        .name = longest_name(result.points,
                             [](const PointResult& p) -> auto& { return p.point.programme.name; }),
        .cell = 0};
    for (const sequences::MeterResult& meter : result.meters) {
        layout.cell = std::max(layout.cell, heading(meter).size() + 3);
    }
    for (const PointResult& point : result.points) {
        for (const PositionResult& position : point.positions) {
            layout.cell = std::max(layout.cell, cell(point, position).size() + 3);
        }
    }
    return layout;
}

std::string head_row(const RunResult& result, const Layout& layout) {
    std::string text = fmt::format("{:<{}}{:>14}{:>11}", "point", layout.name, "limit", "U (k~2)");
    for (const sequences::MeterResult& meter : result.meters) {
        text += layout.side_by_side ? fmt::format("{:>{}}", heading(meter), layout.cell) : "";
    }
    return text + "\n";
}

std::string row(const PointResult& point, const Layout& layout) {
    std::string text = fmt::format(
        "{:<{}}{:>14}{:>11}",
        point.point.programme.name,
        layout.name,
        limit_text(point.point),
        uncertainty_of(point) > 0
            ? fmt::format("{:.3f} %", std::ceil(uncertainty_of(point) * 1000 - 1e-6) / 1000)
            : "");
    if (layout.side_by_side) {
        for (const PositionResult& position : point.positions) {
            text += fmt::format("{:>{}}", cell(point, position), layout.cell);
        }
        return text + "\n";
    }
    const auto passed = std::ranges::count_if(
        point.positions, [](const auto& p) { return p.verdict == Verdict::pass; });
    text += fmt::format("   {:>3} of {} pass", passed, point.positions.size());
    const PositionResult* worst = worst_of(point);
    if (worst != nullptr && (worst->gate || worst->verdict != Verdict::pass)) {
        text += fmt::format("   worst: position {}: {}", worst->position, cell(point, *worst));
    }
    return text + "\n";
}

std::string upper_case(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    });
    std::ranges::replace(out, '_', ' ');
    return out;
}

// A line that did not pass, with its numbers.
std::string line_text(const sequences::CheckLine& line) {
    const reports::CheckTexts texts = reports::check_texts(line);
    return fmt::format("    {}: {}{}\n",
                       line.what,
                       texts.found,
                       texts.permitted.empty() ? "" : "; permitted " + texts.permitted);
}

std::string failed_lines(const PositionResult& position) {
    std::string text;
    for (const sequences::CheckLine& line : position.checks) {
        const bool stands_out = !passed(line) && line.verdict != Verdict::not_run;
        text += stands_out && reports::adds_to(position.reason, line) ? line_text(line) : "";
    }
    return text;
}

// Before anything is believed of single meters: whether each is where the bench file says.
std::string wiring(const RunResult& result) {
    std::string text;
    for (const PointResult& point : result.points) {
        for (const PositionResult& position : point.positions) {
            if (point.point.programme.kind == PointKind::heads &&
                position.verdict != Verdict::pass && position.verdict != Verdict::not_run) {
                text +=
                    fmt::format("  WIRING: position {}: {}\n", position.position, position.reason);
            }
        }
    }
    return text;
}

// Why whatever did not pass did not.
std::string reasons(const RunResult& result) {
    std::string text;
    for (const PointResult& point : result.points) {
        for (const PositionResult& position : point.positions) {
            if (position.verdict != Verdict::pass && position.verdict != Verdict::not_run) {
                text += fmt::format("  position {} at {}: {}: {}\n",
                                    position.position,
                                    point.point.programme.name,
                                    calibration::name(position.verdict),
                                    position.reason);
                text += failed_lines(position);
            }
        }
    }
    for (const sequences::MeterResult& meter : result.meters) {
        if (meter.registers && meter.registers->verdict != Verdict::pass) {
            text += fmt::format(
                "  position {}: registers: {}\n", meter.position, meter.registers->reason);
        }
    }
    for (const std::string& remark : reports::gathered_remarks(result.remarks)) {
        text += fmt::format("  note: {}\n", remark);
    }
    return text;
}

// What had to be repeated and why: position by position it would fill the screen, so each reason
// once.
std::string repetitions(const RunResult& result) {
    std::string text;
    for (const PointResult& point : result.points) {
        std::map<std::string, std::vector<std::string>> by_reason;
        for (const sequences::Invalidation& invalidation : point.invalidations) {
            by_reason[invalidation.reason].push_back(invalidation.position.empty()
                                                         ? "all positions"
                                                         : "position " + invalidation.position);
        }
        for (const auto& [reason, positions] : by_reason) {
            text += fmt::format("  repeated at {} ({}): {}\n",
                                point.point.programme.name,
                                fmt::join(positions, ", "),
                                reason);
        }
    }
    return text;
}

// Many meters that pass share one line.
std::string meters_lines(const RunResult& result) {
    const bool all = result.meters.size() <= columns;
    std::string text;
    std::size_t shown = 0;
    for (const sequences::MeterResult& meter : result.meters) {
        if (!all && meter.verdict == Verdict::pass) {
            continue;
        }
        const bool agrees = meter.registers && meter.registers->verdict == Verdict::pass;
        text += fmt::format("  {}: {}{}\n",
                            heading(meter),
                            upper_case(calibration::name(meter.verdict)),
                            agrees ? ", registers agree with the LED" : "");
        ++shown;
    }
    if (shown < result.meters.size()) {
        text += fmt::format("  {} {} meters: PASS\n",
                            shown == 0 ? "all" : "the other",
                            result.meters.size() - shown);
    }
    return text;
}

std::string plan_row(const sequences::TestPoint& point, std::size_t name) {
    const double interval_s = calibration::seconds(point.impulse_interval);
    const double uncertainty = point.expected_uncertainty_percent;
    double current = 0;
    for (const calibration::PhaseLoad& phase : point.load.phases) {
        current = std::max(current, phase.current.value());
    }
    std::string text = fmt::format("{:<{}}{:>8.1f} V{:>8.4g} A{:>12}{:>14}{:>14}{:>14}\n",
                                   point.programme.name,
                                   name,
                                   point.load.phases[0].voltage.value(),
                                   current,
                                   interval_s > 0 ? fmt::format("{:.4g} s", interval_s) : "",
                                   limit_text(point),
                                   uncertainty > 0 ? fmt::format("{:.3f} %", uncertainty) : "",
                                   duration_text(point.expected_s));
    if (!point.infeasible.empty()) {
        text += fmt::format("    cannot be decided: {}\n", point.infeasible);
    }
    return text;
}

}  // namespace

std::string plan_as_text(const sequences::Plan& plan) {
    std::string text = fmt::format("{}\n{} class {} by {}, rule {}, {:g} imp/kWh\n\n",
                                   plan.programme.title,
                                   plan.meter.name,
                                   plan.accuracy_class,
                                   plan.limits.title(),
                                   calibration::name(plan.rule),
                                   plan.ratings.constant.value());
    const std::size_t name = longest_name(
        plan.points, [](const sequences::TestPoint& p) -> auto& { return p.programme.name; });
    text += fmt::format("{:<{}}{:>10}{:>10}{:>12}{:>14}{:>14}{:>14}\n",
                        "point",
                        name,
                        "U",
                        "I",
                        "impulse",
                        "limit",
                        "expected U",
                        "time");
    for (const sequences::TestPoint& point : plan.points) {
        text += plan_row(point, name);
    }
    text += fmt::format("\n{} points, expected {}, at most {}\n",
                        plan.points.size(),
                        duration_text(plan.expected_s),
                        duration_text(plan.at_most_s));
    for (const std::string& remark : plan.remarks) {
        text += fmt::format("note: {}\n", remark);
    }
    return text;
}

std::string result_as_text(const RunResult& result) {
    std::string text = fmt::format("{}{}\n{} class {} by {}, rule {}, run {}\n\n",
                                   result.identity.simulated ? "SIMULATED  " : "",
                                   result.plan.programme.title,
                                   result.plan.meter.name,
                                   result.plan.accuracy_class,
                                   result.plan.limits.title(),
                                   calibration::name(result.plan.rule),
                                   result.identity.run_id);
    const Layout layout = layout_of(result);
    text += head_row(result, layout);
    for (const PointResult& point : result.points) {
        text += row(point, layout);
    }
    text += fmt::format("\n{}{}", wiring(result), meters_lines(result));
    text += repetitions(result);
    text += reasons(result);
    const std::string partial = sequences::partial_text(result.plan);
    text += fmt::format("\n{}{}{}  ({} of bench time)\n",
                        upper_case(calibration::name(result.verdict)),
                        partial.empty() ? "" : fmt::format(", PARTIAL: {}", partial),
                        result.aborted ? fmt::format(", ABORTED: {}", result.abort_reason) : "",
                        duration_text(result.bench_time_s));
    return text;
}

}  // namespace scripts
