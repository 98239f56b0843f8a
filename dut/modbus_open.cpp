// The ways to open a meter's port, and its address as a bench file writes it: checked before
// anything is opened.
#include "calibration/check.hpp"
#include "dut/modbus_carrier.hpp"
#include "dut/modbus_client.hpp"
#include "dut/modbus_meter.hpp"
#include "dut/modbus_rtu.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace dut {
namespace {

using calibration::DataError;
using instruments::io::Clock;
using instruments::io::TranscriptSink;

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

// LinkError says "tcp:HOST:PORT: what happened"; the port is known by its own name.
Task<std::unique_ptr<instruments::io::ByteLink>> connect_tcp(boost::asio::io_context& context,
                                                             Clock& clock,
                                                             std::string tcp,
                                                             std::string name,
                                                             TranscriptSink transcript) try {
    auto link = co_await instruments::io::open_link(context, clock, tcp, response_timeout);
    if (!transcript) co_return link;
    co_return instruments::io::with_transcript(clock, std::move(link), std::move(transcript));
} catch (const instruments::io::LinkError& error) {
    std::string problem = error.what();
    if (problem.starts_with(tcp + ": ")) problem.erase(0, tcp.size() + 2);
    throw instruments::io::LinkError(fmt::format("{}: {}", name, problem));
}

void check_has_port(const MeterType& type) {
    if (!type.modbus) {
        throw calibration::DataError(fmt::format("{} has no Modbus port", type.name));
    }
}

void check_unit(int unit) {
    if (unit < 1 || unit > 247) {
        throw calibration::DataError(
            fmt::format("modbus unit: expected an integer from 1 to 247, got {}", unit));
    }
}

// Constant words, unlike any measured value.
ModbusTarget target_for(const MeterType& type, int unit, std::string name) {
    check_has_port(type);
    check_unit(unit);
    ModbusTarget target;
    target.name = std::move(name);
    target.unit = unit;
    if (const auto* probe = find_probe(type.registers)) {
        target.probe = {probe->address, encode_text(*probe, probe->expected), probe->expected};
    }
    return target;
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

std::unique_ptr<MeterPort> open_modbus_tcp(boost::asio::io_context& context,
                                           Clock& clock,
                                           MeterType type,
                                           const ModbusAddress& address,
                                           TranscriptSink transcript) {
    check_modbus_address(address);
    calibration::check(!clock.is_virtual(), "a meter on the network needs the real clock");
    const std::string tcp = fmt::format("tcp:{}:{}", address.host, address.port);
    ModbusTarget target =
        target_for(type, address.unit, fmt::format("modbus-{},{}", tcp, address.unit));
    target.connect =
        [&context, &clock, tcp, name = target.name, transcript = std::move(transcript)]() {
            return connect_tcp(context, clock, tcp, name, transcript);
        };
    return modbus_meter(clock, std::move(type), std::move(target));
}

std::unique_ptr<MeterPort> open_modbus_link(boost::asio::io_context&,
                                            Clock& clock,
                                            MeterType type,
                                            std::unique_ptr<instruments::io::ByteLink> link,
                                            int unit,
                                            std::string name) {
    ModbusTarget target = target_for(type, unit, std::move(name));
    target.link = std::move(link);
    return modbus_meter(clock, std::move(type), std::move(target));
}

std::unique_ptr<MeterPort> open_modbus_socket(boost::asio::io_context& context,
                                              Clock& clock,
                                              MeterType type,
                                              int descriptor,
                                              int unit,
                                              std::string name) {
    auto link = instruments::io::socket_link(context, clock, descriptor, name);
    return open_modbus_link(
        context, clock, std::move(type), std::move(link), unit, std::move(name));
}

std::unique_ptr<MeterPort> open_modbus_rtu(std::shared_ptr<ModbusBus> bus,
                                           MeterType type,
                                           int unit) {
    calibration::check(bus != nullptr, "a port on a bus has a bus");
    ModbusTarget target = target_for(type, unit, fmt::format("{}, unit {}", bus->name(), unit));
    Clock& clock = clock_of(*bus);
    target.bus = std::move(bus);
    return modbus_meter(clock, std::move(type), std::move(target));
}

}  // namespace dut
