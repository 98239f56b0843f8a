// Sums of energies, frozen at every change of ratio or tariff.
#include "dut/energy_registers.hpp"

namespace dut {
namespace {

using calibration::RegisteredEnergy;

EnergyTotals in_numbers(const RegisteredEnergy& energy) {
    return {energy.active_import.value(),
            energy.active_export.value(),
            energy.reactive_import.value(),
            energy.reactive_export.value()};
}

// a + factor * b
EnergyTotals sum(const EnergyTotals& a, double factor, const EnergyTotals& b) {
    return {a.active_import + factor * b.active_import,
            a.active_export + factor * b.active_export,
            a.reactive_import + factor * b.reactive_import,
            a.reactive_export + factor * b.reactive_export};
}

}  // namespace

// What the meter brought along was counted with whatever ratio it had; it stands as it is, and
// belongs to tariff 1.
EnergyRegisters::EnergyRegisters(const RegisteredEnergy& arrived, double ratio)
    : arrived_(in_numbers(arrived)), base_(arrived_), mark_(arrived_), ratio_(ratio) {
    tariffs_[0] = arrived_;
}

EnergyTotals EnergyRegisters::since_mark(const RegisteredEnergy& now) const {
    return sum(in_numbers(now), -1, mark_);
}

EnergyTotals EnergyRegisters::totals(const RegisteredEnergy& now) const {
    return sum(base_, ratio_, since_mark(now));
}

EnergyTotals EnergyRegisters::partials(const RegisteredEnergy& now) const {
    return sum(totals(now), -1, arrived_);
}

EnergyTotals EnergyRegisters::tariff_totals(int tariff, const RegisteredEnergy& now) const {
    const EnergyTotals& held = tariffs_[static_cast<std::size_t>(tariff - 1)];
    return tariff == tariff_ ? sum(held, ratio_, since_mark(now)) : held;
}

void EnergyRegisters::settle(const RegisteredEnergy& now) {
    tariffs_[static_cast<std::size_t>(tariff_ - 1)] = tariff_totals(tariff_, now);
    base_ = totals(now);
    mark_ = in_numbers(now);
}

void EnergyRegisters::set_ratio(double ratio, const RegisteredEnergy& now) {
    settle(now);
    ratio_ = ratio;
}

void EnergyRegisters::set_tariff(int tariff, const RegisteredEnergy& now) {
    settle(now);
    tariff_ = tariff;
}

}  // namespace dut
