// Opens a switch unit that speaks SCPI's ROUTe subsystem as a PositionSwitch.
#pragma once

#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/position_switch.hpp"

#include <memory>
#include <vector>

namespace instruments::scpi_switch {

struct Options {
    io::Duration timeout = std::chrono::seconds{2};  // of one answer
    // What one relay may take to move; the answer behind a move may come so much later for each.
    io::Duration relay_time = std::chrono::milliseconds{50};
    // Channels it is told of from the start: the first close_only() opens them, whoever left them
    // closed.
    std::vector<int> channels;
};

// Sends nothing yet. Beyond the contract of PositionSwitch:
// - close_only() closes before it opens, so that no moment has fewer relays closed than both states
//   have in common. Channels are 1 to 99999, as the unit numbers them; others, and more than a
//   thousand, are an error of the caller's.
// - What it was told of counts even if the call failed: the next one opens it.
// - After a fault the next call first gets in step again, with a question whose answer cannot be
//   mistaken.
std::unique_ptr<PositionSwitch> open(io::Clock& clock,
                                     std::unique_ptr<io::ByteLink> link,
                                     const Options& options = {});

}  // namespace instruments::scpi_switch
