// What an emulation's ports are called among its own files.
#pragma once

#include <string>

namespace rig {

inline std::string bus_port(const std::string& bus) { return "bus " + bus; }
inline std::string meter_port(const std::string& position) { return "meter " + position; }

}  // namespace rig
