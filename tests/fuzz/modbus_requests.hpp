// Requests as a host makes them: every block of a meter type, its writable registers, broadcasts.
#pragma once

#include "dut/meter_type.hpp"
#include "dut/modbus_frame.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fuzz {

struct ModbusRequest {
    std::string name;
    std::uint8_t unit;
    dut::Bytes pdu;
};

inline dut::Bytes request(dut::ModbusFunction function, std::uint16_t first, std::uint16_t second) {
    dut::Bytes pdu{static_cast<std::uint8_t>(function)};
    dut::append_word(pdu, first);
    dut::append_word(pdu, second);
    return pdu;
}

inline std::vector<ModbusRequest> modbus_requests() {
    using enum dut::ModbusFunction;
    const auto text = dut::meter_type_text("countis-e48");
    const auto map = dut::parse_meter_type(text.text, text.name).registers;
    std::vector<ModbusRequest> all;
    for (const dut::RegisterBlock& block : map.blocks) {
        const auto words = static_cast<std::uint16_t>(block.words);
        all.push_back(
            {"read_" + block.name, 5, request(read_holding_registers, block.start, words)});
    }
    for (const dut::Register& row : map.rows) {
        if (row.access == dut::Access::read) continue;
        all.push_back({"write_" + row.quantity, 5, request(write_single_register, row.address, 2)});
        dut::Bytes many = request(write_multiple_registers, row.address, 1);
        many.insert(many.end(), {2, 0, 1});
        all.push_back({"broadcast_" + row.quantity, 0, many});
    }
    all.push_back({"read_nothing", 5, request(read_holding_registers, 0, 0)});
    all.push_back({"other_unit", 9, request(read_holding_registers, 0, 1)});
    all.push_back({"unknown_function", 5, {0x2B, 0x0E, 1, 0}});
    return all;
}

}  // namespace fuzz
