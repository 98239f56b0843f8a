// Load points: phasors of a three-phase system and their powers in closed form.
#include "calibration/load_point.hpp"

#include "calibration/check.hpp"
#include "calibration/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

namespace calibration {

namespace {

constexpr double degrees_per_radian = 180.0 / std::numbers::pi;

double radians(Degree angle) { return angle.value() / degrees_per_radian; }

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

[[noreturn]] void refuse(std::string_view text) {
    throw DataError(
        fmt::format("power factor: expected 1, or 0..1 with ind or cap, got \"{}\"", text));
}

// +1 for "ind", -1 for "cap", nothing for no side at all.
std::optional<double> side_of(std::string_view word, std::string_view whole) {
    if (word.empty()) return std::nullopt;
    if (word == "ind") return 1.0;
    if (word == "cap") return -1.0;
    refuse(whole);
}

std::array<Degree, phase_count> voltage_angles(PhaseSequence sequence) {
    if (sequence == PhaseSequence::l123) return {Degree{0}, Degree{240}, Degree{120}};
    return {Degree{0}, Degree{120}, Degree{240}};
}

// Sum over the orders both lists share of a b cos(angle_a - angle_b + order * displacement), in
// units of the fundamentals. The displacement is multiplied by the order because the current's
// harmonics are counted from the current's own zero crossing.
double shared_harmonics(const std::vector<Harmonic>& a,
                        const std::vector<Harmonic>& b,
                        Degree displacement) {
    double sum = 0;
    for (const Harmonic& x : a) {
        for (const Harmonic& y : b) {
            if (x.order != y.order) continue;
            const Degree angle = x.angle - y.angle + displacement * x.order;
            sum += x.amplitude.value() * y.amplitude.value() * 1e-4 * std::cos(radians(angle));
        }
    }
    return sum;
}

double rms_factor(const std::vector<Harmonic>& harmonics) {
    return std::sqrt(1.0 + shared_harmonics(harmonics, harmonics, Degree{0}));
}

template <class Power>
Power summed(const LoadPoint& load, Power (*power)(const PhaseLoad&)) {
    Power sum{0};
    for (const PhaseLoad& phase : load.phases) sum = sum + power(phase);
    return sum;
}

}  // namespace

PowerFactor PowerFactor::parse(std::string_view text) {
    const std::string_view whole = trimmed(text);
    const bool exported = whole.starts_with('-');
    const std::string_view digits = exported ? whole.substr(1) : whole;
    double value = 0;
    const char* const begin = digits.data();
    const char* const end = begin + digits.size();
    const auto [rest, error] = std::from_chars(begin, end, value);
    if (error != std::errc{} || std::signbit(value)) refuse(text);
    const std::string_view word{rest, static_cast<std::size_t>(end - rest)};
    const auto side = side_of(trimmed(word), text);
    if (side.has_value() == (value == 1.0)) refuse(text);  // a side is for all but unity
    if (!(value >= 0.0 && value <= 1.0) || (exported && value == 0.0)) refuse(text);
    return PowerFactor{exported ? -value : value, side.value_or(1.0)};
}

// Export turns the current by half a turn, as an exchange of its terminals does: "-0.5 ind" is in
// quadrant III, which IEC 62053-23 (annex on the geometric representation) calls inductive.
Degree PowerFactor::displacement() const {
    const double magnitude = std::acos(std::abs(value_)) * degrees_per_radian;
    const double angle = side_ * magnitude;
    if (value_ >= 0) return Degree{angle};
    return Degree{angle > 0 ? angle - 180.0 : angle + 180.0};
}

std::string PowerFactor::text() const {
    if (is_unity()) return fmt::format("{}", value_);
    return fmt::format("{} {}", value_, side_ > 0 ? "ind" : "cap");
}

LoadPoint LoadPoint::balanced(Volt voltage,
                              Ampere current,
                              PowerFactor power_factor,
                              Hertz frequency,
                              PhaseSequence sequence) {
    LoadPoint load;
    load.frequency = frequency;
    load.sequence = sequence;
    const auto angles = voltage_angles(sequence);
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
        load.phases[phase].voltage = voltage;
        load.phases[phase].voltage_angle = angles[phase];
        load.phases[phase].current = current;
        load.phases[phase].displacement = power_factor.displacement();
    }
    return load;
}

LoadPoint LoadPoint::single_phase(
    std::size_t phase, Volt voltage, Ampere current, PowerFactor power_factor, Hertz frequency) {
    check(phase < phase_count, "a phase is 0, 1 or 2");
    LoadPoint load = voltage_only(voltage, frequency);
    load.phases[phase].current = current;
    load.phases[phase].displacement = power_factor.displacement();
    return load;
}

LoadPoint LoadPoint::voltage_only(Volt voltage, Hertz frequency) {
    return balanced(voltage, Ampere{0}, PowerFactor::unity(), frequency);
}

bool LoadPoint::any_voltage() const {
    return std::any_of(phases.begin(), phases.end(), [](const PhaseLoad& phase) {
        return phase.voltage.value() != 0;
    });
}

bool LoadPoint::any_current() const {
    return std::any_of(phases.begin(), phases.end(), [](const PhaseLoad& phase) {
        return phase.current.value() != 0;
    });
}

Watt active_power(const PhaseLoad& phase) {
    const double fundamental = std::cos(radians(phase.displacement));
    const double harmonics =
        shared_harmonics(phase.voltage_harmonics, phase.current_harmonics, phase.displacement);
    return Watt{phase.voltage.value() * phase.current.value() * (fundamental + harmonics)};
}

Var reactive_power(const PhaseLoad& phase) {
    return Var{phase.voltage.value() * phase.current.value() *
               std::sin(radians(phase.displacement))};
}

VoltAmpere apparent_power(const PhaseLoad& phase) {
    return VoltAmpere{rms_voltage(phase).value() * rms_current(phase).value()};
}

Watt active_power(const LoadPoint& load) { return summed<Watt>(load, active_power); }
Var reactive_power(const LoadPoint& load) { return summed<Var>(load, reactive_power); }
VoltAmpere apparent_power(const LoadPoint& load) {
    return summed<VoltAmpere>(load, apparent_power);
}

double power_factor(const LoadPoint& load) {
    const double apparent = apparent_power(load).value();
    return apparent == 0 ? 0 : active_power(load).value() / apparent;
}

Volt rms_voltage(const PhaseLoad& phase) {
    return phase.voltage * rms_factor(phase.voltage_harmonics);
}

Ampere rms_current(const PhaseLoad& phase) {
    return phase.current * rms_factor(phase.current_harmonics);
}

Degree normalised(Degree angle) {
    double turned = std::fmod(angle.value(), 360.0);
    if (turned < 0) turned += 360.0;
    return Degree{turned >= 360.0 ? 0.0
                                  : turned};  // a tiny negative angle rounds up to a whole turn
}

}  // namespace calibration
