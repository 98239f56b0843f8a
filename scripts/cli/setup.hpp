// From command-line options to a run's set-up: texts, bench, meter.
#pragma once

#include "dut/meter_type.hpp"
#include "rig/bench_file.hpp"
#include "scripts/cli/commands.hpp"
#include "sequences/plan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace scripts {

struct Prepared {
    sequences::RunSetup setup;
    rig::BenchFile bench;
    dut::MeterType meter;
};

// Throws calibration::DataError.
Prepared prepare(const PlanOptions& options);

// The bench's text: the file's, or the built-in twin's, with the faults of the command line
// appended.
struct BenchText {
    std::string text, name;
};
BenchText bench_text(const std::string& path,
                     int positions,
                     std::uint64_t seed,
                     const std::vector<std::string>& faults,
                     const dut::MeterType& meter);

// A built-in type, one of the user's folder, or a TOML file. Throws calibration::DataError.
dut::MeterType meter_type(const std::string& name, const std::string& meters_folder = {});

}  // namespace scripts
