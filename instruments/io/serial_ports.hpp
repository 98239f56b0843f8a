// The serial ports of this machine, as libserialport finds them.
#pragma once

#include <string>
#include <vector>

namespace instruments::io {

struct SerialPort {
    std::string device;       // "/dev/ttyUSB0"
    std::string description;  // "FT232R USB UART, 0403:6001, serial A50285BI"
};

std::vector<SerialPort> serial_ports();

}  // namespace instruments::io
