// Capability: relays that take single positions out of the bench's current circuit.
#pragma once

#include "instruments/fault.hpp"
#include "instruments/io/task.hpp"
#include "instruments/source.hpp"

#include <vector>

namespace instruments {

// A closed channel bridges the current terminals of its position: the current flows past the meter,
// the voltage stays. A switch without power has all channels open, every meter in the circuit.
// All functions throw DeviceFault or io::LinkError. One caller at a time. Relays are moved without
// current only; the rig's supervisor sees to that.
class PositionSwitch {
  public:
    virtual ~PositionSwitch() = default;
    virtual Task<Identity> identify() = 0;
    // Closes these channels and opens all others it was ever told of, then asks for the state of
    // each; a relay that does not say what it should is a DeviceFault naming the channel.
    virtual Task<void> close_only(std::vector<int> channels) = 0;
};

}  // namespace instruments
