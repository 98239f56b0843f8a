// The budget of one error: what each contribution is, and how they combine (JCGM 100, EA-4/02).
#include "calibration/uncertainty.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace calibration {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// What of a gate matters for its uncertainty, measured or expected.
struct GateFigures {
    std::int64_t intervals = 0;
    std::int64_t edges = 0;  // that took part in the line, extra ones not counted
    double scatter_impulses = 0;
    double duration_s = 0;  // 0: not known
};

Contribution certificate_part(const Certificate& certificate) {
    return {"reference certificate",
            certificate.expanded_uncertainty_percent / 2.0,
            infinite,
            "type B, normal, k = 2"};
}

// An angle error delta changes the power by tan(phi) delta: one minute is 0.050 % at power factor
// 0.5.
Contribution phase_part(const Certificate& certificate, double power_factor) {
    const double standard_minutes = certificate.expanded_phase_uncertainty_minutes / 2.0;
    const double standard_rad = standard_minutes / 60.0 * std::numbers::pi / 180.0;
    const double cosine = std::min(std::abs(power_factor), 1.0);
    const double tangent = std::sqrt(1.0 - cosine * cosine) / cosine;
    const double percent = standard_rad == 0 ? 0 : 100.0 * standard_rad * tangent;
    return {"reference phase", percent, infinite, "type B, normal, k = 2, times tan(phi)"};
}

// Every stamp is rectangular over one tick: variance tick^2 / 12. The phase at a dut edge a
// fraction f into its gap moves with the dut's stamp by 1, with the two reference stamps by 1 - f
// and f, whose squares sum to 2/3 on average over f. Each end of the gate has its own.
Contribution timestamp_part(double tick_s, double duration_s) {
    const double end_s = tick_s * std::sqrt((1.0 + 2.0 / 3.0) / 12.0);
    return {"timestamps",
            100.0 * std::numbers::sqrt2 * end_s / duration_s,
            infinite,
            "type B, rectangular, two dut edges and four reference edges of one tick each"};
}

// The error counts from the first to the last edge, so the scatter of a single edge enters twice.
Contribution scatter_part(const GateFigures& gate) {
    const auto degrees = static_cast<double>(gate.edges - 2);
    if (degrees < 1 || gate.intervals < 1) {
        return {"residual scatter",
                infinite,
                0,
                "type A, no estimate: two edges leave no degrees of freedom"};
    }
    const double percent =
        100.0 * std::numbers::sqrt2 * gate.scatter_impulses / static_cast<double>(gate.intervals);
    return {"residual scatter",
            percent,
            degrees,
            fmt::format("type A, {} degrees of freedom", degrees)};
}

void add_unless_zero(std::vector<Contribution>& parts, Contribution part) {
    if (part.standard_uncertainty_percent != 0) parts.push_back(std::move(part));
}

std::vector<Contribution> contributions(const GateFigures& gate, const BudgetInputs& inputs) {
    std::vector<Contribution> parts{certificate_part(inputs.certificate)};
    add_unless_zero(parts, phase_part(inputs.certificate, inputs.power_factor));
    if (gate.duration_s > 0) {
        parts.push_back(timestamp_part(inputs.tick_s, gate.duration_s));
    }
    parts.push_back(scatter_part(gate));
    return parts;
}

// JCGM 100 G.4.1: nu = u^4 / sum(u_i^4 / nu_i). Relative shares, so that tiny numbers do not
// underflow.
double welch_satterthwaite(const std::vector<Contribution>& parts, double combined) {
    double sum = 0;
    for (const Contribution& part : parts) {
        const double share = part.standard_uncertainty_percent / combined;
        sum += share * share * share * share / part.degrees_of_freedom;
    }
    return sum > 0 ? 1.0 / sum : infinite;
}

Budget combined(std::vector<Contribution> parts) {
    Budget budget;
    double variance = 0;
    for (const Contribution& part : parts) {
        variance += part.standard_uncertainty_percent * part.standard_uncertainty_percent;
    }
    budget.contributions = std::move(parts);
    budget.combined_percent = std::sqrt(variance);
    if (std::isinf(variance)) {
        budget.effective_degrees = 0;
    } else if (variance > 0) {
        budget.effective_degrees =
            welch_satterthwaite(budget.contributions, budget.combined_percent);
    }
    budget.coverage_factor = student_coverage_factor(budget.effective_degrees);
    budget.expanded_percent = variance == 0 ? 0 : budget.coverage_factor * budget.combined_percent;
    return budget;
}

}  // namespace

Budget error_budget(const GateResult& gate, const BudgetInputs& inputs) {
    GateFigures figures;
    figures.intervals = gate.intervals;
    figures.edges = gate.edges - gate.extra;
    figures.scatter_impulses = gate.scatter_impulses;
    figures.duration_s = gate.duration_ticks * inputs.tick_s;
    return combined(contributions(figures, inputs));
}

double expected_expanded_uncertainty_percent(const BudgetInputs& inputs,
                                             std::int64_t intervals,
                                             double scatter_impulses,
                                             double gate_duration_s) {
    const GateFigures figures{intervals, intervals + 1, scatter_impulses, gate_duration_s};
    return combined(contributions(figures, inputs)).expanded_percent;
}

}  // namespace calibration
