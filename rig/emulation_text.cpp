// The bench file that connects to an emulation.
#include "rig/emulation.hpp"
#include "rig/emulation_ports.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

namespace {

// A TOML basic string.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += static_cast<unsigned char>(c) < 0x20
                      ? fmt::format("\\u{:04X}", static_cast<int>(c))
                      : std::string(1, c);
    }
    return result + '"';
}

// A line of its own, or nothing for a model that is the driver's first.
std::string model_line(const std::string& model) {
    return model.empty() ? "" : fmt::format("model = {}\n", quoted(model));
}

std::string channel_line(const char* key, const std::optional<int>& channel) {
    return channel ? fmt::format("{} = {}\n", key, *channel) : "";
}

std::string displayed_line(const PositionEntry& position) {
    std::vector<std::string> fields;
    for (const auto& [field, text] : position.displayed) {
        fields.push_back(fmt::format("{} = {}", quoted(field), quoted(text)));
    }
    return fields.empty() ? "" : fmt::format("displayed = {{ {} }}\n", fmt::join(fields, ", "));
}

}  // namespace

std::string Emulation::address(std::string_view port, std::string_view scheme) const {
    for (const auto& each : ports_) {
        for (const auto& listener : each->listeners) {
            if (each->name == port && listener->address().starts_with(scheme)) {
                return listener->address();
            }
        }
    }
    return "";
}

std::string Emulation::devices_text() const {
    return fmt::format(
        R"(# An emulated bench in real time: {count} x {meter}. It lives as long as the process that printed this.
[bench]
name = "emulated"
clock = "real"
simulated = true
{speed}
[source]
driver = "{source}"
link = "{source_tcp}"    # or "{source_pty}"
{source_model}
[reference]
driver = "{reference}"
link = "{reference_tcp}"
{reference_model}certificate = {{ number = {number}, expanded_uncertainty_percent = {uncertainty}, expanded_phase_uncertainty_minutes = {minutes}{due} }}

[capture]
driver = "{capture}"
link = "{capture_tcp}"    # or "{capture_pty}"
reference_channel = {channel}
)",
        fmt::arg("speed", bench_.speed == 1 ? "" : fmt::format("speed = {}\n", bench_.speed)),
        fmt::arg("count", bench_.positions.size()),
        fmt::arg("meter", meter_.name),
        fmt::arg("source", bench_.source.driver),
        fmt::arg("source_tcp", address("source", "tcp:")),
        fmt::arg("source_pty", address("source", "pty:")),
        fmt::arg("reference", bench_.reference.driver),
        fmt::arg("reference_tcp", address("reference", "tcp:")),
        fmt::arg("source_model", model_line(bench_.source_model)),
        fmt::arg("reference_model", model_line(bench_.reference_model)),
        fmt::arg("number", quoted(bench_.certificate.number)),
        fmt::arg("due", bench_.certificate.due.empty() ? "" : ", due = " + bench_.certificate.due),
        fmt::arg("uncertainty", bench_.certificate.expanded_uncertainty_percent),
        fmt::arg("minutes", bench_.certificate.expanded_phase_uncertainty_minutes),
        fmt::arg("capture", bench_.capture.driver),
        fmt::arg("capture_tcp", address("capture", "tcp:")),
        fmt::arg("capture_pty", address("capture", "pty:")),
        fmt::arg("channel", bench_.reference_channel));
}

std::string Emulation::bus_text(const BusEntry& bus) const {
    return fmt::format("\n[[bus]]\nname = {}\nlink = \"{}\"    # or \"{}\"\nline = \"{},{}\"\n{}",
                       quoted(bus.name),
                       address(bus_port(bus.name), "pty:"),
                       address(bus_port(bus.name), "tcp:"),
                       bus.baud,
                       bus.framing,
                       bus.echoes ? "echoes = true\n" : "");
}

// The one who connects to an emulated bench sees the same hidden errors, not what hides them.
std::string Emulation::position_text(const PositionEntry& position) const {
    std::string port = position.port;
    if (port == twin_link) {
        // "tcp:127.0.0.1:40123" becomes "modbus-tcp:127.0.0.1:40123,5".
        const std::string tcp = address(meter_port(position.name), "tcp:");
        port = tcp.empty() ? "none" : fmt::format("modbus-{},{}", tcp, meter_.modbus->unit);
    }
    return fmt::format(
        "\n[[position]]\nname = {}\nserial = {}\nled_channel = {}\n{}{}port = {}\n{}",
        quoted(position.name),
        quoted(position.serial),
        position.led_channel,
        channel_line("output_channel", position.output_channel),
        channel_line("bypass_channel", position.bypass_channel),
        quoted(port),
        displayed_line(position));
}

std::string Emulation::bench_file_text() const {
    std::string text = devices_text();
    if (bench_.position_switch) {
        text += fmt::format("\n[position_switch]\ndriver = \"{}\"\nlink = \"{}\"    # or \"{}\"\n",
                            bench_.position_switch->driver,
                            address("position switch", "tcp:"),
                            address("position switch", "pty:"));
    }
    for (const BusEntry& bus : bench_.buses) {
        text += bus_text(bus);
    }
    for (const PositionEntry& position : bench_.positions) {
        text += position_text(position);
    }
    return text;
}

}  // namespace rig
