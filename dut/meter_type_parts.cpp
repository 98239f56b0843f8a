// One function per table; what a key alone cannot express is checked where it is read.
#include "dut/meter_type_parts.hpp"

#include "dut/load_curve_block.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dut {
namespace {

using calibration::Ampere;
using calibration::Hertz;
using calibration::Table;
using calibration::Volt;
using calibration::WattHour;

constexpr calibration::Range positive{1e-6, 1e9};

int whole(const Table& table, std::string_view key, double least, double most) {
    return static_cast<int>(table.integer(key, {least, most}));
}

std::vector<int> whole_numbers(const Table& table, std::string_view key) {
    std::vector<int> values;
    for (const double value : table.numbers(key, {1, 1e9})) {
        const int number = static_cast<int>(value);
        if (number != value) table.fail(key, fmt::format("expected whole numbers, got {}", value));
        values.push_back(number);
    }
    if (values.empty()) table.fail(key, "expected at least one number");
    return values;
}

// The factory setting must be one of those that can be set.
template <class Value>
void check_listed(const Table& table,
                  std::string_view key,
                  const Value& value,
                  const std::vector<Value>& listed) {
    if (std::find(listed.begin(), listed.end(), value) != listed.end()) return;
    table.fail(key, fmt::format("{} is not among those that can be set", value));
}

// Two keys around the same quantity.
template <class Unit>
void check_order(const Table& table, std::string_view most_key, Unit least, Unit most) {
    if (most < least) table.fail(most_key, "is below the least");
}

ShortOverload parse_short(const Table& table) {
    ShortOverload overload;
    if (const auto volt = table.optional_number("voltage_v", positive))
        overload.voltage = Volt{*volt};
    if (const auto ampere = table.optional_number("current_a", positive)) {
        overload.current = Ampere{*ampere};
    }
    overload.duration_s = table.number("duration_s", {1e-3, 3600});
    if (overload.voltage.has_value() == overload.current.has_value()) {
        table.fail("", "expected either voltage_v or current_a");
    }
    table.finish();
    return overload;
}

Network parse_network(const Table& table) {
    Network network;
    network.name = table.text("name");
    network.wires = whole(table, "wires", 2, 4);
    network.voltage_inputs = whole(table, "voltage_inputs", 1, 3);
    network.current_inputs = whole(table, "current_inputs", 1, 3);
    const auto weights = table.numbers("phase_weights", {0, 3});
    if (weights.size() != network.phase_weights.size()) {
        table.fail("phase_weights", "expected three numbers, L1 to L3");
    }
    std::copy(weights.begin(), weights.end(), network.phase_weights.begin());
    if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) {
        table.fail("phase_weights", "all are 0: nothing would be measured");
    }
    if (const auto code = table.optional_integer("code", {0, 65534})) {
        network.code = static_cast<int>(*code);
        network.confidence = table.one_of("confidence", {"found", "inferred", "assumed"});
    }
    return network;
}

// Bands must follow each other without gap, so that every ratio has exactly one weight.
PulseWeight parse_band(const Table& table, int next) {
    PulseWeight band;
    band.least_ratio = whole(table, "least_ratio", 1, 100000);
    band.most_ratio = whole(table, "most_ratio", band.least_ratio, 100000);
    band.weight = WattHour{table.number("weight_wh", positive)};
    if (band.least_ratio != next) {
        table.fail("least_ratio", fmt::format("expected {}, where the band before ends", next));
    }
    table.finish();
    return band;
}

RtuDefaults parse_rtu(const Table& table) {
    RtuDefaults rtu;
    rtu.bauds = whole_numbers(table, "bauds");
    rtu.framings = table.texts("framings");
    rtu.baud = whole(table, "baud", 1, 1e6);
    rtu.framing = table.text("framing");
    for (const std::string& framing : rtu.framings) {
        const bool known =
            framing == "8N1" || framing == "8E1" || framing == "8O1" || framing == "8N2";
        if (!known) {
            table.fail("framings", fmt::format("expected 8N1, 8E1, 8O1 or 8N2, got {}", framing));
        }
    }
    check_listed(table, "baud", rtu.baud, rtu.bauds);
    check_listed(table, "framing", rtu.framing, rtu.framings);
    table.finish();
    return rtu;
}

void add_curve_block(RegisterMap& map, const Table& table, RegisterBlock block) {
    for (const RegisterBlock& other : map.blocks) {
        const bool apart =
            block.start + block.words <= other.start || other.start + other.words <= block.start;
        if (!apart) table.fail("", fmt::format("{} overlaps block {}", block.name, other.name));
    }
    map.blocks.push_back(std::move(block));
}

}  // namespace

NeverExceed parse_never_exceed(const Table& table) {
    NeverExceed limits;
    limits.voltage = Volt{table.number("voltage_v", positive)};
    limits.current = Ampere{table.number("current_a", positive)};
    limits.least_frequency = Hertz{table.number("least_frequency_hz", positive)};
    limits.most_frequency = Hertz{table.number("most_frequency_hz", positive)};
    if (limits.most_frequency < limits.least_frequency) {
        table.fail("most_frequency_hz", "is below least_frequency_hz");
    }
    for (const Table& entry : table.tables("short")) {
        limits.short_overloads.push_back(parse_short(entry));
    }
    table.finish();
    return limits;
}

