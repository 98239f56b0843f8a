// The device's side of the stream: records into frames, frames into bytes, with the faults of the
// line.
#pragma once

#include "instruments/ctag/wire.hpp"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace instruments::ctag {

// Frames follow each other without a gap: each begins where the one before ended.
class FrameWriter {
  public:
    static constexpr std::size_t flush_at = 512;  // records

    void edge(int channel, bool rising, std::int64_t tick);  // EPOCH is put in where needed
    void special(std::uint32_t record);
    void index(int channel,
               std::int64_t number,
               std::int64_t tick);  // of the edge at `tick` that comes next
    bool is_full() const { return records_.size() >= flush_at; }

    // Sends the records written so far, if any.
    void flush(std::int64_t t_end);
    // Sends a frame of another kind; flush first.
    void frame(FrameType type, std::int64_t t_end, BytesView payload);

    void add_flags(std::uint16_t more) { flags_ |= more; }  // of the next frame
    void add_lost(std::int64_t edges) { lost_total_ += static_cast<std::uint32_t>(edges); }
    void restart(std::int64_t tick);  // sequence and losses from zero; the next frame says so
    void step_time(std::int64_t tick) { last_end_ = tick; }
    std::int64_t last_end() const { return last_end_; }

    void lose_next_frame() { loses_next_ = true; }
    void flip_bit_in_next_frame() { flips_next_ = true; }
    // A new connection starts on a frame's border.
    void discard() { bytes_.clear(); }
    Bytes take() { return std::exchange(bytes_, {}); }

  private:
    void enter_epoch(std::int64_t tick);

    Bytes bytes_;
    std::vector<std::uint32_t> records_;
    std::int64_t epoch_ = -1;
    std::int64_t last_end_ = 0;
    std::uint32_t sequence_ = 0, lost_total_ = 0;
    std::uint16_t flags_ = 0;
    bool loses_next_ = false, flips_next_ = false;
};

}  // namespace instruments::ctag
