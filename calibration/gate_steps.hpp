// Which edges are impulses: the price of going from one edge to a later one, in the energy domain
// (design D8).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace calibration {

// A reading of a gate is a path through the edges it takes as impulses. It pays for every edge it
// leaves out, for every gap in which impulses are missing and for the square of what its spacings
// differ from whole impulses; the cheapest path is the reading. So an extra edge, which splits one
// impulse into two parts, is left out because both parts would cost, while the spread of an update
// grid, which only shifts edges, costs less than leaving one out.
class StepPrices {
  public:
    // An edge further than `tolerance` impulses from its place is no impulse. Sensible from 0.05 to
    // 0.45.
    explicit StepPrices(double tolerance);

    struct Step {
        std::int64_t impulses;  // 1 or more
        double price;
    };
    // `spacings`: distance in impulses, measured by the spacing expected. At least one impulse lies
    // in any step.
    Step step(double spacings) const;
    double extra() const { return extra_; }

  private:
    double extra_;
};

// Nothing is known about the meter's noise yet: half an impulse, less a margin.
inline constexpr double widest_tolerance = 0.45;
// A meter may be wrong by this much, and an update grid spread its spacings, before its edges are
// read otherwise.
inline constexpr double shortest_spacing = 0.65;
inline constexpr double longest_spacing = 1.5;

// The impulse index of every edge, counted from the first one taken; -1 for an edge left out.
// `phases` are in nominal spacings and ascend. The spacing and the noise of the meter are estimated
// from the edges themselves.
std::vector<std::int64_t> impulse_indices(std::span<const double> phases);

}  // namespace calibration
