// Sums of energies, frozen at every change of ratio, tariff or partial meter.
#include "dut/energy_registers.hpp"

namespace dut {
namespace {

using calibration::RegisteredEnergy;

template <class Unit>
std::array<double, calibration::phase_count> numbers(
    const std::array<Unit, calibration::phase_count>& quantities) {
    std::array<double, calibration::phase_count> values{};
    for (std::size_t phase = 0; phase < values.size(); ++phase) {
        values[phase] = quantities[phase].value();
    }
    return values;
}

}  // namespace

EnergyTotals::EnergyTotals(const RegisteredEnergy& registered)
    : totals_{registered.active_import.value(),
              registered.active_export.value(),
              registered.reactive_import.value(),
              registered.reactive_export.value()},
      phases_{numbers(registered.active_import_phase),
              numbers(registered.active_export_phase),
              numbers(registered.reactive_import_phase),
              numbers(registered.reactive_export_phase)} {}

EnergyTotals EnergyTotals::plus(double factor, const EnergyTotals& other) const {
    EnergyTotals sum = *this;
    for (std::size_t kind = 0; kind < energy_kinds; ++kind) {
        sum.totals_[kind] += factor * other.totals_[kind];
        for (std::size_t phase = 0; phase < calibration::phase_count; ++phase) {
            sum.phases_[kind][phase] += factor * other.phases_[kind][phase];
        }
    }
    return sum;
}

// What the meter brought along was counted with whatever ratio it had; it stands as it is, and
// belongs to tariff 1.
EnergyRegisters::EnergyRegisters(const RegisteredEnergy& arrived, double ratio)
    : base_(arrived), mark_(arrived), ratio_(ratio) {
    tariffs_[0] = base_;
}

EnergyTotals EnergyRegisters::since_mark(const RegisteredEnergy& now) const {
    return EnergyTotals(now).plus(-1, mark_);
}

EnergyTotals EnergyRegisters::totals(const RegisteredEnergy& now) const {
    return base_.plus(ratio_, since_mark(now));
}

EnergyTotals EnergyRegisters::partials(const RegisteredEnergy& now) const {
    return partial_running_ ? partials_.plus(ratio_, since_mark(now)) : partials_;
}

EnergyTotals EnergyRegisters::tariff_totals(int tariff, const RegisteredEnergy& now) const {
    const EnergyTotals& held = tariffs_[static_cast<std::size_t>(tariff - 1)];
    return tariff == tariff_ ? held.plus(ratio_, since_mark(now)) : held;
}

void EnergyRegisters::settle(const RegisteredEnergy& now) {
    tariffs_[static_cast<std::size_t>(tariff_ - 1)] = tariff_totals(tariff_, now);
    partials_ = partials(now);
    base_ = totals(now);
    mark_ = EnergyTotals(now);
}

void EnergyRegisters::set_ratio(double ratio, const RegisteredEnergy& now) {
    settle(now);
    ratio_ = ratio;
}

void EnergyRegisters::set_tariff(int tariff, const RegisteredEnergy& now) {
    settle(now);
    tariff_ = tariff;
}

void EnergyRegisters::set_partial_running(bool running, const RegisteredEnergy& now) {
    settle(now);
    partial_running_ = running;
}

void EnergyRegisters::reset_partials(const RegisteredEnergy& now) {
    settle(now);
    partials_ = {};
}

}  // namespace dut
