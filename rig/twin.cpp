#include "rig/twin.hpp"

#include "calibration/document.hpp"
#include "rig/port_address.hpp"
#include "rig/twin_meters.hpp"
#include "rig/twin_options.hpp"

#include <fmt/format.h>

#include <utility>

namespace rig {

namespace {

using calibration::Instant;
using instruments::io::Task;

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
      capture_(loop.clock(), model_, capture_options(bench)),
      position_switch_(loop.clock(),
                       switch_options(bench),
                       [this, positions = bypassed_positions(bench)](int channel, bool closed) {
                           model_.set_bypassed(loop_.clock().now(), positions.at(channel), closed);
                       }),
      wiring_(port_wiring(bench)) {
    for (std::size_t i = 0; i < bench.positions.size() && meter.modbus; ++i) {
        meters_.push_back(make_meter(loop.clock(), model_, bench, i, meter));
    }
    make_lines(bench);
    schedule_faults(bench);
    schedule_meter_faults(bench);
    schedule_line_faults(bench);
}

void Twin::make_lines(const BenchFile& bench) {
    for (const BusEntry& bus : bench.buses) {
        if (!bus.simulated()) {
            continue;
        }
        std::vector<dut::MeterEmulator*> meters;
        for (std::size_t i = 0; i < meters_.size(); ++i) {
            if (parse_port(bench.positions[i].port).bus == bus.name) {
                meters.push_back(&meter_at_port(i));
            }
        }
        auto line = std::make_unique<dut::Rs485Line>(
            loop_.clock(), twin_line_settings(bus), std::move(meters));
        line->host_uses(line_settings(bus));
        line->faults().echoes = bus.echoes;
        lines_.emplace(bus.name, std::move(line));
    }
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
        const MeterMisdeed* const misdeed = find_meter_misdeed(fault.kind);
        if (misdeed == nullptr) {
            continue;
        }
        if (meters_.empty()) {
            throw calibration::DataError(
                fmt::format("fault '{}': expected a meter type with a port", fault.kind));
        }
        dut::MeterEmulator& befallen = *meters_[index_of(bench, fault.position)];
        at_time_of(fault,
                   [&befallen,
                    act = misdeed->act,
                    from = instant_of(fault),
                    amount = amount_of(fault, misdeed->amount)] { act(befallen, from, amount); });
    }
}

void Twin::schedule_line_faults(const BenchFile& bench) {
    for (const FaultEntry& fault : bench.faults) {
        const LineMisdeed* const misdeed = find_line_misdeed(fault.kind);
        if (misdeed != nullptr) {
            const std::string& port = bench.positions[index_of(bench, fault.position)].port;
            dut::LineFaults& faults = line(parse_port(port).bus).faults();
            at_time_of(fault, [&faults, act = misdeed->act, from = instant_of(fault)] {
                act(faults, from);
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
