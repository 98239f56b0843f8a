// A bench operated by hand: one load, one measurement, one register at a time, or a whole
// programme; for scripts. It measures with what the runner measures with, and leaves the bench off
// after every failure.
#pragma once

#include "calibration/load_point.hpp"
#include "dut/meter_port.hpp"
#include "rig/bench.hpp"
#include "sequences/plan.hpp"
#include "sequences/point_gates.hpp"
#include "sequences/results.hpp"
#include "sequences/runner.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sequences {

// The load left the reference conditions, or never came inside.
class ConditionsError : public std::runtime_error {
  public:
    explicit ConditionsError(std::vector<std::string> deviations);
    const std::vector<std::string>& deviations() const { return deviations_; }

  private:
    std::vector<std::string> deviations_;
};

// A load with the power factor it was asked for: the budget needs both.
struct HandLoad {
    calibration::LoadPoint load;
    calibration::PowerFactor power_factor = calibration::PowerFactor::unity();
};

struct MeasureOptions {
    std::int64_t intervals = 10;  // at least, for every position; 2 or more
    double time_s = 0;            // at least
    std::optional<double>
        timeout_s;  // else half as long again as the load should take, and a minute
};

struct HandResult {
    PositionResult numbers;  // without a verdict: nobody named limits
    bool valid = false;      // the error stands: complete, nothing lost, as long as asked for
    double duration_s = 0;   // of the gate
};

// One caller at a time. Every function but the constructor may take bench time; after an exception
// that leaves apply(), measure(), observe() or wait() the bench has been made safe, and aftermath()
// says what came of it.
class BenchSession {
  public:
    explicit BenchSession(std::unique_ptr<rig::Bench> bench);

    // Throws calibration::DataError (a load beyond a limit: nothing was sent), DeviceFault,
    // io::LinkError, rig::Stopped.
    void apply(const HandLoad& load);
    // Waits until the load stands, then opens a gate for every position; looks at the load before,
    // during and after. Throws as apply(), and ConditionsError. A position that gives no error says
    // why in `reason`.
    std::vector<HandResult> measure(const MeasureOptions& options);
    rig::Observation observe();
    void wait(double time_s);  // bench time, with the load as it is
    // Reads the meter's own registers; a meter that does not answer leaves the load as it is, a
    // stop switches it off.
    dut::RegisterReading registers(std::size_t position);
    // As registers(): what the meter says it is; these quantities of its register map in this order
    // (none named: all that can be read); one setting, read back. Throw DataError for a quantity
    // the map has not.
    dut::MeterIdentity identify(std::size_t position);
    std::vector<dut::QuantityReading> read(std::size_t position,
                                           const std::vector<std::string>& quantities);
    dut::SettingOutcome set(std::size_t position, const std::string& quantity, double value);
    // Takes these positions out of the current circuit and all others into it, without current
    // only. Throws as apply(), and DataError for a position without a relay.
    void bypass(const std::vector<std::size_t>& positions);
    // Currents off, then voltages. Does nothing when the bench is off. Throws DeviceFault or
    // io::LinkError when the source could not be confirmed off.
    void off();

    // As sequences::run, from a bench that is off. Throws rig::Stopped when request_stop() ended
    // it: the journal stays. A run that a fault ended is returned; the bench must then be assembled
    // anew.
    RunResult run(const RunSetup& setup, const RunOptions& options);

    // Ends what is going on. May be called from a signal handler or another thread; what is called
    // later goes on.
    void request_stop();
    // Made safe as after a failure; for a caller whose own reason to stop came after the last look.
    void make_safe();
    // "the bench was switched off", or what the source said when it could not be confirmed off.
    const std::string& aftermath() const { return aftermath_; }

    rig::Bench& bench() { return *bench_; }

  private:
    std::unique_ptr<rig::Bench> bench_;
    std::optional<HandLoad> applied_;
    double reference_constant_imp_per_kwh_ = 0;
    std::string aftermath_;
    std::string spent_;  // why this bench cannot go on; empty: it can
    std::atomic<bool> asked_to_stop_{false};

    enum class AfterFailure { switch_off, leave };
    template <class T>
    T drive(rig::Task<T> task, AfterFailure after = AfterFailure::switch_off);
    template <class T>
    T ask(rig::Task<T> task);
    dut::MeterPort& port_of(std::size_t position);
    void check_quantity(const std::string& quantity) const;
    void begin();
    void secure(bool task_ended);

    rig::Task<void> applying(HandLoad load);
    rig::Task<std::vector<HandResult>> measuring(MeasureOptions options);
    rig::Task<void> waiting(calibration::Duration time);
    rig::Task<void> reach_conditions();
    rig::Task<void> check_conditions();
    rig::Task<void> fill(PointGates& gates, calibration::Duration most);
    TestPoint point_of(const MeasureOptions& options) const;
    HandResult result_of(const Plan& plan,
                         const TestPoint& point,
                         const PointGates::Finished& gate) const;
};

}  // namespace sequences
