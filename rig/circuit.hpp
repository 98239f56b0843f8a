// Which positions the bench's current flows through: the relays of the position switch, and what is
// known of them. Only the supervisor moves them.
#pragma once

#include "instruments/io/task.hpp"
#include "instruments/position_switch.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct CircuitPosition {
    std::string name;
    std::optional<int> bypass_channel;  // none: its meter is always in the circuit
};

class Circuit {
  public:
    // `device` may be null: a bench without a switch, every position in the circuit for ever.
    Circuit(instruments::PositionSwitch* device, std::vector<CircuitPosition> positions);

    bool has_switch() const { return device_ != nullptr; }
    // Every position is known to be in the circuit. Not while relays move, nor after a move that
    // failed.
    bool all_in() const;

    // Throws DeviceFault naming the first position that is to be out and has no relay. Sends
    // nothing.
    void check(const std::vector<bool>& in) const;
    // Positions that are not `in` are bypassed, all others in the circuit. One caller at a time.
    // Throws DeviceFault or
    // io::LinkError; then nothing is known of the relays until a move succeeds.
    instruments::Task<void> move(std::vector<bool> in);
    instruments::Task<void> take_all_in();

  private:
    instruments::PositionSwitch* device_;
    std::vector<CircuitPosition> positions_;
    std::optional<std::vector<bool>> in_;  // as confirmed; nothing: not known
};

}  // namespace rig
