// Reads a load curve block by block, newest first.
#pragma once

#include "dut/load_curve_block.hpp"
#include "dut/modbus_client.hpp"

#include <vector>

namespace dut {

// As MeterPort::read_load_curve. Throws DeviceFault for a block that contradicts the type. The
// client must outlive the task.
Task<std::vector<LoadCurveRecord>> read_curve(ModbusClient& client,
                                              LoadCurve curve,
                                              double from_s,
                                              double to_s);

}  // namespace dut
