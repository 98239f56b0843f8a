#include "rig/twin_options.hpp"

#include "calibration/random.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace rig {

namespace {

using namespace std::chrono_literals;
using calibration::Duration;
using calibration::from_seconds;
using calibration::Instant;

// Channels of the draws for what a bench file leaves open; the index is the position.
enum Draw : std::uint64_t {
    reference_ratio = 8001,
    reference_phase,
    gain,
    phase,
    initial_energy,
    led
};

constexpr double default_gain_percent = 0.1;
constexpr double default_phase_minutes = 1;
constexpr double default_jitter_us = 50;
// Meters come to the bench with what the factory's own tests left in their registers.
constexpr double most_initial_wh = 5000;

double symmetrical(std::uint64_t seed, Draw draw, std::uint64_t index, double most) {
    return (2 * calibration::uniform(seed, draw, index) - 1) * most;
}

Duration microseconds(double value) { return from_seconds(value * 1e-6); }

calibration::MeterTraits traits_of(const TwinMeter& twin,
                                   const dut::MeterType& type,
                                   std::uint64_t seed,
                                   std::uint64_t index) {
    calibration::MeterTraits traits{.ratings = type.ratings};
    if (twin.constant_imp_per_kwh) {
        traits.ratings.constant = calibration::ImpulsesPerKilowattHour{*twin.constant_imp_per_kwh};
    }
    traits.gain_error_percent =
        twin.gain_error_percent.value_or(symmetrical(seed, gain, index, default_gain_percent));
    std::ranges::copy(twin.phase_gain_error_percent, traits.phase_gain_error_percent.begin());
    traits.phase_error_minutes =
        twin.phase_error_minutes.value_or(symmetrical(seed, phase, index, default_phase_minutes));
    traits.offset_w = twin.offset_w.value_or(0);
    traits.voltage_coefficient_percent = twin.voltage_coefficient_percent.value_or(0);
    traits.frequency_coefficient_percent = twin.frequency_coefficient_percent.value_or(0);
    traits.starts_at_a = twin.starts_at_a.value_or(0.7 * type.ratings.starting.value());
    traits.creep_w = twin.creep_w.value_or(0);
    traits.jitter = microseconds(twin.jitter_us.value_or(default_jitter_us));
    traits.update_grid = microseconds(twin.update_grid_ms.value_or(0) * 1000);
    traits.register_scale = twin.register_scale.value_or(1);
    traits.led_remainder = twin.led_remainder.value_or(calibration::uniform(seed, led, index));
    // As it comes: 5 A to 5 A where there is a transformer. A meter with a port says it itself.
    traits.output_weight =
        dut::pulse_weight_at_terminals(type, 5, 5).value_or(calibration::WattHour{0});
    traits.initial_import_wh =
        std::floor(calibration::uniform(seed, initial_energy, index) * most_initial_wh);
    return traits;
}

// check_faults() has seen to it that there is such a position, and that its output is wired.
const PositionEntry& befallen(const BenchFile& bench, const FaultEntry& fault) {
    return *std::ranges::find(bench.positions, fault.position, &PositionEntry::name);
}

int channel_of(const BenchFile& bench, const FaultEntry& fault) {
    return befallen(bench, fault).led_channel;
}

instruments::ctag::Faults capture_faults(const BenchFile& bench) {
    instruments::ctag::Faults faults;
    const auto on_channel = [&](std::string_view kind,
                                std::vector<instruments::ctag::Faults::OnChannel>& list) {
        for_each_fault(bench, kind, [&](const auto& fault) {
            list.push_back({channel_of(bench, fault), instant_of(fault)});
        });
    };
    on_channel("lost-edge", faults.lose_edge);
    on_channel("missed-edge", faults.missed_by_head);
    on_channel("extra-edge", faults.extra_edge);
    on_channel("bounce", faults.bounce);
    on_channel("dead-head", faults.dead_head);
    for_each_fault(bench, "dead-output", [&](const auto& fault) {
        faults.dead_head.push_back({*befallen(bench, fault).output_channel, instant_of(fault)});
    });
    for_each_fault(bench, "flipped-bit", [&](const auto& fault) {
        faults.flip_bit_at.push_back(instant_of(fault));
    });
    for_each_fault(bench, "lost-frame", [&](const auto& fault) {
        faults.lose_frame_at.push_back(instant_of(fault));
    });
    for_each_fault(bench, "capture-restart", [&](const auto& fault) {
        faults.restart_at.push_back(instant_of(fault));
    });
    for_each_fault(
        bench, "capture-silent", [&](const auto& fault) { faults.stop_at = instant_of(fault); });
    for_each_fault(bench, "overflow", [&](const auto& fault) {
        faults.overflow_at.push_back(
            {instant_of(fault), std::max(1, static_cast<int>(amount_of(fault, 1)))});
    });
    for_each_fault(bench, "flicker", [&](const auto& fault) {
        const Instant from = instant_of(fault);
        faults.flicker_100hz.push_back(
            {channel_of(bench, fault), from, from + from_seconds(amount_of(fault, 1))});
    });
    for_each_fault(bench, "clock-step", [&](const auto& fault) {
        faults.clock_step_at.push_back(
            {instant_of(fault), static_cast<std::int64_t>(amount_of(fault, -125000))});
    });
    for_each_fault(bench, "swapped-heads", [&](const auto& fault) {
        const auto other = static_cast<std::size_t>(fault.amount) - 1;
        faults.swap_heads.push_back(
            {instant_of(fault), channel_of(bench, fault), bench.positions.at(other).led_channel});
    });
    return faults;
}

}  // namespace

