// Framing, order and time of the stream; the records themselves are in decoder_records.cpp.
#include "instruments/ctag/decoder.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace instruments::ctag {

namespace {

// Steps of time add up: what a device may have claimed by then is refused before it overflows.
constexpr std::int64_t last_tick = std::int64_t{1} << 62;

}  // namespace

StreamDecoder::StreamDecoder(DecoderOptions options) : options_(options) {}

CaptureBatch StreamDecoder::feed(BytesView bytes) {
    bytes = complete_buffer(bytes);
    if (!bytes.empty()) {
        const std::size_t used = scan(bytes);
        buffer_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
    }
    CaptureBatch batch = std::exchange(batch_, {});
    batch_.watermark = batch.watermark;
    return batch;
}

// Only the frame that was cut is copied; returns what lies behind it, to be read in place.
BytesView StreamDecoder::complete_buffer(BytesView bytes) {
    constexpr std::size_t piece_size = 4096;
    while (!buffer_.empty() && !bytes.empty()) {
        const BytesView piece = bytes.first(std::min(piece_size, bytes.size()));
        const std::size_t old_size = buffer_.size();
        buffer_.insert(buffer_.end(), piece.begin(), piece.end());
        const std::size_t used = scan(buffer_);
        if (used >= old_size) {
            buffer_.clear();
            return bytes.subspan(used - old_size);
        }
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used));
        bytes = bytes.subspan(piece.size());
    }
    return bytes;
}

// Reads the whole frames at the front of `input`; returns how many bytes are done with.
std::size_t StreamDecoder::scan(BytesView input) {
    std::size_t at = 0;
    while (at < input.size()) {
        const auto frame = parse_frame(input.subspan(at));
        if (frame) {
            accept(*frame);
            at += frame->size();
            continue;
        }
        const bool incomplete = frame.error() == WireFault::incomplete;
        const auto next = incomplete ? whole_frame_after(input, at) : find_magic(input, at + 1);
        if (!next) break;
        skipped_ += *next - at;
        at = *next;
    }
    return at;
}

// A flipped bit may make a frame's length too great; on a quiet line the rest would take minutes to
// come. A whole frame inside what claims to be one proves that the head is wrong.
std::optional<std::size_t> StreamDecoder::whole_frame_after(BytesView input,
                                                            std::size_t head) const {
    std::size_t at = find_magic(input, head + 1);
    while (at < input.size()) {
        if (parse_frame(input.subspan(at))) return at;
        at = find_magic(input, at + 1);
    }
    return std::nullopt;
}

void StreamDecoder::accept(const Frame& frame) {
    const FrameHeader& header = frame.header;
    std::optional<Hello> greeting;
    if (header.type == FrameType::hello && !parse_greeting(frame, greeting)) return;
    const bool is_first = !hello_;
    if (is_first && !greeting) return;
    if (last_end_ > last_tick) {
        device_error_ = "its time has stepped beyond what 64 bits hold";
        return;
    }
    const bool restart = !is_first && ((header.flags & flags::restart) != 0 ||
                                       (greeting && greeting->boot_id != hello_->boot_id));
    if (!is_first) check_continuity(header, restart);
    if (greeting) hello_ = std::move(greeting);
    if (is_first || restart) begin(header);
    expected_sequence_ = header.sequence + 1;
    skipped_ = 0;
    ++frames_;
    read(frame);
    lost_total_ = header.lost_total;
    after_gap_ = false;
    close_frame(header.t_end + shift_);
}

// False for a HELLO that can not be worked with.
bool StreamDecoder::parse_greeting(const Frame& frame, std::optional<Hello>& greeting) {
    auto hello = parse_hello(frame.payload);
    if (!hello) {
        batch_.remarks.emplace_back("a HELLO that makes no sense was ignored");
        return false;
    }
    const auto is_reference = [&](const ChannelInfo& info) {
        return info.channel == options_.reference_channel &&
               (info.role == Role::reference_explicit || info.role == Role::reference_bracketed);
    };
    lacks_reference_ = std::ranges::none_of(hello->channels, is_reference);
    if (!lacks_reference_) greeting = std::move(*hello);
    return !lacks_reference_;
}

void StreamDecoder::begin(const FrameHeader& header) {
    const auto& reference =
        *std::ranges::find(hello_->channels, options_.reference_channel, &ChannelInfo::channel);
    const bool bracketed = reference.role == Role::reference_bracketed;
    const auto key = edge_record(options_.reference_channel, true, 0) >> tick_bits;
    reference_key_ = bracketed ? ~0U : key;
    patience_ticks_ = std::llround(calibration::seconds(options_.patience) / hello_->tick_s());
    chain_.begin(bracketed, reference.divider, patience_ticks_);
    ledger_.begin(*hello_, options_.reference_channel);
    lost_total_ = header.lost_total;
    last_end_ = header.t0 + shift_;
}

