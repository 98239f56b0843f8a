// Modbus TCP addresses as a bench file writes them, checked before anything is opened.
#include "dut/modbus_meter.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace dut {
namespace {

using calibration::DataError;

std::optional<int> integer(std::string_view text, int least, int most) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || value < least || value > most) return std::nullopt;
    return value;
}

// "192.168.0.4": four numbers of 0 to 255 without leading zeros, which some readers take for octal.
bool is_ipv4(std::string_view text) {
    for (int part = 0; part < 4; ++part) {
        const auto dot = part < 3 ? text.find('.') : text.size();
        if (dot == std::string_view::npos) return false;
        const std::string_view digits = text.substr(0, dot);
        if (digits.size() > 1 && digits.front() == '0') return false;
        if (!integer(digits, 0, 255)) return false;
        text.remove_prefix(part < 3 ? dot + 1 : dot);
    }
    return true;
}

[[noreturn]] void refuse(std::string_view expected, std::string_view got) {
    throw DataError(fmt::format("modbus-tcp: expected {}, got \"{}\"", expected, got));
}

}  // namespace

void check_modbus_address(const ModbusAddress& address) {
    if (!is_ipv4(address.host)) {
        refuse("a numeric IPv4 address such as 192.168.0.4", address.host);
    }
    if (address.port < 1 || address.port > 65535) {
        refuse("a port from 1 to 65535", std::to_string(address.port));
    }
    if (address.unit < 1 || address.unit > 247) {
        refuse("a unit from 1 to 247", std::to_string(address.unit));
    }
}

ModbusAddress parse_modbus_address(std::string_view text) {
    const auto colon = text.find(':');
    const auto comma = text.find(',');
    if (colon == std::string_view::npos || comma == std::string_view::npos || comma < colon) {
        refuse("HOST:PORT,UNIT such as 192.168.0.4:502,5", text);
    }
    const std::string_view port_text = text.substr(colon + 1, comma - colon - 1);
    const std::string_view unit_text = text.substr(comma + 1);
    const auto port = integer(port_text, 1, 65535);
    if (!port) refuse("a port from 1 to 65535", port_text);
    const auto unit = integer(unit_text, 1, 247);
    if (!unit) refuse("a unit from 1 to 247", unit_text);
    ModbusAddress address{std::string{text.substr(0, colon)}, *port, *unit};
    check_modbus_address(address);
    return address;
}

}  // namespace dut
