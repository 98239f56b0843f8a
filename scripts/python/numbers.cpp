#include "scripts/python/numbers.hpp"

#include <limits>

namespace scripts::python {

namespace {

using sequences::PositionResult;

constexpr double none = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double error_percent(const PositionResult& result) {
    return result.gate ? result.gate->error_pi_percent : none;
}

double error_omega_percent(const PositionResult& result) {
    return result.gate ? result.gate->error_omega_percent : none;
}

double expanded_uncertainty_percent(const PositionResult& result) {
    return result.budget ? result.budget->expanded_percent : none;
}

double coverage_factor(const PositionResult& result) {
    return result.budget ? result.budget->coverage_factor : none;
}

std::int64_t intervals(const PositionResult& result) {
    return result.gate ? result.gate->intervals : 0;
}

std::int64_t missed(const PositionResult& result) { return result.gate ? result.gate->missed : 0; }

std::int64_t extra(const PositionResult& result) { return result.gate ? result.gate->extra : 0; }

}  // namespace scripts::python
