#include "instruments/zera_zscpi/instrument.hpp"

#include "calibration/random.hpp"
#include "instruments/zera_zscpi/parameters.hpp"
#include "instruments/zera_zscpi/wire.hpp"

#include <algorithm>
#include <cmath>

namespace instruments::zera_zscpi {

namespace {

using calibration::Ampere;
using calibration::Degree;
using calibration::Hertz;
using calibration::Instant;
using calibration::phase_count;
using calibration::SeenLoad;
using calibration::SeenPhase;

constexpr double noise_of_range = 5e-6;
constexpr double overload_factor = 1.25;

// Noise channels of one phase, and those of the whole sample behind them.
enum NoiseChannel : std::size_t { of_voltage, of_current, of_active, of_reactive, per_phase };
constexpr std::size_t of_frequency = per_phase * phase_count;
constexpr std::size_t of_rotation = of_frequency + 1;

std::size_t first_of_group(std::size_t channel) {
    return channel < first_current_channel ? 0 : first_current_channel;
}

double signal(const SeenLoad& seen, std::size_t channel) {
    const SeenPhase& phase = seen.phases[channel % phase_count];
    return channel < first_current_channel ? phase.voltage.value() : phase.current.value();
}

}  // namespace

Instrument::Instrument(Instant now,
                       calibration::BenchModel& bench,
                       const Model& model,
                       std::uint64_t seed)
    : bench_(bench), model_(model), seed_(seed), nominal_frequency_(model.most_nominal_frequency) {
    integration_s_.fill(1);
    publish_constant(now);
}

std::span<const std::string_view> Instrument::ranges(std::size_t channel) const {
    return channel < first_current_channel ? model_.voltage_ranges : model_.current_ranges;
}

double Instrument::range_value(std::size_t channel) const {
    return parse_range(range(channel)).value().value;
}

double Instrument::widest(std::size_t first_channel) const {
    double value = 0;
    for (std::size_t i = 0; i < phase_count; ++i) {
        value = std::max(value, range_value(first_channel + i));
    }
    return value;
}

void Instrument::set_range(std::size_t channel, std::size_t index, Instant now) {
    const std::size_t first = grouping_ ? first_of_group(channel) : channel;
    const std::size_t count = grouping_ ? phase_count : 1;
    std::fill_n(range_.begin() + static_cast<std::ptrdiff_t>(first), count, index);
    publish_constant(now);
}

void Instrument::turn_current_knob(Instant now) {
    for (std::size_t channel = first_current_channel; channel < channel_count; ++channel) {
        range_[channel] = range_[channel] > 0 ? range_[channel] - 1 : 1;
    }
    publish_constant(now);
}

void Instrument::set_nominal_frequency(Hertz frequency, Instant now) {
    nominal_frequency_ = frequency;
    publish_constant(now);
}

calibration::ImpulsesPerKilowattHour Instrument::constant() const {
    return pulse_constant_law(
        nominal_frequency_, calibration::Volt{widest(0)}, Ampere{widest(first_current_channel)});
}

void Instrument::publish_constant(Instant now) {
    sample_.reset();  // its noise belongs to the former ranges
    if (bench_.reference_constant(now) == constant()) return;
    bench_.set_reference_constant(now, constant());
}

Instant Instrument::period_end(std::size_t module, Instant now) const {
    const calibration::Duration period = calibration::from_seconds(integration_s_[module]);
    const auto finished = now.time_since_epoch() / period;
    return Instant{(finished + 1) * period};
}

const Sample& Instrument::sample(Instant now) {
    if (!sample_ || sample_->at != now) {
        sample_ = measure(now);
        detect_overload(sample_->seen);
    }
    return *sample_;
}

double Instrument::noise(std::size_t channel, Instant at) const {
    const auto index = static_cast<std::uint64_t>(at.time_since_epoch().count());
    return noise_of_range * (2 * calibration::uniform(seed_, channel, index) - 1);
}

Sample Instrument::measure(Instant now) {
    Sample sample{now, bench_.seen(now)};
    for (std::size_t i = 0; i < phase_count; ++i) {
        SeenPhase& phase = sample.seen.phases[i];
        const std::size_t channel = i * per_phase;
        const double volts = range_value(i);
        const double amperes = range_value(first_current_channel + i);
        const double power = volts * amperes;
        const auto shifted = [&](double value, double range, std::size_t what) {
            return value + range * noise(channel + what, now);
        };
        phase.voltage =
            calibration::Volt{std::abs(shifted(phase.voltage.value(), volts, of_voltage))};
        phase.current = Ampere{std::abs(shifted(phase.current.value(), amperes, of_current))};
        phase.active = calibration::Watt{shifted(phase.active.value(), power, of_active)};
        phase.reactive = calibration::Var{shifted(phase.reactive.value(), power, of_reactive)};
        phase.apparent = calibration::VoltAmpere{phase.voltage.value() * phase.current.value()};
    }
    sample.seen.frequency = sample.seen.frequency * (1 + noise(of_frequency, now));
    sample.rotation = Degree{noise(of_rotation, now) / noise_of_range * 180};
    return sample;
}

void Instrument::detect_overload(const SeenLoad& seen) {
    for (std::size_t channel = 0; channel < channel_count; ++channel) {
        if (signal(seen, channel) > overload_factor * range_value(channel)) overload_ = true;
    }
}

// With ranging by group, the widest range any channel of the group needs.
void Instrument::range_automatically(const SeenLoad& seen, Instant now) {
    for (std::size_t channel = 0; channel < channel_count; ++channel) {
        const std::size_t first = grouping_ ? first_of_group(channel) : channel;
        const std::size_t last = grouping_ ? first + phase_count : channel + 1;
        double needed = 0;
        for (std::size_t i = first; i < last; ++i) needed = std::max(needed, signal(seen, i));
        std::size_t index = ranges(channel).size() - 1;
        while (index > 0 && parse_range(ranges(channel)[index])->value < headroom * needed) {
            --index;
        }
        if (index != range_[channel]) set_range(channel, index, now);
    }
}

void Instrument::watch(Instant now) {
    const SeenLoad seen = sample(now).seen;  // a copy: ranging renews the sample
    if (automatic_) range_automatically(seen, now);
}

void Instrument::write_later(const Parameter& parameter, double value, Instant due) {
    pending_.push_back({&parameter, value, due});
}

Instant Instrument::next_write() const {
    return pending_.empty() ? calibration::never : pending_.front().due;
}

void Instrument::apply_writes(Instant now) {
    while (next_write() <= now) {
        const PendingWrite write = pending_.front();
        pending_.pop_front();
        write.parameter->apply(*this, write.parameter->index, write.value, now);
    }
}

}  // namespace instruments::zera_zscpi
