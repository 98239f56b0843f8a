// The capture's stream into the journal: every edge is recorded first, then counted (design D9).
#pragma once

#include "calibration/gate.hpp"
#include "instruments/edge_capture.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/loop.hpp"
#include "rig/journal.hpp"
#include "rig/recorded_loss.hpp"

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// Once started it must live as long as its loop runs.
class EdgeRecorder {
  public:
    // Channels of the LEDs, and of the pulse outputs that are wired, by position (none given: none
    // is). `journal` may be null: then edges are only kept in memory.
    EdgeRecorder(instruments::io::Loop& loop,
                 instruments::EdgeCapture& capture,
                 std::vector<int> channels,
                 JournalWriter* journal,
                 std::vector<std::optional<int>> output_channels = {});
    ~EdgeRecorder();

    // Waits for the device and starts to record. Throws DeviceFault or io::LinkError.
    instruments::Task<instruments::CaptureIdentity> start();

    // Returns when something new came, or at `deadline`. Rethrows what stopped the recording.
    instruments::Task<void> progress(calibration::Instant deadline);
    // A tick that separates what happened before this call from what happens after it returns.
    instruments::Task<std::int64_t> fence();

    // What the reference had emitted once this was called: the first count the device states after
    // it. Throws DeviceFault when none comes within 5 s.
    instruments::Task<instruments::ReferenceCount> reference_count();

    std::int64_t watermark() const { return watermark_; }
    // Edges of a position since forget(), in order of time.
    const std::vector<calibration::PhasedEdge>& edges(std::size_t position) const {
        return leds_[position].edges;
    }
    // All impulses since start(), kept over forget().
    std::int64_t impulses(std::size_t position) const { return leds_[position].impulses; }
    // The same of its pulse output; nothing where none is wired.
    const std::vector<calibration::PhasedEdge>& output_edges(std::size_t position) const {
        return outputs_[position].edges;
    }
    std::int64_t output_impulses(std::size_t position) const { return outputs_[position].impulses; }
    // Losses since forget().
    const std::vector<RecordedLoss>& losses() const { return losses_; }
    // Drops edges and losses from memory; the journal keeps them.
    void forget();

    void use_journal(JournalWriter* journal) { journal_ = journal; }

  private:
    // What came on one channel.
    struct Track {
        std::vector<calibration::PhasedEdge> edges;  // since forget()
        std::int64_t impulses = 0;
    };

    instruments::io::Loop& loop_;
    instruments::EdgeCapture& capture_;
    std::map<int, std::uint16_t> owner_of_;  // channel -> position, with output_flag for its output
    JournalWriter* journal_;
    std::vector<Track> leds_, outputs_;
    std::vector<RecordedLoss> losses_;
    int remarks_ = 0;  // since forget()
    std::vector<PositionEdge> batch_;
    std::map<std::uint32_t, std::optional<std::int64_t>> fence_ticks_;  // only those waited for
    std::uint32_t next_fence_ = 1;
    std::int64_t watermark_ = 0;
    std::optional<instruments::ReferenceCount> reference_count_;  // the last one stated
    instruments::io::Event arrived_;
    std::exception_ptr failure_;

    instruments::Task<void> pump();
    void record(const instruments::CaptureBatch& batch);
    void record_remark(const std::string& remark);
    void record_loss(const instruments::Loss& loss);
    Track& track(std::uint16_t owner);
    void rethrow_failure() const;
};

}  // namespace rig
