// The register map of a meter type: what a row may say, and which rows belong together.
#include "dut/register_map.hpp"

#include "dut/serial_form.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace dut {
namespace {

using calibration::Table;

constexpr int most_block_words = 4096;
constexpr int most_row_words = 16;

Access access_from(const std::string& text) {
    if (text == "write") return Access::write;
    if (text == "broadcast") return Access::broadcast;
    return text == "sealed" ? Access::sealed : Access::read;
}

Encoding encoding_from(const std::string& text) {
    if (text == "string_16") return Encoding::string_16;
    if (text == "string_norm") return Encoding::string_norm;
    if (text == "hundredths") return Encoding::hundredths;
    return text == "hexadecimal" ? Encoding::hexadecimal : Encoding::number;
}

std::string known_quantity(const Table& table) {
    const auto& names = known_quantities();
    std::string name = table.text("quantity");
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        table.fail("quantity",
                   fmt::format("expected one of {}, got \"{}\"", fmt::join(names, ", "), name));
    }
    return name;
}

// Where the facts of a block come from; a row may say otherwise for itself.
struct Provenance {
    std::string source, confidence;
};

// What rows take over from their block, and a block from the file.
struct Inherited {
    Provenance provenance;
    std::string missing;     // the key not_available; empty: the usual pattern
    std::string word_order;  // "high_first", "low_first"
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

Inherited inherit(const Table& table, const Inherited& above) {
    Inherited own = above;
    own.provenance = provenance(table, above.provenance);
    if (auto missing = table.optional_text("not_available")) own.missing = *missing;
    if (auto order = table.optional_one_of("word_order", {"high_first", "low_first"})) {
        own.word_order = *order;
    }
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

void add_block(RegisterMap& map, const RegisterBlock& block, const Table& table) {
    if (find_block(map, block.name) != nullptr) {
        table.fail("name", fmt::format("there are two blocks \"{}\"", block.name));
    }
    for (const RegisterBlock& other : map.blocks) {
        const bool apart =
            block.start + block.words <= other.start || other.start + other.words <= block.start;
        if (!apart)
            table.fail("start", fmt::format("block {} overlaps {}", block.name, other.name));
    }
    map.blocks.push_back(block);
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

double above_zero(const Table& table, std::string_view key) {
    const double value = table.number(key);
    if (!(value > 0)) table.fail(key, "expected a number above 0");
    return value;
}

// "FFFFFFFE": as many digits as the row's words have, or "none".
void parse_missing(const Table& table, const std::string& text, Register& row) {
    if (text.empty()) return;
    row.missing = Missing::never;
    if (text == "none") return;
    row.missing = Missing::pattern;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, row.missing_pattern, 16);
    const auto digits = static_cast<std::size_t>(4 * row.words);
    if (text.size() == digits && error == std::errc{} && stop == end) return;
    table.fail("not_available",
               fmt::format("expected \"none\" or {} hexadecimal digits for {} words, got \"{}\"",
                           digits,
                           row.words,
                           text));
}

void parse_number_form(const Table& table, const Inherited& inherited, Register& row) {
    row.is_signed = table.optional_boolean("signed").value_or(false);
    row.scale = above_zero(table, "scale");
    row.other_scales = table.numbers("other_scales", {1e-12, 1e12});
    if (!row.other_scales.empty() && row.quantity != "frequency") {
        table.fail("other_scales", "only a frequency tells by its value which scale it has");
    }
    row.low_word_first = inherited.word_order == "low_first";
    parse_missing(table, inherited.missing, row);
    const auto format = table.optional_one_of("format", {"integer", "float"});
    if (format != "float") return;
    row.format = Format::floating;
    row.is_signed = true;
    row.resolution = above_zero(table, "resolution");
    if (row.words != 2 && row.words != 4) table.fail("words", "a float has 2 or 4 words");
}

void parse_access(const Table& table, Register& row) {
    row.access = access_from(
        table.optional_one_of("access", {"read", "write", "broadcast", "sealed"}).value_or("read"));
    row.command = table.optional_boolean("command").value_or(false);
    if (row.command && row.access == Access::read) {
        table.fail("command", "expected access \"write\": a command is written");
    }
    const bool single = row.words == 1;
    if ((row.command || row.access == Access::broadcast) && !single) {
        table.fail("words", "a command, and what is broadcast, is one word");
    }
}

Register parse_row(const Table& table, const RegisterBlock& block, const Inherited& above) {
    Register row;
    const Inherited own = inherit(table, above);
    row.quantity = known_quantity(table);
    row.block = block.name;
    row.words = static_cast<int>(table.optional_integer("words", {1, 4}).value_or(2));
    row.address = parse_address(table, block, row.words);
    parse_number_form(table, own, row);
    row.unit = table.optional_text("unit").value_or("");
    parse_access(table, row);
    row.source = own.provenance.source;
    row.confidence = own.provenance.confidence;
    table.finish();
    return row;
}

void parse_blocks(const Table& type, RegisterMap& map) {
    Inherited of_file;
    of_file.word_order =
        type.optional_one_of("word_order", {"high_first", "low_first"}).value_or("high_first");
    for (const Table& table : type.tables("block")) {
        RegisterBlock block = parse_block(table);
        const Inherited own = inherit(table, of_file);
        block.confidence = own.provenance.confidence;
        for (const Table& row : table.tables("rows")) {
            map.rows.push_back(parse_row(row, block, own));
        }
        add_block(map, block, table);
        table.finish();
    }
}

std::string field_name(const Table& table) {
    std::string name = table.text("field");
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!plain) table.fail("field", "expected small letters, digits and _");
    return name;
}

// A text the row cannot hold would never be read back.
void check_fits(const Table& table,
                std::string_view key,
                const IdentificationRow& row,
                const std::string& text) {
    if (text.empty()) return;
    try {
        encode_text(row, text);
    } catch (const calibration::DataError& error) {
        table.fail(key, error.what());
    }
}

IdentificationRow parse_identification_row(const Table& table,
                                           const RegisterBlock& block,
                                           const Provenance& inherited) {
    IdentificationRow row;
    row.field = field_name(table);
    row.block = block.name;
    row.words = static_cast<int>(table.integer("words", {1, most_row_words}));
    row.address = parse_address(table, block, row.words);
    row.encoding = encoding_from(table.one_of(
        "encoding", {"string_16", "string_norm", "number", "hundredths", "hexadecimal"}));
    row.expected = table.optional_text("expected").value_or("");
    row.emulated = table.optional_text("emulated").value_or("");
    check_fits(table, "expected", row, row.expected);
    check_fits(table, "emulated", row, row.emulated);
    auto [source, confidence] = provenance(table, inherited);
    row.source = std::move(source);
    row.confidence = std::move(confidence);
    table.finish();
    return row;
}

void parse_identification_block(const Table& table, RegisterMap& map) {
    const Table block_table = table.table("block");
    RegisterBlock block = parse_block(block_table);
    const Provenance source = provenance(table, {});
    block.confidence = source.confidence;
    for (const Table& row : table.tables("rows")) {
        map.identification.push_back(parse_identification_row(row, block, source));
        if (std::count_if(map.identification.begin(), map.identification.end(), [&](auto& other) {
                return other.field == map.identification.back().field;
            }) > 1) {
            row.fail("field", "there is such a field already");
        }
    }
    add_block(map, block, block_table);
    block_table.finish();
}

// What proves that the right meter answers, and what it is called by, must be one request.
const IdentificationRow& role(const Table& table, std::string_view key, const RegisterMap& map) {
    const std::string field = table.text(key);
    const auto* row = find_identification(map, field);
    if (row == nullptr) table.fail(key, fmt::format("expected a row \"{}\"", field));
    if (row->block != map.blocks.front().name) {
        table.fail(key, "expected a field of the first block of the identification");
    }
    return *row;
}

void parse_roles(const Table& table, RegisterMap& map) {
    for (const auto& [key, field] :
         {std::pair{"probe", &map.probe_field}, std::pair{"name", &map.name_field}}) {
        const IdentificationRow& row = role(table, key, map);
        if (row.expected.empty()) {
            table.fail(key, fmt::format("expected a row \"{}\" with its expected text", row.field));
        }
        *field = row.field;
    }
    map.serial_form = table.text("serial");
    if (const auto wrong = serial_form_fault(map.serial_form, map)) table.fail("serial", *wrong);
}

void parse_identification(const Table& type, RegisterMap& map) {
    const auto table = type.optional_table("identification");
    if (!table) return;
    parse_identification_block(*table, map);
    for (const Table& further : table->tables("further")) {
        parse_identification_block(further, map);
        further.finish();
    }
    parse_roles(*table, map);
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

RegisterMap parse_register_map(const Table& type) {
    RegisterMap map;
    map.energies_carry_ratio = type.optional_boolean("energies_carry_ratio").value_or(false);
    parse_identification(type, map);
    parse_blocks(type, map);
    refuse_overlaps(type, map);
    return map;
}

double step(const Register& row) {
    return row.format == Format::floating ? row.resolution : row.scale;
}

const Register* find_register(const RegisterMap& map, std::string_view quantity) {
    const Register* finest = nullptr;
    for (const Register& row : map.rows) {
        if (row.quantity != quantity) continue;
        if (finest == nullptr || step(row) < step(*finest)) finest = &row;
    }
    return finest;
}

const IdentificationRow* find_identification(const RegisterMap& map, std::string_view field) {
    for (const auto& row : map.identification) {
        if (row.field == field) return &row;
    }
    return nullptr;
}

const IdentificationRow* find_probe(const RegisterMap& map) {
    return find_identification(map, map.probe_field);
}

const RegisterBlock* find_block(const RegisterMap& map, std::string_view name) {
    for (const auto& block : map.blocks) {
        if (block.name == name) return &block;
    }
    return nullptr;
}

std::string address_text(std::uint16_t address) { return fmt::format("0x{:04X}", address); }

}  // namespace dut
