// What a quantity of the register map is worth on an emulated meter.
#pragma once

#include "calibration/load_point.hpp"
#include "dut/demand_registers.hpp"
#include "dut/energy_registers.hpp"
#include "dut/meter_type.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dut {

// What an emulated meter is set to.
struct MeterSettings {
    int ct_primary_a = 0, ct_secondary_a = 0;
    std::string network;
};

// Everything an emulated meter knows at one instant.
struct MeterView {
    calibration::Instant at;
    calibration::LoadPoint load;  // at its terminals
    calibration::RegisteredEnergy registered;
    const MeterType* type = nullptr;
    const MeterSettings* settings = nullptr;
    const EnergyRegisters* energies = nullptr;
    DemandRegisters* demand = nullptr;  // null without a demand
    DemandRegisters::Energy import_wh;  // at the terminals, at any past instant
    double energy_scale = 1;            // 1 for a healthy meter
};

// In the unit of the quantity's name (V, A, W, Wh, ...); nothing for what this meter cannot know.
// Currents, powers and energies are those before the current transformer where the type says so;
// averages and the secondary currents are those at the terminals. Energies roll over.
std::optional<double> meter_value(std::string_view quantity, const MeterView& view);

}  // namespace dut
