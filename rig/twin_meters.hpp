// The twin's meters as their ports show them: who answers at which port, and what it does wrong.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/meter_emulator.hpp"
#include "dut/rs485_line.hpp"
#include "instruments/io/clock.hpp"
#include "rig/bench_file.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace rig {

std::size_t index_of(const BenchFile& bench, std::string_view position);

// Position -> the position whose meter its port leads to; another one where ports are swapped.
std::vector<std::size_t> port_wiring(const BenchFile& bench);

// The meter at a position. Throws calibration::DataError for what the bench file says about it and
// cannot be.
std::unique_ptr<dut::MeterEmulator> make_meter(instruments::io::Clock& clock,
                                               calibration::BenchModel& model,
                                               const BenchFile& bench,
                                               std::size_t index,
                                               const dut::MeterType& type);

// What a kind of fault makes a meter do at its port, or a line to its frames, from an instant on.
struct MeterMisdeed {
    std::string_view kind;
    double amount;  // where the fault gives none
    void (*act)(dut::MeterEmulator& meter, calibration::Instant from, double amount);
};
struct LineMisdeed {
    std::string_view kind;
    void (*act)(dut::LineFaults& faults, calibration::Instant from);
};
// Null for a kind that is nothing of the sort.
const MeterMisdeed* find_meter_misdeed(std::string_view kind);
const LineMisdeed* find_line_misdeed(std::string_view kind);

}  // namespace rig
