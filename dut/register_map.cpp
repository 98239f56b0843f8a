// The register map of a meter type: what a row may say, and which rows belong together.
#include "dut/register_map.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace dut {
namespace {

using calibration::Range;
using calibration::Table;

constexpr int most_block_words = 4096;
constexpr int most_row_words = 16;

std::vector<std::string> with_phases(std::vector<std::string> names,
                                     std::initializer_list<const char*> per_phase) {
    for (const char* name : per_phase) {
        for (int phase = 1; phase <= 3; ++phase)
            names.push_back(fmt::format("{}_l{}", name, phase));
    }
    return names;
}

std::vector<std::string> with_tariffs(std::vector<std::string> names) {
    for (int tariff = 1; tariff <= 8; ++tariff) {
        names.push_back(fmt::format("active_import_energy_t{}", tariff));
        names.push_back(fmt::format("reactive_import_energy_t{}", tariff));
    }
    return names;
}

Access access_from(const std::string& text) {
    if (text == "write") return Access::write;
    if (text == "broadcast") return Access::broadcast;
    return text == "sealed" ? Access::sealed : Access::read;
}

Encoding encoding_from(const std::string& text) {
    if (text == "string_16") return Encoding::string_16;
    if (text == "string_norm") return Encoding::string_norm;
    return text == "hexadecimal" ? Encoding::hexadecimal : Encoding::number;
}

bool is_known(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string known_text(const Table& table,
                       std::string_view key,
                       const std::vector<std::string>& names) {
    std::string name = table.text(key);
    if (!is_known(names, name)) {
        table.fail(key,
                   fmt::format("expected one of {}, got \"{}\"", fmt::join(names, ", "), name));
    }
    return name;
}

// Where the facts of a block come from; a row may say otherwise for itself.
struct Provenance {
    std::string source, confidence;
};

Provenance provenance(const Table& table, const Provenance& inherited) {
    Provenance own = inherited;
    if (auto source = table.optional_text("source")) own.source = *source;
    if (auto confidence = table.optional_one_of("confidence", {"found", "inferred", "assumed"})) {
        own.confidence = *confidence;
    }
    if (own.source.empty()) table.fail("source", "expected where these registers are known from");
    if (own.confidence.empty()) table.fail("confidence", "expected found, inferred or assumed");
    return own;
}

RegisterBlock parse_block(const Table& table) {
    RegisterBlock block;
    block.name = table.text("name");
    block.start = static_cast<std::uint16_t>(table.integer("start", {0, 65535}));
    block.words = static_cast<int>(table.integer("words", {1, most_block_words}));
    if (block.start + block.words > 65536) table.fail("words", "the block ends beyond 0xFFFF");
    return block;
}

std::uint16_t parse_address(const Table& table, const RegisterBlock& block, int words) {
    const auto address = static_cast<std::uint16_t>(table.integer("address", {0, 65535}));
    if (address < block.start || address + words > block.start + block.words) {
        table.fail(
            "address",
            fmt::format("expected an address inside block {}, {} to {}",
                        block.name,
                        address_text(block.start),
                        address_text(static_cast<std::uint16_t>(block.start + block.words - 1))));
    }
    return address;
}

double parse_scale(const Table& table) {
    const double scale = table.number("scale");
    if (!(scale > 0)) table.fail("scale", "expected a number above 0");
    return scale;
}

Register parse_row(const Table& table, const RegisterBlock& block, const Provenance& inherited) {
    Register row;
    row.quantity = known_text(table, "quantity", known_quantities());
    row.block = block.name;
    row.words = static_cast<int>(table.optional_integer("words", {1, 4}).value_or(2));
    row.address = parse_address(table, block, row.words);
    row.is_signed = table.optional_boolean("signed").value_or(false);
    row.scale = parse_scale(table);
    row.other_scales = table.numbers("other_scales");
    row.unit = table.optional_text("unit").value_or("");
    row.access = access_from(
        table.optional_one_of("access", {"read", "write", "broadcast", "sealed"}).value_or("read"));
    auto [source, confidence] = provenance(table, inherited);
    row.source = std::move(source);
    row.confidence = std::move(confidence);
    table.finish();
    return row;
}

IdentificationRow parse_identification_row(const Table& table,
                                           const RegisterBlock& block,
                                           const Provenance& inherited) {
    IdentificationRow row;
    row.field = known_text(table, "field", known_identification());
    row.words = static_cast<int>(table.integer("words", {1, most_row_words}));
    row.address = parse_address(table, block, row.words);
    row.encoding = encoding_from(
        table.one_of("encoding", {"string_16", "string_norm", "number", "hexadecimal"}));
    row.expected = table.optional_text("expected").value_or("");
    auto [source, confidence] = provenance(table, inherited);
    row.source = std::move(source);
    row.confidence = std::move(confidence);
    table.finish();
    return row;
}

void parse_blocks(const Table& type, RegisterMap& map) {
    for (const Table& table : type.tables("block")) {
        const RegisterBlock block = parse_block(table);
        const Provenance source = provenance(table, {});
        for (const Table& row : table.tables("rows")) {
            map.rows.push_back(parse_row(row, block, source));
        }
        map.blocks.push_back(block);
        table.finish();
    }
}

void parse_identification(const Table& type, RegisterMap& map) {
    const auto table = type.optional_table("identification");
    if (!table) return;
    const Table block_table = table->table("block");
    const RegisterBlock block = parse_block(block_table);
    block_table.finish();
    const Provenance source = provenance(*table, {});
    for (const Table& row : table->tables("rows")) {
        map.identification.push_back(parse_identification_row(row, block, source));
    }
    map.blocks.push_back(block);
    table->finish();
}

// Two rows on one address would make one of them a lie.
void refuse_overlaps(const Table& type, const RegisterMap& map) {
    std::set<int> taken;
    auto take = [&](int address, int words, const std::string& name) {
        for (int offset = 0; offset < words; ++offset) {
            if (taken.insert(address + offset).second) continue;
            const auto shared = static_cast<std::uint16_t>(address + offset);
            type.fail(
                "",
                fmt::format("{} lies on {}, which another row has", name, address_text(shared)));
        }
    };
    for (const Register& row : map.rows) take(row.address, row.words, row.quantity);
    for (const auto& row : map.identification) take(row.address, row.words, row.field);
}

}  // namespace

const std::vector<std::string>& known_quantities() {
    static const std::vector<std::string> names =
        with_tariffs(with_phases({"line_voltage_12",
                                  "line_voltage_23",
                                  "line_voltage_31",
                                  "mean_voltage",
                                  "mean_line_voltage",
                                  "frequency",
                                  "neutral_current",
                                  "mean_current",
                                  "active_power",
                                  "reactive_power",
                                  "apparent_power",
                                  "power_factor",
                                  "active_import_energy",
                                  "active_export_energy",
                                  "reactive_import_energy",
                                  "reactive_export_energy",
                                  "partial_active_import_energy",
                                  "partial_active_export_energy",
                                  "partial_reactive_import_energy",
                                  "partial_reactive_export_energy",
                                  "tariff_count",
                                  "tariff",
                                  "roll_over",
                                  "active_import_overflows",
                                  "active_export_overflows",
                                  "reactive_import_overflows",
                                  "ct_primary",
                                  "ct_secondary",
                                  "integration_period",
                                  "mid_status"},
                                 {"voltage",
                                  "current",
                                  "secondary_current",
                                  "active_power",
                                  "reactive_power",
                                  "apparent_power",
                                  "power_factor"}));
    return names;
}

const std::vector<std::string>& known_identification() {
    static const std::vector<std::string> names{"maker",
                                                "product_order",
                                                "product",
                                                "table_version",
                                                "software_version",
                                                "serial_year_week",
                                                "serial_line",
                                                "serial_order",
                                                "product_version_major",
                                                "product_version_minor",
                                                "firmware_order",
                                                "vendor",
                                                "product_name",
                                                "extended_name"};
    return names;
}

RegisterMap parse_register_map(const Table& type) {
    RegisterMap map;
    map.energies_carry_ratio = type.optional_boolean("energies_carry_ratio").value_or(false);
    parse_identification(type, map);
    parse_blocks(type, map);
    refuse_overlaps(type, map);
    return map;
}

const Register* find_register(const RegisterMap& map, std::string_view quantity) {
    const Register* finest = nullptr;
    for (const Register& row : map.rows) {
        if (row.quantity != quantity) continue;
        if (finest == nullptr || row.scale < finest->scale) finest = &row;
    }
    return finest;
}

const IdentificationRow* find_identification(const RegisterMap& map, std::string_view field) {
    for (const auto& row : map.identification) {
        if (row.field == field) return &row;
    }
    return nullptr;
}

const RegisterBlock* find_block(const RegisterMap& map, std::string_view name) {
    for (const auto& block : map.blocks) {
        if (block.name == name) return &block;
    }
    return nullptr;
}

std::string address_text(std::uint16_t address) { return fmt::format("0x{:04X}", address); }

}  // namespace dut