// A frame begins where the one before ended. When it does not, frames are missing, or time jumped.
void StreamDecoder::check_continuity(const FrameHeader& header, bool restart) {
    const std::uint32_t gap = header.sequence - expected_sequence_;
    const std::int64_t t0 = header.t0 + shift_;
    if (restart || (gap != 0 && t0 < last_end_)) {
        break_time(header, "restart", true);
    } else if (gap != 0) {
        const std::uint32_t last = header.sequence - 1;
        const std::string which =
            gap == 1 ? fmt::format("frame {} missing", last)
                     : fmt::format("frames {} to {} missing", expected_sequence_, last);
        after_gap_ = true;
        lose(last_end_, t0, skipped_ > 0 ? "crc" : which);
    } else if (t0 != last_end_) {
        break_time(header, "clock step", false);
    } else if (skipped_ > 0) {
        batch_.remarks.push_back(fmt::format("{} bytes that belong to no frame", skipped_));
    }
    // The device's memory of which reference edges it sent ends with the connection.
    if (header.type == FrameType::hello) {
        chain_.step_time(phased_);
        deliver();
    }
}

void StreamDecoder::break_time(const FrameHeader& header, const std::string& cause, bool restart) {
    if (restart) {
        strip_uncertain();
        chain_.interrupt(phased_);
    } else {
        chain_.step_time(phased_);
    }
    deliver();
    ledger_.close(batch_.losses);
    if (restart || chain_.synced()) release();
    if (header.t0 + shift_ <= last_end_) shift_ = last_end_ + 1 - header.t0;
    report(last_end_, header.t0 + shift_, cause);
    if (restart) begin(header);
}

void StreamDecoder::read(const Frame& frame) {
    const FrameHeader& header = frame.header;
    Cursor cursor;
    if (header.type == FrameType::data || header.type == FrameType::fence)
        read_records(frame, cursor);
    check_lost_total(header, cursor);
    if (header.type == FrameType::counters) read_counters(frame);
    if (header.type == FrameType::error) device_error_ = parse_text(frame.payload);
    if ((header.flags & flags::clock_fault) != 0)
        report(header.t0 + shift_, header.t_end + shift_, "clock fault");
}

// Edges were lost everywhere, nobody knows yet how many.
void StreamDecoder::lose(std::int64_t from, std::int64_t to, const std::string& cause) {
    if (!chain_.synced()) strip_uncertain();
    chain_.interrupt(phased_);
    ledger_.open(from, to, cause);
    deliver();
}

// A loss that no counter can prove.
void StreamDecoder::report(std::int64_t from, std::int64_t to, const std::string& cause) {
    batch_.losses.push_back({from, to, cause, {}, std::nullopt});
}

void StreamDecoder::deliver() {
    ReferenceChain::Edges& out = holds() ? held_ : batch_.edges;
    out.insert(out.end(), phased_.begin(), phased_.end());
    phased_.clear();
}

void StreamDecoder::strip_uncertain() {
    for (CapturedEdge& captured : held_) {
        if (chain_.is_uncertain(captured)) captured.edge = {captured.edge.tick, 0, 0, 0};
    }
}

void StreamDecoder::release() {
    batch_.edges.insert(batch_.edges.end(), held_.begin(), held_.end());
    held_.clear();
}

void StreamDecoder::close_frame(std::int64_t t_end) {
    last_end_ = t_end;
    if (const auto from = chain_.take_broken()) report(std::min(*from, t_end), t_end, "index");
    chain_.expire(t_end - patience_ticks_, phased_);
    deliver();
    settle_holds(t_end);
    std::int64_t sure = t_end;
    if (const auto pending = chain_.oldest_pending()) sure = std::min(sure, *pending);
    if (!held_.empty()) sure = std::min(sure, held_.front().edge.tick);
    if (ledger_.is_open()) sure = std::min(sure, ledger_.oldest_from());
    batch_.watermark = std::max(batch_.watermark, sure);
}

// Holding ends with proof, or when patience does.
void StreamDecoder::settle_holds(std::int64_t t_end) {
    if (ledger_.is_open() && ledger_.all_counted()) ledger_.close(batch_.losses);
    if (holds()) {
        if (t_end - oldest_hold() <= patience_ticks_) return;
        ledger_.close(batch_.losses);
        if (!chain_.synced()) strip_uncertain();
    }
    release();
}

std::int64_t StreamDecoder::oldest_hold() const {
    std::int64_t oldest = last_end_;
    if (!held_.empty()) oldest = held_.front().edge.tick;
    if (ledger_.is_open()) oldest = std::min(oldest, ledger_.oldest_to());
    return oldest;
}

}  // namespace instruments::ctag
