// Errors of a gate from the regression of its residuals, with all edges in view.
#include "calibration/gate.hpp"

#include "calibration/check.hpp"
#include "calibration/gate_line.hpp"
#include "calibration/gate_steps.hpp"

#include <algorithm>

namespace calibration {
namespace {

double fraction(const PhasedEdge& edge) {
    return static_cast<double>(edge.tick - edge.reference_before) /
           static_cast<double>(edge.reference_after - edge.reference_before);
}

// The residuals of the chosen edges about `slope`, about their means: two passes, so that the
// scatter of a meter far off the nominal line keeps all its digits.
Moments moments(std::span<const double> phases, std::span<const std::int64_t> index, double slope) {
    const auto residual = [&](std::size_t k) {
        const auto i = static_cast<double>(index[k]);
        return (phases[k] - i) - slope * i;
    };
    Moments sums;
    double mean_i = 0;
    double mean_y = 0;
    for (std::size_t k = 0; k < phases.size(); ++k) {
        if (index[k] >= 0) {
            sums.count += 1;
            mean_i += (static_cast<double>(index[k]) - mean_i) / sums.count;
            mean_y += (residual(k) - mean_y) / sums.count;
        }
    }
    for (std::size_t k = 0; k < phases.size(); ++k) {
        if (index[k] >= 0) {
            const double i = static_cast<double>(index[k]) - mean_i;
            const double y = residual(k) - mean_y;
            sums.ii += i * i;
            sums.iy += i * y;
            sums.yy += y * y;
        }
    }
    return sums;
}

struct PhasedGate {
    std::vector<std::size_t> place;  // in the edges given
    std::vector<double> phases;      // nominal spacings from the first
};

PhasedGate phased(std::span<const PhasedEdge> edges, double nominal_spacing, double divider) {
    PhasedGate gate;
    for (std::size_t k = 0; k < edges.size(); ++k) {
        if (edges[k].has_phase()) {
            gate.place.push_back(k);
            const PhasedEdge& first = edges[gate.place.front()];
            gate.phases.push_back(reference_phase(first, edges[k], divider) / nominal_spacing);
        }
    }
    return gate;
}

// The chosen edges on a straight line; the slope between the first and the last of them is taken
// off beforehand.
void add_regression(GateResult& result, PhasedGate& gate, std::span<const std::int64_t> index) {
    const auto first = std::find(index.begin(), index.end(), 0) - index.begin();
    const double origin = gate.phases[static_cast<std::size_t>(first)];
    for (double& phase : gate.phases) {
        phase -= origin;
    }
    const double slope = 1.0 / (1.0 + result.error_pi_percent / 100.0) - 1.0;
    add_line(result, moments(gate.phases, index, slope), slope);
}

}  // namespace

double reference_phase(const PhasedEdge& from, const PhasedEdge& to, double divider) {
    check(from.has_phase() && to.has_phase(), "only edges between reference edges have a phase");
    const auto whole = static_cast<double>(to.reference_count - from.reference_count);
    return whole + divider * (fraction(to) - fraction(from));
}

std::optional<GateResult> evaluate_gate(std::span<const PhasedEdge> edges,
                                        const GateConstants& constants) {
    const double nominal_spacing = nominal_spacing_of(constants);
    PhasedGate gate = phased(edges, nominal_spacing, constants.reference_divider);
    const auto index = impulse_indices(gate.phases);
    const auto is_impulse = [](std::int64_t i) { return i >= 0; };
    const auto counted = std::count_if(index.begin(), index.end(), is_impulse);
    if (counted < 2) {
        return std::nullopt;
    }
    const auto first = std::find_if(index.begin(), index.end(), is_impulse) - index.begin();
    const auto last = std::max_element(index.begin(), index.end()) - index.begin();
    GateResult result = spanned({.first = edges[gate.place[static_cast<std::size_t>(first)]],
                                 .last = edges[gate.place[static_cast<std::size_t>(last)]],
                                 .intervals = index[static_cast<std::size_t>(last)],
                                 .counted = counted,
                                 .reference_divider = constants.reference_divider},
                                nominal_spacing);
    result.edges = std::ssize(index);
    result.extra = result.edges - counted;
    add_regression(result, gate, index);
    result.index.assign(edges.size(), -1);
    for (std::size_t k = 0; k < index.size(); ++k) {
        result.index[gate.place[k]] = index[k];
    }
    return result;
}

}  // namespace calibration
