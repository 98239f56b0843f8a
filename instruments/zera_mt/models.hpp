// What each amplifier set of the MT family can deliver: the maker's capability table.
#pragma once

#include "calibration/quantity.hpp"

#include <string>
#include <string_view>

namespace instruments::zera_mt {

struct ModelLimits {
    std::string_view model;
    calibration::Volt least_voltage, most_voltage;
    calibration::Ampere least_current, most_current;
    calibration::Hertz least_frequency,
        most_frequency;  // of what the dialect can ask for in synthetic mode
};

// Throws calibration::DataError that lists the known models.
const ModelLimits& model_limits(std::string_view model);

}  // namespace instruments::zera_mt
