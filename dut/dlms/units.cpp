#include "dut/dlms/units.hpp"

#include <array>
#include <cmath>

namespace dut::dlms {
namespace {

using Names = std::array<std::string_view, 256>;

Names unit_names() {
    Names names;
    names.fill("?");
    constexpr std::string_view from_one[]{
        "a",        "month", "week",     "d",   "h",    "min",  "s",    "deg",     "degC",
        "currency", "m",     "m/s",      "m3",  "m3",   "m3/h", "m3/h", "m3/d",    "m3/d",
        "l",        "kg",    "N",        "Nm",  "Pa",   "bar",  "J",    "J/h",     "W",
        "VA",       "var",   "Wh",       "VAh", "varh", "A",    "C",    "V",       "V/m",
        "F",        "Ohm",   "Ohm m2/m", "Wb",  "T",    "A/m",  "H",    "Hz",      "1/Wh",
        "1/varh",   "1/VAh", "V2h",      "A2h", "kg/s", "S",    "K",    "1/(V2h)", "1/(A2h)",
        "1/m3",     "%",     "Ah"};
    std::size_t number = 1;
    for (const std::string_view name : from_one) names[number++] = name;
    names[60] = "Wh/m3";
    names[61] = "J/m3";
    names[62] = "mol %";
    names[63] = "g/m3";
    names[64] = "Pa s";
    names[65] = "J/kg";
    names[70] = "dBm";
    names[71] = "dBuV";
    names[72] = "dB";
    names[254] = "other";
    names[255] = "";
    return names;
}

}  // namespace

std::string_view unit_name(std::uint8_t number) {
    static const Names names = unit_names();
    return names[number];
}

std::string_view unit_name(Unit unit) { return unit_name(static_cast<std::uint8_t>(unit)); }

double ScalerUnit::factor() const { return std::pow(10.0, scaler); }

std::optional<ScalerUnit> scaler_unit_of(const Value& value) {
    const auto* structure = value.as<Structure>();
    if (structure == nullptr || structure->elements.size() != 2) return std::nullopt;
    const auto* scaler = structure->elements[0].as<std::int8_t>();
    const auto* unit = structure->elements[1].as<Enumeration>();
    if (scaler == nullptr || unit == nullptr) return std::nullopt;
    return ScalerUnit{*scaler, unit->number};
}

Value value_of(const ScalerUnit& scaler_unit) {
    return Structure{{scaler_unit.scaler, Enumeration{scaler_unit.unit}}};
}

std::optional<double> scaled(const Value& raw, const ScalerUnit& scaler_unit) {
    const auto number = number_of(raw);
    if (!number) return std::nullopt;
    // 10^-3 is no double, 1000 is: divide by what is exact.
    if (scaler_unit.scaler < 0) return *number / std::pow(10.0, -scaler_unit.scaler);
    return *number * std::pow(10.0, scaler_unit.scaler);
}

}  // namespace dut::dlms
