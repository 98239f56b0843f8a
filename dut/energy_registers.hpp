// The energy registers of an emulated meter: totals, partials and tariffs over what the bench model
// registered.
#pragma once

#include "calibration/bench_model.hpp"

#include <array>

namespace dut {

// In Wh and varh before the current transformer, as the registers count them; never rolled over.
struct EnergyTotals {
    double active_import = 0, active_export = 0, reactive_import = 0, reactive_export = 0;
};

// Counts nothing by itself: every value is a function of what the model registered since the last
// change of ratio or tariff, so that reading more often changes nothing.
class EnergyRegisters {
  public:
    static constexpr int most_tariffs = 8;

    // `arrived`: what the registers held when the meter came to the bench; the partials count from
    // there.
    EnergyRegisters(const calibration::RegisteredEnergy& arrived, double ratio);

    EnergyTotals totals(const calibration::RegisteredEnergy& now) const;
    EnergyTotals partials(const calibration::RegisteredEnergy& now) const;
    EnergyTotals tariff_totals(int tariff,
                               const calibration::RegisteredEnergy& now) const;  // 1 to 8

    double ratio() const { return ratio_; }
    int tariff() const { return tariff_; }
    // From `now` on, energy counts with another ratio, or into another tariff.
    void set_ratio(double ratio, const calibration::RegisteredEnergy& now);
    void set_tariff(int tariff, const calibration::RegisteredEnergy& now);

  private:
    EnergyTotals arrived_;
    EnergyTotals base_;  // the totals at `mark_`
    EnergyTotals mark_;  // what the model had registered at the last change
    double ratio_;
    int tariff_ = 1;
    std::array<EnergyTotals, most_tariffs> tariffs_{};  // at `mark_`

    void settle(const calibration::RegisteredEnergy& now);
    EnergyTotals since_mark(const calibration::RegisteredEnergy& now) const;
};

}  // namespace dut
