// A Modbus client that trusts no reply by itself: libmodbus behind a carrier that checks what
// libmodbus does not.
#pragma once

#include "dut/modbus_bus.hpp"
#include "dut/register_map.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/task.hpp"

#include <functional>
#include <memory>
#include <string>

namespace dut {

using instruments::io::Task;

// Constant words at a constant address, read after every fault before anything else is believed;
// none when the meter's map has none.
struct ModbusProbe {
    std::uint16_t address = 0;
    Words expected;
    std::string text;  // "SOCO"
};

struct ModbusTarget {
    std::string name;  // in faults: "modbus-tcp:192.168.0.4:502,5"
    int unit = 1;      // 1 to 247
    ModbusProbe probe;
    // One of these three: a connected link to this meter alone, how to connect it, or a bus.
    std::unique_ptr<instruments::io::ByteLink> link;
    std::function<Task<std::unique_ptr<instruments::io::ByteLink>>()> connect;
    std::shared_ptr<ModbusBus> bus;
};

// All tasks throw instruments::DeviceFault with name, register and reason, or io::LinkError when
// the meter cannot be connected. One caller at a time. Measured traps of libmodbus 3.1.6 and what
// is done about each:
//   late replies are taken for the next request's: over TCP the transaction number is checked, on
//     a bus the line must be silent before every request; after a fault connect anew, or wait for
//     a longer silence, then read the probe before anything else
//   the unit of a reply is not checked over TCP: the carrier does
//   the echo of a write is not checked: every write is read back
//   a broadcast waits for a reply that nobody sends: sent as a raw request
//   select() breaks above descriptor 1023: refused
//   every call blocks its thread: no call waits, see modbus_library.hpp
//   time-outs of 0.5 s are tight: 1 s, in bench time
class ModbusClient {
  public:
    ModbusClient(instruments::io::Clock& clock, ModbusTarget target);
    ~ModbusClient();  // a call in flight ends with a fault
    ModbusClient(const ModbusClient&) = delete;
    ModbusClient& operator=(const ModbusClient&) = delete;

    Task<Words> read(std::uint16_t address, int count);  // 1 to 125
    // Function code 6 for one word, 16 for more (at most 123); read back.
    Task<void> write(std::uint16_t address, Words values);
    // One word to every meter of the line, without an answer; over TCP to this one meter, read
    // back.
    Task<void> broadcast(std::uint16_t address, std::uint16_t value);
    // The same for one word that is not kept: a command, which is not read back.
    Task<void> command(std::uint16_t address, std::uint16_t value);
    const std::string& name() const;
    // Clients with the same line share it: "bus A". Empty: a line of its own.
    std::string line() const;

    struct State;

  private:
    std::shared_ptr<State> state_;
};

}  // namespace dut
