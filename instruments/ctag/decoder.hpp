// The stream decoder: bytes in, phased edges and losses out. No I/O, no clock.
#pragma once

#include "instruments/ctag/ledger.hpp"
#include "instruments/ctag/reference_chain.hpp"
#include "instruments/ctag/wire.hpp"
#include "instruments/edge_capture.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace instruments::ctag {

struct DecoderOptions {
    int reference_channel = 0;
    // Device time that a dut edge waits for a reference edge, and that a loss waits for counters to
    // prove its extent.
    calibration::Duration patience = std::chrono::seconds{2};
};

// Every fault of the stream becomes a Loss (see the table in this folder's README). Edges that
// follow a loss are held, and the watermark with them, until the next COUNTERS tell what was lost,
// or patience ends. Feeding a stream in other pieces gives the same edges, losses and fences.
// `Loss::edges` counts leading edges of each channel named.
class StreamDecoder {
  public:
    explicit StreamDecoder(DecoderOptions options);

    CaptureBatch feed(BytesView bytes);

    // The device's last HELLO; what comes before the first is ignored.
    const std::optional<Hello>& hello() const { return hello_; }
    // A HELLO whose reference channel is no reference input was refused: its role is wrong, or it
    // is missing.
    bool lacks_reference() const { return lacks_reference_; }
    std::optional<std::string> take_device_error() { return std::exchange(device_error_, {}); }
    std::uint64_t frames() const { return frames_; }  // accepted so far
    const Ledger& ledger() const { return ledger_; }

  private:
    // Where a frame's records are read: `base` is added to the low bits of an edge.
    struct Cursor {
        std::int64_t base = 0, last = 0, most = 0;
        bool disorder = false;
        std::optional<std::int64_t> lost_from;
        std::uint32_t lost_count = 0;
    };

    BytesView complete_buffer(BytesView bytes);
    std::size_t scan(BytesView input);
    std::optional<std::size_t> whole_frame_after(BytesView input, std::size_t head) const;

    void accept(const Frame& frame);
    bool parse_greeting(const Frame& frame, std::optional<Hello>& greeting);
    void begin(const FrameHeader& header);
    void check_continuity(const FrameHeader& header, bool restart);
    void read(const Frame& frame);
    void close_frame(std::int64_t t_end);
    void settle_holds(std::int64_t t_end);

    void read_records(const Frame& frame, Cursor& cursor);
    const std::uint8_t* reference_run(const std::uint8_t* at,
                                      const std::uint8_t* end,
                                      Cursor& cursor);
    void read_edge(std::uint32_t record, Cursor& cursor);
    void read_special(std::uint32_t record, const FrameHeader& header, Cursor& cursor);
    void check_lost_total(const FrameHeader& header, const Cursor& cursor);
    void read_counters(const Frame& frame);
    void settle_reference(const ChannelCount& count, std::int64_t t_end);

    void lose(std::int64_t from, std::int64_t to, const std::string& cause);
    void report(std::int64_t from, std::int64_t to, const std::string& cause);
    void break_time(const FrameHeader& header, const std::string& cause, bool restart);
    bool holds() const { return ledger_.is_open() || !chain_.synced(); }
    void deliver();
    void strip_uncertain();
    void release();
    std::int64_t oldest_hold() const;

    DecoderOptions options_;
    std::optional<Hello> hello_;
    std::optional<std::string> device_error_;
    bool lacks_reference_ = false;
    std::uint32_t reference_key_ =
        0;  // of a reference edge in explicit mode: its record without the time
    std::int64_t patience_ticks_ = 0;
    ReferenceChain chain_;
    Ledger ledger_;

    Bytes buffer_;
    std::uint64_t skipped_ = 0;  // bytes since the last good frame that belong to none
    std::uint64_t frames_ = 0;
    std::uint32_t expected_sequence_ = 0;
    std::uint32_t lost_total_ = 0;
    bool after_gap_ = false;  // this frame follows lost ones: its loss total covers theirs
    std::int64_t shift_ = 0;  // added to device ticks so that they never run backwards
    std::int64_t last_end_ = 0;
    ReferenceChain::Edges phased_;  // from the chain, on their way to held_ or the batch
    ReferenceChain::Edges held_;
    CaptureBatch batch_;
};

}  // namespace instruments::ctag
