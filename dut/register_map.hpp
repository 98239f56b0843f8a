// A Modbus register map as data: every row with its scale, its source and how much that source is
// to be trusted.
#pragma once

#include "calibration/document.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dut {

using Words = std::vector<std::uint16_t>;

// read: writes are refused. write: any client may. broadcast: also by a request to unit 0. sealed:
// set in the factory and locked by the seal of an MID meter.
enum class Access { read, write, broadcast, sealed };

enum class Format {
    integer,
    floating,  // IEEE 754 of 32 or 64 bits
};

// What a row's words say when they say nothing.
enum class Missing {
    usual,    // all ones unsigned, 7FFF.. signed, nothing finite floating
    pattern,  // words of its own
    never,    // every pattern is a value
};

// One value: physical = raw * scale, in `unit`; big-endian words.
struct Register {
    std::string quantity;  // "active_import_energy", "voltage_l1": one of known_quantities()
    std::string block;     // "energy_fine"
    std::uint16_t address = 0;
    int words = 2;
    bool is_signed = false;
    double scale = 1;                  // the most likely one
    std::vector<double> other_scales;  // of the maker's other families: the one that gives a
                                       // possible value is taken
    std::string unit;
    Access access = Access::read;
    bool command = false;  // writing it does something, once; it reads 0
    Format format = Format::integer;
    double resolution = 0;  // of a floating row, in `unit`; integers: the scale
    bool low_word_first = false;
    Missing missing = Missing::usual;
    std::uint64_t missing_pattern = 0;
    std::string source;
    std::string confidence;  // "found", "inferred", "assumed"
};

// What one step of the register is worth.
double step(const Register& row);

// A contiguous range that answers; its holes read as "not available".
struct RegisterBlock {
    std::string name;
    std::uint16_t start = 0;
    int words = 0;
    std::string confidence;  // "assumed": a meter that refuses it only has no such registers
};

enum class Encoding {
    string_16,    // one character per register, low byte
    string_norm,  // two characters per register, high byte first, padded with zeros or spaces
    number,       // unsigned
    hundredths,   // unsigned, 101 is "1.01"
    hexadecimal,  // digits as printed
};

// Fields may have any name; the maker's map says which one is the probe, the name, the serial.
struct IdentificationRow {
    std::string field;  // "maker", "extended_name", "serial_year_week", "checksum_1"
    std::string block;
    std::uint16_t address = 0;
    int words = 1;
    Encoding encoding = Encoding::number;
    std::string expected;  // empty: not known in advance
    std::string emulated;  // what an emulated meter says; empty: what is expected, or nothing
    std::string source;
    std::string confidence;
};

struct RegisterMap {
    std::vector<RegisterBlock> blocks;
    std::vector<Register> rows;
    std::vector<IdentificationRow> identification;
    std::string probe_field;  // constant words, unlike any measured value: "maker"
    std::string name_field;   // says which product it is: "extended_name"
    std::string serial_form;  // "{serial_year_week}{serial_line}[-{serial_order}]"
    bool energies_carry_ratio =
        false;  // energies and currents are those before the current transformer
};

// Reads the keys "block", "identification", "word_order" and "energies_carry_ratio" of a meter
// type. Throws calibration::DataError.
RegisterMap parse_register_map(const calibration::Table& type);

const std::vector<std::string>& known_quantities();

// The row of a quantity with the finest step; null when there is none.
const Register* find_register(const RegisterMap& map, std::string_view quantity);
const IdentificationRow* find_identification(const RegisterMap& map, std::string_view field);
const RegisterBlock* find_block(const RegisterMap& map, std::string_view name);
// The constant words that are read after every fault; null when the map has none.
const IdentificationRow* find_probe(const RegisterMap& map);

// -- values to words and back
// ---------------------------------------------------------------------------------------

// The raw pattern that means "not available"; nothing when every pattern is a value, or when it is
// not one pattern (a floating "no number").
std::optional<std::uint64_t> not_available(const Register& row);
// Truncates towards zero to the row's resolution, as a register does. A value the words cannot
// hold, and no value, become "not available" (zero where nothing says that).
Words encode(const Register& row, std::optional<double> value);
// Nothing when the words say "not available". `words` starts at the row's address.
std::optional<double> decode(const Register& row, const std::uint16_t* words);
// The candidate scale that brings the value into [least, most] and the value; nothing when none
// does.
struct ScaledValue {
    double value = 0, scale = 0;
};
std::optional<ScaledValue> decode_within(const Register& row,
                                         const std::uint16_t* words,
                                         double least,
                                         double most);

// Text in one of the encodings. encode_text throws DataError when it does not fit; decode_text
// drops the padding.
Words encode_text(const IdentificationRow& row, std::string_view text);
std::string decode_text(const IdentificationRow& row, const std::uint16_t* words);

std::string address_text(std::uint16_t address);  // "0xC702"

}  // namespace dut
