// The formulas of design section "the twin's physics".
#include "calibration/bench_model_powers.hpp"

#include <algorithm>

namespace calibration {
namespace {

constexpr double minutes_per_degree = 60.0;

double gain(double percent) { return 1.0 + percent / 100.0; }

template <class Unit>
Unit mixed(Unit from, Unit to, double remainder) {
    return to + (from - to) * remainder;
}

bool is_measured(const MeterTraits& meter, const PhaseWeights& weights, std::size_t phase) {
    const bool has_element = phase == 0 || meter.ratings.measuring_elements != 1;
    return has_element && weights[phase] != 0;
}

// Gain of one element at this voltage and frequency.
double element_gain(const MeterTraits& meter, const LoadPoint& load, std::size_t phase) {
    const Ratings& ratings = meter.ratings;
    const double voltage = load.phases[phase].voltage / ratings.nominal_voltage - 1.0;
    const double frequency = load.frequency / ratings.nominal_frequency - 1.0;
    return gain(meter.gain_error_percent + meter.phase_gain_error_percent[phase] +
                meter.voltage_coefficient_percent * voltage * 100.0 +
                meter.frequency_coefficient_percent * frequency * 100.0);
}

// Adds `power` to the weighted sum, in equal parts for each of the phases that satisfy `carries`.
template <class Carries>
void share(MeterPower& total, const PhaseWeights& weights, double power, Carries carries) {
    double sum = 0;
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
        sum += carries(phase) ? weights[phase] : 0;
    }
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
        if (carries(phase)) {
            total.phase[phase] = total.phase[phase] + Watt{power / sum};
        }
    }
}

void measure(MeterPower& total, const MeterTraits& meter, const LoadPoint& load, std::size_t i) {
    PhaseLoad phase = load.phases[i];
    phase.displacement =
        phase.displacement + Degree{meter.phase_error_minutes / minutes_per_degree};
    const double g = element_gain(meter, load, i);
    total.phase[i] = active_power(phase) * g;
    total.phase_reactive[i] = reactive_power(phase) * g;
}

}  // namespace

LoadPoint produced(const SourceTraits& source, const LoadPoint& wanted, double deviation_percent) {
    LoadPoint load = wanted;
    for (std::size_t i = 0; i < phase_count; ++i) {
        PhaseLoad& phase = load.phases[i];
        phase.voltage = phase.voltage * gain(source.voltage_gain_percent[i]);
        phase.current =
            phase.current * gain(source.current_gain_percent[i]) * gain(deviation_percent);
        phase.displacement = phase.displacement + Degree{source.angle_error_deg[i]};
    }
    return load;
}

SeenLoad shown(const ReferenceTraits& reference, const LoadPoint& load) {
    const double ratio = gain(reference.ratio_error_percent);
    const Degree shift{reference.phase_error_minutes / minutes_per_degree};
    SeenLoad seen;
    seen.frequency = load.any_voltage() ? load.frequency : Hertz{0};
    for (std::size_t i = 0; i < phase_count; ++i) {
        PhaseLoad phase = load.phases[i];
        phase.current = phase.current * ratio;
        phase.displacement = phase.displacement + shift;
        seen.phases[i] = {.voltage = rms_voltage(phase),
                          .current = rms_current(phase),
                          .voltage_angle = phase.voltage_angle,
                          .displacement = phase.displacement,
                          .active = active_power(phase),
                          .reactive = reactive_power(phase),
                          .apparent = apparent_power(phase)};
    }
    return seen;
}

Watt active_power(const SeenLoad& seen) {
    Watt sum{0};
    for (const SeenPhase& phase : seen.phases) {
        sum = sum + phase.active;
    }
    return sum;
}

LoadPoint without_currents(LoadPoint load) {
    for (PhaseLoad& phase : load.phases) {
        phase.current = Ampere{0};
    }
    return load;
}

MeterPower measured(const MeterTraits& meter, const PhaseWeights& weights, const LoadPoint& load) {
    const auto measures = [&](std::size_t i) { return is_measured(meter, weights, i); };
    const auto has_voltage = [&](std::size_t i) {
        return measures(i) && load.phases[i].voltage > Volt{0};
    };
    const auto has_current = [&](std::size_t i) {
        return measures(i) && load.phases[i].current > Ampere{0};
    };
    Ampere highest{0};
    bool powered = false;
    for (std::size_t i = 0; i < phase_count; ++i) {
        highest = has_current(i) ? std::max(highest, load.phases[i].current) : highest;
        powered = powered || has_voltage(i);
    }
    MeterPower total;
    if (powered && highest == Ampere{0}) {
        share(total, weights, meter.creep_w, has_voltage);
    } else if (powered && highest >= Ampere{meter.starts_at_a}) {
        for (std::size_t i = 0; i < phase_count; ++i) {
            if (measures(i)) measure(total, meter, load, i);
        }
        share(total, weights, meter.offset_w, has_current);
    }
    for (std::size_t i = 0; i < phase_count; ++i) {
        total.active = total.active + total.phase[i] * weights[i];
        total.reactive = total.reactive + total.phase_reactive[i] * weights[i];
    }
    return total;
}

LoadPoint between(const LoadPoint& from, const LoadPoint& to, double remainder) {
    if (remainder == 0) {
        return to;
    }
    LoadPoint load = to.any_voltage() ? to : from;
    for (std::size_t i = 0; i < phase_count; ++i) {
        const PhaseLoad& a = from.phases[i];
        const PhaseLoad& b = to.phases[i];
        PhaseLoad& phase = load.phases[i];
        phase = b;
        if (b.voltage == Volt{0}) {
            phase.voltage_angle = a.voltage_angle;
            phase.voltage_harmonics = a.voltage_harmonics;
        }
        if (b.current == Ampere{0}) {
            phase.displacement = a.displacement;
            phase.current_harmonics = a.current_harmonics;
        }
        phase.voltage = mixed(a.voltage, b.voltage, remainder);
        phase.current = mixed(a.current, b.current, remainder);
    }
    return load;
}

SeenLoad between(const SeenLoad& from, const SeenLoad& to, double remainder) {
    if (remainder == 0) {
        return to;
    }
    SeenLoad seen = to;
    seen.frequency = to.frequency > Hertz{0} ? to.frequency : from.frequency;
    for (std::size_t i = 0; i < phase_count; ++i) {
        const SeenPhase& a = from.phases[i];
        const SeenPhase& b = to.phases[i];
        SeenPhase& phase = seen.phases[i];
        phase.voltage = mixed(a.voltage, b.voltage, remainder);
        phase.current = mixed(a.current, b.current, remainder);
        phase.active = mixed(a.active, b.active, remainder);
        phase.reactive = mixed(a.reactive, b.reactive, remainder);
        phase.apparent = mixed(a.apparent, b.apparent, remainder);
        phase.voltage_angle = b.voltage > Volt{0} ? b.voltage_angle : a.voltage_angle;
        phase.displacement = b.current > Ampere{0} ? b.displacement : a.displacement;
    }
    return seen;
}

}  // namespace calibration
