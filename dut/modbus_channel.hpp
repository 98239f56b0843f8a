// What a Modbus client needs of the line to its meter, be it a connection of its own or a shared
// bus.
#pragma once

#include "dut/modbus_library.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/task.hpp"

#include <string>

namespace dut {

inline constexpr instruments::io::Duration response_timeout = std::chrono::seconds{1};

// One call at a time. The functions are coroutines of the object, which must outlive them.
class ModbusChannel {
  public:
    virtual ~ModbusChannel() = default;
    // Connects when nothing is connected. Throws io::LinkError.
    virtual instruments::io::Task<void> open() = 0;
    // After a fault: when this returns, no reply to an older request can be taken for a new one.
    // Throws io::LinkError or instruments::DeviceFault.
    virtual instruments::io::Task<void> renew() = 0;
    // A sound reply turned out to answer something else: what comes next may be late, too.
    virtual void distrust() = 0;
    // The request goes to this channel's meter, or to everyone when it is for unit 0.
    virtual instruments::io::Task<ModbusReply> exchange(ModbusRequest request) = 0;
    virtual bool has_others() const = 0;  // on the same line, which hear a request for unit 0
    virtual std::string line() const = 0;
    virtual void close() = 0;  // a call in flight ends with link_lost
};

}  // namespace dut
