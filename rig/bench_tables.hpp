// The parts of a bench file that are read by files of their own: buses and positions.
#pragma once

#include "calibration/document.hpp"
#include "rig/bench_file.hpp"

#include <string>
#include <string_view>

namespace rig {

// "twin", or an address that io::open_link takes.
std::string checked_link(const calibration::Table& table, std::string_view key);

// [[bus]]: before the positions, which name them.
void read_buses(const calibration::Table& root, BenchFile& bench);
// [[position]], held against buses, capture and position switch.
void read_positions(const calibration::Table& root, BenchFile& bench);

}  // namespace rig
