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
        return v.ratio * calibration::rms_current(v.load.phases[phase]).value();
    };
    values[key("secondary_current")] = [=](const MeterView& v) {
        return calibration::rms_current(v.load.phases[phase]).value();
    };
    values[key("active_power")] = [=](const MeterView& v) {
        return v.ratio * calibration::active_power(v.load.phases[phase]).value();
    };
    values[key("reactive_power")] = [=](const MeterView& v) {
        return v.ratio * calibration::reactive_power(v.load.phases[phase]).value();
    };
    values[key("apparent_power")] = [=](const MeterView& v) {
        return v.ratio * calibration::apparent_power(v.load.phases[phase]).value();
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
        return v.ratio * mean([&](std::size_t p) { return rms_current(v.load.phases[p]).value(); });
    };
    values["neutral_current"] = [](const MeterView& v) {
        return v.ratio * neutral_current(v.load);
    };
    // Without voltage there is nothing to take a frequency from.
    values["frequency"] = [](const MeterView& v) -> std::optional<double> {
        if (!v.load.any_voltage()) return std::nullopt;
        return v.load.frequency.value();
    };
}

void add_powers(Values& values) {
    values["active_power"] = [](const MeterView& v) {
        return v.ratio * calibration::active_power(v.load).value();
    };
    values["reactive_power"] = [](const MeterView& v) {
        return v.ratio * calibration::reactive_power(v.load).value();
    };
    values["apparent_power"] = [](const MeterView& v) {
        return v.ratio * calibration::apparent_power(v.load).value();
    };
    values["power_factor"] = [](const MeterView& v) {
        return signed_factor(calibration::active_power(v.load).value(),
                             calibration::reactive_power(v.load).value(),
                             calibration::apparent_power(v.load).value());
    };
}

double rolled(double energy, const MeterView& v) {
    return std::fmod(std::max(0.0, energy * v.energy_scale), v.roll_over_wh);
}

double overflows(double energy, const MeterView& v) {
    return std::floor(std::max(0.0, energy * v.energy_scale) / v.roll_over_wh);
}

using Part = double EnergyTotals::*;

void add_energy(Values& values, const std::string& name, Part part) {
    values[name] = [=](const MeterView& v) {
        return rolled(v.energies->totals(v.registered).*part, v);
    };
    values["partial_" + name] = [=](const MeterView& v) {
        return rolled(v.energies->partials(v.registered).*part, v);
    };
    for (int tariff = 1; tariff <= EnergyRegisters::most_tariffs; ++tariff) {
        values[name + "_t" + std::to_string(tariff)] = [=](const MeterView& v) {
            return rolled(v.energies->tariff_totals(tariff, v.registered).*part, v);
        };
    }
}

void add_overflow(Values& values, const char* name, Part part) {
    values[name] = [=](const MeterView& v) {
        return overflows(v.energies->totals(v.registered).*part, v);
    };
}

void add_energies(Values& values) {
    add_energy(values, "active_import_energy", &EnergyTotals::active_import);
    add_energy(values, "active_export_energy", &EnergyTotals::active_export);
    add_energy(values, "reactive_import_energy", &EnergyTotals::reactive_import);
    add_energy(values, "reactive_export_energy", &EnergyTotals::reactive_export);
    add_overflow(values, "active_import_overflows", &EnergyTotals::active_import);
    add_overflow(values, "active_export_overflows", &EnergyTotals::active_export);
    add_overflow(values, "reactive_import_overflows", &EnergyTotals::reactive_import);
    values["roll_over"] = [](const MeterView& v) { return v.roll_over_wh; };
}

void add_settings(Values& values) {
    values["ct_primary"] = [](const MeterView& v) { return v.ct_primary_a; };
    values["ct_secondary"] = [](const MeterView& v) { return v.ct_secondary_a; };
    values["tariff"] = [](const MeterView& v) { return v.energies->tariff(); };
    values["tariff_count"] = [](const MeterView& v) { return v.tariffs; };
    values["mid_status"] = [](const MeterView& v) { return v.sealed ? 1 : 0; };
    values["integration_period"] = [](const MeterView&) { return 600; };  // ten minutes, by default
}

Values all_values() {
    Values values;
    for (std::size_t phase = 0; phase < phase_count; ++phase) add_phase(values, phase);
    add_voltages_and_currents(values);
    add_powers(values);
    add_energies(values);
    add_settings(values);
    return values;
}

}  // namespace

std::optional<double> meter_value(std::string_view quantity, const MeterView& view) {
    static const Values values = all_values();
    const auto found = values.find(quantity);
    return found == values.end() ? std::nullopt : found->second(view);
}

}  // namespace dut
