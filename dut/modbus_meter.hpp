// A meter's port over Modbus TCP: the ways to open one.
#pragma once

#include "dut/meter_port.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/transcript.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace dut {

struct ModbusAddress {
    std::string host;  // numeric IPv4
    int port = 502;
    int unit = 5;  // 1 to 247
};

// "192.168.0.4:502,5", as in a bench file behind "modbus-tcp:". Throws calibration::DataError.
ModbusAddress parse_modbus_address(std::string_view text);
// Throws calibration::DataError unless the host is a numeric IPv4 address, the port 1 to 65535 and
// the unit 1 to 247.
void check_modbus_address(const ModbusAddress& address);

// None of these connects or starts a thread before the first call. They throw
// calibration::DataError for an address that cannot be one, or a type without a Modbus port. Ports
// must be destroyed before the context and the clock. A port that is destroyed while a call is in
// flight ends that call with a fault.

// Wants the real clock. The transcript, if any, is told what crosses every connection.
std::unique_ptr<MeterPort> open_modbus_tcp(boost::asio::io_context& context,
                                           instruments::io::Clock& clock,
                                           MeterType type,
                                           const ModbusAddress& address,
                                           instruments::io::TranscriptSink transcript = {});
// Over any byte link: the twin gives one end of a memory link and serves the other with a
// MeterEmulator.
std::unique_ptr<MeterPort> open_modbus_link(boost::asio::io_context& context,
                                            instruments::io::Clock& clock,
                                            MeterType type,
                                            std::unique_ptr<instruments::io::ByteLink> link,
                                            int unit,
                                            std::string name);
// Over a connected stream socket the process owns, one end of a socketpair for example; the port
// closes it.
std::unique_ptr<MeterPort> open_modbus_socket(boost::asio::io_context& context,
                                              instruments::io::Clock& clock,
                                              MeterType type,
                                              int descriptor,
                                              int unit,
                                              std::string name);

// Over a target made by hand; the functions above make it.
struct ModbusTarget;
std::unique_ptr<MeterPort> modbus_meter(instruments::io::Clock& clock,
                                        MeterType type,
                                        ModbusTarget target);

}  // namespace dut
