#include "instruments/zera_zscpi/measured.hpp"

#include "instruments/zera_zscpi/commands.hpp"
#include "instruments/zera_zscpi/wire.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

namespace instruments::zera_zscpi {

namespace {

using calibration::phase_count;
using calibration::SeenPhase;

constexpr std::size_t sum = phase_count;
constexpr double degree = std::numbers::pi / 180;

void append_numbers(std::string& out, const MeasuredValue& value, std::span<const double> numbers) {
    append_item(out, {module_names[value.module], value.name, value.unit, {}}, numbers);
}

void append_one(std::string& out, const MeasuredValue& value, double number) {
    append_numbers(out, value, {&number, 1});
}

double effective(const Sample& sample, std::size_t channel) {
    const SeenPhase& phase = sample.seen.phases[channel % phase_count];
    return channel < first_current_channel ? phase.voltage.value() : phase.current.value();
}

double angle_deg(const Sample& sample, std::size_t channel) {
    const SeenPhase& phase = sample.seen.phases[channel % phase_count];
    const double voltage = phase.voltage_angle.value() + sample.rotation.value();
    return channel < first_current_channel ? voltage : voltage - phase.displacement.value();
}

// The vectors of this instrument are peak values: 230 V shows as 325.27.
std::complex<double> vector(const Sample& sample, std::size_t channel) {
    return std::polar(std::numbers::sqrt2 * effective(sample, channel),
                      angle_deg(sample, channel) * degree);
}

double total(const Sample& sample, auto quantity) {
    double value = 0;
    for (const SeenPhase& phase : sample.seen.phases) value += quantity(phase).value();
    return value;
}

void rms(const Sample& sample, std::size_t channel, std::string& out, const MeasuredValue& self) {
    append_one(out, self, effective(sample, channel));
}

// Index: ten times the first phase plus the second.
void line_voltage(const Sample& sample,
                  std::size_t pair,
                  std::string& out,
                  const MeasuredValue& self) {
    const auto difference = vector(sample, pair / 10) - vector(sample, pair % 10);
    append_one(out, self, std::abs(difference) / std::numbers::sqrt2);
}

void phasor(const Sample& sample,
            std::size_t channel,
            std::string& out,
            const MeasuredValue& self) {
    const auto value = vector(sample, channel);
    append_numbers(out, self, std::array{value.real(), value.imag()});
}

void polar(const Sample& sample, std::size_t channel, std::string& out, const MeasuredValue& self) {
    const auto value = vector(sample, channel);
    const double angle = std::arg(value);
    append_numbers(out, self, std::array{std::abs(value), angle, angle / degree});
}

// Each phase is 120 degrees ahead of the next in sequence 123; two neighbours that carry voltage
// decide.
void rotating_field(const Sample& sample,
                    std::size_t,
                    std::string& out,
                    const MeasuredValue& self) {
    constexpr calibration::Volt present{1};
    const auto& phases = sample.seen.phases;
    bool forward = true;
    for (std::size_t i = 0; i < phase_count; ++i) {
        const SeenPhase& next = phases[(i + 1) % phase_count];
        if (phases[i].voltage < present || next.voltage < present) continue;
        const auto ahead = calibration::normalised(phases[i].voltage_angle - next.voltage_angle);
        forward = ahead.value() < 180;
        break;
    }
    append_one(out, self, forward ? 123 : 132);
}

void active(const Sample& sample, std::size_t phase, std::string& out, const MeasuredValue& self) {
    const auto quantity = [](const SeenPhase& p) { return p.active; };
    const auto& phases = sample.seen.phases;
    append_one(out, self, phase == sum ? total(sample, quantity) : phases[phase].active.value());
}

void reactive(const Sample& sample,
              std::size_t phase,
              std::string& out,
              const MeasuredValue& self) {
    const auto quantity = [](const SeenPhase& p) { return p.reactive; };
    const auto& phases = sample.seen.phases;
    append_one(out, self, phase == sum ? total(sample, quantity) : phases[phase].reactive.value());
}

void apparent(const Sample& sample,
              std::size_t phase,
              std::string& out,
              const MeasuredValue& self) {
    const auto quantity = [](const SeenPhase& p) { return p.apparent; };
    const auto& phases = sample.seen.phases;
    append_one(out, self, phase == sum ? total(sample, quantity) : phases[phase].apparent.value());
}

// nan where there is no apparent power, as real instruments answer.
void lambda(const Sample& sample, std::size_t phase, std::string& out, const MeasuredValue& self) {
    const SeenPhase& of = sample.seen.phases[phase];
    append_one(out, self, of.active.value() / of.apparent.value());
}

void peak(const Sample& sample, std::size_t channel, std::string& out, const MeasuredValue& self) {
    append_one(out, self, std::numbers::sqrt2 * effective(sample, channel));
}

void frequency(const Sample& sample, std::size_t, std::string& out, const MeasuredValue& self) {
    append_one(out, self, sample.seen.frequency.value());
}

enum Module : std::size_t { rms1, dft1, pow1, pow2, pow3, lam1, rng1 };

constexpr std::array values{
    MeasuredValue{rms1, "UL1", "V", 0, rms},
    MeasuredValue{rms1, "UL2", "V", 1, rms},
    MeasuredValue{rms1, "UL3", "V", 2, rms},
    MeasuredValue{rms1, "UL1-UL2", "V", 1, line_voltage},
    MeasuredValue{rms1, "UL3-UL2", "V", 21, line_voltage},
    MeasuredValue{rms1, "UL3-UL1", "V", 20, line_voltage},
    MeasuredValue{rms1, "IL1", "A", 3, rms},
    MeasuredValue{rms1, "IL2", "A", 4, rms},
    MeasuredValue{rms1, "IL3", "A", 5, rms},
    MeasuredValue{dft1, "UL1", "V", 0, phasor},
    MeasuredValue{dft1, "UL2", "V", 1, phasor},
    MeasuredValue{dft1, "UL3", "V", 2, phasor},
    MeasuredValue{dft1, "IL1", "A", 3, phasor},
    MeasuredValue{dft1, "IL2", "A", 4, phasor},
    MeasuredValue{dft1, "IL3", "A", 5, phasor},
    MeasuredValue{dft1, "U1", "V", 0, polar},
    MeasuredValue{dft1, "U2", "V", 1, polar},
    MeasuredValue{dft1, "U3", "V", 2, polar},
    MeasuredValue{dft1, "I1", "A", 3, polar},
    MeasuredValue{dft1, "I2", "A", 4, polar},
    MeasuredValue{dft1, "I3", "A", 5, polar},
    MeasuredValue{dft1, "RFIELD", "", 0, rotating_field},
    MeasuredValue{pow1, "P1", "W", 0, active},
    MeasuredValue{pow1, "P2", "W", 1, active},
    MeasuredValue{pow1, "P3", "W", 2, active},
    MeasuredValue{pow1, "PS", "W", sum, active},
    MeasuredValue{pow2, "Q1", "Var", 0, reactive},
    MeasuredValue{pow2, "Q2", "Var", 1, reactive},
    MeasuredValue{pow2, "Q3", "Var", 2, reactive},
    MeasuredValue{pow2, "QS", "Var", sum, reactive},
    MeasuredValue{pow3, "S1", "VA", 0, apparent},
    MeasuredValue{pow3, "S2", "VA", 1, apparent},
    MeasuredValue{pow3, "S3", "VA", 2, apparent},
    MeasuredValue{pow3, "SS", "VA", sum, apparent},
    MeasuredValue{lam1, "Lambda1", "", 0, lambda},
    MeasuredValue{lam1, "Lambda2", "", 1, lambda},
    MeasuredValue{lam1, "Lambda3", "", 2, lambda},
    MeasuredValue{rng1, "UL1", "V", 0, peak},
    MeasuredValue{rng1, "UL2", "V", 1, peak},
    MeasuredValue{rng1, "UL3", "V", 2, peak},
    MeasuredValue{rng1, "IL1", "A", 3, peak},
    MeasuredValue{rng1, "IL2", "A", 4, peak},
    MeasuredValue{rng1, "IL3", "A", 5, peak},
    MeasuredValue{rng1, "F", "Hz", 0, frequency},
};

}  // namespace

std::span<const MeasuredValue> measured_values() { return values; }

std::optional<std::span<const MeasuredValue>> find_measured(std::string_view path) {
    if (path.empty()) return measured_values();
    const std::string_view module = take_until(path, ':');
    const auto found = std::ranges::find_if(
        module_names, [&](std::string_view name) { return node_matches(name, module); });
    const auto index = static_cast<std::size_t>(found - module_names.begin());
    const auto group = std::ranges::equal_range(values, index, {}, &MeasuredValue::module);
    if (group.empty()) return std::nullopt;
    if (path.empty()) return std::span<const MeasuredValue>{group};
    const auto value = std::ranges::find_if(
        group, [&](const MeasuredValue& v) { return node_matches(v.name, path); });
    if (value == group.end()) return std::nullopt;
    return std::span<const MeasuredValue>{value, 1};
}

}  // namespace instruments::zera_zscpi
