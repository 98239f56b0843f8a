// The instruments of the family as data: ranges by name, and the law of their pulse constant.
#pragma once

#include "calibration/quantity.hpp"

#include <span>
#include <string_view>

namespace instruments::zera_zscpi {

struct Model {
    std::string_view name;                             // as in *IDN?
    std::span<const std::string_view> voltage_ranges;  // widest first, as the catalogue lists them
    std::span<const std::string_view> current_ranges;
    calibration::Hertz least_nominal_frequency{10000};  // of the pulse output at full range
    calibration::Hertz most_nominal_frequency{200000};
};

// "COM5003" or "MT310s2"; throws calibration::DataError naming the choices.
const Model& find_model(std::string_view name);

// A range must hold this many times the load.
inline constexpr double headroom = 1.05;

// C_ref = 3.6e6 f_nom / (n U I), n = 3 in four-wire connection, U and I the ranges.
// Confirmed by vendor data: 480 V, 200 A, 200 kHz -> 2 500 000; 250 V, 10 A, 200 kHz -> 96 000 000.
calibration::ImpulsesPerKilowattHour pulse_constant_law(calibration::Hertz nominal_frequency,
                                                        calibration::Volt voltage_range,
                                                        calibration::Ampere current_range);

}  // namespace instruments::zera_zscpi