std::vector<calibration::MeterTraits> all_traits(const BenchFile& bench,
                                                 const dut::MeterType& type,
                                                 std::uint64_t seed) {
    std::vector<calibration::MeterTraits> traits;
    for (std::size_t i = 0; i < bench.positions.size(); ++i) {
        traits.push_back(traits_of(bench.positions[i].twin, type, seed, i + 1));
        for_each_fault(bench, "wrong-constant", [&](const auto& fault) {
            calibration::ImpulsesPerKilowattHour& constant = traits.back().ratings.constant;
            if (fault.position == bench.positions[i].name) {
                constant =
                    calibration::ImpulsesPerKilowattHour{amount_of(fault, 2 * constant.value())};
            }
        });
    }
    return traits;
}

calibration::ReferenceTraits reference_traits(const BenchFile& bench, std::uint64_t seed) {
    return {.ratio_error_percent = bench.reference_ratio_error_percent.value_or(
                calibration::normal(seed, reference_ratio, 0) *
                bench.certificate.expanded_uncertainty_percent / 2),
            .phase_error_minutes = bench.reference_phase_error_minutes.value_or(
                calibration::normal(seed, reference_phase, 0) *
                bench.certificate.expanded_phase_uncertainty_minutes / 2)};
}

instruments::zera_mt::EmulatorOptions source_options(const BenchFile& bench) {
    instruments::zera_mt::EmulatorOptions options;
    if (!bench.source_model.empty()) {
        options.model = bench.source_model;
    }
    auto& faults = options.faults;
    for_each_fault(bench, "source-nak", [&](const auto& fault) {
        faults.nak.push_back({.prefix = "S", .from = instant_of(fault)});
    });
    for_each_fault(
        bench, "source-silent", [&](const auto& fault) { faults.silent_from = instant_of(fault); });
    for_each_fault(bench, "source-trip", [&](const auto& fault) {
        faults.trip = instruments::zera_mt::Faults::Trip{.at = instant_of(fault)};
    });
    for_each_fault(bench, "source-late", [&](const auto& fault) {
        faults.late_reply = instruments::zera_mt::Faults::LateReply{
            .from = instant_of(fault), .by = from_seconds(amount_of(fault, 1.5))};
    });
    for_each_fault(bench, "source-garbled", [&](const auto& fault) {
        faults.garble = instruments::zera_mt::Faults::Garble{.from = instant_of(fault)};
    });
    return options;
}

instruments::zera_zscpi::EmulatorOptions reference_options(const BenchFile& bench,
                                                           std::uint64_t seed) {
    instruments::zera_zscpi::EmulatorOptions options;
    options.seed = seed;
    if (!bench.reference_model.empty()) {
        options.model = bench.reference_model;
    }
    auto& faults = options.faults;
    for_each_fault(bench, "reference-silent", [&](const auto& fault) {
        faults.silent_from = instant_of(fault);
    });
    for_each_fault(bench, "reference-garbled", [&](const auto& fault) {
        faults.garbled_at = instant_of(fault);
    });
    for_each_fault(bench, "reference-range-change", [&](const auto& fault) {
        faults.range_change_at = instant_of(fault);
    });
    for_each_fault(bench, "reference-overload", [&](const auto& fault) {
        faults.overload_at = instant_of(fault);
    });
    for_each_fault(bench, "reference-wrong-constant", [&](const auto& fault) {
        faults.wrong_constant_from = instant_of(fault);
    });
    return options;
}

instruments::ctag::EmulatorOptions capture_options(const BenchFile& bench) {
    instruments::ctag::EmulatorOptions options{
        .mode = bench.explicit_edges ? instruments::ctag::ReferenceMode::explicit_edges
                                     : instruments::ctag::ReferenceMode::bracketed,
        .reference_channel = bench.reference_channel,
        .heartbeat = bench.virtual_clock ? Duration{1s} : Duration{100ms},
        .faults = capture_faults(bench)};
    for (const PositionEntry& position : bench.positions) {
        options.led_channels.push_back(position.led_channel);
        options.output_channels.push_back(position.output_channel.value_or(-1));
    }
    return options;
}

std::map<int, std::size_t> bypassed_positions(const BenchFile& bench) {
    std::map<int, std::size_t> positions;
    for (std::size_t i = 0; i < bench.positions.size(); ++i) {
        if (bench.positions[i].bypass_channel) {
            positions[*bench.positions[i].bypass_channel] = i;
        }
    }
    return positions;
}

instruments::scpi_switch::EmulatorOptions switch_options(const BenchFile& bench) {
    // It has the relays that the bench uses, so that each that moves is some position's.
    instruments::scpi_switch::EmulatorOptions options;
    for (const auto& [channel, position] : bypassed_positions(bench)) {
        options.channels.push_back(channel);
    }
    for_each_fault(bench, "stuck-relay", [&](const FaultEntry& fault) {
        options.faults.stuck.push_back(
            {.channel = *befallen(bench, fault).bypass_channel, .from = instant_of(fault)});
    });
    for_each_fault(bench, "switch-silent", [&](const FaultEntry& fault) {
        options.faults.silent_from = instant_of(fault);
    });
    return options;
}

}  // namespace rig
