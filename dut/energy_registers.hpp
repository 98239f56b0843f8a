// The energy registers of an emulated meter: totals, partials, tariffs and phases over what the
// bench model registered.
#pragma once

#include "calibration/bench_model.hpp"

#include <array>

namespace dut {

enum class EnergyKind { active_import, active_export, reactive_import, reactive_export };
inline constexpr std::size_t energy_kinds = 4;

// In Wh and varh before the current transformer, as the registers count them; never rolled over.
class EnergyTotals {
  public:
    EnergyTotals() = default;
    explicit EnergyTotals(const calibration::RegisteredEnergy& registered);

    double total(EnergyKind kind) const { return totals_[static_cast<std::size_t>(kind)]; }
    double phase(EnergyKind kind, std::size_t phase) const {
        return phases_[static_cast<std::size_t>(kind)][phase];
    }
    // This + factor * other.
    EnergyTotals plus(double factor, const EnergyTotals& other) const;

  private:
    std::array<double, energy_kinds> totals_{};
    std::array<std::array<double, calibration::phase_count>, energy_kinds> phases_{};
};

// Counts nothing by itself: every value is a function of what the model registered since the last
// change of ratio, tariff or partial meter, so that reading more often changes nothing.
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
    bool partial_running() const { return partial_running_; }
    // From `now` on, energy counts with another ratio, into another tariff, into the partial
    // registers or not; or the partial registers begin at 0 again.
    void set_ratio(double ratio, const calibration::RegisteredEnergy& now);
    void set_tariff(int tariff, const calibration::RegisteredEnergy& now);
    void set_partial_running(bool running, const calibration::RegisteredEnergy& now);
    void reset_partials(const calibration::RegisteredEnergy& now);

  private:
    EnergyTotals base_;  // the totals at `mark_`
    EnergyTotals mark_;  // what the model had registered at the last change
    double ratio_;
    int tariff_ = 1;
    bool partial_running_ = true;
    EnergyTotals partials_;                             // at `mark_`
    std::array<EnergyTotals, most_tariffs> tariffs_{};  // at `mark_`

    void settle(const calibration::RegisteredEnergy& now);
    EnergyTotals since_mark(const calibration::RegisteredEnergy& now) const;
};

}  // namespace dut
