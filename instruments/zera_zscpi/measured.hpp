// What the emulated instrument can be asked to measure: the table of its values, by module.
#pragma once

#include "instruments/zera_zscpi/instrument.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace instruments::zera_zscpi {

struct MeasuredValue {
    std::size_t module;  // index in module_names
    std::string_view name, unit;
    std::size_t index;  // what `numbers` is asked for: a channel, a phase, or 3 for the sum
    using Numbers = void (*)(const Sample&,
                             std::size_t index,
                             std::string& out,
                             const MeasuredValue&);
    Numbers append;  // "RMS1:UL1:[V]:229.691;"
};

// All of them, those of a module side by side, in the order in which a group query answers.
std::span<const MeasuredValue> measured_values();

// "RMS1" is every value of that module, "RMS1:UL1" one, an empty text all that there is. Nothing
// when unknown.
std::optional<std::span<const MeasuredValue>> find_measured(std::string_view path);

}  // namespace instruments::zera_zscpi
