// Averages in closed form over the boundaries of periods.
#include "dut/demand_registers.hpp"

#include <algorithm>

namespace dut {

using calibration::Instant;

DemandRegisters::DemandRegisters(Instant start, int period_s)
    : start_(start), period_s_(period_s) {}

void DemandRegisters::set_period(Instant now, int period_s) { *this = {now, period_s}; }

// Counted from the clock's beginning, so that periods of ten minutes begin on ten minutes.
std::int64_t DemandRegisters::first_period() const {
    return start_.time_since_epoch() / std::chrono::seconds{period_s_};
}

Instant DemandRegisters::boundary(std::int64_t period) const {
    return Instant{std::chrono::seconds{period * period_s_}};
}

std::int64_t DemandRegisters::records(Instant now) const {
    const std::int64_t ended = now.time_since_epoch() / std::chrono::seconds{period_s_};
    return std::max<std::int64_t>(0, ended - first_period());
}

LoadCurveRecord DemandRegisters::record(std::int64_t index, const Energy& energy) const {
    const std::int64_t period = first_period() + index;
    const Instant begin = boundary(period), end = boundary(period + 1);
    LoadCurveRecord record;
    record.start_s = calibration::seconds(begin);
    record.period_s = period_s_;
    record.incomplete = begin < start_;
    const double energy_wh = energy(end) - energy(std::max(begin, start_));
    record.value_w = energy_wh * 3600 / period_s_;
    return record;
}

std::optional<LoadCurveRecord> DemandRegisters::last(Instant now, const Energy& energy) const {
    const std::int64_t ended = records(now);
    if (ended == 0) return std::nullopt;
    const LoadCurveRecord newest = record(ended - 1, energy);
    return newest.incomplete ? std::nullopt : std::optional{newest};
}

double DemandRegisters::maximum(Instant now, const Energy& energy) {
    for (const std::int64_t ended = records(now); maximum_next_ < ended; ++maximum_next_) {
        const LoadCurveRecord next = record(maximum_next_, energy);
        if (!next.incomplete) maximum_ = std::max(maximum_, next.value_w);
    }
    return maximum_;
}

// The period that runs is not whole any more.
void DemandRegisters::reset_maximum(Instant now) {
    const bool begins_now = boundary(first_period() + records(now)) == now;
    maximum_next_ = records(now) + (begins_now ? 0 : 1);
    maximum_ = 0;
}

}  // namespace dut
