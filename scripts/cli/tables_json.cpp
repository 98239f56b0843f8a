// Plans and results as JSON: one object on one line.
#include "scripts/cli/tables.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace scripts {

namespace {

using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;

// JSON has neither infinities nor what is no number.
void set_number(nlohmann::json& json, const char* name, const std::optional<double>& value) {
    if (value && std::isfinite(*value)) {
        json[name] = *value;
    }
}

nlohmann::json check_as_json(const sequences::CheckLine& line) {
    nlohmann::json json{{"what", line.what},
                        {"verdict", std::string(calibration::name(line.verdict))}};
    set_number(json, "value", line.value);
    set_number(json, "least", line.least);
    set_number(json, "most", line.most);
    if (!line.unit.empty()) {
        json["unit"] = line.unit;
    }
    if (!line.text.empty()) {
        json["text"] = line.text;
    }
    return json;
}

nlohmann::json position_as_json(const PositionResult& position) {
    nlohmann::json json{{"position", position.position},
                        {"serial", position.serial},
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
    if (!position.checks.empty()) {
        json["checks"] = nlohmann::json::array();
        for (const sequences::CheckLine& line : position.checks) {
            json["checks"].push_back(check_as_json(line));
        }
    }
    return json;
}

nlohmann::json meter_as_json(const sequences::MeterResult& meter) {
    nlohmann::json json{{"position", meter.position},
                        {"serial", meter.serial},
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
    return nlohmann::json{{"programme", plan.programme.id},
                          {"meter", plan.meter.id},
                          {"limits", plan.limits.id()},
                          {"accuracy_class", plan.accuracy_class},
                          {"expected_s", plan.expected_s},
                          {"at_most_s", plan.at_most_s},
                          {"points", points},
                          {"remarks", plan.remarks}}
        .dump();
}

std::string result_as_json(const RunResult& result) {
    nlohmann::json points = nlohmann::json::array();
    for (const PointResult& point : result.points) {
        nlohmann::json positions = nlohmann::json::array();
        for (const PositionResult& position : point.positions) {
            positions.push_back(position_as_json(position));
        }
        points.push_back({{"name", point.point.programme.name},
                          {"kind", std::string(sequences::name(point.point.programme.kind))},
                          {"attempts", point.attempts},
                          {"positions", positions}});
    }
    nlohmann::json meters = nlohmann::json::array();
    for (const sequences::MeterResult& meter : result.meters) {
        meters.push_back(meter_as_json(meter));
    }
    return nlohmann::json{{"run_id", result.identity.run_id},
                          {"simulated", result.identity.simulated},
                          {"verdict", std::string(calibration::name(result.verdict))},
                          {"partial", sequences::partial_text(result.plan)},
                          {"aborted", result.aborted},
                          {"abort_reason", result.abort_reason},
                          {"bench_time_s", result.bench_time_s},
                          {"meters", meters},
                          {"points", points},
                          {"remarks", result.remarks}}
        .dump();
}

}  // namespace scripts
