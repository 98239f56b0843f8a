// The records of a frame. Reference edges in explicit mode are nearly all of them, and take the
// short way.
#include "instruments/ctag/decoder.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace instruments::ctag {

namespace {

constexpr std::size_t record_size = sizeof(std::uint32_t);

std::uint32_t load_record(const std::uint8_t* at) {
    std::uint32_t record;
    std::memcpy(&record, at, record_size);
    return record;
}

int channel_of(std::uint32_t record) { return static_cast<int>(record >> 24 & 0x7F); }

// The first tick at or after `from` with the low bits that LOST_BEGIN and LOST_END carry.
std::int64_t tick_after(std::int64_t from, std::uint32_t argument) {
    return from + ((argument - static_cast<std::uint32_t>(from)) & argument_mask);
}

// Blocks without a branch inside, so that the compiler can take several records at a time.
constexpr std::size_t block_records = 16;
constexpr auto block_size = static_cast<std::ptrdiff_t>(block_records * record_size);

bool is_block_of(std::uint32_t key, const std::uint8_t* at) {
    std::uint32_t difference = 0;
    for (std::size_t i = 0; i < block_records; ++i) {
        difference |= (load_record(at + i * record_size) >> tick_bits) ^ key;
    }
    return difference == 0;
}

// Edges of one channel in one epoch compare like their times. The record before the block belongs
// to the run.
bool is_disordered(const std::uint8_t* at) {
    std::int32_t disorder = 0;
    for (std::size_t i = 0; i < block_records; ++i) {
        const auto here = static_cast<std::int32_t>(load_record(at + i * record_size));
        const auto before =
            static_cast<std::int32_t>(load_record(at + i * record_size - record_size));
        disorder |=
            here - before;  // both have a clear top bit: the difference is negative out of order
    }
    return disorder < 0;
}

}  // namespace

void StreamDecoder::read_records(const Frame& frame, Cursor& cursor) {
    const FrameHeader& header = frame.header;
    cursor.base = (header.t0 >> tick_bits << tick_bits) + shift_;
    cursor.last = header.t0 + shift_;
    cursor.most = header.t_end + shift_;
    const std::uint8_t* at = frame.payload.data();
    const std::uint8_t* const end = at + frame.payload.size();
    while (at != end) {
        const std::uint32_t record = load_record(at);
        if (record >> tick_bits == reference_key_) {
            at = reference_run(at, end, cursor);
            continue;
        }
        if (record >> 31 != 0) {
            read_special(record, header, cursor);
        } else {
            read_edge(record, cursor);
        }
        at += record_size;
    }
    if (cursor.disorder || cursor.last > cursor.most) {
        report(header.t0 + shift_, header.t_end + shift_, "order");
    }
}

// Within a run the epoch and the upper bits stay the same, so the records themselves compare like
// their times.
const std::uint8_t* StreamDecoder::reference_run(const std::uint8_t* at,
                                                 const std::uint8_t* end,
                                                 Cursor& cursor) {
    const std::int64_t tick = cursor.base + (load_record(at) & tick_mask);
    at += record_size;
    bool disorder = tick < cursor.last || tick > cursor.most;
    cursor.last = std::max(cursor.last, tick);
    chain_.edge(tick, phased_);
    if (!phased_.empty()) deliver();
    if (!chain_.has_pending()) {  // else a dut edge at this very tick waits for the next one
        const std::uint8_t* const begin = at;
        while (end - at >= block_size && is_block_of(reference_key_, at)) {
            disorder |= is_disordered(at);
            at += block_size;
        }
        while (at != end && load_record(at) >> tick_bits == reference_key_) {
            disorder |= load_record(at) < load_record(at - record_size);
            at += record_size;
        }
        const std::int64_t last = cursor.base + (load_record(at - record_size) & tick_mask);
        cursor.last = std::max(cursor.last, last);
        chain_.run((at - begin) / static_cast<std::ptrdiff_t>(record_size), last);
    }
    cursor.disorder |= disorder;
    return at;
}

