// One table from the names of quantities to their values on the bench model.
#include "dut/meter_values.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <map>
#include <numbers>
#include <string>

namespace dut {
namespace {

using calibration::LoadPoint;
using calibration::phase_count;
using Value = std::function<std::optional<double>(const MeterView&)>;
using Values = std::map<std::string, Value, std::less<>>;

std::complex<double> phasor(double magnitude, calibration::Degree angle) {
    return std::polar(magnitude, angle.value() * std::numbers::pi / 180);
}

double line_voltage(const LoadPoint& load, std::size_t from, std::size_t to) {
    const auto& a = load.phases[from];
    const auto& b = load.phases[to];
    return std::abs(phasor(a.voltage.value(), a.voltage_angle) -
                    phasor(b.voltage.value(), b.voltage_angle));
}

double neutral_current(const LoadPoint& load) {
    std::complex<double> sum;
    for (const auto& phase : load.phases) {
        sum += phasor(phase.current.value(), phase.voltage_angle - phase.displacement);
    }
    return std::abs(sum);
}

// The meters sign the power factor negative when the current leads.
double signed_factor(double active, double reactive, double apparent) {
    if (apparent == 0) return 1;
    const double factor = std::abs(active) / apparent;
    return active * reactive < 0 ? -factor : factor;
}

const Network& network(const MeterView& v) { return *find_network(*v.type, v.settings->network); }

// As the meter sums up its phases in the network it is set to.
template <class Of>
double weighted(const MeterView& v, Of of) {
    const auto& weights = network(v).phase_weights;
    double sum = 0;
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
        if (weights[phase] != 0) sum += weights[phase] * of(v.load.phases[phase]).value();
    }
    return sum;
}

double active(const MeterView& v) {
    return weighted(v, [](const auto& phase) { return calibration::active_power(phase); });
}

double reactive(const MeterView& v) {
    return weighted(v, [](const auto& phase) { return calibration::reactive_power(phase); });
}

double apparent(const MeterView& v) {
    return weighted(v, [](const auto& phase) { return calibration::apparent_power(phase); });
}

template <class Of>
double mean(Of of) {
    double sum = 0;
    for (std::size_t phase = 0; phase < phase_count; ++phase) sum += of(phase);
    return sum / static_cast<double>(phase_count);
}

void add_phase(Values& values, std::size_t phase) {
    const auto key = [&](const char* name) { return name + std::string("_l") + char('1' + phase); };
    values[key("voltage")] = [=](const MeterView& v) {
        return calibration::rms_voltage(v.load.phases[phase]).value();
    };
    values[key("current")] = [=](const MeterView& v) {
        return v.energies->ratio() * calibration::rms_current(v.load.phases[phase]).value();
    };
    values[key("secondary_current")] = [=](const MeterView& v) {
        return calibration::rms_current(v.load.phases[phase]).value();
    };
    values[key("active_power")] = [=](const MeterView& v) {
        return v.energies->ratio() * calibration::active_power(v.load.phases[phase]).value();
    };
    values[key("reactive_power")] = [=](const MeterView& v) {
        return v.energies->ratio() * calibration::reactive_power(v.load.phases[phase]).value();
    };
    values[key("apparent_power")] = [=](const MeterView& v) {
        return v.energies->ratio() * calibration::apparent_power(v.load.phases[phase]).value();
    };
    values[key("power_factor")] = [=](const MeterView& v) {
        const auto& load = v.load.phases[phase];
        return signed_factor(calibration::active_power(load).value(),
                             calibration::reactive_power(load).value(),
                             calibration::apparent_power(load).value());
    };
}

void add_voltages_and_currents(Values& values) {
    values["line_voltage_12"] = [](const MeterView& v) { return line_voltage(v.load, 0, 1); };
    values["line_voltage_23"] = [](const MeterView& v) { return line_voltage(v.load, 1, 2); };
    values["line_voltage_31"] = [](const MeterView& v) { return line_voltage(v.load, 2, 0); };
    values["mean_line_voltage"] = [](const MeterView& v) {
        return mean([&](std::size_t p) { return line_voltage(v.load, p, (p + 1) % phase_count); });
    };
    values["mean_voltage"] = [](const MeterView& v) {
        return mean([&](std::size_t p) { return rms_voltage(v.load.phases[p]).value(); });
    };
    values["mean_current"] = [](const MeterView& v) {
        return v.energies->ratio() *
               mean([&](std::size_t p) { return rms_current(v.load.phases[p]).value(); });
    };
    values["neutral_current"] = [](const MeterView& v) {
        return v.energies->ratio() * neutral_current(v.load);
    };
    // Without voltage there is nothing to take a frequency from.
    values["frequency"] = [](const MeterView& v) -> std::optional<double> {
        if (!v.load.any_voltage()) return std::nullopt;
        return v.load.frequency.value();
    };
}

void add_powers(Values& values) {
    values["active_power"] = [](const MeterView& v) { return v.energies->ratio() * active(v); };
    values["reactive_power"] = [](const MeterView& v) { return v.energies->ratio() * reactive(v); };
    values["apparent_power"] = [](const MeterView& v) { return v.energies->ratio() * apparent(v); };
    values["power_factor"] = [](const MeterView& v) {
        return signed_factor(active(v), reactive(v), apparent(v));
    };
}

// Of a voltage below this share of the nominal one the meters say that the phase is missing.
constexpr double missing_share = 0.5;

int missing_phases(const MeterView& v) {
    int mask = 0;
    for (int phase = 0; phase < network(v).voltage_inputs; ++phase) {
        const auto& load = v.load.phases[static_cast<std::size_t>(phase)];
        const double least = missing_share * v.type->ratings.nominal_voltage.value();
        if (calibration::rms_voltage(load).value() < least) mask |= 1 << phase;
    }
    return mask;
}

// 1: L2 follows L1 (123). 2: L3 does (132). 0: there are not three voltages to tell it by.
int phase_sequence(const MeterView& v) {
    if (network(v).voltage_inputs < 3 || missing_phases(v) != 0) return 0;
    const auto lags = [&](std::size_t from, std::size_t to) {
        const auto& phases = v.load.phases;
        return phasor(1, phases[from].voltage_angle - phases[to].voltage_angle).imag() > 0;
    };
    if (lags(0, 1) && lags(1, 2)) return 1;
    return !lags(0, 1) && !lags(1, 2) ? 2 : 0;
}

void add_indications(Values& values) {
    values["phase_sequence"] = phase_sequence;
    values["missing_phases"] = missing_phases;
    values["malfunction"] = [](const MeterView&) { return 0; };
}

double rolled(double energy, const MeterView& v) {
    return std::fmod(std::max(0.0, energy * v.energy_scale), v.type->roll_over.value());
}

double overflows(double energy, const MeterView& v) {
    return std::floor(std::max(0.0, energy * v.energy_scale) / v.type->roll_over.value());
}

void add_energy(Values& values, const std::string& name, EnergyKind kind) {
    values[name] = [=](const MeterView& v) {
        return rolled(v.energies->totals(v.registered).total(kind), v);
    };
    values["partial_" + name] = [=](const MeterView& v) {
        return rolled(v.energies->partials(v.registered).total(kind), v);
    };
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
        values[name + "_l" + std::to_string(phase + 1)] = [=](const MeterView& v) {
            return rolled(v.energies->totals(v.registered).phase(kind, phase), v);
        };
    }
    for (int tariff = 1; tariff <= EnergyRegisters::most_tariffs; ++tariff) {
        values[name + "_t" + std::to_string(tariff)] = [=](const MeterView& v) {
            return rolled(v.energies->tariff_totals(tariff, v.registered).total(kind), v);
        };
    }
}

