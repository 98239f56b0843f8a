// A Modbus client that trusts no reply by itself: libmodbus behind a carrier that checks what
// libmodbus does not.
#pragma once

#include "dut/modbus_worker.hpp"
#include "dut/register_map.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/task.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace dut {

using instruments::io::Task;

// What can go wrong between a request and its reply.
enum class ModbusFault {
    silent,      // no reply within the time-out
    wrong_unit,  // the reply names another unit
    not_modbus,  // the bytes are no Modbus TCP frame
    bad_reply,  // a frame that does not answer the request: another transaction, function or length
    exception,  // the meter refused, in good order
    link_lost,  // the connection ended
    no_descriptor,  // the process has no descriptor below 1024 left
    restless,       // the line does not fall silent after a fault
};

// Constant words at a constant address, read after every fault before anything else is believed.
struct ModbusProbe {
    std::uint16_t address = 0;
    Words expected;
    std::string text;  // "SOCO"
};

struct ModbusTarget {
    std::string name;  // in faults: "modbus-tcp:192.168.0.4:502,5"
    int unit = 1;      // 1 to 247
    ModbusProbe probe;
    std::unique_ptr<instruments::io::ByteLink> link;  // or, when null, how to connect:
    std::function<Task<std::unique_ptr<instruments::io::ByteLink>>()> connect;
};

// All tasks throw instruments::DeviceFault with name, register and reason, or io::LinkError when
// the meter cannot be connected. One caller at a time. Measured traps of libmodbus 3.1.6 and what
// is done about each:
//   late replies are taken for the next request's: flush before every request; after a fault
//   connect anew, or wait
//     for silence, then read the probe before anything else
//   the unit of a reply is not checked: the carrier does
//   the echo of a write is not checked: every write is read back
//   select() breaks above descriptor 1023: refused
//   time-outs of 0.5 s are tight: 1 s, in bench time
class ModbusClient {
  public:
    ModbusClient(boost::asio::io_context& context,
                 instruments::io::Clock& clock,
                 ModbusTarget target);
    ~ModbusClient();  // a call in flight ends with a fault
    ModbusClient(const ModbusClient&) = delete;
    ModbusClient& operator=(const ModbusClient&) = delete;

    Task<Words> read(std::uint16_t address, int count);  // 1 to 125
    // Function code 6 for one word, 16 for more (at most 123); read back.
    Task<void> write(std::uint16_t address, Words values);
    const std::string& name() const;

    struct State;

  private:
    std::shared_ptr<State> state_;
};

}  // namespace dut
