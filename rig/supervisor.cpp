#include "rig/supervisor.hpp"

#include "rig/load_limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace rig {

namespace {

using namespace std::chrono_literals;
using calibration::Ampere;
using calibration::LoadPoint;
using calibration::PhaseLoad;
using calibration::Volt;
using instruments::Task;

constexpr auto step_pause = 250ms;
constexpr auto look_pause = 1s;
constexpr int most_looks = 3;
constexpr double largest_step =
    0.5;  // of what the meter bears: no single step moves a channel further

// What the source itself reports is no slip of the wire: nobody asks twice.
class SourceTripped : public instruments::DeviceFault {
  public:
    using DeviceFault::DeviceFault;
};

// The load with its currents, its voltages, or both taken a share of the way from `from` to `to`.
LoadPoint between(const LoadPoint& from, const LoadPoint& to, double share) {
    LoadPoint load = to;
    if (share >= 1) {
        return load;  // to the bit: what was asked for is what stands in the end
    }
    for (std::size_t i = 0; i < calibration::phase_count; ++i) {
        const PhaseLoad& a = from.phases[i];
        const PhaseLoad& b = to.phases[i];
        load.phases[i].voltage = a.voltage + (b.voltage - a.voltage) * share;
        load.phases[i].current = a.current + (b.current - a.current) * share;
    }
    return load;
}

double largest_change(const LoadPoint& from, const LoadPoint& to, double volts, double amperes) {
    double most = 0;
    for (std::size_t i = 0; i < calibration::phase_count; ++i) {
        most =
            std::max({most,
                      std::abs((to.phases[i].voltage - from.phases[i].voltage).value()) / volts,
                      std::abs((to.phases[i].current - from.phases[i].current).value()) / amperes});
    }
    return most;
}

LoadPoint without_current(LoadPoint load) {
    for (PhaseLoad& phase : load.phases) {
        phase.current = Ampere{0};
    }
    return load;
}

Ampere most_current(const LoadPoint& load) {
    Ampere most{0};
    for (const PhaseLoad& phase : load.phases) {
        most = std::max(most, calibration::rms_current(phase));
    }
    return most;
}

Volt most_voltage(const LoadPoint& load) {
    Volt most{0};
    for (const PhaseLoad& phase : load.phases) {
        most = std::max(most, calibration::rms_voltage(phase));
    }
    return most;
}

bool same_voltages(const LoadPoint& a, const LoadPoint& b) {
    for (std::size_t i = 0; i < calibration::phase_count; ++i) {
        const PhaseLoad& one = a.phases[i];
        const PhaseLoad& other = b.phases[i];
        if (one.voltage != other.voltage || one.voltage_angle != other.voltage_angle ||
            one.voltage_harmonics != other.voltage_harmonics) {
            return false;
        }
    }
    return a.frequency == b.frequency;
}

// What a source cannot hold on the way is left out: the channel stays off until it can.
LoadPoint holdable(LoadPoint load, const instruments::SourceCapabilities& source) {
    for (PhaseLoad& phase : load.phases) {
        if (phase.voltage < source.least_voltage) {
            phase.voltage = Volt{0};
        }
        if (phase.current < source.least_current) {
            phase.current = Ampere{0};
        }
    }
    return load;
}

}  // namespace

Supervisor::Supervisor(instruments::io::Clock& clock,
                       instruments::Source& source,
                       instruments::Reference& reference,
                       const dut::MeterType& meter,
                       Circuit* circuit)
    : clock_(clock),
      source_(source),
      reference_(reference),
      meter_(meter),
      circuit_(circuit),
      conditions_(calibration::standard_reference_conditions()) {}

void Supervisor::check(const LoadPoint& load, const std::string& what) const {
    check_load(load, what, source_.capabilities(), reference_.capabilities(), meter_.never_exceed);
}

// -- permission to energise
// -----------------------------------------------------------------------------------------

Supervisor::Permit Supervisor::permit() const { return {times_made_safe_}; }

void Supervisor::demand(Permit permit) const {
    if (!armed_ || permit.times_made_safe != times_made_safe_) {
        throw instruments::DeviceFault(
            {.device = "bench",
             .operation = "apply a load",
             .problem = "was made safe and has not been armed again for this",
             .code = ""});
    }
}

void Supervisor::rearm() { armed_ = armed_ || !energised_; }

// -- moving the source
// ----------------------------------------------------------------------------------------------

Task<void> Supervisor::step(LoadPoint load, Permit permit) {
    demand(permit);
    co_await source_.stage(load);
    demand(permit);
    energised_ = true;  // from here on nobody may assume that it is off
    current_may_flow_ = current_may_flow_ || load.any_current();
    co_await source_.commit();
    energised_ = true;  // nor after a make_safe() that this commit may have overtaken
    current_may_flow_ = current_may_flow_ || load.any_current();
    demand(permit);
    applied_ = load;
    if (!load.any_current()) {
        current_is_off();
    }
}

// The source has confirmed that it drives no current.
void Supervisor::current_is_off() {
    if (current_may_flow_) {
        current_gone_ = clock_.now() + source_.capabilities().settling;
    }
    current_may_flow_ = false;
}

void Supervisor::now_off() {
    current_is_off();
    applied_ = LoadPoint::off();
    energised_ = false;
}