SupplyLimits parse_supply(const Table& table) {
    SupplyLimits limits;
    limits.least_voltage = Volt{table.number("least_voltage_v", positive)};
    limits.most_voltage = Volt{table.number("most_voltage_v", positive)};
    limits.least_frequency = Hertz{table.number("least_frequency_hz", positive)};
    limits.most_frequency = Hertz{table.number("most_frequency_hz", positive)};
    check_order(table, "most_voltage_v", limits.least_voltage, limits.most_voltage);
    check_order(table, "most_frequency_hz", limits.least_frequency, limits.most_frequency);
    table.finish();
    return limits;
}

void parse_networks(const Table& document, MeterType& type) {
    for (const Table& table : document.tables("network")) {
        const Network network = parse_network(table);
        if (find_network(type, network.name) != nullptr) {
            table.fail("name", fmt::format("there are two networks {}", network.name));
        }
        if (network.code && find_network(type, *network.code) != nullptr) {
            table.fail("code", fmt::format("another network has code {}", *network.code));
        }
        type.networks.push_back(network);
        if (table.optional_boolean("default").value_or(false)) {
            if (!type.default_network.empty()) table.fail("default", "there are two defaults");
            type.default_network = network.name;
        }
        table.finish();
    }
    if (type.networks.empty()) {
        const int elements = type.ratings.measuring_elements;
        Network network;
        network.name = fmt::format("{} elements", elements);
        network.wires = elements + 1;
        network.voltage_inputs = network.current_inputs = elements;
        for (std::size_t phase = 0; phase < network.phase_weights.size(); ++phase) {
            network.phase_weights[phase] = static_cast<int>(phase) < elements ? 1 : 0;
        }
        type.networks.push_back(network);
    }
    if (type.networks.size() == 1) type.default_network = type.networks.front().name;
    if (type.default_network.empty()) {
        document.fail("network", "expected default = true in one of them");
    }
}

CurrentTransformer parse_transformer(const Table& table) {
    CurrentTransformer transformer;
    transformer.least_primary_a = whole(table, "least_primary_a", 1, 65534);
    transformer.most_primary_a = whole(table, "most_primary_a", transformer.least_primary_a, 65534);
    transformer.secondaries_a = whole_numbers(table, "secondaries_a");
    table.finish();
    return transformer;
}

PulseOutput parse_pulse_output(const Table& table) {
    PulseOutput output;
    output.counted_in = table.one_of("counted_in", {"ratio", "primary"}) == "ratio"
                            ? CountedIn::ratio
                            : CountedIn::primary;
    output.shortest_pulse_s = table.number("shortest_pulse_s", {1e-4, 10});
    for (const Table& band : table.tables("bands")) {
        const int next = output.bands.empty() ? 1 : output.bands.back().most_ratio + 1;
        output.bands.push_back(parse_band(band, next));
    }
    if (output.bands.empty()) table.fail("bands", "expected at least one band");
    table.finish();
    return output;
}

ModbusDefaults parse_modbus(const Table& table) {
    ModbusDefaults modbus;
    modbus.unit = whole(table, "unit", 1, 247);
    if (const auto host = table.optional_text("host")) {
        modbus.host = *host;
        if (host->empty()) table.fail("host", "expected an address");
        modbus.port = whole(table, "port", 1, 65535);
    }
    if (const auto rtu = table.optional_table("rtu")) modbus.rtu = parse_rtu(*rtu);
    if (!modbus.tcp() && !modbus.rtu) table.fail("", "expected host and port, or a table rtu");
    table.finish();
    return modbus;
}

Demand parse_demand(const Table& table) {
    Demand demand;
    demand.periods_s = whole_numbers(table, "periods_s");
    demand.default_period_s = whole(table, "default_period_s", 1, 86400);
    check_listed(table, "default_period_s", demand.default_period_s, demand.periods_s);
    for (const int period : demand.periods_s) {
        if (period % 60 != 0) table.fail("periods_s", fmt::format("{} s are no minutes", period));
    }
    table.finish();
    return demand;
}

LoadCurve parse_load_curve(const Table& table, RegisterMap& map) {
    LoadCurve curve;
    const auto word = [&](const char* key) {
        return static_cast<std::uint16_t>(whole(table, key, 0, 65535));
    };
    curve.command = word("command_address");
    curve.block = word("block_address");
    curve.rewind = word("rewind");
    curve.older = word("older");
    curve.records = whole(table, "records_per_block", 1, most_curve_records);
    curve.capacity = whole(table, "capacity", curve.records, 1e6);
    if (curve.rewind == curve.older) table.fail("older", "is the same command as rewind");
    table.text("source");
    const auto confidence = table.one_of("confidence", {"found", "inferred", "assumed"});
    const int words = curve_block_words(curve);
    if (curve.block + words > 65536) table.fail("block_address", "the block ends beyond 0xFFFF");
    add_curve_block(map, table, {"load curve command", curve.command, 1, confidence});
    add_curve_block(map, table, {"load curve", curve.block, words, confidence});
    table.finish();
    return curve;
}

}  // namespace dut
