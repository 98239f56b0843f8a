#include "instruments/zera_zscpi/reading.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace instruments::zera_zscpi {

namespace {

using calibration::Degree;
using calibration::phase_count;
using calibration::SeenPhase;

using Three = std::array<double, phase_count>;
struct Vector {
    std::array<double, 2> parts{};  // real and imaginary, peak values
    Degree angle() const {
        return Degree{std::atan2(parts[1], parts[0]) * (180 / std::numbers::pi)};
    }
};
using Vectors = std::array<Vector, phase_count>;

struct Numbers {
    Three voltage{}, current{}, active{}, reactive{}, apparent{};
    Vectors voltage_vector{}, current_vector{};
    double field = 0, frequency = 0;
};

std::array<Wanted, phase_count> three(std::array<std::string_view, phase_count> names,
                                      std::string_view unit,
                                      Three& values) {
    return {Wanted{names[0], unit, {&values[0], 1}},
            Wanted{names[1], unit, {&values[1], 1}},
            Wanted{names[2], unit, {&values[2], 1}}};
}

std::expected<void, GroupFault> parse_effective(std::string_view answer, Numbers& out) {
    const auto u = three({"UL1", "UL2", "UL3"}, "V", out.voltage);
    const auto i = three({"IL1", "IL2", "IL3"}, "A", out.current);
    const std::array wanted{u[0], u[1], u[2], i[0], i[1], i[2]};
    return parse_group(answer, "RMS1", wanted);
}

std::expected<void, GroupFault> parse_vectors(std::string_view answer, Numbers& out) {
    Vectors& u = out.voltage_vector;
    Vectors& i = out.current_vector;
    const std::array wanted{Wanted{"UL1", "V", u[0].parts},
                            Wanted{"UL2", "V", u[1].parts},
                            Wanted{"UL3", "V", u[2].parts},
                            Wanted{"IL1", "A", i[0].parts},
                            Wanted{"IL2", "A", i[1].parts},
                            Wanted{"IL3", "A", i[2].parts},
                            Wanted{"RFIELD", "", {&out.field, 1}}};
    return parse_group(answer, "DFT1", wanted);
}

std::expected<Numbers, GroupFault> parse_numbers(std::span<const std::string> answers) {
    Numbers out;
    const auto p = three({"P1", "P2", "P3"}, "W", out.active);
    const auto q = three({"Q1", "Q2", "Q3"}, "Var", out.reactive);
    const auto s = three({"S1", "S2", "S3"}, "VA", out.apparent);
    const std::array f{Wanted{"F", "Hz", {&out.frequency, 1}}};
    auto parsed = parse_effective(answers[0], out);
    if (parsed) parsed = parse_vectors(answers[1], out);
    if (parsed) parsed = parse_group(answers[2], "POW1", p);
    if (parsed) parsed = parse_group(answers[3], "POW2", q);
    if (parsed) parsed = parse_group(answers[4], "POW3", s);
    if (parsed) parsed = parse_group(answers[5], "RNG1", f);
    if (!parsed) return std::unexpected(parsed.error());
    if (out.field != 123 && out.field != 132) {
        return std::unexpected(GroupFault{WireFault::malformed, "DFT1:RFIELD"});
    }
    return out;
}

Degree signed_angle(Degree angle) {
    const Degree positive = calibration::normalised(angle);
    return positive > Degree{180} ? positive - Degree{360} : positive;
}

// What to turn the picture by so that L1, or the first phase with a voltage, lies where it belongs.
Degree turn(const Numbers& numbers, calibration::Volt threshold) {
    const double step = numbers.field == 123 ? 240 : 120;
    for (std::size_t i = 0; i < phase_count; ++i) {
        if (numbers.voltage[i] <= threshold.value()) continue;
        return Degree{step * static_cast<double>(i)} - numbers.voltage_vector[i].angle();
    }
    return Degree{0};
}

SeenPhase seen_phase(const Numbers& numbers, std::size_t i, const AngleThresholds& thresholds) {
    SeenPhase phase;
    phase.voltage = calibration::Volt{numbers.voltage[i]};
    phase.current = calibration::Ampere{numbers.current[i]};
    phase.active = calibration::Watt{numbers.active[i]};
    phase.reactive = calibration::Var{numbers.reactive[i]};
    phase.apparent = calibration::VoltAmpere{numbers.apparent[i]};
    if (phase.voltage <= thresholds.voltage) return phase;
    const Degree angle = numbers.voltage_vector[i].angle();
    phase.voltage_angle = calibration::normalised(angle + turn(numbers, thresholds.voltage));
    if (phase.current <= thresholds.current) return phase;
    phase.displacement = signed_angle(angle - numbers.current_vector[i].angle());
    return phase;
}

}  // namespace

std::expected<ReferenceReading, GroupFault> parse_reading(std::span<const std::string> answers,
                                                          const AngleThresholds& thresholds) {
    const auto numbers = parse_numbers(answers);
    if (!numbers) return std::unexpected(numbers.error());
    const auto overload = parse_flag(answers[6]);
    if (!overload) return std::unexpected(GroupFault{overload.error(), "SENSE:RNG1:OVERLOAD"});
    ReferenceReading reading;
    for (std::size_t i = 0; i < phase_count; ++i) {
        reading.load.phases[i] = seen_phase(*numbers, i, thresholds);
    }
    reading.load.frequency = calibration::Hertz{numbers->frequency};
    using calibration::PhaseSequence;
    reading.sequence = numbers->field == 123 ? PhaseSequence::l123 : PhaseSequence::l132;
    reading.overload = *overload;
    return reading;
}

}  // namespace instruments::zera_zscpi
