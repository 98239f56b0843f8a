#include "rig/port_address.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <charconv>

namespace rig {

namespace {

using calibration::DataError;

constexpr std::string_view tcp_scheme = "modbus-tcp:";
constexpr std::string_view rtu_scheme = "modbus-rtu:";
constexpr std::string_view serial_scheme = "serial:";
constexpr int most_unit = 247;

PortAddress parse_rtu(std::string_view whole, std::string_view text) {
    const auto comma = text.rfind(',');
    PortAddress port{.kind = PortKind::rtu};
    if (comma != std::string_view::npos) {
        const std::string_view unit = text.substr(comma + 1);
        const auto [end, error] =
            std::from_chars(unit.data(), unit.data() + unit.size(), port.unit);
        port.bus = text.substr(0, comma);
        port.unit = error == std::errc{} && end == unit.data() + unit.size() ? port.unit : 0;
    }
    if (port.bus.empty() || port.unit < 1 || port.unit > most_unit) {
        throw DataError(fmt::format(
            "expected modbus-rtu:BUS,UNIT with a unit from 1 to {}, got '{}'", most_unit, whole));
    }
    return port;
}

}  // namespace

PortAddress parse_port(std::string_view text) {
    if (text == "none") {
        return {};
    }
    if (text == twin_link) {
        return {.kind = PortKind::twin};
    }
    if (text.starts_with(tcp_scheme)) {
        return {.kind = PortKind::tcp,
                .tcp = dut::parse_modbus_address(text.substr(tcp_scheme.size()))};
    }
    if (text.starts_with(rtu_scheme)) {
        return parse_rtu(text, text.substr(rtu_scheme.size()));
    }
    throw DataError(fmt::format(
        "expected twin, none, modbus-tcp:HOST:PORT,UNIT or modbus-rtu:BUS,UNIT, got '{}'", text));
}

dut::LineSettings line_settings(const BusEntry& bus) {
    dut::LineSettings settings =
        dut::parse_line_settings(fmt::format("{},{}", bus.baud, bus.framing));
    settings.echoes = bus.echoes;
    return settings;
}

dut::LineSettings twin_line_settings(const BusEntry& bus) {
    return bus.twin_line.empty() ? line_settings(bus) : dut::parse_line_settings(bus.twin_line);
}

std::string link_address(const BusEntry& bus) {
    return bus.link.starts_with(serial_scheme)
               ? fmt::format("{},{},{}", bus.link, bus.baud, bus.framing)
               : bus.link;
}

}  // namespace rig
