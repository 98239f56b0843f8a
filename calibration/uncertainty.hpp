// The uncertainty of one error as a GUM budget: contributions, combined, effective degrees of
// freedom, expanded.
#pragma once

#include "calibration/gate.hpp"
#include "calibration/quantity.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace calibration {

struct Contribution {
    // "reference certificate", "reference phase", "timestamps", "residual scatter", ...
    std::string name;
    double standard_uncertainty_percent = 0;
    double degrees_of_freedom = std::numeric_limits<double>::infinity();
    std::string evaluation;  // "type B, normal, k = 2", "type A, 9 degrees of freedom"
};

struct Budget {
    std::vector<Contribution> contributions;
    // Root sum of squares; the contributions are independent by construction.
    double combined_percent = 0;
    double effective_degrees = std::numeric_limits<double>::infinity();  // Welch-Satterthwaite
    double coverage_factor = 2;  // Student t for 95.45 %; 2.00 for infinite degrees
    double expanded_percent = 0;
};

// The reference standard's certificate, as QA has it on paper.
struct Certificate {
    std::string number;
    std::string due;                          // ISO date, may be empty
    double expanded_uncertainty_percent = 0;  // of active power at PF 1, k = 2
    // Of the phase between U and I, k = 2; enters with tan(phi).
    double expanded_phase_uncertainty_minutes = 0;
};

struct BudgetInputs {
    Certificate certificate;
    double power_factor = 1;  // of the load, for the tan(phi) term
    double tick_s = 8e-9;     // one device tick
};

// The budget of error_pi_percent. Contributions that are exactly zero by their inputs are left out,
// but for the certificate, the timestamps and the scatter. With two edges there are no degrees of
// freedom to estimate the scatter from: the budget says so and everything expanded is infinite, so
// that no rule can reach a verdict but inconclusive.
Budget error_budget(const GateResult& gate, const BudgetInputs& inputs);

// Student's t quantile for two-sided coverage `probability` (0.9545 gives 2.00 at infinite
// degrees). Degrees need not be whole, as Welch-Satterthwaite gives them; infinite for zero
// degrees.
double student_coverage_factor(double degrees_of_freedom, double probability = 0.95449973610364158);

// The uncertainty a point is expected to reach with n intervals of a meter with this jitter, for
// the planner, by the same formulas. Without a gate duration the parts that need one (timestamps,
// interpolation) are left out.
double expected_expanded_uncertainty_percent(const BudgetInputs& inputs,
                                             std::int64_t intervals,
                                             double scatter_impulses,
                                             double gate_duration_s = 0);

}  // namespace calibration
