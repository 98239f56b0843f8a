// What the readers of a programme's tables share: kinds, voltages, currents, power factors.
#pragma once

#include "calibration/document.hpp"
#include "sequences/programme.hpp"

#include <string>

namespace sequences {

inline constexpr calibration::Range seconds_range{.least = 0, .most = 1e6};

PointKind read_kind(const calibration::Table& table);
std::string read_voltage(const calibration::Table& table, const char* usual);
// Fails at the key "current" when the text is no current above zero.
void check_current(const calibration::Table& table, const std::string& text);
// Fails at the key "power_factor" when the text is none, or one without active power.
calibration::PowerFactor read_power_factor(const calibration::Table& table,
                                           const std::string& text);

// Name, load and keys of a test over the port.
void read_port_test(const calibration::Table& table, ProgrammePoint& point);

}  // namespace sequences
