// Which edges are impulses: the price of going from one edge to a later one, in the energy domain
// (design D8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace calibration {

// A reading of a gate is a path through the edges it takes as impulses. It pays for every edge it
// leaves out, for every gap in which impulses are missing and for what its spacings stray from
// whole impulses; the cheapest path is the reading. So an extra edge, which splits one impulse into
// two parts, is left out because both parts would cost, while an update grid, which shifts all
// edges from some edge on, costs less than leaving out those edges.
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
    double gap() const { return gap_; }
    // Leaving out `edges` at the beginning or the end of the gate, `spacings` beyond the outermost
    // edge taken. Where an impulse was due among them it is missing as well.
    double outside(std::size_t edges, double spacings) const;

  private:
    double stray(double by) const;

    double tolerance_;
    double extra_;
    double gap_;
};

// Nothing is known about the meter's noise yet: half an impulse, less a margin.
inline constexpr double widest_tolerance = 0.45;
// A meter may be wrong by this much, and an update grid spread its spacings, before its edges are
// read otherwise.
inline constexpr double shortest_spacing = 0.65;
inline constexpr double longest_spacing = 1.5;
// The widest shift by an update grid: 20 ms of 65 ms (COUNTIS E28 at Imax), and some jitter.
inline constexpr double widest_shift = 0.36;

// The impulse index of every edge, counted from the first one taken; -1 for an edge left out.
// `phases` are in nominal spacings and ascend. The spacing and the noise of the meter are estimated
// from the edges themselves.
std::vector<std::int64_t> impulse_indices(std::span<const double> phases);

}  // namespace calibration
