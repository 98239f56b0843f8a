// Reads a meter type from its text; every rule that a key alone cannot express is checked here.
#include "dut/meter_type_parts.hpp"

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
constexpr int most_tariffs = 8;

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

// Energies of different instants must not be mixed: one request reads all there are.
void check_energies(const Table& document, const MeterType& type) {
    static constexpr std::array energies{"active_import_energy",
                                         "active_export_energy",
                                         "reactive_import_energy",
                                         "reactive_export_energy"};
    const Register* first = find_register(type.registers, energies.front());
    if (first == nullptr) document.fail("block", "expected a row active_import_energy");
    for (const char* quantity : energies) {
        const Register* row = find_register(type.registers, quantity);
        if (row == nullptr) continue;
        if (step(*row) != type.register_resolution.value()) {
            document.fail("register_resolution_wh",
                          fmt::format("differs from the step of {}", quantity));
        }
        if (row->block != first->block) {
            document.fail("block", "expected the finest rows of the four energies in one block");
        }
    }
}

// A quantity whose values the type does not list could neither be emulated nor checked.
void check_settings(const Table& document, const MeterType& type) {
    const auto needs = [&](const char* quantity, bool has, const char* table) {
        if (!has && find_register(type.registers, quantity) != nullptr) {
            document.fail(table, fmt::format("expected this table: there is a row {}", quantity));
        }
    };
    needs("ct_primary", type.transformer.has_value(), "current_transformer");
    needs("integration_period", type.demand.has_value(), "demand");
    needs("average_active_power", type.demand.has_value(), "demand");
    if (type.load_curve && !type.demand) {
        document.fail("demand", "expected this table: there is a load curve");
    }
    for (int tariff = type.tariffs + 1; tariff <= most_tariffs; ++tariff) {
        for (const Register& row : type.registers.rows) {
            if (!row.quantity.ends_with(fmt::format("_t{}", tariff))) continue;
            document.fail(
                "tariffs",
                fmt::format("expected at least {}: there is a row {}", tariff, row.quantity));
        }
    }
    if (find_register(type.registers, "network") == nullptr) return;
    for (const Network& network : type.networks) {
        if (!network.code) document.fail("network", network.name + " has no code for its register");
    }
}

// The port proves whom it talks to by the probe, so a map without one cannot be trusted.
void check_port(const Table& document, const MeterType& type) {
    if (!type.modbus) return;
    if (find_probe(type.registers) == nullptr) {
        document.fail("identification", "expected this table: a port proves whom it talks to");
    }
    check_energies(document, type);
    for (const RegisterBlock& block : type.registers.blocks) {
        if (block.words > 125)
            document.fail("block", block.name + " is longer than one request, 125 words");
    }
}

// Outside its bands the pulse output would have no weight.
void check_pulse_output(const Table& document, const MeterType& type) {
    if (!type.pulse_output) return;
    const int most = type.pulse_output->bands.back().most_ratio;
    if (!type.transformer) {
        if (most != 1) document.fail("pulse_output", "a direct meter has one band, 1 to 1");
        return;
    }
    const auto& secondaries = type.transformer->secondaries_a;
    const int least_secondary = *std::min_element(secondaries.begin(), secondaries.end());
    const bool by_ratio = type.pulse_output->counted_in == CountedIn::ratio;
    const int needed = type.transformer->most_primary_a / (by_ratio ? least_secondary : 1);
    if (most < needed) {
        document.fail("pulse_output",
                      fmt::format("the bands end at {}, the transformer goes to {}", most, needed));
    }
}

void parse_names(const Table& document, MeterType& type) {
    type.id = document.text("id");
    type.name = document.text("name");
    type.maker = document.text("maker");
    type.part_number = document.text("part_number");
    type.source = document.text("source");
    type.tariffs = static_cast<int>(document.integer("tariffs", {1, most_tariffs}));
    type.self_supplied = document.optional_boolean("self_supplied").value_or(true);
    type.register_resolution = WattHour{document.number("register_resolution_wh", positive)};
    type.roll_over = WattHour{document.number("roll_over_wh", {1, 1e15})};
}