Task<void> Supervisor::ramp(LoadPoint target, Permit permit) {
    const LoadPoint from = applied_;
    const double change = largest_change(
        from, target, meter_.ratings.nominal_voltage.value(), meter_.ratings.maximum.value());
    // The slack keeps a change of exactly one bound one step.
    const int steps = std::max(1, static_cast<int>(std::ceil(change / largest_step - 1e-9)));
    for (int i = 1; i <= steps; ++i) {
        const double share = static_cast<double>(i) / steps;
        co_await step(holdable(between(from, target, share), source_.capabilities()), permit);
        if (i < steps) {
            co_await clock_.sleep_for(step_pause);
        }
    }
}

Task<instruments::PulseConstant> Supervisor::apply(LoadPoint load) {
    const Permit permit = this->permit();
    demand(permit);
    check(load, "manual");
    if (relays_) {
        throw instruments::DeviceFault({.device = "bench",
                                        .operation = "apply a load",
                                        .problem = "relays are being moved: expected none to move",
                                        .code = ""});
    }
    const UnderWay::Mark applying(loads_);
    co_await change_load(load, permit);
    co_await clock_.sleep_for(source_.capabilities().settling);
    demand(permit);
    co_return *constant_;
}

Task<void> Supervisor::change_load(LoadPoint load, Permit permit) {
    const LoadPoint ranges = ranges_for(load);
    const bool voltages_change = !energised_ || !same_voltages(applied_, load);
    if (voltages_change && applied_.any_current()) {
        co_await ramp(without_current(applied_), permit);
    }
    // The reference is never overloaded on the way: it widens its ranges before anything rises, and
    // narrows them after it fell. Where voltages change the currents are off by now.
    const bool narrows_voltage = most_voltage(load) < most_voltage(applied_);
    if (voltages_change && !narrows_voltage) {
        constant_ = co_await reference_.select_ranges(ranges);
    }
    if (voltages_change) {
        co_await ramp(without_current(load), permit);
    }
    const bool narrows_current = most_current(load) < most_current(applied_);
    if ((!voltages_change || narrows_voltage) && !narrows_current) {
        constant_ = co_await reference_.select_ranges(ranges);
    }
    // Also when nothing changes: what drifted or tripped meanwhile is set anew, or says so.
    if (!voltages_change || load.any_current()) {
        co_await ramp(load, permit);
    }
    if (narrows_current) {
        constant_ = co_await reference_.select_ranges(ranges);
    }
    ranged_ = ranges;
}

// Without a current the ranges stay: what still falls is counted with the constant that it was
// counted with before, so that counts of the reference before and after a load hold all its energy.
LoadPoint Supervisor::ranges_for(LoadPoint load) const {
    const bool keeps = !load.any_current();
    for (std::size_t i = 0; keeps && i < calibration::phase_count; ++i) {
        load.phases[i].current = ranged_.phases[i].current;
        load.phases[i].current_harmonics = ranged_.phases[i].current_harmonics;
    }
    return load;
}

Task<void> Supervisor::switch_off() {
    if (energised_) {
        if (armed_ && applied_.any_current()) {
            co_await ramp(without_current(applied_), permit());
        }
        co_await source_.switch_off(instruments::OffMode::normal);
        now_off();
    }
    co_await close_circuit();
}

Task<std::string> Supervisor::try_off(instruments::OffMode mode) {
    try {
        co_await source_.switch_off(mode);
        now_off();
    } catch (const std::exception& error) {
        co_return fmt::format("THE SOURCE COULD NOT BE CONFIRMED OFF: {}", error.what());
    }
    co_return "";
}

Task<std::string> Supervisor::make_safe() {
    armed_ = false;
    ++times_made_safe_;
    std::string complaint;
    if (energised_) {
        complaint = co_await try_off(instruments::OffMode::normal);
    }
    if (!complaint.empty()) {
        complaint = co_await try_off(instruments::OffMode::emergency);
    }
    if (complaint.empty()) {
        complaint = co_await try_close_circuit();
    }
    co_return complaint;
}

// -- observing
// ----------------------------------------------------------------------------------------------

Task<Observation> Supervisor::observe() {
    std::vector<std::string> remarks;
    for (int attempt = 1;; ++attempt) {
        try {
            Observation observation = co_await look();
            observation.remarks = std::move(remarks);
            co_return observation;
        } catch (const SourceTripped&) {
            throw;
        } catch (const instruments::DeviceFault& fault) {
            if (attempt == most_looks) {
                throw;
            }
            remarks.push_back(fmt::format("asked again: {}", fault.what()));
        }
        co_await clock_.sleep_for(look_pause);
    }
}

Task<Observation> Supervisor::look() {
    const std::vector<std::string> faults = co_await source_.faults();
    if (!faults.empty()) {
        throw SourceTripped({.device = "source",
                             .operation = "hold the load",
                             .problem = "reports a fault",
                             .code = fmt::format("{}", fmt::join(faults, ", "))});
    }
    Observation observation{.reading = co_await reference_.read()};
    const instruments::PulseConstant now = co_await reference_.pulse_constant();
    if (constant_ && now.epoch != constant_->epoch) {
        observation.deviations.push_back(
            fmt::format("the reference's constant changed from {:g} to {:g} imp/kWh",
                        constant_->value.value(),
                        now.value.value()));
        constant_ = now;
    }
    if (observation.reading.overload) {
        observation.deviations.push_back("the reference reports an overload");
    }
    auto left = calibration::deviations(
        applied_, observation.reading.load, observation.reading.sequence, conditions_);
    observation.deviations.insert(observation.deviations.end(), left.begin(), left.end());
    co_return observation;
}

}  // namespace rig