void add_overflow(Values& values, const char* name, EnergyKind kind) {
    values[name] = [=](const MeterView& v) {
        return overflows(v.energies->totals(v.registered).total(kind), v);
    };
}

// (+T1) - (-T1) + (+T2) - (-T2), and so on over the tariffs there are.
double balance(const MeterView& v, EnergyKind import_kind, EnergyKind export_kind) {
    double sum = 0;
    for (int tariff = 1; tariff <= v.type->tariffs; ++tariff) {
        const EnergyTotals held = v.energies->tariff_totals(tariff, v.registered);
        sum += held.total(import_kind) - held.total(export_kind);
    }
    return sum * v.energy_scale;
}

void add_energies(Values& values) {
    add_energy(values, "active_import_energy", EnergyKind::active_import);
    add_energy(values, "active_export_energy", EnergyKind::active_export);
    add_energy(values, "reactive_import_energy", EnergyKind::reactive_import);
    add_energy(values, "reactive_export_energy", EnergyKind::reactive_export);
    add_overflow(values, "active_import_overflows", EnergyKind::active_import);
    add_overflow(values, "active_export_overflows", EnergyKind::active_export);
    add_overflow(values, "reactive_import_overflows", EnergyKind::reactive_import);
    add_overflow(values, "reactive_export_overflows", EnergyKind::reactive_export);
    values["energy_balance"] = [](const MeterView& v) {
        return balance(v, EnergyKind::active_import, EnergyKind::active_export);
    };
    values["reactive_energy_balance"] = [](const MeterView& v) {
        return balance(v, EnergyKind::reactive_import, EnergyKind::reactive_export);
    };
    values["roll_over"] = [](const MeterView& v) { return v.type->roll_over.value(); };
}

