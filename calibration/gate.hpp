// The inverse reference model: recorded edges to error, in the reference-phase domain (design D8;
// GUM inputs).
#pragma once

#include "calibration/quantity.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace calibration {

// One dut edge with the reference phase around it. Times in device ticks. The reference edges
// around it are one impulse apart, or as many as the device divides by. With reference_after <=
// reference_before the reference stood still (no-load): the edge counts as an impulse but has no
// phase and bounds no gate.
struct PhasedEdge {
    std::int64_t tick = 0;              // the dut's leading edge
    std::int64_t reference_count = 0;   // reference impulses up to `reference_before`
    std::int64_t reference_before = 0;  // the reference edge at or before `tick`
    std::int64_t reference_after = 0;   // the next one
    bool has_phase() const { return reference_after > reference_before; }
    friend bool operator==(const PhasedEdge&, const PhasedEdge&) = default;
};

// Reference impulses from a to b, whole ones in integers so that no precision is lost. `divider`:
// reference impulses from one reference edge to the next.
double reference_phase(const PhasedEdge& from, const PhasedEdge& to, double divider = 1);

struct GateConstants {
    ImpulsesPerKilowattHour dut{0};
    ImpulsesPerKilowattHour reference{0};
    double reference_divider = 1;  // reference impulses from one reference edge to the next
};

// What a gate says. `intervals` counts the dut's impulses by index, missed ones included.
struct GateResult {
    std::int64_t edges = 0;  // all with a phase, extra ones included
    std::int64_t intervals = 0;
    std::int64_t missed = 0;  // found in the energy domain: a spacing of two or more impulses
    std::int64_t extra =
        0;  // found in the energy domain: parts of a spacing that make whole impulses without it
    double reference_impulses = 0;
    double duration_ticks = 0;
    double error_pi_percent =
        0;  // first and last edge: the energy definition, e = 100 (E_dut / E_ref - 1)
    double error_omega_percent = 0;  // least squares over all edges
    double scatter_impulses =
        0;  // residual standard deviation about the line, in dut impulses, n - 2 degrees
    std::vector<std::int64_t>
        index;  // impulse index of every edge; -1 marks an extra one, or one without a phase
    bool complete() const { return missed == 0 && extra == 0; }
};

// e = 100 ((N / C_dut) / (dPhi / C_ref) - 1): a meter that takes longer per impulse is slow, hence
// negative. Nothing before two edges that can be impulses. Missed and extra edges are judged with
// all edges in view: the meter's own spacing and noise come from the edges, so an error up to 30 %
// is an error and no missed or extra edge.
std::optional<GateResult> evaluate_gate(std::span<const PhasedEdge> edges,
                                        const GateConstants& constants);

// The same from streaming sums, O(1) memory per meter: for live values and the stop rule. What it
// says of the latest edges is provisional: an extra edge shows only when the next one comes.
class GateAccumulator {
  public:
    explicit GateAccumulator(const GateConstants& constants);
    void add(const PhasedEdge& edge);
    std::int64_t edges() const { return edges_; }
    // index is empty here; missed and extra are counted against a spacing that starts as the
    // nominal 1/C_dut.
    std::optional<GateResult> result() const;

  private:
    // One reading of the edges so far that ends in `last`, with the sums over its residuals
    // y = phase - index, in nominal spacings from its first edge.
    struct Path {
        double price = 0;  // edges left out after `last` included
        PhasedEdge first, last;
        double phase = 0;
        std::int64_t index = 0;
        std::int64_t counted = 1;
        double sum_i = 0, sum_ii = 0, sum_y = 0, sum_iy = 0, sum_yy = 0;
    };
    void extend(Path& path, const PhasedEdge& edge, std::int64_t impulses) const;
    double spacings(const Path& path, const PhasedEdge& edge) const;
    void keep(const Path& path);

    static constexpr std::size_t most_paths = 8;
    double nominal_spacing_;  // r0 = C_ref / C_dut reference impulses per dut impulse
    double divider_;
    std::array<Path, most_paths> paths_;
    std::size_t path_count_ = 0;
    std::size_t newest_ = 0;
    std::int64_t edges_ = 0;
};

}  // namespace calibration
