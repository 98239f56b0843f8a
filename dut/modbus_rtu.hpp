// The Modbus RTU bus from inside: turns, silences, echoes, and what a reply must look like.
#pragma once

#include "dut/modbus_bus.hpp"
#include "dut/modbus_channel.hpp"

#include <memory>
#include <string>

namespace dut {

// A meter's channel over a bus that ModbusBus::make or make_rtu_bus made.
std::shared_ptr<ModbusChannel> rtu_channel(std::shared_ptr<ModbusBus> bus,
                                           int unit,
                                           std::string name);

struct RtuOptions {
    calibration::Duration patience = response_timeout;  // for the first byte of a reply
    // After no reply at all the line must be silent before the next request, too. The search does
    // without: who answers late there is known by his unit.
    bool waits_out_late_replies = true;
};

std::shared_ptr<ModbusBus> make_rtu_bus(instruments::io::Clock& clock,
                                        LineSettings settings,
                                        std::string name,
                                        ModbusBus::Connect connect,
                                        RtuOptions options = {});

instruments::io::Clock& clock_of(ModbusBus& bus);  // it was made with

// What was heard after `request`, as the reply it must be, or what is wrong with it.
std::expected<RtuFrame, ModbusFailure> judge_rtu_reply(BytesView request, BytesView heard);
// How many bytes that reply has if all is well, by its beginning.
std::size_t rtu_reply_size_for(BytesView request, BytesView heard);

}  // namespace dut
