// One execution of a plan on a bench, as a coroutine: identify, then point after point, then the
// registers again.
#pragma once

#include "rig/bench.hpp"
#include "rig/journal.hpp"
#include "sequences/plan.hpp"
#include "sequences/point_gates.hpp"
#include "sequences/records.hpp"
#include "sequences/runner.hpp"
#include "sequences/settings_door.hpp"
#include "sequences/step_course.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sequences {

class Execution {
  public:
    // All must outlive the execution.
    Execution(rig::Bench& bench,
              const Plan& plan,
              rig::JournalWriter& journal,
              const LiveObserver& live);

    // Ends with the bench off; after an exception the caller switches off.
    rig::Task<void> run();

  private:
    using Instant = calibration::Instant;

    rig::Bench& bench_;
    const Plan& plan_;
    rig::JournalWriter& journal_;
    const LiveObserver& live_;
    std::vector<bool> given_up_;
    std::vector<bool> done_;  // at the present point: a repetition leaves them alone
    std::vector<std::vector<Record>> answers_;  // by position: what meters said, not yet recorded
    SettingsDoor door_;
    int stretch_ = 0;  // of the register check: counts up with every set-up step
    // What set-up steps found, where the programme wants it back at the end.
    std::vector<SettingRecord> to_restore_;
    LivePoint shown_;
    double left_from_point_s_ =
        0;  // expected, from the beginning of the present point to the end of the programme
    double point_began_s_ = 0;

    rig::Task<void> look_at_meters();
    rig::Task<void> identify(std::size_t position);
    void require_meters() const;
    void record_answers();
    rig::Task<void> read_registers(std::size_t position, bool after, std::int64_t tick);
    rig::Task<void> read_all_registers(bool after);
    rig::Task<void> run_point(const TestPoint& point);
    // True when the attempt stands: nothing to repeat.
    rig::Task<bool> attempt_point(const TestPoint& point,
                                  int attempt,
                                  std::vector<std::size_t> positions);
    // The reference's constant with this load, in imp/kWh.
    rig::Task<double> set_load(const TestPoint& point, int attempt);
    enum class Arrival { at_once, late, never };
    rig::Task<Arrival> reach_conditions(const TestPoint& point, int attempt);
    rig::Task<bool> measure(const TestPoint& point, int attempt, PointGates& gates);
    // False when the load left the reference conditions.
    rig::Task<bool> observe(const TestPoint& point, int attempt, PointGates& gates);

    // -- tests over the port
    rig::Task<void> run_step(const TestPoint& point);
    // True when the attempt stands: nothing to repeat.
    rig::Task<bool> attempt_step(const TestPoint& point, int attempt);
    rig::Task<void> take_through(StepCourse& course);
    rig::Task<void> all_into_circuit();
    void finish_step(StepCourse& course, int attempt, std::int64_t from_tick);
    rig::Task<void> run_all();
    void remember_settings(const StepCourse& course);
    rig::Task<void> restore_settings();
    void tell_what_stays_set();
    rig::Task<void> restore_one(std::size_t position);
    std::vector<std::size_t> positions_for(const TestPoint& point) const;

    std::vector<std::size_t> remaining() const;
    void give_up(std::size_t position, const std::string& reason);
    void record_remarks(const rig::Observation& observation);
    void confirm(const TestPoint& point, int attempt, PointGates& gates);
    void record(const Record& record) { write(journal_, record); }
    void show(const std::string& phase, const PointGates* gates);
    double now_s() const { return calibration::seconds(bench_.clock().now()); }
};

}  // namespace sequences
