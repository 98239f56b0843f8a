// What a quantity of the register map is worth on an emulated meter.
#pragma once

#include "calibration/load_point.hpp"
#include "dut/energy_registers.hpp"

#include <optional>
#include <string_view>

namespace dut {

// Everything an emulated meter knows at one instant.
struct MeterView {
    calibration::LoadPoint load;  // at its terminals
    calibration::RegisteredEnergy registered;
    const EnergyRegisters* energies = nullptr;
    double ratio = 1;         // by which currents and powers are multiplied
    double energy_scale = 1;  // 1 for a healthy meter
    double roll_over_wh = 1;
    int ct_primary_a = 0, ct_secondary_a = 0;
    int tariffs = 1;
    bool sealed = false;
};

// In the unit of the quantity's name (V, A, W, Wh, ...); nothing for what this meter cannot know.
// Currents and powers are those before the current transformer, energies roll over.
std::optional<double> meter_value(std::string_view quantity, const MeterView& view);

}  // namespace dut
