// How a meter is reached: the addresses of ports and buses as they stand in a bench file, taken
// apart.
#pragma once

#include "dut/modbus_bus.hpp"
#include "dut/modbus_meter.hpp"
#include "rig/bench_file.hpp"

#include <string>
#include <string_view>

namespace rig {

enum class PortKind {
    none,
    twin,  // a line of its own on the twin, in Modbus TCP frames whatever the type
    tcp,
    rtu
};

struct PortAddress {
    PortKind kind = PortKind::none;
    dut::ModbusAddress tcp;
    std::string bus;  // of an rtu port
    int unit = 0;     // likewise
};

// "twin", "none", "modbus-tcp:192.168.0.4:502,5", "modbus-rtu:A,5". Throws calibration::DataError.
PortAddress parse_port(std::string_view text);

dut::LineSettings line_settings(const BusEntry& bus);
// What the meters of a line on the twin are set to.
dut::LineSettings twin_line_settings(const BusEntry& bus);
// What io::open_link takes; a serial port gets the line's rate and framing.
std::string link_address(const BusEntry& bus);

}  // namespace rig
