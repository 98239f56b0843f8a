// Cheapest paths over recorded edges.
#include "calibration/gate_steps.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace calibration {
namespace {

// In prices of an extra edge. A shift that a grid can make is cheaper than leaving out two edges,
// or one together with a gap; a wider one is dearer.
constexpr double shift_price = 1.5;
constexpr double misfit_price = 4.0;
constexpr double gap_share = 0.75;  // cheaper than an edge lost at either end
constexpr double narrowest_tolerance = 0.05;
// Edges that may be extra in a row within a gap; within one spacing (a lamp's flicker) many more.
constexpr std::size_t always_looked_back = 8;
constexpr std::size_t most_looked_back = 256;
constexpr double looked_back_spacings = 1.6;
constexpr int most_rounds = 4;
constexpr std::size_t fewest_for_noise = 6;  // spacings from which a spread can be estimated

double quantile(std::vector<double>& values, double share) {
    const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size()));
    const auto place = values.begin() + std::min(rank, std::ssize(values) - 1);
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

struct Reading {
    std::vector<std::int64_t> index;
    double spacing = 1;
    double tolerance = widest_tolerance;
};

// The median of the spacings that can be single impulses.
double first_spacing(std::span<const double> phases) {
    std::vector<double> single;
    for (std::size_t i = 1; i < phases.size(); ++i) {
        const double spacing = phases[i] - phases[i - 1];
        if (spacing > shortest_spacing && spacing < longest_spacing) {
            single.push_back(spacing);
        }
    }
    return single.empty() ? 1.0 : quantile(single, 0.5);
}

struct Node {
    double price = std::numeric_limits<double>::infinity();  // edges before it included
    std::ptrdiff_t from = -1;
    std::int64_t impulses = 0;
};

Node best_way_to(std::size_t edge,
                 std::span<const double> phases,
                 std::span<const Node> nodes,
                 const StepPrices& prices,
                 double spacing) {
    Node best;
    best.price = prices.outside(edge, (phases[edge] - phases.front()) / spacing);
    for (std::size_t back = 1; back <= std::min(edge, most_looked_back); ++back) {
        const std::size_t from = edge - back;
        const double before = nodes[from].price + static_cast<double>(back - 1) * prices.extra();
        if (back <= always_looked_back && before > best.price) {
            continue;
        }
        const double spacings = (phases[edge] - phases[from]) / spacing;
        if (back > always_looked_back && spacings > looked_back_spacings) {
            break;
        }
        const auto step = prices.step(spacings);
        if (before + step.price <= best.price) {
            best = {before + step.price, static_cast<std::ptrdiff_t>(from), step.impulses};
        }
    }
    return best;
}

std::vector<std::int64_t> cheapest(std::span<const double> phases, const Reading& reading) {
    const StepPrices prices{reading.tolerance};
    std::vector<Node> nodes;
    nodes.reserve(phases.size());
    std::ptrdiff_t last = -1;
    double lowest = std::numeric_limits<double>::infinity();
    for (std::size_t edge = 0; edge < phases.size(); ++edge) {
        nodes.push_back(best_way_to(edge, phases, nodes, prices, reading.spacing));
        const double beyond = (phases.back() - phases[edge]) / reading.spacing;
        const double whole = nodes.back().price + prices.outside(phases.size() - 1 - edge, beyond);
        if (whole <= lowest) {
            lowest = whole;
            last = static_cast<std::ptrdiff_t>(edge);
        }
    }
    // Walk back, then number from the first edge taken.
    std::vector<std::int64_t> index(phases.size(), -1);
    std::int64_t to_last = 0;
    for (std::ptrdiff_t at = last; at >= 0; at = nodes[static_cast<std::size_t>(at)].from) {
        index[static_cast<std::size_t>(at)] = to_last;
        to_last += nodes[static_cast<std::size_t>(at)].impulses;
    }
    const std::int64_t total = last < 0 ? 0 : *std::max_element(index.begin(), index.end());
    for (std::int64_t& i : index) {
        i = i < 0 ? -1 : total - i;
    }
    return index;
}

// The largest shift inside the gate that lasts, as an update grid makes it. The shift there and
// back of a single edge is that edge's fault, and the ends are what the tolerance is needed for.
double lasting_shift(std::span<const double> strays) {
    double largest = 0;
    for (std::size_t k = 1; k + 1 < strays.size(); ++k) {
        const double size = std::abs(strays[k]);
        const bool lasts = std::abs(strays[k] + strays[k - 1]) > 0.5 * size &&
                           std::abs(strays[k] + strays[k + 1]) > 0.5 * size;
        if (lasts && size < widest_shift) {
            largest = std::max(largest, size);
        }
    }
    return largest;
}

// The meter's own spacing, and how far its edges stray: seven times what three quarters of the
// spacings keep to, or a little more than the largest lasting shift.
void learn(Reading& reading, std::span<const double> phases) {
    std::vector<std::size_t> taken;
    for (std::size_t i = 0; i < phases.size(); ++i) {
        if (reading.index[i] >= 0) {
            taken.push_back(i);
        }
    }
    if (taken.size() < 2) {
        return;
    }
    const std::size_t first = taken.front();
    const std::size_t last = taken.back();
    const double mean = (phases[last] - phases[first]) / static_cast<double>(reading.index[last]);
    reading.spacing = std::clamp(mean, shortest_spacing, longest_spacing);
    if (taken.size() <= fewest_for_noise) {
        return;
    }
    std::vector<double> strays;
    for (std::size_t k = 1; k < taken.size(); ++k) {
        const auto impulses =
            static_cast<double>(reading.index[taken[k]] - reading.index[taken[k - 1]]);
        const double spacings = (phases[taken[k]] - phases[taken[k - 1]]) / reading.spacing;
        strays.push_back(spacings - impulses);
    }
    const double shift = lasting_shift(strays);
    std::transform(
        strays.begin(), strays.end(), strays.begin(), [](double s) { return std::abs(s); });
    const double spread = quantile(strays, 0.75);
    reading.tolerance =
        std::clamp(std::max(7.0 * spread, 1.15 * shift), narrowest_tolerance, widest_tolerance);
}

}  // namespace

StepPrices::StepPrices(double tolerance)
    : tolerance_(tolerance), extra_(tolerance * tolerance), gap_(gap_share * extra_) {}

double StepPrices::stray(double by) const {
    const double most = std::abs(by) <= widest_shift ? shift_price : misfit_price;
    return std::min(by * by, most * extra_);
}

StepPrices::Step StepPrices::step(double spacings) const {
    const double fewer = std::max(1.0, std::floor(spacings));
    const double price_fewer = stray(spacings - fewer) + (fewer > 1 ? gap_ : 0.0);
    const double price_more = stray(spacings - (fewer + 1)) + gap_;
    if (price_fewer <= price_more) {
        return {static_cast<std::int64_t>(fewer), price_fewer};
    }
    return {static_cast<std::int64_t>(fewer) + 1, price_more};
}

double StepPrices::outside(std::size_t edges, double spacings) const {
    return static_cast<double>(edges) * extra_ + (spacings > 1.0 + tolerance_ ? gap_ : 0.0);
}

std::vector<std::int64_t> impulse_indices(std::span<const double> phases) {
    Reading reading;
    reading.spacing = first_spacing(phases);
    reading.index = cheapest(phases, reading);
    for (int round = 1; round < most_rounds; ++round) {
        learn(reading, phases);
        auto index = cheapest(phases, reading);
        if (index == reading.index) {
            break;
        }
        reading.index = std::move(index);
    }
    return reading.index;
}

}  // namespace calibration
