// The reference's edges as a chain, and the dut edges that wait for its next link: this gives each
// its phase.
#pragma once

#include "instruments/edge_capture.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace instruments::ctag {

// A broken chain says nothing about the edges around the break: those dut edges leave without
// phase.
class ReferenceChain {
  public:
    using Edges = std::vector<CapturedEdge>;

    void begin(bool bracketed, std::int64_t divider, std::int64_t patience_ticks);
    std::int64_t divider() const { return divider_; }

    void dut_edge(int channel, std::int64_t tick) {
        pending_.push_back({channel, {tick, 0, 0, 0}});
        if (announced_) break_chain();
    }

    // Explicit mode: the next edge; then `more` edges in a row, the last at `tick`, while no dut
    // edge is pending.
    void edge(std::int64_t tick, Edges& out);
    void run(std::int64_t more, std::int64_t tick) {
        before_ = tick;
        has_before_ = true;
        count_ += more * divider_;
    }
    // Bracketed mode: INDEX, and the edge it announces or the direct successor of one announced.
    void announce(std::uint32_t low_bits);
    void bracket(std::int64_t tick, Edges& out);

    // Edges may have been lost: nothing follows directly on what was before.
    void interrupt(Edges& out);
    // The same for time alone: no edge was lost, but ticks on both sides do not compare.
    void step_time(Edges& out);
    // Lets dut edges before `tick` go without phase: the reference stands still.
    void expire(std::int64_t tick, Edges& out);

    // The device's counter at `tick`. Returns how many impulses the host's count was short of it.
    std::int64_t settle(std::int64_t rising, std::int64_t tick);
    // Puts an uncertain edge right, `shortfall` as settle() returned it.
    void correct(CapturedEdge& edge, std::int64_t shortfall) const;
    bool synced() const { return synced_; }  // the count is the device's
    // Phased with a count that was not sure, or is not yet.
    bool is_uncertain(const CapturedEdge& captured) const {
        return captured.edge.has_phase() && captured.edge.reference_before > unsynced_from_;
    }

    // Bracketed mode: an edge is missing though no frame is. Says once since which tick.
    std::optional<std::int64_t> take_broken() { return std::exchange(broken_from_, std::nullopt); }
    bool has_pending() const { return !pending_.empty(); }
    std::optional<std::int64_t> oldest_pending() const;

  private:
    void break_chain() {
        if (!broken_from_) broken_from_ = before_;
    }
    void unsync();
    std::optional<std::int64_t> number_of(std::int64_t tick);
    void phase_pending(std::int64_t after, bool adjacent, Edges& out);

    bool bracketed_ = false;
    std::int64_t divider_ = 1;
    std::int64_t patience_ = 0;
    std::int64_t before_ = 0;  // the last edge
    std::int64_t count_ = 0;   // its number
    bool has_before_ = false;
    bool synced_ = false;
    bool was_announced_ =
        false;  // the last edge had its INDEX, so that the next one may do without
    std::int64_t unsynced_from_ = std::numeric_limits<std::int64_t>::min();
    std::optional<std::int64_t> broken_from_;
    std::optional<std::uint32_t> announced_;
    std::int64_t anchor_tick_ = 0, anchor_count_ = 0;  // where the whole count was last known
    Edges pending_;
};

}  // namespace instruments::ctag
