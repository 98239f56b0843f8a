#include "rig/twin.hpp"

#include "calibration/document.hpp"
#include "rig/twin_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rig {

namespace {

using calibration::DataError;
using calibration::from_seconds;
using calibration::Instant;
using instruments::io::Task;

// The first of the totals every COUNTIS reads its energies from.
constexpr std::uint16_t first_energy_register = 0xC702;

// Eight hexadecimal digits, as the identification registers hold them.
std::string meter_serial(const PositionEntry& position, std::size_t index) {
    return position.serial.empty() ? fmt::format("2448{:04d}", index + 1) : position.serial;
}

std::unique_ptr<dut::MeterEmulator> make_meter(instruments::io::Clock& clock,
                                               const calibration::BenchModel& model,
                                               const BenchFile& bench,
                                               std::size_t index,
                                               const dut::MeterType& type) {
    const PositionEntry& position = bench.positions[index];
    dut::MeterType told = type;
    if (!position.twin.identifies_as.empty()) {
        const auto text = dut::meter_type_text(position.twin.identifies_as);
        told = dut::parse_meter_type(text.text, text.name);
    }
    dut::MeterEmulatorOptions options{.serial = meter_serial(position, index)};
    if (type.modbus) {
        options.unit = type.modbus->unit;
    }
    if (type.ratings.connection == calibration::Connection::transformer) {
        options.ct_primary_a = 5;
        options.ct_secondary_a = 5;
    }
    return std::make_unique<dut::MeterEmulator>(
        clock, model, index, std::move(told), std::move(options));
}

Task<void> later(instruments::io::Clock& clock, Instant at, std::function<void()> act) {
    co_await clock.sleep_until(at);
    act();
}

}  // namespace

Twin::Twin(instruments::io::Loop& loop,
           const BenchFile& bench,
           const dut::MeterType& meter,
           std::uint64_t seed)
    : loop_(loop),
      model_(seed,
             calibration::SourceTraits{.stability_percent = bench.source_stability_percent},
             reference_traits(bench, seed),
             all_traits(bench, meter, seed)),
      source_(loop.clock(), model_, source_options(bench)),
      reference_(loop.clock(), model_, reference_options(bench, seed)),
      capture_(loop.clock(), model_, capture_options(bench)) {
    for (std::size_t i = 0; i < bench.positions.size() && meter.modbus; ++i) {
        meters_.push_back(make_meter(loop.clock(), model_, bench, i, meter));
    }
    schedule_faults(bench);
    schedule_meter_faults(bench);
}

void Twin::schedule_faults(const BenchFile& bench) {
    // The source leaves its set point by itself, or its leads are exchanged, until new set points
    // come.
    for_each_fault(bench, "source-drift", [&](const FaultEntry& fault) {
        at_time_of(fault, [this, percent = amount_of(fault, -2)] {
            change_load([percent](calibration::LoadPoint& load) {
                for (calibration::PhaseLoad& phase : load.phases) {
                    phase.voltage = phase.voltage * (1 + percent / 100);
                }
            });
        });
    });
    for_each_fault(bench, "swapped-phases", [&](const FaultEntry& fault) {
        at_time_of(fault, [this] {
            change_load(
                [](calibration::LoadPoint& load) { std::swap(load.phases[1], load.phases[2]); });
        });
    });
}

void Twin::schedule_meter_faults(const BenchFile& bench) {
    for (const FaultEntry& fault : bench.faults) {
        const auto found = std::ranges::find(bench.positions, fault.position, &PositionEntry::name);
        if (!fault.kind.starts_with("meter-") || found == bench.positions.end()) {
            continue;
        }
        if (meters_.empty()) {
            throw DataError(
                fmt::format("fault '{}': expected a meter type with a port", fault.kind));
        }
        dut::MeterFaults& faults =
            meters_[static_cast<std::size_t>(found - bench.positions.begin())]->faults();
        if (fault.kind == "meter-silent") {
            faults.silent_from = instant_of(fault);
        } else if (fault.kind == "meter-exception") {
            const auto code = static_cast<std::uint8_t>(amount_of(fault, 2));
            at_time_of(fault, [&faults, code] { faults.exceptions[first_energy_register] = code; });
        } else if (fault.kind == "meter-late") {
            at_time_of(fault, [&faults, by = from_seconds(amount_of(fault, 1.5))] {
                faults.reply_delay = by;
                faults.late_replies = 1;
            });
        }
    }
}

void Twin::at_time_of(const FaultEntry& fault, std::function<void()> act) {
    if (fault.at_s <= 0) {
        act();
    } else {
        loop_.spawn(later(loop_.clock(), instant_of(fault), std::move(act)));
    }
}

void Twin::change_load(const std::function<void(calibration::LoadPoint&)>& change) {
    const Instant now = loop_.clock().now();
    calibration::LoadPoint load = model_.actual_load(now);
    change(load);
    model_.set_output(now, load);
}

}  // namespace rig
