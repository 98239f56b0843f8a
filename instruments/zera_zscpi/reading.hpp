// From the answers to one line of queries to a reading of the load: pure.
#pragma once

#include "calibration/quantity.hpp"
#include "instruments/reference.hpp"
#include "instruments/zera_zscpi/wire.hpp"

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace instruments::zera_zscpi {

// All of a reading in one exchange; the instrument takes the values from the same integration
// period.
inline constexpr std::string_view ask_reading =
    "MEASURE:RMS1?|MEASURE:DFT1?|MEASURE:POW1?|MEASURE:POW2?|MEASURE:POW3?|MEASURE:RNG1:F?|"
    "SENSE:RNG1:OVERLOAD?";

// A channel below these has no angle: 0 is reported.
struct AngleThresholds {
    calibration::Volt voltage{0};
    calibration::Ampere current{0};
};

// The answers to ask_reading. Voltage angles are counted from L1 (or from the nominal place of the
// first phase that has a voltage); displacement = voltage angle - current angle, in (-180, 180].
// Time and window are left to the caller.
std::expected<ReferenceReading, GroupFault> parse_reading(std::span<const std::string> answers,
                                                          const AngleThresholds& thresholds);

}  // namespace instruments::zera_zscpi
