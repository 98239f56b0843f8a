// The drivers by name. A new one is one line in the table of drivers.cpp.
#pragma once

#include "dut/meter_port.hpp"
#include "instruments/edge_capture.hpp"
#include "instruments/io/link.hpp"
#include "instruments/position_switch.hpp"
#include "instruments/reference.hpp"
#include "instruments/source.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct DriverEntry {
    std::string_view kind;  // "source", "reference", "capture", "position switch", "meter port"
    std::string_view name;  // as in a bench file
    std::string_view description;
    std::string_view confirmed;  // on which hardware it was confirmed
};

std::span<const DriverEntry> drivers();

using instruments::io::ByteLink;
using instruments::io::Clock;

// All throw calibration::DataError for a name that is not in the table ("source.driver: expected
// one of ..."), or a model the driver does not know (empty: its first).
void check_driver(std::string_view kind, std::string_view name);
std::unique_ptr<instruments::Source> open_source(std::string_view driver,
                                                 const std::string& model,
                                                 Clock& clock,
                                                 std::unique_ptr<ByteLink> link);
std::unique_ptr<instruments::Reference> open_reference(std::string_view driver,
                                                       const std::string& model,
                                                       Clock& clock,
                                                       std::unique_ptr<ByteLink> link);
std::unique_ptr<instruments::EdgeCapture> open_capture(std::string_view driver,
                                                       int reference_channel,
                                                       calibration::Duration silence_limit,
                                                       Clock& clock,
                                                       std::unique_ptr<ByteLink> link);
// `channels`: all that the bench uses.
std::unique_ptr<instruments::PositionSwitch> open_position_switch(std::string_view driver,
                                                                  std::vector<int> channels,
                                                                  Clock& clock,
                                                                  std::unique_ptr<ByteLink> link);

}  // namespace rig