bool sealed(const MeterType& type) {
    return std::any_of(type.registers.rows.begin(),
                       type.registers.rows.end(),
                       [](const Register& row) { return row.access == Access::sealed; });
}

void add_settings(Values& values) {
    values["ct_primary"] = [](const MeterView& v) { return v.settings->ct_primary_a; };
    values["ct_secondary"] = [](const MeterView& v) { return v.settings->ct_secondary_a; };
    values["network"] = [](const MeterView& v) -> std::optional<double> { return network(v).code; };
    values["tariff"] = [](const MeterView& v) { return v.energies->tariff(); };
    values["tariff_count"] = [](const MeterView& v) { return v.type->tariffs; };
    values["partial_running"] = [](const MeterView& v) {
        return v.energies->partial_running() ? 1 : 0;
    };
    values["partial_reset"] = [](const MeterView&) { return 0; };
    values["maximum_reset"] = [](const MeterView&) { return 0; };
    values["mid_status"] = [](const MeterView& v) { return sealed(*v.type) ? 1 : 0; };
    values["output_weight"] = [](const MeterView& v) -> std::optional<double> {
        const auto weight =
            pulse_weight(*v.type, v.settings->ct_primary_a, v.settings->ct_secondary_a);
        return weight ? std::optional{weight->value()} : std::nullopt;
    };
}

void add_averages(Values& values) {
    const auto last = [](const MeterView& v) {
        return v.demand == nullptr ? std::nullopt : v.demand->last(v.at, v.import_wh);
    };
    values["integration_period"] = [](const MeterView& v) -> std::optional<double> {
        if (v.demand == nullptr) return std::nullopt;
        return v.demand->period_s();
    };
    values["average_active_power"] = [=](const MeterView& v) -> std::optional<double> {
        const auto record = last(v);
        return record ? std::optional{record->value_w} : std::nullopt;
    };
    // The average belongs to the period that ends there.
    values["average_time_s"] = [=](const MeterView& v) -> std::optional<double> {
        const auto record = last(v);
        return record ? std::optional{record->start_s + record->period_s} : std::nullopt;
    };
    values["maximum_active_power"] = [](const MeterView& v) -> std::optional<double> {
        if (v.demand == nullptr) return std::nullopt;
        return v.demand->maximum(v.at, v.import_wh);
    };
}

Values all_values() {
    Values values;
    for (std::size_t phase = 0; phase < phase_count; ++phase) add_phase(values, phase);
    add_voltages_and_currents(values);
    add_powers(values);
    add_energies(values);
    add_indications(values);
    add_settings(values);
    add_averages(values);
    return values;
}

}  // namespace

std::optional<double> meter_value(std::string_view quantity, const MeterView& view) {
    static const Values values = all_values();
    const auto found = values.find(quantity);
    return found == values.end() ? std::nullopt : found->second(view);
}

}  // namespace dut
