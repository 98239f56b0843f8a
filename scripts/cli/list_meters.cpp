#include "scripts/cli/list_meters.hpp"

#include "calibration/document.hpp"
#include "scripts/cli/say.hpp"
#include "scripts/cli/setup.hpp"
#include "sequences/setup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace scripts {

namespace {

using calibration::Connection;
using dut::MeterType;
using sequences::MeterTypeEntry;

std::string connection_text(const MeterType& meter) {
    const std::string kind =
        meter.ratings.connection == Connection::direct ? "direct" : "by current transformer";
    return fmt::format("{}, {:g} V", kind, meter.ratings.nominal_voltage.value());
}

std::string currents_text(const calibration::Ratings& ratings) {
    return fmt::format("{:g}/{:g}/{:g}/{:g}/{:g} A",
                       ratings.starting.value(),
                       ratings.minimum.value(),
                       ratings.transitional.value(),
                       ratings.reference.value(),
                       ratings.maximum.value());
}

std::vector<std::string> port_texts(const MeterType& meter) {
    std::vector<std::string> ports;
    if (meter.modbus && meter.modbus->tcp()) {
        ports.push_back(fmt::format("Modbus TCP {}:{}, unit {}",
                                    meter.modbus->host,
                                    meter.modbus->port,
                                    meter.modbus->unit));
    }
    if (meter.modbus && meter.modbus->rtu) {
        const dut::RtuDefaults& rtu = *meter.modbus->rtu;
        ports.push_back(fmt::format("Modbus RTU {},{}, unit {} (settable: {} baud; {})",
                                    rtu.baud,
                                    rtu.framing,
                                    meter.modbus->unit,
                                    fmt::join(rtu.bauds, ", "),
                                    fmt::join(rtu.framings, ", ")));
    }
    return ports;
}

std::string output_text(const MeterType& meter) {
    if (!meter.pulse_output || meter.pulse_output->bands.empty()) {
        return "no pulse output";
    }
    const auto& bands = meter.pulse_output->bands;
    const double least = bands.front().weight.value(), most = bands.back().weight.value();
    return least == most ? fmt::format("pulse output {:g} Wh", least)
                         : fmt::format("pulse output {:g} to {:g} Wh", least, most);
}

std::vector<std::string> network_names(const MeterType& meter) {
    std::vector<std::string> names;
    for (const dut::Network& network : meter.networks) {
        names.push_back(network.name);
    }
    return names;
}

void print_meter(const MeterTypeEntry& entry, const MeterType& meter) {
    say(stdout,
        "{:<16}{} {}, class {}, {}, {}, {:g} imp/kWh\n",
        entry.id,
        meter.maker,
        meter.name,
        meter.accuracy_class,
        connection_text(meter),
        currents_text(meter.ratings),
        meter.ratings.constant.value());
    const auto ports = port_texts(meter);
    say(stdout,
        "{:<16}{}; {}\n",
        "",
        ports.empty() ? "no port" : fmt::format("{}", fmt::join(ports, "; ")),
        output_text(meter));
    say(stdout,
        "{:<16}{} tariff{}; networks {}; {}\n",
        "",
        meter.tariffs,
        meter.tariffs == 1 ? "" : "s",
        fmt::join(network_names(meter), " "),
        entry.origin);
}

nlohmann::json classes_as_json(const std::vector<dut::AccuracyClass>& classes) {
    nlohmann::json json = nlohmann::json::array();
    for (const dut::AccuracyClass& entry : classes) {
        json.push_back({{"standard", entry.standard}, {"class", entry.name}});
    }
    return json;
}

nlohmann::json ratings_as_json(const calibration::Ratings& ratings) {
    return {{"connection", ratings.connection == Connection::direct ? "direct" : "ct"},
            {"nominal_voltage_v", ratings.nominal_voltage.value()},
            {"nominal_frequency_hz", ratings.nominal_frequency.value()},
            {"starting_a", ratings.starting.value()},
            {"minimum_a", ratings.minimum.value()},
            {"transitional_a", ratings.transitional.value()},
            {"reference_a", ratings.reference.value()},
            {"maximum_a", ratings.maximum.value()},
            {"led_constant_imp_per_kwh", ratings.constant.value()}};
}

nlohmann::json modbus_as_json(const dut::ModbusDefaults& modbus) {
    nlohmann::json json{{"unit", modbus.unit}};
    if (modbus.tcp()) {
        json["tcp"] = {{"host", modbus.host}, {"port", modbus.port}};
    }
    if (modbus.rtu) {
        json["rtu"] = {{"baud", modbus.rtu->baud},
                       {"framing", modbus.rtu->framing},
                       {"bauds", modbus.rtu->bauds},
                       {"framings", modbus.rtu->framings}};
    }
    return json;
}

nlohmann::json output_as_json(const dut::PulseOutput& output) {
    nlohmann::json bands = nlohmann::json::array();
    for (const dut::PulseWeight& band : output.bands) {
        bands.push_back({{"least", band.least_ratio},
                         {"most", band.most_ratio},
                         {"weight_wh", band.weight.value()}});
    }
    const bool by_ratio = output.counted_in == dut::CountedIn::ratio;
    return {{"counted_in", by_ratio ? "ratio" : "primary_a"}, {"bands", bands}};
}

nlohmann::json meter_as_json(const MeterTypeEntry& entry, const MeterType& meter) {
    nlohmann::json json{{"id", entry.id},
                        {"origin", entry.origin},
                        {"name", meter.name},
                        {"maker", meter.maker},
                        {"part_number", meter.part_number},
                        {"source", meter.source},
                        {"accuracy_class", meter.accuracy_class},
                        {"active_classes", classes_as_json(meter.active_classes)},
                        {"reactive_classes", classes_as_json(meter.reactive_classes)},
                        {"ratings", ratings_as_json(meter.ratings)},
                        {"tariffs", meter.tariffs},
                        {"networks", network_names(meter)},
                        {"default_network", meter.default_network}};
    if (meter.modbus) {
        json["modbus"] = modbus_as_json(*meter.modbus);
    }
    if (meter.pulse_output) {
        json["pulse_output"] = output_as_json(*meter.pulse_output);
    }
    return json;
}

std::string_view access_text(const dut::Register& row) {
    switch (row.access) {
        case dut::Access::read:
            return "read";
        case dut::Access::write:
            return row.command ? "command" : "write";
        case dut::Access::broadcast:
            return "broadcast";
        case dut::Access::sealed:
            break;
    }
    return "sealed";
}

std::string scale_text(const dut::Register& row) {
    std::string text =
        row.format == dut::Format::floating ? "float" : fmt::format("{:g}", row.scale);
    if (!row.other_scales.empty()) {
        text += fmt::format(" or {:g}", fmt::join(row.other_scales, ", "));
    }
    return row.unit.empty() ? text : text + " " + row.unit;
}

std::string words_text(const dut::Register& row) {
    return fmt::format("{}{}", row.is_signed ? "s" : "u", row.words * 16);
}

// Where everything comes from one paper, it stands once, above.
void print_source(std::string& before, const std::string& block, const std::string& source) {
    if (const std::string now = block + source; now != before) {
        say(stdout, "\n{}: {}\n", block, source);
        before = now;
    }
}

void print_registers(const MeterType& meter) {
    say(stdout, "{} {}: printed values from {}\n", meter.maker, meter.name, meter.source);
    std::string before;
    for (const dut::IdentificationRow& row : meter.registers.identification) {
        print_source(before, row.block, row.source);
        say(stdout,
            "  {}  {:<4}{:<34}{:<18}{:<11}{}\n",
            dut::address_text(row.address),
            row.words,
            row.field,
            row.expected.empty() ? "" : fmt::format("\"{}\"", row.expected),
            "read",
            row.confidence);
    }
    for (const dut::Register& row : meter.registers.rows) {
        print_source(before, row.block, row.source);
        say(stdout,
            "  {}  {:<4}{:<34}{:<18}{:<11}{}\n",
            dut::address_text(row.address),
            words_text(row),
            row.quantity,
            scale_text(row),
            access_text(row),
            row.confidence);
    }
}

nlohmann::json register_as_json(const dut::Register& row) {
    return {{"quantity", row.quantity},
            {"block", row.block},
            {"address", row.address},
            {"words", row.words},
            {"signed", row.is_signed},
            {"floating", row.format == dut::Format::floating},
            {"scale", row.scale},
            {"other_scales", row.other_scales},
            {"unit", row.unit},
            {"access", access_text(row)},
            {"source", row.source},
            {"confidence", row.confidence}};
}

nlohmann::json registers_as_json(const MeterType& meter) {
    nlohmann::json identification = nlohmann::json::array();
    for (const dut::IdentificationRow& row : meter.registers.identification) {
        identification.push_back({{"field", row.field},
                                  {"address", row.address},
                                  {"words", row.words},
                                  {"expected", row.expected},
                                  {"source", row.source},
                                  {"confidence", row.confidence}});
    }
    nlohmann::json rows = nlohmann::json::array();
    for (const dut::Register& row : meter.registers.rows) {
        rows.push_back(register_as_json(row));
    }
    return {{"meter", meter.id}, {"identification", identification}, {"registers", rows}};
}

}  // namespace

void list_meters(const ListOptions& options) {
    nlohmann::json types = nlohmann::json::array();
    std::string broken;
    for (const MeterTypeEntry& entry : sequences::known_meter_types(options.meters_folder)) {
        if (!entry.problem.empty()) {
            broken += fmt::format("{:<16}cannot be used: {}\n", entry.id, entry.problem);
            types.push_back(
                {{"id", entry.id}, {"origin", entry.origin}, {"problem", entry.problem}});
            continue;
        }
        const MeterType meter = meter_type(entry.id, options.meters_folder);
        types.push_back(meter_as_json(entry, meter));
        if (!options.json) {
            print_meter(entry, meter);
        }
    }
    say(stdout, "{}", options.json ? types.dump() + "\n" : broken);
}

void list_registers(const ListOptions& options) {
    if (options.meter.empty()) {
        throw calibration::DataError("list registers: expected a meter type: --meter countis-e48");
    }
    const MeterType meter = meter_type(options.meter, options.meters_folder);
    if (options.json) {
        say(stdout, "{}\n", registers_as_json(meter).dump());
    } else {
        print_registers(meter);
    }
}

}  // namespace scripts
