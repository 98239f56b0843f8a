#include "instruments/zera_zscpi/models.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <array>

namespace instruments::zera_zscpi {

namespace {

using namespace std::string_view_literals;

constexpr std::array com5003_voltages{"480V"sv, "240V"sv, "120V"sv, "60V"sv, "12V"sv, "5V"sv};
constexpr std::array com5003_currents{"200A"sv,
                                      "100A"sv,
                                      "50A"sv,
                                      "25A"sv,
                                      "10A"sv,
                                      "5A"sv,
                                      "2.5A"sv,
                                      "1.0A"sv,
                                      "500mA"sv,
                                      "250mA"sv,
                                      "100mA"sv,
                                      "50mA"sv,
                                      "25mA"sv,
                                      "10mA"sv,
                                      "5mA"sv};
constexpr std::array mt310s2_voltages{"250V"sv, "8V"sv, "100mV"sv};
// The direct inputs; clamps ("C100A") are other sensors with their own calibration.
constexpr std::array mt310s2_currents{
    "10A"sv, "5A"sv, "2.5A"sv, "1.0A"sv, "500mA"sv, "250mA"sv, "100mA"sv, "50mA"sv, "25mA"sv};

const std::array models{Model{"COM5003", com5003_voltages, com5003_currents},
                        Model{"MT310s2", mt310s2_voltages, mt310s2_currents}};

}  // namespace

const Model& find_model(std::string_view name) {
    for (const Model& model : models) {
        if (model.name == name) return model;
    }
    throw calibration::DataError(
        fmt::format("reference model: expected COM5003 or MT310s2, got {}", name));
}

calibration::ImpulsesPerKilowattHour pulse_constant_law(calibration::Hertz nominal_frequency,
                                                        calibration::Volt voltage_range,
                                                        calibration::Ampere current_range) {
    constexpr double four_wire = 3;
    const double full_power_w = four_wire * voltage_range.value() * current_range.value();
    return calibration::ImpulsesPerKilowattHour{3.6e6 * nominal_frequency.value() / full_power_w};
}

}  // namespace instruments::zera_zscpi
