// The edge capture over CTAG/1.
#pragma once

#include "instruments/edge_capture.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"

#include <memory>

namespace instruments::ctag {

struct DriverOptions {
    int reference_channel = 0;
    // A device that sends no good frame for so long is gone: 1 s is ten heartbeats of a real one;
    // use 5 s on the twin.
    calibration::Duration silence_limit = std::chrono::seconds{1};
    calibration::Duration hello_limit = std::chrono::seconds{5};
};

// Owns the link. Besides what EdgeCapture says, an ERROR frame is a DeviceFault with the device's
// own text, thrown by the call after the one that delivered the batch it came with. Fence ids have
// 27 bits.
std::unique_ptr<EdgeCapture> open(io::Clock& clock,
                                  std::unique_ptr<io::ByteLink> link,
                                  DriverOptions options);

}  // namespace instruments::ctag
