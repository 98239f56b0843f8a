// Who a meter says it is, from the identification blocks of its type.
#pragma once

#include "dut/meter_port.hpp"
#include "dut/modbus_client.hpp"

#include <vector>

namespace dut {

// One request per block; a block that nobody has read on such a meter may be refused, which costs
// its fields. Throws DeviceFault. Both references must outlive the task.
Task<std::vector<IdentityField>> read_identification(ModbusClient& client, const RegisterMap& map);

MeterIdentity identity_of(const RegisterMap& map, std::vector<IdentityField> fields);

}  // namespace dut
