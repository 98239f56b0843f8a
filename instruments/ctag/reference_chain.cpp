// Both modes end in the same phase: number and tick of the reference edges around each dut edge.
#include "instruments/ctag/reference_chain.hpp"

#include "instruments/ctag/wire.hpp"

namespace instruments::ctag {

void ReferenceChain::begin(bool bracketed, std::int64_t divider, std::int64_t patience_ticks) {
    *this = ReferenceChain{};
    bracketed_ = bracketed;
    divider_ = divider;
    patience_ = patience_ticks;
}

// A dut edge at the very tick of a reference edge has that edge as its `before`, whichever came
// first in the stream.
void ReferenceChain::phase_pending(std::int64_t after, bool adjacent, Edges& out) {
    auto done = pending_.begin();
    for (; done != pending_.end() && done->edge.tick < after; ++done) {
        if (adjacent && before_ <= done->edge.tick) {
            done->edge = {done->edge.tick, count_, before_, after};
        }
        out.push_back(*done);
    }
    pending_.erase(pending_.begin(), done);
}

void ReferenceChain::edge(std::int64_t tick, Edges& out) {
    if (!pending_.empty()) phase_pending(tick, has_before_, out);
    run(1, tick);
}

void ReferenceChain::announce(std::uint32_t low_bits) {
    if (announced_) break_chain();
    announced_ = low_bits & index_mask;
}

void ReferenceChain::unsync() {
    if (synced_) unsynced_from_ = before_;
    synced_ = false;
}

// Nothing when the edge can not be placed. Twenty bits reach +-2.6 s at 200 kHz: an older anchor is
// not trusted.
std::optional<std::int64_t> ReferenceChain::number_of(std::int64_t tick) {
    if (!announced_) {
        if (!was_announced_ || !has_before_) return std::nullopt;
        return count_ + divider_;
    }
    if (tick - anchor_tick_ > patience_) unsync();
    return nearest(anchor_count_, *announced_, index_bits);
}

void ReferenceChain::bracket(std::int64_t tick, Edges& out) {
    const bool announced = announced_.has_value();
    const auto number = number_of(tick);
    announced_.reset();
    const bool follows = has_before_ && number && *number == count_ + divider_ && tick > before_;
    const bool leaves_pending = has_pending() && pending_.front().edge.tick < tick;
    if (has_before_ && !follows && (leaves_pending || !number || tick <= before_)) break_chain();
    phase_pending(tick, follows && !broken_from_, out);
    has_before_ = number.has_value();
    was_announced_ = announced;
    if (!number) return;
    before_ = tick;
    count_ = *number;
    if (synced_ && tick > anchor_tick_) {
        anchor_tick_ = tick;
        anchor_count_ = count_;
    }
}

void ReferenceChain::step_time(Edges& out) {
    out.insert(out.end(), pending_.begin(), pending_.end());
    pending_.clear();
    has_before_ = false;
    was_announced_ = false;
    announced_.reset();
}

void ReferenceChain::interrupt(Edges& out) {
    step_time(out);
    if (bracketed_) return;
    unsynced_from_ = before_;
    synced_ = false;
}

void ReferenceChain::expire(std::int64_t tick, Edges& out) {
    auto done = pending_.begin();
    while (done != pending_.end() && done->edge.tick < tick) ++done;
    out.insert(out.end(), pending_.begin(), done);
    pending_.erase(pending_.begin(), done);
}

// Between brackets the reference runs on unseen: only a count that was unsure has something to be
// put right.
std::int64_t ReferenceChain::settle(std::int64_t rising, std::int64_t tick) {
    std::int64_t shortfall = rising / divider_ * divider_ - count_;
    if (bracketed_) {
        const auto low = static_cast<std::uint32_t>(count_);
        shortfall = synced_ ? 0 : nearest(rising, low, index_bits) - count_;
    }
    count_ += shortfall;
    if (bracketed_ && has_before_ && count_ > rising) break_chain();
    anchor_tick_ = tick;
    anchor_count_ = rising;
    synced_ = true;
    return shortfall;
}

void ReferenceChain::correct(CapturedEdge& captured, std::int64_t shortfall) const {
    std::int64_t& count = captured.edge.reference_count;
    if (!is_uncertain(captured)) return;
    count = bracketed_ ? nearest(anchor_count_, static_cast<std::uint32_t>(count), index_bits)
                       : count + shortfall;
}

std::optional<std::int64_t> ReferenceChain::oldest_pending() const {
    if (pending_.empty()) return std::nullopt;
    return pending_.front().edge.tick;
}

}  // namespace instruments::ctag
