// Cheapest paths over recorded edges.
#include "calibration/gate_steps.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace calibration {
namespace {

constexpr double missed_share =
    0.75;  // a gap is dearer than none and cheaper than a lost edge at either end
constexpr double worst_fit = 4.0;  // a single shift never costs more than leaving out a few edges
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
    Node best{.price = static_cast<double>(edge) * prices.extra()};
    for (std::size_t back = 1; back <= std::min(edge, most_looked_back); ++back) {
        const std::size_t from = edge - back;
        const double spacings = (phases[edge] - phases[from]) / spacing;
        if (back > always_looked_back && spacings > looked_back_spacings) {
            break;
        }
        const auto step = prices.step(spacings);
        const double price =
            nodes[from].price + step.price + static_cast<double>(back - 1) * prices.extra();
        if (price <= best.price) {
            best = {price, static_cast<std::ptrdiff_t>(from), step.impulses};
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
        const auto after = static_cast<double>(phases.size() - 1 - edge);
        const double whole = nodes.back().price + after * prices.extra();
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

// The meter's own spacing and how far three quarters of its spacings stay from it.
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
        strays.push_back(std::abs(spacings - impulses));
    }
    reading.tolerance = std::clamp(7.0 * quantile(strays, 0.75), 0.05, widest_tolerance);
}

}  // namespace

StepPrices::StepPrices(double tolerance) : extra_(tolerance * tolerance) {}

StepPrices::Step StepPrices::step(double spacings) const {
    const auto price = [&](double impulses) {
        const double stray = spacings - impulses;
        const double gap = impulses > 1 ? missed_share * extra_ : 0.0;
        return std::min(stray * stray, worst_fit * extra_) + gap;
    };
    const double fewer = std::max(1.0, std::floor(spacings));
    const double more = fewer + 1;
    const double impulses = price(fewer) <= price(more) ? fewer : more;
    return {static_cast<std::int64_t>(impulses), price(impulses)};
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
