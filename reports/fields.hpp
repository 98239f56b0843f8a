// What evidence holds of a run, name by name: read by both Saver and Loader, so the two cannot
// differ. Internal.
#pragma once

#include "reports/archive.hpp"
#include "sequences/results.hpp"

#include <string>

namespace reports {

// /entry
template <class Archive, class Run>
void run_fields(Archive& archive, Run& run) {
    auto& identity = run.identity;
    archive("run_id", identity.run_id);
    archive("started_at", identity.started_at);
    archive("simulated", identity.simulated);
    archive("software_version", identity.software_version);
    archive("git_commit", identity.git_commit);
    archive("operator", identity.operator_name);
    archive("seed", run.setup.seed);
    archive("decision_rule", run.setup.rule);
    archive("printed_minimum_current", run.setup.printed_minimum_current);
    archive("only_points", run.setup.only_points);
    archive("verdict", run.verdict);
    archive("aborted", run.aborted);
    archive("abort_reason", run.abort_reason);
    archive("bench_time_s", run.bench_time_s);
}

// /entry/instruments
template <class Archive, class Instruments>
void instrument_fields(Archive& archive, Instruments& instruments) {
    archive("source", instruments.source);
    archive("reference", instruments.reference);
    archive("capture", instruments.capture);
    archive("tick_s", instruments.tick_s);
    archive.or_usual("reference_divider", instruments.reference_divider);
}

template <class Archive, class Load>
void load_fields(Archive& archive, Load& load) {
    using calibration::PhaseLoad;
    archive.phases("voltage_v", load.phases, &PhaseLoad::voltage);
    archive.phases("voltage_angle_deg", load.phases, &PhaseLoad::voltage_angle);
    archive.phases("current_a", load.phases, &PhaseLoad::current);
    archive.phases("angle_deg", load.phases, &PhaseLoad::displacement);
    archive("frequency_hz", load.frequency);
    archive("phase_sequence", load.sequence);
    for (std::size_t phase = 0; phase < load.phases.size(); ++phase) {
        const std::string line = "_l" + std::to_string(phase + 1);
        auto& channels = load.phases[phase];
        archive(("voltage_harmonics" + line).c_str(), channels.voltage_harmonics);
        archive(("current_harmonics" + line).c_str(), channels.current_harmonics);
    }
}

template <class Archive, class Programme>
void programme_point_fields(Archive& archive, Programme& point) {
    archive("name", point.name);
    archive("kind", point.kind);
    archive("voltage", point.voltage);
    archive("current", point.current);
    archive("power_factor", point.power_factor);
    archive("load", point.load);
    archive("phase", point.phase);
    archive("settle_s", point.settle_s);
    archive("stop_least_intervals", point.stop.least_intervals);
    archive("stop_least_time_s", point.stop.least_time_s);
    archive("stop_most_time_s", point.stop.most_time_s);
}

// /entry/point_NNN
template <class Archive, class Point>
void point_fields(Archive& archive, Point& result) {
    auto& point = result.point;
    archive("index", point.index);
    programme_point_fields(archive, point.programme);
    load_fields(archive, point.load);
    archive.part("limit_lower_percent", point.limits, [&](auto& limits) {
        archive("limit_lower_percent", limits.lower);
        archive("limit_upper_percent", limits.upper);
        archive("limit_row", limits.row);
        archive("limit_source", limits.source);
        archive("limit_confidence", limits.confidence);
        archive("limit_disputed", limits.disputed);
    });
    archive("impulse_interval_s", point.impulse_interval);
    archive("required_s", point.required);
    archive("expected_s", point.expected_s);
    archive("at_most_s", point.at_most_s);
    archive("expected_uncertainty_percent", point.expected_uncertainty_percent);
    archive("infeasible", point.infeasible);
    archive("started_s", result.started_s);
    archive("ended_s", result.ended_s);
    archive("attempts", result.attempts);
    using sequences::Invalidation;
    archive.column("invalidation_attempt", result.invalidations, &Invalidation::attempt);
    archive.column("invalidation_position", result.invalidations, &Invalidation::position);
    archive.column("invalidation_reason", result.invalidations, &Invalidation::reason);
}

template <class Archive, class Spread>
void spread_fields(Archive& archive, const std::string& quantity, Spread& spread) {
    archive((quantity + "_min").c_str(), spread.least);
    archive((quantity + "_mean").c_str(), spread.mean);
    archive((quantity + "_max").c_str(), spread.most);
}

template <class Archive, class Spreads>
void phase_spread_fields(Archive& archive, const std::string& quantity, Spreads& spreads) {
    using sequences::Spread;
    archive.phases((quantity + "_min").c_str(), spreads, &Spread::least);
    archive.phases((quantity + "_mean").c_str(), spreads, &Spread::mean);
    archive.phases((quantity + "_max").c_str(), spreads, &Spread::most);
}

// /entry/point_NNN/conditions
template <class Archive, class Conditions>
void condition_fields(Archive& archive, Conditions& conditions) {
    archive("readings", conditions.readings);
    phase_spread_fields(archive, "voltage_v", conditions.voltage_v);
    phase_spread_fields(archive, "current_a", conditions.current_a);
    phase_spread_fields(archive, "displacement_deg", conditions.displacement_deg);
    spread_fields(archive, "frequency_hz", conditions.frequency_hz);
    spread_fields(archive, "power_w", conditions.power_w);
}

template <class Archive, class Gate>
void gate_fields(Archive& archive, Gate& gate) {
    archive("error_percent", gate.error_pi_percent);
    archive("error_omega_percent", gate.error_omega_percent);
    archive("edges", gate.edges);
    archive("intervals", gate.intervals);
    archive("missed", gate.missed);
    archive("extra", gate.extra);
    archive("reference_impulses", gate.reference_impulses);
    archive("duration_ticks", gate.duration_ticks);
    archive("scatter_impulses", gate.scatter_impulses);
}

template <class Archive, class Budget>
void budget_fields(Archive& archive, Budget& budget) {
    using calibration::Contribution;
    archive("expanded_uncertainty_percent", budget.expanded_percent);
    archive("combined_uncertainty_percent", budget.combined_percent);
    archive("coverage_factor", budget.coverage_factor);
    archive("effective_degrees", budget.effective_degrees);
    auto& rows = budget.contributions;
    archive.column("budget_names", rows, &Contribution::name);
    archive.column(
        "budget_standard_uncertainty_percent", rows, &Contribution::standard_uncertainty_percent);
    archive.column("budget_degrees_of_freedom", rows, &Contribution::degrees_of_freedom);
    archive.column("budget_evaluations", rows, &Contribution::evaluation);
}

// /entry/point_NNN/position_NN
template <class Archive, class Position>
void position_fields(Archive& archive, Position& result) {
    archive("position", result.position);
    archive("serial", result.serial);
    archive("verdict", result.verdict);
    archive("reason", result.reason);
    archive("attempt", result.attempt);
    archive("reference_constant_imp_per_kwh", result.reference_constant_imp_per_kwh);
    archive.part("error_percent", result.gate, [&](auto& gate) { gate_fields(archive, gate); });
    archive.part(
        "coverage_factor", result.budget, [&](auto& budget) { budget_fields(archive, budget); });
    archive.part("judgement", result.judgement, [&](auto& judgement) {
        archive("judgement", judgement.verdict);
        archive("judgement_reason", judgement.reason);
        archive("acceptance_lower_percent", judgement.acceptance_lower);
        archive("acceptance_upper_percent", judgement.acceptance_upper);
    });
    archive("true_error_percent", result.true_error_percent);
    archive("impulses", result.impulses);
    archive("observed_s", result.observed_s);
    archive("impulse_times_s", result.impulse_times_s);
}

// /entry/meters/position_NN
template <class Archive, class Meter>
void meter_fields(Archive& archive, Meter& meter) {
    archive("position", meter.position);
    archive("serial", meter.serial);
    archive("led_channel", meter.led_channel);
    archive("verdict", meter.verdict);
    archive("reason", meter.reason);
    using Line = std::pair<std::string, std::string>;
    archive.column("identity_names", meter.identity, &Line::first);
    archive.column("identity_values", meter.identity, &Line::second);
    archive.part("register_verdict", meter.registers, [&](auto& check) {
        archive("register_before_kwh", check.before_kwh);
        archive("register_after_kwh", check.after_kwh);
        archive("register_advance_kwh", check.advance_kwh);
        archive("register_led_kwh", check.led_kwh);
        archive("register_step_kwh", check.step_kwh);
        archive("register_led_impulses", check.led_impulses);
        archive("register_verdict", check.verdict);
        archive("register_reason", check.reason);
    });
}

}  // namespace reports
