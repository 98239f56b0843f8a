// Edges are laid out from a stated error; everything else follows from them as in a real
// evaluation.
#include "tests/reports/sample_run.hpp"

#include "calibration/random.hpp"
#include "dut/meter_type.hpp"
#include "rig/bench_file.hpp"
#include "tests/reports/sample_port_tests.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tests {
namespace {

using calibration::PhasedEdge;
using calibration::Verdict;
using sequences::PointKind;
using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;
using sequences::TestPoint;

constexpr double tick_s = 8e-9;
constexpr double reference_constant = 6e7;  // imp/kWh
constexpr double emission_jitter_s = 2e-4;
constexpr std::uint64_t seed = 7;

double hidden_error(const TestPoint& point, int position) {
    const double gain = position == 2 ? 0.62 : -0.08 + 0.03 * (position % 7);
    const double current = point.load.phases[point.programme.phase].current.value();
    const double angle = point.programme.power_factor.is_unity()       ? 0
                         : point.programme.power_factor.is_inductive() ? 0.06
                                                                       : -0.03;
    return gain + 0.0009 / current + angle;
}

// Edge by edge: the dut at its true spacing with jitter, the reference running on its own grid.
std::vector<PhasedEdge> edges_of(const TestPoint& point, int position, std::size_t intervals) {
    const double power_w = calibration::active_power(point.load).value();
    const double reference_hz = reference_constant * power_w / 3.6e6;
    const double spacing_s =
        calibration::seconds(point.impulse_interval) / (1 + hidden_error(point, position) / 100);
    std::vector<PhasedEdge> edges;
    for (std::size_t index = 0; index <= intervals; ++index) {
        const auto channel = point.index * 100 + static_cast<std::size_t>(position);
        const double time_s = 1 + static_cast<double>(index) * spacing_s +
                              emission_jitter_s * calibration::normal(seed, channel, index);
        const double count = std::floor(time_s * reference_hz);
        const auto tick = [](double at_s) { return std::llround(at_s / tick_s); };
        edges.push_back({.tick = tick(time_s),
                         .reference_count = static_cast<std::int64_t>(count),
                         .reference_before = tick(count / reference_hz),
                         .reference_after = tick((count + 1) / reference_hz)});
    }
    return edges;
}

void evaluate(PositionResult& result, const TestPoint& point, const sequences::Plan& plan) {
    const calibration::GateConstants constants{
        plan.ratings.constant, calibration::ImpulsesPerKilowattHour{reference_constant}};
    result.gate = calibration::evaluate_gate(result.edges, constants);
    result.budget = calibration::error_budget(
        *result.gate,
        {.certificate = plan.certificate, .power_factor = point.programme.power_factor.value()});
    result.judgement = calibration::judge(calibration::Percent{result.gate->error_pi_percent},
                                          calibration::Percent{result.budget->expanded_percent},
                                          *point.limits,
                                          plan.rule);
    result.verdict = result.judgement->verdict;
    result.reason = result.judgement->reason;
}

void no_load(PositionResult& result, const TestPoint& point) {
    result.verdict = Verdict::pass;
    result.observed_s = calibration::seconds(point.required);
}

void starting(PositionResult& result, const TestPoint& point, int position) {
    const double tau = calibration::seconds(point.required);
    result.verdict = Verdict::pass;
    result.impulses = 3;
    for (int impulse = 1; impulse <= 3; ++impulse) {
        const double time_s = tau * (impulse - 0.3 + 0.01 * position);
        result.impulse_times_s.push_back(time_s);
        const std::int64_t tick = std::llround(time_s / tick_s);
        result.edges.push_back({.tick = tick, .reference_before = tick, .reference_after = tick});
    }
    result.observed_s = result.impulse_times_s.back();
}

void spoil(PositionResult& result, const TestPoint& point) {
    if (point.programme.name.find("L2") != std::string::npos) {
        result.verdict = Verdict::invalid;
        result.reason = "L2 current left 1 A ± 1 % in every attempt";
        result.gate.reset();
        result.budget.reset();
        result.judgement.reset();
        result.edges.clear();
    } else if (point.programme.current == "Imax" && point.programme.power_factor.is_unity()) {
        result.verdict = Verdict::suspect;
        result.reason = "1 missed edge: the pulse head lost an impulse";
        result.gate->missed = 1;
    }
}

PositionResult position_result(const TestPoint& point,
                               int position,
                               const SampleOptions& options,
                               const sequences::Plan& plan) {
    PositionResult result;
    result.position = std::to_string(position);
    result.serial = std::to_string(24480000 + position);
    result.reference_constant_imp_per_kwh = reference_constant;
    if (point.programme.kind == PointKind::no_load) {
        no_load(result, point);
    } else if (point.programme.kind == PointKind::starting) {
        starting(result, point, position);
    } else {
        result.edges = edges_of(point, position, options.intervals);
        evaluate(result, point, plan);
        if (options.simulated) {
            result.true_error_percent = hidden_error(point, position);
        }
        if (position == 3) {
            spoil(result, point);
        }
    }
    return result;
}

sequences::Spread around(double value) { return {value * 0.9998, value, value * 1.0003}; }

sequences::Conditions conditions_of(const TestPoint& point) {
    sequences::Conditions seen;
    seen.readings = 60;
    for (std::size_t phase = 0; phase < seen.voltage_v.size(); ++phase) {
        const auto& load = point.load.phases[phase];
        seen.voltage_v[phase] = around(load.voltage.value());
        seen.current_a[phase] = around(load.current.value());
        seen.displacement_deg[phase] = around(load.displacement.value());
    }
    seen.frequency_hz = around(point.load.frequency.value());
    seen.power_w = around(calibration::active_power(point.load).value());
    return seen;
}

PointResult point_result(const TestPoint& point, const SampleOptions& options, RunResult& run) {
    PointResult result;
    result.point = point;
    result.started_s = run.bench_time_s;
    run.bench_time_s += point.expected_s;
    result.ended_s = run.bench_time_s;
    result.attempts = 1;
    result.conditions = conditions_of(point);
    for (int position = 1; position <= options.positions; ++position) {
        result.positions.push_back(position_result(point, position, options, run.plan));
    }
    if (point.programme.current == "Itr" && point.programme.power_factor.is_inductive()) {
        result.attempts = 2;
        result.invalidations = {{1, "", "L2 voltage 226.1 V left 230 V ± 1 %"},
                                {1, "1", "edges <lost> & \"counted\""}};
        for (auto& position : result.positions) {
            position.attempt = 2;
        }
    }
    return result;
}

sequences::MeterResult meter_result(const RunResult& run, int position) {
    sequences::MeterResult meter;
    meter.position = std::to_string(position);
    meter.serial = std::to_string(24480000 + position);
    meter.led_channel = position;
    meter.identity = {{"product name", "COUNTIS E48"}, {"firmware", "1.02 <rEL1> & rEL2"}};
    meter.registers =
        sequences::RegisterCheck{12.34, 15.99, 3.65, 3.652, 0.01, 3652, Verdict::pass, ""};
    std::vector<Verdict> verdicts;
    for (const auto& point : run.points) {
        for (const auto& result : point.positions) {
            if (result.position == meter.position) {
                verdicts.push_back(result.verdict);
            }
        }
    }
    meter.verdict = calibration::worst(verdicts);
    return meter;
}

sequences::RunSetup setup_of(const SampleOptions& options) {
    auto setup = sequences::load_setup({"en50470-3-verification", "countis-e48", ""});
    const auto meter = dut::parse_meter_type(setup.meter_text, setup.meter_name);
    setup.bench_text = rig::twin_bench_text(meter, options.positions, seed);
    setup.bench_name = "twin";
    setup.seed = seed;
    setup.only_points = options.only_points;
    return setup;
}

}  // namespace

RunResult sample_run(const SampleOptions& options) {
    RunResult run;
    run.setup = setup_of(options);
    run.plan = sequences::make_plan(run.setup);
    run.identity = {.run_id = "0123456789abcdef",
                    .started_at = "2000-01-01T00:00:00Z",
                    .simulated = options.simulated,
                    .virtual_time = options.simulated,
                    .software_version = "0.1.0",
                    .git_commit = "0000000",
                    .operator_name = "M. Müller <QA>"};
    run.instruments = {
        "ZERA MT786, serial 50001", "ZERA COM5003, serial 60002", "CTAG/1 capture", tick_s};
    for (const auto& point : run.plan.points) {
        run.points.push_back(point_result(point, options, run));
    }
    std::vector<Verdict> verdicts;
    for (int position = 1; position <= options.positions; ++position) {
        run.meters.push_back(meter_result(run, position));
        verdicts.push_back(run.meters.back().verdict);
    }
    run.verdict = calibration::worst(verdicts);
    if (options.port_tests) {
        add_port_tests(run);
    }
    run.remarks = {"position 2: 1 glitch rejected", "point repeated: L2 voltage left its band"};
    return run;
}

}  // namespace tests
