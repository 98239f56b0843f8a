// One attempt at one test over the port: loads, moments, and what the meters' ports say, each
// recorded as it happens.
#pragma once

#include "rig/bench.hpp"
#include "rig/journal.hpp"
#include "sequences/plan.hpp"
#include "sequences/records.hpp"
#include "sequences/settings_door.hpp"

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sequences {

// The load did not come, or left its bounds: the attempt is over and may be repeated.
class LoadLeft : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct StepBench {
    rig::Bench& bench;
    const Plan& plan;
    rig::JournalWriter& journal;
    SettingsDoor& door;
    std::function<void(const std::string& phase)> show;  // for who looks on; may be empty
};

class StepCourse {
  public:
    // Everything must outlive the course. `positions`: those the step is for, in bench order.
    StepCourse(const StepBench& bench,
               const TestPoint& point,
               int attempt,
               std::vector<std::size_t> positions);

    const TestPoint& point() const { return point_; }
    const PortTest& asked() const { return point_.programme.port; }
    const Plan& plan() const { return bench_.plan; }
    rig::Bench& bench() { return bench_.bench; }
    SettingsDoor& door() { return bench_.door; }
    // Those that have done all they were asked so far.
    std::vector<std::size_t> positions() const;
    dut::MeterPort& port(std::size_t position);
    bool has_port(std::size_t position);
    StepPlace place(const std::string& label) const;
    double now_s() const;
    void record(const Record& record);

    // Asks every position's meter (those with a port, side by side), and records the answers in
    // bench order. A meter that faults is out of the step from here on; the others go on.
    using Ask = std::function<rig::Task<std::vector<Record>>(std::size_t position)>;
    rig::Task<void> ask_all(std::string label, Ask ask);
    // Groups of positions side by side, the members of each in turn: those that share a line.
    using AskLine = std::function<rig::Task<std::vector<Record>>(std::vector<std::size_t> members)>;
    rig::Task<void> ask_lines(AskLine ask);
    // The energies of all positions, as "port-reading" notes of this label; keeps their ratios.
    rig::Task<void> read_energies(std::string label);
    // The transformers that are set, as "port-reading" notes "transformer"; direct meters have
    // none.
    rig::Task<void> read_transformers();
    // How long the load must stand for every meter, by the ratios that were read. One for which the
    // step makes no sense is out of it.
    double load_time_s();

    // Sets the load, waits until it stands. Throws LoadLeft when it never comes.
    rig::Task<void> apply(calibration::LoadPoint load);
    // The voltages of the step without current.
    rig::Task<void> voltages_only();
    // As long as the load has to stand, with looks. Throws LoadLeft.
    rig::Task<void> hold(double time_s);
    rig::Task<void> look();

    // A moment, recorded: what was seen before is before its tick. `with_reference`: the
    // reference's impulses, which must stand still.
    enum class Reference { leave, count };
    rig::Task<MarkRecord> mark(std::string label, Reference reference = Reference::leave);

    // A fault of one position's meter, recorded; it is out of the step.
    void fault(std::size_t position, const std::string& label, const std::string& reason);
    // Given up for the rest of the run.
    struct GivenUp {
        std::size_t position = 0;
        std::string reason;
    };
    void give_up(std::size_t position, std::string reason);
    const std::vector<GivenUp>& given_up() const { return given_up_; }
    // Settings this course has written, as recorded.
    const std::vector<SettingRecord>& written() const { return written_; }

    double reference_constant_imp_per_kwh() const { return constant_imp_per_kwh_; }
    std::vector<std::size_t> bypassed;  // for the marks

  private:
    StepBench bench_;
    const TestPoint& point_;
    int attempt_;
    std::vector<std::size_t> positions_;
    std::vector<bool> out_;  // by the bench's positions
    std::vector<std::vector<Record>> answers_;
    std::vector<GivenUp> given_up_;
    std::vector<SettingRecord> written_;
    std::vector<SetTransformer> transformers_;  // by position, as last read
    double constant_imp_per_kwh_ = 0;

    rig::Task<void> ask_one(std::size_t position, const std::string& label, const Ask& ask);
    rig::Task<void> ask_line(const std::vector<std::size_t>& members, const AskLine& ask);
    void record_answers();
    void record_observation(const rig::Observation& observation);
    void show_hold(calibration::Instant end);
};

// -- the tests, each a coroutine over its course
// ----------------------------------------------------------------------------

rig::Task<void> identify_step(StepCourse& course);
rig::Task<void> heads_step(StepCourse& course);
rig::Task<void> constant_step(StepCourse& course);
rig::Task<void> dial_step(StepCourse& course);
rig::Task<void> tariff_step(StepCourse& course);
rig::Task<void> pulse_output_step(StepCourse& course);
rig::Task<void> phase_sequence_step(StepCourse& course);
rig::Task<void> reactive_step(StepCourse& course);
rig::Task<void> communication_step(StepCourse& course);
rig::Task<void> set_up_step(StepCourse& course);
rig::Task<void> load_curve_step(StepCourse& course);
// The step of the course's kind.
rig::Task<void> perform(StepCourse& course);

// Energies as the notes hold them.
std::vector<NamedValue> energy_values(const dut::RegisterReading& reading);
std::vector<NamedValue> named_values(const std::vector<dut::QuantityReading>& readings);

}  // namespace sequences
