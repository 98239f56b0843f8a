#include "scripts/cli/tables.hpp"

#include "scripts/cli/progress.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

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
        return lower == -upper ? fmt::format("+-{:.2f} %", upper) : fmt::format("{:+.2f} {:+.2f} %", lower, upper);
    }
    return point.programme.kind == PointKind::no_load ? "<= 1 imp" : "starts";
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
    } else if (!position.impulse_times_s.empty()) {
        text = duration_text(position.impulse_times_s.back());
    }
    return position.verdict == Verdict::pass ? text + " ok" : fmt::format("{} {}", text, calibration::name(position.verdict));
}

const PositionResult* worst_of(const PointResult& point) {
    std::vector<Verdict> verdicts;
    for (const PositionResult& position : point.positions) {
        verdicts.push_back(position.verdict);
    }
    const Verdict worst = calibration::worst(verdicts);
    const PositionResult* found = nullptr;
    for (const PositionResult& position : point.positions) {
        const auto size = [](const PositionResult& p) { return p.gate ? std::abs(p.gate->error_pi_percent) : 0; };
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

std::string row(const PointResult& point, bool side_by_side) {
    std::string text = fmt::format("{:<22}{:>10}{:>11}", point.point.programme.name, limit_text(point.point),
                                   uncertainty_of(point) > 0 ? fmt::format("{:.3f} %", uncertainty_of(point)) : "");
    if (side_by_side) {
        for (const PositionResult& position : point.positions) {
            text += fmt::format("{:>22}", cell(point, position));
        }
        return text + "\n";
    }
    const auto passed = std::ranges::count_if(point.positions, [](const auto& p) { return p.verdict == Verdict::pass; });
    text += fmt::format("   {:>3} of {} pass", passed, point.positions.size());
    if (const PositionResult* worst = worst_of(point)) {
        text += fmt::format("   worst: {} {}", worst->position, cell(point, *worst));
    }
    return text + "\n";
}

std::string upper_case(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
    return out;
}

// Why whatever did not pass did not.
std::string reasons(const RunResult& result) {
    std::string text;
    for (const PointResult& point : result.points) {
        for (const PositionResult& position : point.positions) {
            if (position.verdict != Verdict::pass && position.verdict != Verdict::not_run) {
                text += fmt::format("  {} at {}: {}: {}\n", position.position, point.point.programme.name,
                                    calibration::name(position.verdict), position.reason);
            }
        }
    }
    for (const sequences::MeterResult& meter : result.meters) {
        if (meter.registers && meter.registers->verdict != Verdict::pass) {
            text += fmt::format("  {}: registers: {}\n", meter.position, meter.registers->reason);
        }
    }
    for (const std::string& remark : result.remarks) {
        text += fmt::format("  note: {}\n", remark);
    }
    return text;
}

// What had to be repeated and why: position by position it would fill the screen, so each reason once.
std::string repetitions(const RunResult& result) {
    std::string text;
    for (const PointResult& point : result.points) {
        std::map<std::string, std::vector<std::string>> by_reason;
        for (const sequences::Invalidation& invalidation : point.invalidations) {
            by_reason[invalidation.reason].push_back(invalidation.position.empty() ? "all" : invalidation.position);
        }
        for (const auto& [reason, positions] : by_reason) {
            text += fmt::format("  repeated at {} ({}): {}\n", point.point.programme.name, fmt::join(positions, ", "), reason);
        }
    }
    return text;
}

std::string meters_line(const RunResult& result) {
    const auto passed = std::ranges::count_if(result.meters, [](const auto& m) { return m.verdict == Verdict::pass; });
    if (result.meters.size() > columns && passed == std::ssize(result.meters)) {
        return fmt::format("  all {} meters PASS\n", result.meters.size());
    }
    std::string text;
    for (const sequences::MeterResult& meter : result.meters) {
        text += fmt::format("  {} ({}): {}{}\n", meter.position, meter.serial, upper_case(calibration::name(meter.verdict)),
                            meter.registers && meter.registers->verdict == Verdict::pass ? ", registers agree with the LED" : "");
    }
    return text;
}

nlohmann::json position_as_json(const PositionResult& position) {
    nlohmann::json json{{"position", position.position}, {"serial", position.serial},
                        {"verdict", std::string(calibration::name(position.verdict))}};
    if (!position.reason.empty()) {
        json["reason"] = position.reason;
    }
    if (position.gate) {
        json["error_percent"] = position.gate->error_pi_percent;
        json["error_omega_percent"] = position.gate->error_omega_percent;
        json["intervals"] = position.gate->intervals;
    }
    if (position.budget && std::isfinite(position.budget->expanded_percent)) {
        json["expanded_uncertainty_percent"] = position.budget->expanded_percent;
    }
    return json;
}

nlohmann::json meter_as_json(const sequences::MeterResult& meter) {
    nlohmann::json json{{"position", meter.position}, {"serial", meter.serial},
                        {"verdict", std::string(calibration::name(meter.verdict))}};
    if (!meter.reason.empty()) {
        json["reason"] = meter.reason;
    }
    if (meter.registers) {
        json["registers"] = {{"verdict", std::string(calibration::name(meter.registers->verdict))},
                             {"advance_kwh", meter.registers->advance_kwh},
                             {"led_kwh", meter.registers->led_kwh}};
    }
    return json;
}

}  // namespace

std::string plan_as_text(const sequences::Plan& plan) {
    std::string text = fmt::format("{}\n{} class {} by {}, rule {}, {:g} imp/kWh\n\n", plan.programme.title, plan.meter.name,
                                   plan.accuracy_class, plan.limits.title(), calibration::name(plan.rule),
                                   plan.ratings.constant.value());
    text += fmt::format("{:<22}{:>10}{:>10}{:>12}{:>12}{:>14}{:>14}\n", "point", "U", "I", "impulse", "limit", "expected U", "time");
    for (const sequences::TestPoint& point : plan.points) {
        const double interval_s = calibration::seconds(point.impulse_interval);
        double current = 0;
        for (const calibration::PhaseLoad& phase : point.load.phases) {
            current = std::max(current, phase.current.value());
        }
        text += fmt::format("{:<22}{:>8.1f} V{:>8.4g} A{:>12}{:>12}{:>14}{:>14}\n", point.programme.name,
                            point.load.phases[0].voltage.value(), current,
                            interval_s > 0 ? fmt::format("{:.4g} s", interval_s) : "", limit_text(point),
                            point.expected_uncertainty_percent > 0 ? fmt::format("{:.3f} %", point.expected_uncertainty_percent) : "",
                            duration_text(point.expected_s));
        if (!point.infeasible.empty()) {
            text += fmt::format("    cannot be decided: {}\n", point.infeasible);
        }
    }
    text += fmt::format("\n{} points, expected {}, at most {}\n", plan.points.size(), duration_text(plan.expected_s),
                        duration_text(plan.at_most_s));
    for (const std::string& remark : plan.remarks) {
        text += fmt::format("note: {}\n", remark);
    }
    return text;
}

std::string plan_as_json(const sequences::Plan& plan) {
    nlohmann::json points = nlohmann::json::array();
    for (const sequences::TestPoint& point : plan.points) {
        nlohmann::json entry{{"name", point.programme.name},
                             {"kind", std::string(sequences::name(point.programme.kind))},
                             {"expected_s", point.expected_s},
                             {"at_most_s", point.at_most_s},
                             {"impulse_interval_s", calibration::seconds(point.impulse_interval)}};
        if (point.limits) {
            entry["limit_lower_percent"] = point.limits->lower.value();
            entry["limit_upper_percent"] = point.limits->upper.value();
            entry["expected_uncertainty_percent"] = point.expected_uncertainty_percent;
        }
        if (!point.infeasible.empty()) {
            entry["infeasible"] = point.infeasible;
        }
        points.push_back(std::move(entry));
    }
    return nlohmann::json{{"programme", plan.programme.id}, {"meter", plan.meter.id}, {"limits", plan.limits.id()},
                          {"accuracy_class", plan.accuracy_class}, {"expected_s", plan.expected_s},
                          {"at_most_s", plan.at_most_s}, {"points", points}, {"remarks", plan.remarks}}
        .dump();
}

std::string result_as_text(const RunResult& result) {
    const bool side_by_side = result.meters.size() <= columns;
    std::string text = fmt::format("{}{}\n{} class {} by {}, rule {}, run {}\n\n", result.identity.simulated ? "SIMULATED  " : "",
                                   result.plan.programme.title, result.plan.meter.name, result.plan.accuracy_class,
                                   result.plan.limits.title(), calibration::name(result.plan.rule), result.identity.run_id);
    text += fmt::format("{:<22}{:>10}{:>11}", "point", "limit", "U (k~2)");
    for (const sequences::MeterResult& meter : result.meters) {
        text += side_by_side ? fmt::format("{:>22}", fmt::format("{} ({})", meter.position, meter.serial)) : "";
    }
    text += '\n';
    for (const PointResult& point : result.points) {
        text += row(point, side_by_side);
    }
    text += fmt::format("\n{}", meters_line(result));
    text += repetitions(result);
    text += reasons(result);
    text += fmt::format("\n{}{}  ({} of bench time)\n", upper_case(calibration::name(result.verdict)),
                        result.aborted ? fmt::format(", ABORTED: {}", result.abort_reason) : "", duration_text(result.bench_time_s));
    return text;
}

std::string result_as_json(const RunResult& result) {
    nlohmann::json points = nlohmann::json::array();
    for (const PointResult& point : result.points) {
        nlohmann::json positions = nlohmann::json::array();
        for (const PositionResult& position : point.positions) {
            positions.push_back(position_as_json(position));
        }
        points.push_back({{"name", point.point.programme.name}, {"attempts", point.attempts}, {"positions", positions}});
    }
    nlohmann::json meters = nlohmann::json::array();
    for (const sequences::MeterResult& meter : result.meters) {
        meters.push_back(meter_as_json(meter));
    }
    return nlohmann::json{{"run_id", result.identity.run_id},
                          {"simulated", result.identity.simulated},
                          {"verdict", std::string(calibration::name(result.verdict))},
                          {"aborted", result.aborted},
                          {"abort_reason", result.abort_reason},
                          {"bench_time_s", result.bench_time_s},
                          {"meters", meters},
                          {"points", points},
                          {"remarks", result.remarks}}
        .dump();
}

}  // namespace scripts
