// Capability: a device that timestamps the leading edges of many meters and of the reference on one
// clock.
#pragma once

#include "calibration/gate.hpp"
#include "calibration/time.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/task.hpp"
#include "instruments/source.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace instruments {

struct CapturedEdge {
    int channel = 0;
    calibration::PhasedEdge edge;
};

// An interval in which edges may be missing. `proven`: the device's counters tell how many, on
// which channels.
struct Loss {
    std::int64_t from_tick = 0, to_tick = 0;
    std::string cause;  // "frame 1021 missing", "crc", "device overflow", "restart", "polarity",
                        // "counter mismatch"
    std::vector<int> channels;          // empty: all
    std::optional<std::int64_t> edges;  // how many, where the device says so
};

// The reference's impulses since the device was started, in [start, tick): what
// PhasedEdge::reference_count counts as well. Where no power flows the instant does not matter, and
// the difference of two is the whole energy between them. After a restart, which is a Loss, it
// starts anew.
struct ReferenceCount {
    std::int64_t tick = 0;
    std::int64_t impulses = 0;
};

// What one piece of the stream brought, in stream order per channel.
struct CaptureBatch {
    std::vector<CapturedEdge> edges;  // dut channels only, reference phase included
    std::vector<Loss> losses;
    std::vector<std::string> remarks;  // glitches rejected, clock events: for the record
    std::int64_t watermark =
        0;  // every edge before this tick is here, in an earlier batch, or in a loss
    // The last one the device stated in this piece; it states one at least every two seconds.
    std::optional<ReferenceCount> reference_count;
    std::vector<std::uint32_t> fences;  // ids echoed, with fence_ticks
    std::vector<std::int64_t> fence_ticks;
};

struct CaptureIdentity {
    Identity identity;
    std::uint64_t boot_id = 0;
    double tick_s = 0;  // one device tick
    // Reference impulses from PhasedEdge::reference_before to reference_after.
    std::int64_t reference_divider = 1;
    std::vector<int> channels;
};

// All functions throw DeviceFault or io::LinkError.
class EdgeCapture {
  public:
    virtual ~EdgeCapture() = default;
    // Waits for the device's HELLO; must come first.
    virtual Task<CaptureIdentity> start() = 0;
    // The next batch; an empty one with the old watermark when `deadline` came first.
    // A device that is silent for longer than a second (more on the twin, and on a bench whose time
    // is faster) is a DeviceFault.
    virtual Task<CaptureBatch> next(calibration::Instant deadline) = 0;
    // Asks the device to echo `id` in stream order: separates edges before a change from those
    // after it.
    virtual Task<void> send_fence(std::uint32_t id) = 0;
};

}  // namespace instruments
