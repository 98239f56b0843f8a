// Registers integrate import and export apart; the LED adds the meter's update grid and jitter to
// the energy.
#include "calibration/bench_model_meter.hpp"

#include "calibration/random.hpp"

#include <algorithm>

namespace calibration {
namespace {

constexpr double watt_seconds_per_watt_hour = 3600.0;
constexpr int jitter_deviations =
    5;  // the jitter is cut there, and shifted by as much so that it never precedes

enum class Channel : std::uint8_t { first_impulse = 1, update_grid = 2, jitter = 3 };

std::uint64_t channel(Channel kind, std::size_t position) {
    return (static_cast<std::uint64_t>(kind) << 32U) | position;
}

WattHour watt_hours(double watt_seconds) {
    return WattHour{watt_seconds / watt_seconds_per_watt_hour};
}
VarHour var_hours(double var_seconds) { return VarHour{var_seconds / watt_seconds_per_watt_hour}; }

// The first point of the grid `offset` + n `grid` at or after `at`.
Instant on_grid(Instant at, Duration grid, Duration offset) {
    const Duration since = (at.time_since_epoch() - offset) % grid;
    if (since == Duration::zero()) {
        return at;
    }
    return since > Duration::zero() ? at + (grid - since) : at - since;
}

}  // namespace

EmulatedMeter::EmulatedMeter(std::uint64_t seed, std::size_t position, const MeterTraits& traits)
    : seed_(seed),
      jitter_channel_(channel(Channel::jitter, position)),
      traits_(traits),
      grid_offset_(from_seconds(seconds(traits_.update_grid) *
                                uniform(seed, channel(Channel::update_grid, position), 0))),
      longest_delay_(traits_.update_grid + 2 * jitter_deviations * traits_.jitter),
      stretches_(1),
      led_(uniform(seed, channel(Channel::first_impulse, position), 0)) {}

void EmulatedMeter::change(Instant at, const LoadPoint& settled, const Settling& settling) {
    const MeterPower target = measured(traits_, settled);
    const Stretch& now = stretch_at(at);
    Stretch next{.start = at, .settling = settling};
    const std::array<double, quantities> to{target.active.value(),
                                            target.reactive.value(),
                                            target.phase[0].value(),
                                            target.phase[1].value(),
                                            target.phase[2].value()};
    for (std::size_t i = 0; i < quantities; ++i) {
        next.power[i] = {now.power[i].value(now.settling, at - now.start), to[i]};
        next.before[i] = energy(now, i, at);
    }
    const double per_second = traits_.ratings.constant.value() / 3.6e6;
    led_.change(at, {next.power[0].from * per_second, next.power[0].to * per_second}, settling);
    if (stretches_.back().start == at) {
        stretches_.back() = next;
    } else {
        stretches_.push_back(next);
    }
}

// An earlier impulse may be delayed beyond a later one's time; both then rise together, in order.
Instant EmulatedMeter::impulse(std::int64_t number) const {
    const Instant crossing = led_.impulse(number);
    if (crossing == never || longest_delay_ == Duration::zero()) {
        return crossing;
    }
    Instant latest = emitted(number);
    for (std::int64_t earlier = number - 1;
         earlier >= 1 && led_.impulse(earlier) + longest_delay_ > latest;
         --earlier) {
        latest = std::max(latest, emitted(earlier));
    }
    return latest;
}

Instant EmulatedMeter::emitted(std::int64_t number) const {
    Instant at = led_.impulse(number);
    if (traits_.update_grid > Duration::zero()) {
        at = on_grid(at, traits_.update_grid, grid_offset_);
    }
    if (traits_.jitter > Duration::zero()) {
        constexpr double cut = jitter_deviations;
        const double draw = normal(seed_, jitter_channel_, static_cast<std::uint64_t>(number));
        at += from_seconds(seconds(traits_.jitter) * (cut + std::clamp(draw, -cut, cut)));
    }
    return at;
}

RegisteredEnergy EmulatedMeter::registered(Instant at) const {
    const Stretch& stretch = stretch_at(at);
    std::array<Energy, quantities> sums;
    for (std::size_t i = 0; i < quantities; ++i) {
        sums[i] = energy(stretch, i, at);
        sums[i].import_ws *= traits_.register_scale;
        sums[i].export_ws *= traits_.register_scale;
    }
    RegisteredEnergy result;
    result.active_import = WattHour{traits_.initial_import_wh} + watt_hours(sums[0].import_ws);
    result.active_export = WattHour{traits_.initial_export_wh} + watt_hours(sums[0].export_ws);
    result.reactive_import = var_hours(sums[1].import_ws);
    result.reactive_export = var_hours(sums[1].export_ws);
    const std::size_t elements = traits_.ratings.measuring_elements == 1 ? 1 : phase_count;
    for (std::size_t phase = 0; phase < elements; ++phase) {
        result.active_import_phase[phase] =
            WattHour{traits_.initial_import_wh / static_cast<double>(elements)} +
            watt_hours(sums[2 + phase].import_ws);
    }
    return result;
}

EmulatedMeter::Energy EmulatedMeter::energy(const Stretch& stretch,
                                            std::size_t quantity,
                                            Instant at) {
    const Duration elapsed = at - stretch.start;
    const Approach& power = stretch.power[quantity];
    const double imported = power.positive_integral(stretch.settling, elapsed);
    const double exported =
        Approach{-power.from, -power.to}.positive_integral(stretch.settling, elapsed);
    return {stretch.before[quantity].import_ws + imported,
            stretch.before[quantity].export_ws + exported};
}

const EmulatedMeter::Stretch& EmulatedMeter::stretch_at(Instant at) const {
    const auto after = std::upper_bound(
        stretches_.begin() + 1, stretches_.end(), at, [](Instant t, const Stretch& s) {
            return t < s.start;
        });
    return *(after - 1);
}

}  // namespace calibration