void parse_optional_tables(const Table& document, MeterType& type) {
    if (const auto supply = document.optional_table("supply")) type.supply = parse_supply(*supply);
    // Direct meters have none, and one for transformers says what they can be set to.
    if (type.ratings.connection == calibration::Connection::transformer) {
        type.transformer = parse_transformer(document.table("current_transformer"));
    }
    if (const auto output = document.optional_table("pulse_output")) {
        type.pulse_output = parse_pulse_output(*output);
    }
    if (const auto modbus = document.optional_table("modbus")) type.modbus = parse_modbus(*modbus);
    type.registers = parse_register_map(document);
    if (const auto demand = document.optional_table("demand")) type.demand = parse_demand(*demand);
    if (const auto curve = document.optional_table("load_curve")) {
        type.load_curve = parse_load_curve(*curve, type.registers);
    }
}

}  // namespace

MeterType parse_meter_type(std::string_view text, std::string_view name) {
    const Table document = calibration::parse_document(text, name);
    MeterType type;
    parse_names(document, type);
    parse_accuracy(document.table("accuracy"), type);
    parse_ratings(document.table("ratings"), type);
    type.never_exceed = parse_never_exceed(document.table("never_exceed"));
    parse_networks(document, type);
    parse_optional_tables(document, type);
    check_against_standard(document, type);
    check_never_exceed(document, type);
    check_pulse_output(document, type);
    check_settings(document, type);
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

const Network* find_network(const MeterType& type, std::string_view name) {
    for (const Network& network : type.networks) {
        if (network.name == name) return &network;
    }
    return nullptr;
}

const Network* find_network(const MeterType& type, int code) {
    for (const Network& network : type.networks) {
        if (network.code == code) return &network;
    }
    return nullptr;
}

bool ratio_possible(const MeterType& type, int primary_a, int secondary_a) {
    if (!type.transformer) return false;
    const auto& secondaries = type.transformer->secondaries_a;
    return primary_a >= type.transformer->least_primary_a &&
           primary_a <= type.transformer->most_primary_a &&
           std::find(secondaries.begin(), secondaries.end(), secondary_a) != secondaries.end();
}

TransformerRatio ratio_as_it_comes(const MeterType& type) {
    if (!type.transformer) return {};
    const auto& secondaries = type.transformer->secondaries_a;
    const int secondary = *std::max_element(secondaries.begin(), secondaries.end());
    const int primary =
        std::clamp(secondary, type.transformer->least_primary_a, type.transformer->most_primary_a);
    return {primary, secondary};
}

double carried_ratio(const MeterType& type, int primary_a, int secondary_a) {
    if (!type.transformer || !type.registers.energies_carry_ratio) return 1;
    return static_cast<double>(primary_a) / secondary_a;
}

std::optional<WattHour> pulse_weight(const MeterType& type, int ratio) {
    if (!type.pulse_output) return std::nullopt;
    for (const auto& band : type.pulse_output->bands) {
        if (ratio >= band.least_ratio && ratio <= band.most_ratio) return band.weight;
    }
    return std::nullopt;
}

std::optional<WattHour> pulse_weight(const MeterType& type, int primary_a, int secondary_a) {
    if (!type.transformer) return pulse_weight(type, 1);
    const bool by_ratio = type.pulse_output && type.pulse_output->counted_in == CountedIn::ratio;
    // Below 1 A to 1 A there is no band; a ratio under 1 counts as 1.
    return pulse_weight(type, std::max(1, by_ratio ? primary_a / secondary_a : primary_a));
}

std::optional<WattHour> pulse_weight_at_terminals(const MeterType& type,
                                                  int primary_a,
                                                  int secondary_a) {
    const auto printed = pulse_weight(type, primary_a, secondary_a);
    if (!printed) return std::nullopt;
    return *printed / carried_ratio(type, primary_a, secondary_a);
}

std::vector<std::string> broadcast_quantities(const MeterType& type) {
    std::vector<std::string> names;
    for (const Register& row : type.registers.rows) {
        if (row.access == Access::broadcast) names.push_back(row.quantity);
    }
    return names;
}

}  // namespace dut
