// The averages of an emulated meter over whole periods of its clock: the last one, the largest, and
// its load curve.
#pragma once

#include "calibration/time.hpp"
#include "dut/meter_port.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace dut {

// Nothing ticks: every average is the difference of what the model registered at the two ends of
// its period, over the period. Bench time begins at 2000-01-01T00:00:00Z for the meter's clock.
class DemandRegisters {
  public:
    // Imported active energy in Wh at the meter's terminals, at an instant that is past.
    using Energy = std::function<double(calibration::Instant)>;

    DemandRegisters(calibration::Instant start, int period_s);

    int period_s() const { return period_s_; }
    // Averages, maximum and curve begin anew.
    void set_period(calibration::Instant now, int period_s);
    void reset_maximum(calibration::Instant now);

    // Of the last whole period; nothing before the first has ended.
    std::optional<LoadCurveRecord> last(calibration::Instant now, const Energy& energy) const;
    // Of the whole periods since the start or the reset; 0 before the first has ended.
    double maximum(calibration::Instant now, const Energy& energy);
    // How many periods have ended, the first one incomplete unless it began with the meter.
    std::int64_t records(calibration::Instant now) const;
    LoadCurveRecord record(std::int64_t index, const Energy& energy) const;

  private:
    calibration::Instant start_;
    int period_s_;
    std::int64_t maximum_next_ = 0;  // the first record that maximum_ does not know
    double maximum_ = 0;

    std::int64_t first_period() const;
    calibration::Instant boundary(std::int64_t period) const;
};

}  // namespace dut