void StreamDecoder::read_edge(std::uint32_t record, Cursor& cursor) {
    const int channel = channel_of(record);
    const bool rising = (record >> tick_bits & 1) != 0;
    const std::int64_t tick = cursor.base + (record & tick_mask);
    if (channel == options_.reference_channel) {
        // A bracket may be older than the frame: the device recalls the edge before a dut edge.
        const bool is_early = tick > cursor.most;
        cursor.disorder |= is_early;
        if (rising && !is_early) chain_.bracket(tick, phased_);
        if (!phased_.empty()) deliver();
        return;
    }
    if (channel >= channel_limit || !ledger_.knows(channel)) {
        batch_.remarks.push_back(
            fmt::format("an edge on channel {}, which HELLO does not name", channel));
        return;
    }
    // The frame becomes a loss; an edge outside of it would lie before a watermark that was given.
    if (tick < cursor.last || tick > cursor.most) {
        cursor.disorder = true;
        return;
    }
    cursor.last = tick;
    if (const auto last = ledger_.edge(channel, rising, tick))
        ledger_.open(*last, tick, "polarity", channel);
    if (rising) chain_.dut_edge(channel, tick);
}

void StreamDecoder::read_special(std::uint32_t record, const FrameHeader& header, Cursor& cursor) {
    const std::uint32_t argument = record & argument_mask;
    const std::int64_t t0 = header.t0 + shift_;
    switch (static_cast<Special>(record >> argument_bits & 0xF)) {
        case Special::epoch:
            cursor.base =
                (nearest(header.t0 >> tick_bits, argument, argument_bits) << tick_bits) + shift_;
            break;
        case Special::lost_begin:
            cursor.lost_from = std::min(tick_after(header.t0, argument) + shift_, cursor.most);
            break;
        case Special::lost_end: {
            const std::int64_t from = cursor.lost_from.value_or(t0);
            lose(from, tick_after(from - shift_, argument) + shift_, "device overflow");
            cursor.lost_from.reset();
            break;
        }
        case Special::lost_count:
            cursor.lost_count += argument;
            break;
        case Special::fence:
            batch_.fences.push_back(argument);
            batch_.fence_ticks.push_back(header.t_end + shift_);
            break;
        case Special::clock_event:
            batch_.remarks.push_back(
                fmt::format("clock event {} after tick {}", argument, cursor.last));
            break;
        case Special::glitch:
            batch_.remarks.push_back(fmt::format(
                "a glitch rejected on channel {} after tick {}", argument, cursor.last));
            break;
        case Special::index:
            if (channel_of(argument << 4) == options_.reference_channel) chain_.announce(argument);
            break;
    }
}

// The device's own total must agree with what it marked in the stream; after a gap the lost frames
// may have told.
void StreamDecoder::check_lost_total(const FrameHeader& header, const Cursor& cursor) {
    const std::int64_t t_end = header.t_end + shift_;
    if (cursor.lost_from) lose(*cursor.lost_from, t_end, "device overflow");
    if (after_gap_) return;
    const bool overflowed = (header.flags & flags::overflow) != 0;
    const std::uint32_t grown = header.lost_total - lost_total_;
    if (grown == cursor.lost_count && (!overflowed || cursor.lost_count > 0)) return;
    lose(header.t0 + shift_, t_end, overflowed ? "device overflow" : "edges lost by the device");
}

void StreamDecoder::read_counters(const Frame& frame) {
    const auto counts = parse_counters(frame.payload);
    const std::int64_t t_end = frame.header.t_end + shift_;
    if (!counts) {
        batch_.remarks.emplace_back("COUNTERS that make no sense were ignored");
        return;
    }
    for (const ChannelCount& count : *counts) {
        if (!ledger_.knows(count.channel)) continue;
        if (count.channel == options_.reference_channel) {
            settle_reference(count, t_end);
        } else {
            ledger_.settle(count, t_end, batch_.losses);
        }
    }
}

// While the count was unsure its losses were open, or reported as beyond proof: then it only falls
// into step again.
void StreamDecoder::settle_reference(const ChannelCount& count, std::int64_t t_end) {
    const bool is_open = ledger_.is_open();
    const bool was_synced = chain_.synced();
    const std::int64_t shortfall = chain_.settle(count.rising, t_end);
    batch_.reference_count = ReferenceCount{t_end, count.rising};
    for (CapturedEdge& captured : held_) {
        if (!was_synced) chain_.correct(captured, shortfall);
    }
    const std::int64_t missing = is_open || was_synced ? shortfall / chain_.divider() : 0;
    ledger_.settle_reference(missing, t_end, batch_.losses);
}

}  // namespace instruments::ctag
