// libmodbus, fed through a local socketpair: it builds the requests and takes the replies apart,
// and never waits.
#pragma once

#include "dut/modbus_frame.hpp"
#include "dut/register_map.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>

namespace dut {

// What can go wrong between a request and its reply.
enum class ModbusFault {
    silent,      // no reply within the time-out
    wrong_unit,  // the reply names another unit
    not_modbus,  // the bytes are no Modbus frame, or a garbled one
    bad_reply,  // a frame that does not answer the request: another transaction, function or length
    exception,  // the meter refused, in good order
    link_lost,  // the connection ended
    no_descriptor,  // the process has no descriptor below 1024 left
    restless,       // the line does not fall silent after a fault
    echo,           // what came back first is not, or is, what was sent
};

struct ModbusFailure {
    ModbusFault fault = ModbusFault::silent;
    std::string text;  // what happened: "illegal data address", "the reply is from unit 9"
    std::string code;  // "exception 2"; empty otherwise
    int unit = 0;      // who answered instead (wrong_unit)
};
using ModbusReply = std::expected<Words, ModbusFailure>;

enum class ModbusTransport { tcp, rtu };

// Unit 0 is everyone on the line: no reply is awaited (RTU only).
struct ModbusRequest {
    ModbusFunction function = ModbusFunction::read_holding_registers;
    std::uint16_t address = 0;
    int count = 1;  // registers to read
    Words values;   // registers to write
    int unit = 1;   // who owns the line puts the meter's in, unless it is 0
};

// libmodbus blocks on whatever descriptor it has. Here it has one end of a socketpair and nobody
// waits: what it writes is taken from the other end, and a reply is put there whole and checked
// before libmodbus looks for it. So it needs no thread, costs no bench time, and cannot be fooled
// by what still comes in on the meter's own line, which it never sees.
class ModbusLibrary {
  public:
    explicit ModbusLibrary(ModbusTransport transport);
    ~ModbusLibrary();
    ModbusLibrary(const ModbusLibrary&) = delete;
    ModbusLibrary& operator=(const ModbusLibrary&) = delete;

    // The whole frame to send. Fails when the process has no descriptor left that select() can
    // watch (below 1024). Over TCP each request has a transaction number of its own.
    std::expected<Bytes, ModbusFailure> request(const ModbusRequest& request);
    // What the reply to that request says: the words read, none after a write. `frame` must answer
    // the request in function and length.
    ModbusReply reply(BytesView frame);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dut
