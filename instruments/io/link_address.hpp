// The addresses of links as they stand in a bench file, taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace instruments::io {

struct TcpAddress {
    std::string host;  // a name or a numeric address, IPv6 without its brackets
    std::uint16_t port = 0;
};

enum class Parity { none, even, odd };

struct SerialAddress {
    std::string device;
    int baud = 9600;
    int data_bits = 8;  // 5 to 8
    Parity parity = Parity::none;
    int stop_bits = 1;  // 1 or 2
};

struct PtyAddress {
    std::string path;
};

using LinkAddress = std::variant<TcpAddress, SerialAddress, PtyAddress>;

// Throws calibration::DataError that quotes the address and says what was expected.
LinkAddress parse_link_address(std::string_view address);

}  // namespace instruments::io
