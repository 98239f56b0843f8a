// Quantities of a register map as Modbus requests, and the answers as values.
#pragma once

#include "dut/meter_port.hpp"
#include "dut/modbus_client.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dut {

// One request and the rows it brings.
struct PlannedRequest {
    std::uint16_t address = 0;
    int words = 0;
    bool assumed = false;  // of a block that nobody has read on such a meter: it may refuse
    std::vector<const Register*> rows;  // in the order of their addresses
};

// As few requests as the map allows: never across the end of a block, never more than 125 words,
// and no row in two parts. Rows must be of `map`, and may come in any order, twice too.
std::vector<PlannedRequest> plan_requests(const RegisterMap& map,
                                          std::vector<const Register*> rows);

// One row's words as a reading; a frequency by the scale that makes it one. Throws DeviceFault for
// a value that no scale explains.
QuantityReading reading_of(const Register& row, const std::uint16_t* words, std::string_view meter);

// The readings of these rows, in their order. `client` and what the rows point to must outlive the
// task.
Task<std::vector<QuantityReading>> read_rows(ModbusClient& client,
                                             const RegisterMap& map,
                                             std::vector<const Register*> rows);

// As MeterPort::set and MeterPort::broadcast, for a row of the map.
Task<SettingOutcome> set_row(ModbusClient& client,
                             const RegisterMap& map,
                             const Register& row,
                             double value);
Task<void> broadcast_row(ModbusClient& client, const Register& row, double value);

// The words that set a row to a value. Throws DeviceFault, before anything is sent, for a value
// between two counts or beyond what the words hold.
Words words_for(const Register& row, double value, std::string_view meter);

// Whether a fault is a meter's orderly refusal of a request, an exception in Modbus's words.
bool is_refusal(const instruments::DeviceFault& fault);

}  // namespace dut
