// Buses and positions of a bench file, and what they must not share.
#include "instruments/io/link.hpp"
#include "rig/bench_tables.hpp"
#include "rig/port_address.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace rig {

namespace {

using calibration::DataError;
using calibration::Range;
using calibration::Table;

constexpr Range capture_channels{.least = 0, .most = 126};
constexpr Range switch_channels{.least = 1, .most = 99999};

// -- buses
// ----------------------------------------------------------------------------------------------

dut::LineSettings checked_line(const Table& table, std::string_view key, const std::string& text) {
    try {
        return dut::parse_line_settings(text);
    } catch (const DataError& error) {
        table.fail(key, error.what());
    }
}

// The line's rate and framing have a key of their own: the link of a serial port goes without.
std::string checked_bus_link(const Table& table, const BusEntry& bus) {
    std::string link = table.text("link");
    if (link == twin_link) {
        return link;
    }
    try {
        if (link.starts_with("serial:") && link.find(',') != std::string::npos) {
            throw DataError(fmt::format("'{}' has settings of its own", link));
        }
        instruments::io::check_link_address(
            link_address({.link = link, .baud = bus.baud, .framing = bus.framing}));
    } catch (const DataError& error) {
        table.fail("link",
                   fmt::format("{}; expected twin, serial:DEVICE, pty:PATH or tcp:HOST:PORT",
                               error.what()));
    }
    return link;
}

BusEntry read_bus(const Table& table) {
    BusEntry bus{.name = table.text("name")};
    if (bus.name.empty() || bus.name.find(',') != std::string::npos) {
        table.fail("name", fmt::format("expected a name without commas, got '{}'", bus.name));
    }
    const std::string line = table.text("line");
    bus.baud = checked_line(table, "line", line).baud;
    bus.framing = line.substr(line.find(',') + 1);
    bus.link = checked_bus_link(table, bus);
    bus.echoes = table.optional_boolean("echoes").value_or(false);
    if (const auto twin = table.optional_table("twin")) {
        if (!bus.simulated()) {
            table.fail("twin", "expected a bus on the twin");
        }
        bus.twin_line = twin->text("line");
        checked_line(*twin, "line", bus.twin_line);
        twin->finish();
    }
    table.finish();
    return bus;
}

// -- positions
// ----------------------------------------------------------------------------------------------

TwinMeter read_twin(const Table& table) {
    TwinMeter twin{
        .gain_error_percent =
            table.optional_number("gain_error_percent", {.least = -90, .most = 900}),
        .phase_error_minutes =
            table.optional_number("phase_error_minutes", {.least = -600, .most = 600}),
        .offset_w = table.optional_number("offset_w", {.least = -1000, .most = 1000}),
        .starts_at_a = table.optional_number("starts_at_a", {.least = 0, .most = 100}),
        .creep_w = table.optional_number("creep_w", {.least = 0, .most = 1000}),
        .jitter_us = table.optional_number("jitter_us", {.least = 0, .most = 1e6}),
        .update_grid_ms = table.optional_number("update_grid_ms", {.least = 0, .most = 10000}),
        .constant_imp_per_kwh =
            table.optional_number("constant_imp_per_kwh", {.least = 0.1, .most = 1e7}),
        .register_scale = table.optional_number("register_scale", {.least = 0, .most = 1000}),
        .voltage_coefficient_percent =
            table.optional_number("voltage_coefficient_percent", {.least = -10, .most = 10}),
        .frequency_coefficient_percent =
            table.optional_number("frequency_coefficient_percent", {.least = -10, .most = 10}),
        .led_remainder = table.optional_number("led_remainder", {.least = 0, .most = 1}),
        .phase_gain_error_percent =
            table.numbers("phase_gain_error_percent", {.least = -90, .most = 900}),
        .identifies_as = table.optional_text("identifies_as").value_or("")};
    if (!twin.phase_gain_error_percent.empty() && twin.phase_gain_error_percent.size() != 3) {
        table.fail("phase_gain_error_percent", "expected three numbers, one for each phase");
    }
    table.finish();
    return twin;
}

std::string checked_port(const Table& table) {
    std::string port = table.optional_text("port").value_or("none");
    try {
        parse_port(port);
    } catch (const DataError& error) {
        table.fail("port", error.what());
    }
    return port;
}

std::optional<int> optional_channel(const Table& table, std::string_view key, Range range) {
    const auto channel = table.optional_integer(key, range);
    return channel ? std::optional{static_cast<int>(*channel)} : std::nullopt;
}

// Which fields there are is the meter type's to say: see Bench::assemble().
std::vector<std::pair<std::string, std::string>> read_displayed(const Table& table) {
    std::vector<std::pair<std::string, std::string>> displayed;
    for (const std::string& field : table.keys()) {
        displayed.emplace_back(field, table.text(field));
    }
    return displayed;
}

PositionEntry read_position(const Table& table) {
    PositionEntry position{
        .name = table.text("name"),
        .serial = table.optional_text("serial").value_or(""),
        .led_channel = static_cast<int>(table.integer("led_channel", capture_channels)),
        .output_channel = optional_channel(table, "output_channel", capture_channels),
        .bypass_channel = optional_channel(table, "bypass_channel", switch_channels),
        .port = checked_port(table)};
    if (const auto displayed = table.optional_table("displayed")) {
        position.displayed = read_displayed(*displayed);
    }
    if (const auto twin = table.optional_table("twin")) {
        position.twin = read_twin(*twin);
    }
    table.finish();
    return position;
}

// What no two positions may share, as far as the file has been read.
struct Taken {
    std::set<std::string> names;
    std::set<int> channels, bypass_channels;
    std::map<std::string, std::string> ports;  // port -> the position that has it
};

void take_channel(const Table& table,
                  const char* key,
                  int channel,
                  const BenchFile& bench,
                  std::set<int>& taken) {
    if (channel == bench.reference_channel) {
        table.fail(key,
                   fmt::format("expected a channel of its own, got {}, which is the reference's",
                               channel));
    }
    if (!taken.insert(channel).second) {
        table.fail(key, fmt::format("expected a channel of its own, got {} twice", channel));
    }
}

void take_bypass(const Table& table, int channel, const BenchFile& bench, std::set<int>& taken) {
    if (!bench.position_switch) {
        table.fail("bypass_channel", "expected a [position_switch] that has it, got none");
    }
    if (!taken.insert(channel).second) {
        table.fail("bypass_channel",
                   fmt::format("expected a channel of its own, got {} twice", channel));
    }
}

void take_port(const Table& table,
               const PositionEntry& position,
               const BenchFile& bench,
               std::map<std::string, std::string>& taken) {
    const PortAddress port = parse_port(position.port);
    if (port.kind == PortKind::none || port.kind == PortKind::twin) {
        return;
    }
    const bool rtu = port.kind == PortKind::rtu;
    if (rtu && bench.bus(port.bus) == nullptr) {
        std::vector<std::string> names;
        std::ranges::transform(bench.buses, std::back_inserter(names), &BusEntry::name);
        table.fail(
            "port",
            fmt::format("expected a bus of this bench ({}), got '{}'",
                        names.empty() ? "it has none" : fmt::format("{}", fmt::join(names, ", ")),
                        port.bus));
    }
    const std::string key =
        rtu ? fmt::format("unit {} on bus {}", port.unit, port.bus)
            : fmt::format("unit {} of {}:{}", port.tcp.unit, port.tcp.host, port.tcp.port);
    const auto [held, is_new] = taken.emplace(key, position.name);
    if (!is_new) {
        table.fail("port",
                   fmt::format("expected a unit of its own, got {} for positions '{}' and '{}'",
                               key,
                               held->second,
                               position.name));
    }
}

void take(const Table& table, const PositionEntry& position, const BenchFile& bench, Taken& taken) {
    if (!taken.names.insert(position.name).second) {
        table.fail("name",
                   fmt::format("expected a name of its own, got '{}' twice", position.name));
    }
    take_channel(table, "led_channel", position.led_channel, bench, taken.channels);
    if (position.output_channel) {
        take_channel(table, "output_channel", *position.output_channel, bench, taken.channels);
    }
    if (position.bypass_channel) {
        take_bypass(table, *position.bypass_channel, bench, taken.bypass_channels);
    }
    take_port(table, position, bench, taken.ports);
}

}  // namespace

void read_buses(const Table& root, BenchFile& bench) {
    for (const Table& table : root.tables("bus")) {
        BusEntry bus = read_bus(table);
        if (bench.bus(bus.name) != nullptr) {
            table.fail("name", fmt::format("expected a name of its own, got '{}' twice", bus.name));
        }
        const auto same = [&](const BusEntry& other) { return other.link == bus.link; };
        if (!bus.simulated() && std::ranges::any_of(bench.buses, same)) {
            table.fail("link", fmt::format("expected a line of its own, got '{}' twice", bus.link));
        }
        bench.buses.push_back(std::move(bus));
    }
}

void read_positions(const Table& root, BenchFile& bench) {
    Taken taken;
    for (const Table& table : root.tables("position")) {
        bench.positions.push_back(read_position(table));
        take(table, bench.positions.back(), bench, taken);
    }
    if (bench.positions.empty() || bench.positions.size() > 80) {
        root.fail("position",
                  fmt::format("expected 1 to 80 positions, got {}", bench.positions.size()));
    }
}

}  // namespace rig
