// Registers integrate import and export apart; the LED adds the meter's update grid and jitter to
// the energy, the pulse output shows it at once.
#include "calibration/bench_model_meter.hpp"

#include "calibration/check.hpp"
#include "calibration/random.hpp"

#include <algorithm>
#include <cmath>

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
      led_(traits_.led_remainder.value_or(
          uniform(seed, channel(Channel::first_impulse, position), 0))),
      output_unit_(traits_.output_weight),
      has_output_(traits_.output_weight > WattHour{0}) {
    check(std::isfinite(traits_.output_weight.value()) && traits_.output_weight >= WattHour{0},
          "a pulse output's weight is 0 or more");
}

EmulatedMeter::Powers EmulatedMeter::powers(const Stretch& stretch, const LoadPoint& load) const {
    const MeterPower power =
        measured(traits_, stretch.weights, stretch.bypassed ? without_currents(load) : load);
    return {power.active.value(),
            power.reactive.value(),
            power.phase[0].value(),
            power.phase[1].value(),
            power.phase[2].value(),
            power.phase_reactive[0].value(),
            power.phase_reactive[1].value(),
            power.phase_reactive[2].value()};
}

void EmulatedMeter::change(Instant at, const LoadPoint& settled, const Settling& settling) {
    const Stretch& now = stretch_at(at);
    Stretch next{
        .start = at, .settling = settling, .bypassed = now.bypassed, .weights = now.weights};
    const Powers to = powers(next, settled);
    for (std::size_t i = 0; i < quantities; ++i) {
        next.power[i] = {now.power[i].value(now.settling, at - now.start), to[i]};
    }
    begin(next);
}

void EmulatedMeter::set_bypassed(Instant at, bool bypassed, const BenchLoad& load) {
    const Stretch& now = stretch_at(at);
    if (now.bypassed == bypassed) return;
    step({.start = at, .bypassed = bypassed, .weights = now.weights}, load);
}

void EmulatedMeter::set_weights(Instant at, const PhaseWeights& weights, const BenchLoad& load) {
    const Stretch& now = stretch_at(at);
    if (now.weights == weights) return;
    step({.start = at, .bypassed = now.bypassed, .weights = weights}, load);
}

void EmulatedMeter::step(Stretch next, const BenchLoad& load) {
    next.settling = load.settling;
    next.settling.length = std::max(load.settling.length - load.elapsed, Duration::zero());
    const Powers from = powers(next, load.before);
    const Powers to = powers(next, load.settled);
    for (std::size_t i = 0; i < quantities; ++i) {
        next.power[i] = {Approach{from[i], to[i]}.value(load.settling, load.elapsed), to[i]};
    }
    begin(next);
}

// Takes over what was registered so far.
void EmulatedMeter::begin(Stretch next) {
    const Stretch& now = stretch_at(next.start);
    for (std::size_t i = 0; i < quantities; ++i) {
        next.before[i] = energy(now, i, next.start);
    }
    if (stretches_.back().start == next.start) {
        stretches_.back() = next;
    } else {
        stretches_.push_back(next);
    }
    const double per_second = traits_.ratings.constant.value() / 3.6e6;
    led_.change(next.start,
                {next.power[0].from * per_second, next.power[0].to * per_second},
                next.settling);
    if (has_output_) follow_output(next.start, 1.0);
}

void EmulatedMeter::set_output_weight(Instant at, WattHour weight) {
    check(std::isfinite(weight.value()) && weight >= WattHour{0},
          "a pulse output's weight is 0 or more");
    has_output_ = weight > WattHour{0};
    const WattHour unit = has_output_ ? weight : output_unit_;
    // Of an output that never was there is nothing to scale.
    const double scale = output_unit_ > WattHour{0} ? output_unit_ / unit : 1.0;
    output_unit_ = unit;
    follow_output(at, scale);
}

// From `at` on the output counts the present power by the present weight.
void EmulatedMeter::follow_output(Instant at, double fraction_scale) {
    const Stretch& now = stretch_at(at);
    const double per_second =
        has_output_ ? 1 / (output_unit_.value() * watt_seconds_per_watt_hour) : 0.0;
    const Settling rest{now.settling.time_constant_s,
                        std::max(now.settling.length - (at - now.start), Duration::zero())};
    const double power_w = now.power[0].value(now.settling, at - now.start);
    output_.change(at, {power_w * per_second, now.power[0].to * per_second}, rest, fraction_scale);
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
    const double share = 1.0 / static_cast<double>(elements);
    for (std::size_t phase = 0; phase < elements; ++phase) {
        const Energy& active = sums[2 + phase];
        const Energy& reactive = sums[2 + phase_count + phase];
        result.active_import_phase[phase] =
            WattHour{traits_.initial_import_wh * share} + watt_hours(active.import_ws);
        result.active_export_phase[phase] =
            WattHour{traits_.initial_export_wh * share} + watt_hours(active.export_ws);
        result.reactive_import_phase[phase] = var_hours(reactive.import_ws);
        result.reactive_export_phase[phase] = var_hours(reactive.export_ws);
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
