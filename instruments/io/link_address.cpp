#include "instruments/io/link_address.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace instruments::io {

namespace {

// The rates that Linux serial drivers know by name; a driver asked for another one may silently
// take a neighbour.
constexpr std::array baud_rates{
    50,     75,     110,     134,     150,     200,     300,     600,     1200,    1800,
    2400,   4800,   9600,    19200,   38400,   57600,   115200,  230400,  460800,  500000,
    576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

[[noreturn]] void refuse(std::string_view address, std::string_view expected) {
    throw calibration::DataError(fmt::format("link \"{}\": expected {}", address, expected));
}

std::optional<int> whole_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

TcpAddress parse_tcp(std::string_view address, std::string_view rest) {
    constexpr std::string_view form = "tcp:HOST:PORT, such as tcp:192.168.32.10:4001";
    const auto colon = rest.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        refuse(address, form);
    }
    std::string_view host = rest.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find_first_of("[]: \t") != std::string_view::npos) {
        refuse(address, form);
    }
    const auto port = whole_number(rest.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) {
        refuse(address, "a port from 1 to 65535 in tcp:HOST:PORT");
    }
    return {std::string{host}, static_cast<std::uint16_t>(*port)};
}

Parity parse_parity(std::string_view address, char letter) {
    switch (letter) {
        case 'N':
            return Parity::none;
        case 'E':
            return Parity::even;
        case 'O':
            return Parity::odd;
        default:
            refuse(address, "parity N, E or O, as in 8N2");
    }
}

SerialAddress parse_serial(std::string_view address, std::string_view rest) {
    const auto mode_comma = rest.rfind(',');
    const auto baud_comma =
        mode_comma == std::string_view::npos ? mode_comma : rest.substr(0, mode_comma).rfind(',');
    if (baud_comma == std::string_view::npos || !rest.starts_with('/')) {
        refuse(address, "serial:DEVICE,BAUD,MODE, such as serial:/dev/ttyUSB0,9600,8N2");
    }
    const auto baud = whole_number(rest.substr(baud_comma + 1, mode_comma - baud_comma - 1));
    if (!baud || std::ranges::find(baud_rates, *baud) == baud_rates.end()) {
        refuse(address, "a usual baud rate, such as 9600, 19200 or 115200");
    }
    const std::string_view mode = rest.substr(mode_comma + 1);
    if (mode.size() != 3 || mode[0] < '5' || mode[0] > '8') {
        refuse(address, "5 to 8 data bits, parity and stop bits, as in 8N2");
    }
    if (mode[2] != '1' && mode[2] != '2') {
        refuse(address, "1 or 2 stop bits, as in 8N2");
    }
    return {std::string{rest.substr(0, baud_comma)},
            *baud,
            mode[0] - '0',
            parse_parity(address, mode[1]),
            mode[2] - '0'};
}

PtyAddress parse_pty(std::string_view address, std::string_view rest) {
    if (!rest.starts_with('/')) {
        refuse(address, "pty:PATH, such as pty:/dev/pts/4");
    }
    return {std::string{rest}};
}

}  // namespace

LinkAddress parse_link_address(std::string_view address) {
    const auto colon = address.find(':');
    const std::string_view kind = address.substr(0, colon);
    const std::string_view rest =
        colon == std::string_view::npos ? std::string_view{} : address.substr(colon + 1);
    if (kind == "tcp") {
        return parse_tcp(address, rest);
    }
    if (kind == "serial") {
        return parse_serial(address, rest);
    }
    if (kind == "pty") {
        return parse_pty(address, rest);
    }
    refuse(address, "tcp:HOST:PORT, serial:DEVICE,BAUD,MODE or pty:PATH");
}

}  // namespace instruments::io
