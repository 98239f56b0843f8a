#include "rig/twin_meters.hpp"

#include "calibration/check.hpp"
#include "rig/port_address.hpp"
#include "rig/twin_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace rig {

namespace {

// Eight hexadecimal digits, as the identification registers hold them.
std::string meter_serial(const PositionEntry& position, std::size_t index) {
    return position.serial.empty() ? fmt::format("2448{:04d}", index + 1) : position.serial;
}

// The unit that the bench file gives to the port that leads to this meter.
int unit_of(const BenchFile& bench, const dut::MeterType& type, std::size_t meter) {
    const std::vector<std::size_t> wiring = port_wiring(bench);
    const auto at = std::ranges::find(wiring, meter) - wiring.begin();
    const PortAddress port = parse_port(bench.positions[static_cast<std::size_t>(at)].port);
    return port.kind == PortKind::rtu ? port.unit : type.modbus->unit;
}

// The number of the other position that a fault names.
std::size_t other_of(const FaultEntry& fault) { return static_cast<std::size_t>(fault.amount) - 1; }

}  // namespace

std::size_t index_of(const BenchFile& bench, std::string_view position) {
    const auto found = std::ranges::find(bench.positions, position, &PositionEntry::name);
    calibration::check(found != bench.positions.end(), "faults were held against the positions");
    return static_cast<std::size_t>(found - bench.positions.begin());
}

std::vector<std::size_t> port_wiring(const BenchFile& bench) {
    std::vector<std::size_t> wiring(bench.positions.size());
    std::iota(wiring.begin(), wiring.end(), std::size_t{0});
    for_each_fault(bench, "swapped-ports", [&](const FaultEntry& fault) {
        std::swap(wiring[index_of(bench, fault.position)], wiring[other_of(fault)]);
    });
    return wiring;
}

std::unique_ptr<dut::MeterEmulator> make_meter(instruments::io::Clock& clock,
                                               calibration::BenchModel& model,
                                               const BenchFile& bench,
                                               std::size_t index,
                                               const dut::MeterType& type) {
    const PositionEntry& position = bench.positions[index];
    dut::MeterType told = type;
    if (!position.twin.identifies_as.empty()) {
        const auto text = dut::meter_type_text(position.twin.identifies_as);
        told = dut::parse_meter_type(text.text, text.name);
    }
    dut::MeterEmulatorOptions options{.serial = meter_serial(position, index),
                                      .unit = unit_of(bench, type, index)};
    for_each_fault(bench, "unit-conflict", [&](const FaultEntry& fault) {
        if (fault.position == position.name) {
            options.unit = unit_of(bench, type, other_of(fault));
        }
    });
    for_each_fault(bench, "wrong-output-weight", [&](const FaultEntry& fault) {
        if (fault.position == position.name) {
            options.faults.output_weight_scale = amount_of(fault, 2);
        }
    });
    return std::make_unique<dut::MeterEmulator>(
        clock, model, index, std::move(told), std::move(options));
}

}  // namespace rig
