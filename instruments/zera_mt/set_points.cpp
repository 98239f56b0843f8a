#include "instruments/zera_mt/set_points.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string_view>

namespace instruments::zera_mt {
namespace {

using calibration::Degree;
using calibration::LoadPoint;
using calibration::phase_count;
using calibration::PhaseLoad;
using Problem = std::optional<std::string>;

constexpr double largest_rounding =
    0.01;  // of the value: what a starting current may be off without being another test
constexpr double full_circle = 360;

// -- refusing

struct Amplitude {
    std::string name;  // "current of L2"
    std::string_view unit;
    double value, least, most;
};

Problem check(const Amplitude& amplitude) {
    const auto& [name, unit, value, least, most] = amplitude;
    if (value == 0) return std::nullopt;
    if (!(value >= least && value <= most)) {
        return fmt::format(
            "{}: expected {} to {} {}, got {} {}", name, least, most, unit, value, unit);
    }
    const double sent = std::round(value * 1000) / 1000;
    if (std::abs(sent - value) > largest_rounding * value) {
        return fmt::format(
            "{}: expected a multiple of 0.001 {}, got {} {}", name, unit, value, unit);
    }
    return std::nullopt;
}

Problem check_phase(const PhaseLoad& phase, std::size_t number, const ModelLimits& limits) {
    if (!phase.voltage_harmonics.empty() || !phase.current_harmonics.empty()) {
        return fmt::format("waveform of L{}: expected a sine, got harmonics", number);
    }
    if (!std::isfinite(phase.voltage_angle.value()) || !std::isfinite(phase.displacement.value())) {
        return fmt::format("angle of L{}: expected a number", number);
    }
    auto voltage = check({fmt::format("voltage of L{}", number),
                          "V",
                          phase.voltage.value(),
                          limits.least_voltage.value(),
                          limits.most_voltage.value()});
    if (voltage) return voltage;
    return check({fmt::format("current of L{}", number),
                  "A",
                  phase.current.value(),
                  limits.least_current.value(),
                  limits.most_current.value()});
}

Problem check_load(const LoadPoint& load, const ModelLimits& limits) {
    if (!(load.frequency >= limits.least_frequency && load.frequency <= limits.most_frequency)) {
        return fmt::format("frequency: expected {} to {} Hz, got {} Hz",
                           limits.least_frequency.value(),
                           limits.most_frequency.value(),
                           load.frequency.value());
    }
    for (std::size_t i = 0; i < phase_count; ++i) {
        if (auto problem = check_phase(load.phases[i], i + 1, limits)) return problem;
    }
    return std::nullopt;
}

// -- converting

std::int64_t thousandths(double value) { return std::llround(value * 1000); }

// Rounded before it is brought into the circle: 359.996 is sent as 000.00, never as 360.00.
std::int64_t centidegrees(double angle) {
    const std::int64_t circle = 36'000;
    const auto rounded = std::llround(std::fmod(angle, full_circle) * 100);
    return ((rounded % circle) + circle) % circle;
}

double reference_angle(const LoadPoint& load) {
    for (const auto& phase : load.phases) {
        if (phase.voltage.value() > 0) return phase.voltage_angle.value();
    }
    return load.phases[0].voltage_angle.value();
}

Degree between(const Phasor& from, const Phasor& to) {
    return calibration::normalised(
        Degree{static_cast<double>(to.centidegrees - from.centidegrees) / 100});
}

Degree lag(const Phasor& voltage, const Phasor& current) {
    const Degree turned = between(current, voltage);
    return turned.value() > full_circle / 2 ? turned - Degree{full_circle} : turned;
}

// Each voltage of sequence 132 is less than half a turn ahead of the one before it.
calibration::PhaseSequence sequence_of(const SetPoints& fields) {
    for (std::size_t i = 0; i < phase_count; ++i) {
        const std::size_t next = (i + 1) % phase_count;
        if (!fields.switches.voltages[i] || !fields.switches.voltages[next]) continue;
        const double turned =
            between(fields.voltages.phases[i], fields.voltages.phases[next]).value();
        if (turned > 0 && turned < full_circle / 2) return calibration::PhaseSequence::l132;
    }
    return calibration::PhaseSequence::l123;
}

}  // namespace

std::expected<SetPoints, std::string> set_points(const LoadPoint& load, const ModelLimits& limits) {
    if (auto problem = check_load(load, limits)) return std::unexpected(*std::move(problem));
    SetPoints fields;
    fields.frequency.centihertz = std::llround(load.frequency.value() * 100);
    const double reference = reference_angle(load);
    for (std::size_t i = 0; i < phase_count; ++i) {
        const auto& phase = load.phases[i];
        const double angle = phase.voltage_angle.value() - reference;
        fields.voltages.phases[i] = {thousandths(phase.voltage.value()), centidegrees(angle)};
        fields.currents.phases[i] = {thousandths(phase.current.value()),
                                     centidegrees(angle - phase.displacement.value())};
        fields.switches.voltages[i] = phase.voltage.value() > 0;
        fields.switches.currents[i] = phase.current.value() > 0;
    }
    return fields;
}

calibration::Hertz frequency_of(const SetFrequency& field) {
    const calibration::Hertz mains{50};
    if (field.centihertz == 0) return mains;
    if (field.centihertz == 16) return mains / 3;
    return calibration::Hertz{static_cast<double>(field.centihertz) / 100};
}

LoadPoint load_point(const SetPoints& fields) {
    LoadPoint load;
    load.frequency = frequency_of(fields.frequency);
    load.sequence = sequence_of(fields);
    for (std::size_t i = 0; i < phase_count; ++i) {
        const auto& voltage = fields.voltages.phases[i];
        const auto& current = fields.currents.phases[i];
        auto& phase = load.phases[i];
        phase.voltage_angle = Degree{static_cast<double>(voltage.centidegrees) / 100};
        phase.displacement = lag(voltage, current);
        if (fields.switches.voltages[i]) {
            phase.voltage = calibration::Volt{static_cast<double>(voltage.thousandths) / 1000};
        }
        if (fields.switches.currents[i]) {
            phase.current = calibration::Ampere{static_cast<double>(current.thousandths) / 1000};
        }
    }
    return load;
}

}  // namespace instruments::zera_mt
