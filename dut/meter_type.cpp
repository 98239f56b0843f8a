// Reads a meter type from its text; every rule that a key alone cannot express is checked here.
#include "dut/meter_type.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace dut {
namespace {

using calibration::Ampere;
using calibration::DataError;
using calibration::Hertz;
using calibration::Table;
using calibration::Volt;
using calibration::WattHour;

constexpr calibration::Range positive{1e-6, 1e9};

// "EN 50470-3 class C"
std::vector<AccuracyClass> parse_classes(const Table& table, std::string_view key) {
    std::vector<AccuracyClass> classes;
    for (const std::string& text : table.texts(key)) {
        const auto split = text.find(" class ");
        if (split == std::string::npos) {
            table.fail(key,
                       fmt::format("expected \"STANDARD class CLASS\" such as \"EN 50470-3 class "
                                   "C\", got \"{}\"",
                                   text));
        }
        classes.push_back({text.substr(0, split), text.substr(split + 7)});
    }
    return classes;
}

void parse_accuracy(const Table& table, MeterType& type) {
    type.accuracy_class = table.text("programme");
    type.active_classes = parse_classes(table, "active");
    type.reactive_classes = parse_classes(table, "reactive");
    const auto is_programme = [&](const AccuracyClass& c) { return c.name == type.accuracy_class; };
    if (std::none_of(type.active_classes.begin(), type.active_classes.end(), is_programme)) {
        table.fail("programme", "expected one of the classes listed in active");
    }
    table.finish();
}

template <class Unit>
std::vector<Unit> parse_several(const Table& table, std::string_view key) {
    std::vector<Unit> values;
    for (const double value : table.numbers(key, positive)) values.emplace_back(value);
    if (values.empty()) table.fail(key, "expected at least one number");
    return values;
}

void parse_ratings(const Table& table, MeterType& type) {
    type.nominal_voltages = parse_several<Volt>(table, "nominal_voltages_v");
    type.nominal_frequencies = parse_several<Hertz>(table, "nominal_frequencies_hz");
    auto& ratings = type.ratings;
    ratings.connection = table.one_of("connection", {"direct", "ct"}) == "ct"
                             ? calibration::Connection::transformer
                             : calibration::Connection::direct;
    ratings.measuring_elements = static_cast<int>(table.integer("measuring_elements", {1, 3}));
    ratings.nominal_voltage = type.nominal_voltages.front();
    ratings.nominal_frequency = type.nominal_frequencies.front();
    ratings.starting = Ampere{table.number("starting_a", positive)};
    ratings.minimum = Ampere{table.number("minimum_a", positive)};
    ratings.transitional = Ampere{table.number("transitional_a", positive)};
    ratings.reference = Ampere{table.number("reference_a", positive)};
    ratings.maximum = Ampere{table.number("maximum_a", positive)};
    ratings.constant =
        calibration::ImpulsesPerKilowattHour{table.number("led_constant_imp_per_kwh", positive)};
    type.printed_minimum = Ampere{table.number("printed_minimum_a", positive)};
    table.finish();
}

// The consistent values must be consistent; what is wrong with the printed ones is kept to be
// shown.
void check_against_standard(const Table& document, MeterType& type) {
    const auto faults = calibration::check_ratings(type.ratings, type.accuracy_class);
    if (!faults.empty()) document.fail("ratings", faults.front().message);
    type.printed_faults =
        calibration::check_ratings(ratings(type, MinimumCurrent::printed), type.accuracy_class);
}

NeverExceed parse_never_exceed(const Table& table) {
    NeverExceed limits;
    limits.voltage = Volt{table.number("voltage_v", positive)};
    limits.current = Ampere{table.number("current_a", positive)};
    limits.least_frequency = Hertz{table.number("least_frequency_hz", positive)};
    limits.most_frequency = Hertz{table.number("most_frequency_hz", positive)};
    if (limits.most_frequency < limits.least_frequency) {
        table.fail("most_frequency_hz", "is below least_frequency_hz");
    }
    table.finish();
    return limits;
}

// A limit below what the ratings ask for would refuse every programme.
void check_never_exceed(const Table& document, const MeterType& type) {
    if (type.never_exceed.current < type.ratings.maximum) {
        document.fail("never_exceed", "current_a is below maximum_a of the ratings");
    }
    for (const Volt voltage : type.nominal_voltages) {
        if (type.never_exceed.voltage < voltage * 1.15) {
            document.fail("never_exceed", "voltage_v is below 1.15 Un, at which no-load is tested");
        }
    }
}

// Bands must follow each other without gap, so that every ratio has exactly one weight.
std::vector<PulseWeight> parse_pulse_weights(const Table& document) {
    std::vector<PulseWeight> weights;
    for (const Table& table : document.tables("pulse_output")) {
        PulseWeight weight;
        weight.least_ratio = static_cast<int>(table.integer("least_ratio", {1, 100000}));
        weight.most_ratio = static_cast<int>(
            table.integer("most_ratio", {static_cast<double>(weight.least_ratio), 100000}));
        weight.weight = WattHour{table.number("weight_wh", positive)};
        const int next = weights.empty() ? 1 : weights.back().most_ratio + 1;
        if (weight.least_ratio != next) {
            table.fail("least_ratio", fmt::format("expected {}, where the band before ends", next));
        }
        weights.push_back(weight);
        table.finish();
    }
    return weights;
}

ModbusDefaults parse_modbus(const Table& table) {
    ModbusDefaults modbus;
    modbus.host = table.text("host");
    modbus.port = static_cast<int>(table.integer("port", {1, 65535}));
    modbus.unit = static_cast<int>(table.integer("unit", {1, 247}));
    table.finish();
    return modbus;
}

// Energies of different instants must not be mixed: one request reads all four.
bool one_block(const MeterType& type, std::span<const char* const> quantities) {
    const Register* first = find_register(type.registers, quantities.front());
    return std::all_of(quantities.begin(), quantities.end(), [&](const char* quantity) {
        return find_register(type.registers, quantity)->block == first->block;
    });
}

// The port proves whom it talks to by the maker block, so a map without one cannot be trusted.
void check_port(const Table& document, const MeterType& type) {
    static constexpr std::array energies{"active_import_energy",
                                         "active_export_energy",
                                         "reactive_import_energy",
                                         "reactive_export_energy"};
    if (!type.modbus) return;
    const auto* maker = find_identification(type.registers, "maker");
    if (maker == nullptr || maker->expected.empty()) {
        document.fail("identification", "expected a row \"maker\" with its expected text");
    }
    for (const char* quantity : energies) {
        const Register* row = find_register(type.registers, quantity);
        if (row == nullptr) document.fail("block", fmt::format("expected a row {}", quantity));
        if (row->scale != type.register_resolution.value()) {
            document.fail("register_resolution_wh",
                          fmt::format("differs from the scale of {}", quantity));
        }
    }
    for (const RegisterBlock& block : type.registers.blocks) {
        if (block.words > 125)
            document.fail("block", block.name + " is longer than one request, 125 words");
    }
    if (one_block(type, energies)) return;
    document.fail("block", "expected the finest rows of the four energies in one block");
}

void parse_names(const Table& document, MeterType& type) {
    type.id = document.text("id");
    type.name = document.text("name");
    type.maker = document.text("maker");
    type.part_number = document.text("part_number");
    type.source = document.text("source");
    type.tariffs = static_cast<int>(document.integer("tariffs", {1, 8}));
    type.self_supplied = document.optional_boolean("self_supplied").value_or(true);
    type.register_resolution = WattHour{document.number("register_resolution_wh", positive)};
    type.roll_over = WattHour{document.number("roll_over_wh", {1, 1e15})};
}

}  // namespace

