// Scaler and unit of COSEM registers, with the names of the units.
#pragma once

#include "dut/dlms/axdr_value.hpp"

#include <optional>
#include <string_view>

namespace dut::dlms {

// Those a bench meets; the number on the wire is kept whatever it is. Numbers: Blue Book, table of
// units (from memory, those of energies and constants checked against captured frames).
enum class Unit : std::uint8_t {
    hour = 5,
    minute = 6,
    second = 7,
    degree = 8,
    degree_celsius = 9,
    watt = 27,
    volt_ampere = 28,
    var = 29,
    watt_hour = 30,
    volt_ampere_hour = 31,
    var_hour = 32,
    ampere = 33,
    volt = 35,
    hertz = 44,
    per_watt_hour = 45,  // meter constants
    per_var_hour = 46,
    per_volt_ampere_hour = 47,
    volt_square_hour = 48,
    ampere_square_hour = 49,
    percent = 56,
    none = 255,
};
std::string_view unit_name(std::uint8_t number);  // "1/Wh"; "" for none; "?" for unknown numbers
std::string_view unit_name(Unit unit);

struct ScalerUnit {
    std::int8_t scaler = 0;
    std::uint8_t unit = 255;
    friend bool operator==(const ScalerUnit&, const ScalerUnit&) = default;
    double factor() const;  // ten to the scaler
};
std::optional<ScalerUnit> scaler_unit_of(const Value& value);  // structure of int8 and enumeration
Value value_of(const ScalerUnit& scaler_unit);

// The raw value of a register in its unit; nothing when it is no number.
std::optional<double> scaled(const Value& raw, const ScalerUnit& scaler_unit);

}  // namespace dut::dlms
