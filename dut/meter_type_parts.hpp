// The readers of the tables of a meter type's text, one each.
#pragma once

#include "dut/meter_type.hpp"

namespace dut {

NeverExceed parse_never_exceed(const calibration::Table& table);
SupplyLimits parse_supply(const calibration::Table& table);
// Sets networks and default_network; without a table, the one that the measuring elements make.
void parse_networks(const calibration::Table& document, MeterType& type);
CurrentTransformer parse_transformer(const calibration::Table& table);
PulseOutput parse_pulse_output(const calibration::Table& table);
ModbusDefaults parse_modbus(const calibration::Table& table);
Demand parse_demand(const calibration::Table& table);
// Adds the curve's two blocks to the map, so that they answer.
LoadCurve parse_load_curve(const calibration::Table& table, RegisterMap& map);

}  // namespace dut
