#include "scripts/cli/setup.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace scripts {

namespace {

using calibration::DataError;

constexpr int usual_positions = 3;

std::string file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::error_code ignored;
    if (!file || std::filesystem::is_directory(path, ignored)) {
        throw DataError(fmt::format("{}: cannot be read: expected a bench file", path));
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string fault_table(const rig::FaultEntry& fault) {
    std::string text =
        fmt::format("\n[[fault]]\nkind = \"{}\"\nat_s = {}\n", fault.kind, fault.at_s);
    if (!fault.position.empty()) {
        text += fmt::format("position = \"{}\"\n", fault.position);
    }
    if (fault.amount != 0) {
        text += fmt::format("amount = {}\n", fault.amount);
    }
    return text;
}

}  // namespace

dut::MeterType meter_type(const std::string& name, const std::string& meters_folder) {
    const sequences::MeterText text = sequences::load_meter_text(name, meters_folder);
    return dut::parse_meter_type(text.text, text.name);
}

BenchText bench_text(const std::string& path,
                     int positions,
                     std::uint64_t seed,
                     const std::vector<std::string>& faults,
                     const dut::MeterType& meter) {
    if (!path.empty() && positions > 0) {
        throw DataError(
            "--positions: expected only without --bench: the bench file lists its positions");
    }
    BenchText bench;
    bench.name = path.empty() ? "twin.toml" : std::filesystem::path(path).filename().string();
    bench.text = path.empty() ? rig::twin_bench_text(
                                    meter, positions > 0 ? positions : usual_positions, seed)
                              : file_text(path);
    for (const std::string& fault : faults) {
        bench.text += fault_table(rig::parse_fault(fault));
    }
    return bench;
}

Prepared prepare(const PlanOptions& options) {
    Prepared prepared;
    prepared.setup = sequences::load_setup({.programme = options.programme,
                                            .meter = options.meter,
                                            .limits = options.limits,
                                            .meters_folder = options.meters_folder});
    prepared.setup.rule = calibration::decision_rule_from_name(options.rule);
    prepared.setup.printed_minimum_current = options.printed_minimum;
    prepared.setup.seed = options.seed;
    prepared.setup.only_points = options.points;
    prepared.meter = dut::parse_meter_type(prepared.setup.meter_text, prepared.setup.meter_name);
    const BenchText bench =
        bench_text(options.bench, options.positions, options.seed, options.faults, prepared.meter);
    prepared.setup.bench_text = bench.text;
    prepared.setup.bench_name = bench.name;
    prepared.bench = rig::parse_bench_file(bench.text, bench.name);
    return prepared;
}

}  // namespace scripts
