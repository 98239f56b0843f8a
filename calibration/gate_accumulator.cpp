// The streaming evaluation: a few readings of the edges so far, each with the sums of its
// regression.
#include "calibration/gate.hpp"
#include "calibration/gate_line.hpp"
#include "calibration/gate_steps.hpp"

#include <algorithm>

namespace calibration {
namespace {

// The nominal spacing weighs as much as this many impulses of the meter's own.
constexpr double nominal_weight = 4;

const StepPrices& prices() {
    static const StepPrices fixed{widest_tolerance};
    return fixed;
}

}  // namespace

GateAccumulator::GateAccumulator(const GateConstants& constants)
    : nominal_spacing_(nominal_spacing_of(constants)), divider_(constants.reference_divider) {}

void GateAccumulator::add(const PhasedEdge& edge) {
    if (!edge.has_phase()) {
        return;
    }
    Path start;
    start.price = static_cast<double>(edges_) * prices().extra();
    start.first = edge;
    start.last = edge;
    const Path* best = nullptr;
    StepPrices::Step best_step{0, start.price};
    for (std::size_t k = 0; k < path_count_; ++k) {
        const Path& path = paths_[(newest_ + most_paths - k) % most_paths];
        if (path.price > best_step.price) {
            continue;
        }
        auto step = prices().step(spacings(path, edge));
        step.price += path.price;
        if (step.price <= best_step.price) {
            best = &path;
            best_step = step;
        }
    }
    Path next = best != nullptr ? *best : start;
    next.price = best_step.price;
    if (best != nullptr) {
        extend(next, edge, best_step.impulses);
    }
    for (std::size_t k = 0; k < path_count_; ++k) {
        paths_[k].price += prices().extra();
    }
    keep(next);
    ++edges_;
}

// The distance from a reading's last impulse, in spacings that this reading has learned.
double GateAccumulator::spacings(const Path& path, const PhasedEdge& edge) const {
    const double learned =
        (nominal_weight + path.phase) / (nominal_weight + static_cast<double>(path.index));
    const double spacing = std::clamp(learned, shortest_spacing, longest_spacing);
    return reference_phase(path.last, edge, divider_) / nominal_spacing_ / spacing;
}

void GateAccumulator::extend(Path& path, const PhasedEdge& edge, std::int64_t impulses) const {
    path.last = edge;
    path.phase = reference_phase(path.first, edge, divider_) / nominal_spacing_;
    path.index += impulses;
    path.counted += 1;
    const auto i = static_cast<double>(path.index);
    const double y = path.phase - i;
    path.sum_i += i;
    path.sum_ii += i * i;
    path.sum_y += y;
    path.sum_iy += i * y;
    path.sum_yy += y * y;
}

// The newest reading always stays: the next edge will tell. It takes the place of the dearest one.
void GateAccumulator::keep(const Path& path) {
    if (path_count_ < most_paths) {
        newest_ = path_count_++;
    } else {
        const auto cheaper = [](const Path& a, const Path& b) { return a.price < b.price; };
        const auto dearest = std::max_element(paths_.begin(), paths_.end(), cheaper);
        newest_ = static_cast<std::size_t>(dearest - paths_.begin());
    }
    paths_[newest_] = path;
}

std::optional<GateResult> GateAccumulator::result() const {
    const Path* best = nullptr;
    for (std::size_t k = 0; k < path_count_; ++k) {
        const Path& path = paths_[k];
        if (best == nullptr || path.price < best->price ||
            (path.price == best->price && path.index > best->index)) {
            best = &path;
        }
    }
    if (best == nullptr || best->counted < 2) {
        return std::nullopt;
    }
    GateResult result =
        spanned({best->first, best->last, best->index, best->counted, divider_}, nominal_spacing_);
    result.edges = edges_;
    result.extra = edges_ - best->counted;
    const auto n = static_cast<double>(best->counted);
    const Moments about_mean{.count = n,
                             .ii = best->sum_ii - best->sum_i * best->sum_i / n,
                             .iy = best->sum_iy - best->sum_i * best->sum_y / n,
                             .yy = best->sum_yy - best->sum_y * best->sum_y / n};
    add_line(result, about_mean, 0);
    return result;
}

}  // namespace calibration