MeterType parse_meter_type(std::string_view text, std::string_view name) {
    const Table document = calibration::parse_document(text, name);
    MeterType type;
    parse_names(document, type);
    parse_accuracy(document.table("accuracy"), type);
    parse_ratings(document.table("ratings"), type);
    type.never_exceed = parse_never_exceed(document.table("never_exceed"));
    type.pulse_weights = parse_pulse_weights(document);
    if (const auto modbus = document.optional_table("modbus")) type.modbus = parse_modbus(*modbus);
    type.registers = parse_register_map(document);
    check_against_standard(document, type);
    check_never_exceed(document, type);
    check_port(document, type);
    document.finish();
    return type;
}

std::vector<std::string> meter_type_ids() {
    std::vector<std::string> ids;
    for (const auto& text : meter_type_texts()) {
        ids.emplace_back(text.name.substr(0, text.name.rfind('.')));
    }
    return ids;
}

calibration::EmbeddedText meter_type_text(std::string_view id) {
    const auto ids = meter_type_ids();
    const auto found = std::find(ids.begin(), ids.end(), id);
    if (found == ids.end()) {
        throw DataError(
            fmt::format("meter type \"{}\": expected one of {}", id, fmt::join(ids, ", ")));
    }
    return meter_type_texts()[static_cast<std::size_t>(found - ids.begin())];
}

calibration::Ratings ratings(const MeterType& type, MinimumCurrent choice) {
    calibration::Ratings ratings = type.ratings;
    if (choice == MinimumCurrent::printed) ratings.minimum = type.printed_minimum;
    return ratings;
}

std::optional<WattHour> pulse_weight(const MeterType& type, int ratio) {
    for (const auto& band : type.pulse_weights) {
        if (ratio >= band.least_ratio && ratio <= band.most_ratio) return band.weight;
    }
    return std::nullopt;
}

}  // namespace dut
