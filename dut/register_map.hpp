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

// One value: physical = raw * scale, in `unit`; big-endian, high word first.
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
    std::string source;
    std::string confidence;  // "found", "inferred", "assumed"
};

// A contiguous range that answers; its holes read as "not available".
struct RegisterBlock {
    std::string name;
    std::uint16_t start = 0;
    int words = 0;
};

enum class Encoding {
    string_16,    // one character per register, low byte
    string_norm,  // two characters per register, high byte first, padded with zeros or spaces
    number,       // unsigned
    hexadecimal,  // digits as printed
};

struct IdentificationRow {
    std::string
        field;  // "maker", "extended_name", "serial_year_week": one of known_identification()
    std::uint16_t address = 0;
    int words = 1;
    Encoding encoding = Encoding::number;
    std::string expected;  // empty: not known in advance
    std::string source;
    std::string confidence;
};

struct RegisterMap {
    std::vector<RegisterBlock> blocks;
    std::vector<Register> rows;
    std::vector<IdentificationRow> identification;
    bool energies_carry_ratio =
        false;  // energies and currents are those before the current transformer
};

// Reads the keys "block", "identification" and "energies_carry_ratio" of a meter type. Throws
// calibration::DataError.
RegisterMap parse_register_map(const calibration::Table& type);

const std::vector<std::string>& known_quantities();
const std::vector<std::string>& known_identification();

// The row of a quantity with the finest scale; null when there is none.
const Register* find_register(const RegisterMap& map, std::string_view quantity);
const IdentificationRow* find_identification(const RegisterMap& map, std::string_view field);
const RegisterBlock* find_block(const RegisterMap& map, std::string_view name);

// -- values to words and back
// ---------------------------------------------------------------------------------------

// Socomec's "not available": all ones unsigned, 7FFF.. signed.
std::uint64_t not_available(const Register& row);
// Truncates towards zero to the row's resolution, as a register does. A value the words cannot
// hold, and no value, become "not available".
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
