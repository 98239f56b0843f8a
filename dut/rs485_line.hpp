// An emulated RS485 line: several emulated meters on one pair of wires, with the line's timing.
#pragma once

#include "dut/meter_emulator.hpp"
#include "dut/modbus_bus.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/task.hpp"

#include <memory>
#include <vector>

namespace dut {

// What may be wrong with the line, each to be detected by name.
struct LineFaults {
    calibration::Instant drop_byte_from = calibration::never;  // one byte of the next reply is lost
    calibration::Instant double_byte_from =
        calibration::never;  // one byte of the next reply comes twice
    calibration::Instant flip_bit_from = calibration::never;  // one bit of the next reply is wrong
    bool echoes = false;                                      // the host hears itself
};

// The meters answer each to its own unit; two with one unit answer at once, and what arrives is
// garbled as two drivers on a pair of wires garble it. A broadcast reaches every meter and nobody
// answers. Frames end by silence of 3.5 characters; bytes take their time on the line.
class Rs485Line {
  public:
    // Clock and meters must outlive the line.
    Rs485Line(instruments::io::Clock& clock,
              LineSettings settings,
              std::vector<MeterEmulator*> meters);
    ~Rs485Line();
    Rs485Line(const Rs485Line&) = delete;
    Rs485Line& operator=(const Rs485Line&) = delete;

    // One host at a time; until the other side is gone.
    instruments::io::Task<void> serve(instruments::io::ByteLink& link);
    // The host's settings, where the link itself does not carry them (memory, TCP, ptys): another
    // rate or framing than the meters' makes every frame garbage to them.
    void host_uses(const LineSettings& settings);
    LineFaults& faults();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dut
