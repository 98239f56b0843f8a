// What the evaluation of a test over the port works with: its records, and the lines it makes.
#pragma once

#include "sequences/journal_story.hpp"
#include "sequences/results.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sequences {

// One position's part of the attempt that counts.
struct StepView {
    const JournalStory& story;
    const TestPoint& point;
    const StepStory& step;
    std::size_t position = 0;
    int attempt = 1;

    const PortTest& asked() const { return point.programme.port; }
    const PortReadingRecord* reading(std::string_view label) const {
        return step.reading(position, label);
    }
    // The setting written under this label; null: none.
    const SettingRecord* setting(std::string_view label, std::string_view quantity) const;
};

// Collects the lines of one position; its verdict is the worst of theirs, its reason that of the
// first line that has it.
class Checks {
  public:
    explicit Checks(PositionResult& result) : result_(result) {}

    // Judged by the line's own bounds: `otherwise` and `reason` when its value is outside.
    void within(CheckLine line,
                std::string reason,
                calibration::Verdict otherwise = calibration::Verdict::fail);
    // As the line says. A reason for all but a pass.
    void add(CheckLine line, std::string reason = "");
    // What the journal does not hold cannot be judged.
    void missing(std::string_view what);
    // Neither can what follows from nothing, for this reason.
    void unknown(std::string_view what, std::string reason);
    void conclude();

  private:
    PositionResult& result_;
    std::vector<std::string> reasons_;
};

std::optional<double> value_of(const PortReadingRecord& reading, std::string_view quantity);
// What one count of it is worth; 0 when it is not there.
double step_of(const PortReadingRecord& reading, std::string_view quantity);

// How far a register went between two readings, at the meter's terminals.
struct Advance {
    double energy = 0;  // Wh or varh
    double step = 0;    // of the register, at the terminals
};
// Over at most one roll-over. The reason when one of them does not hold it, or when they are not of
// one register: its step or the ratio it carries changed in between.
std::expected<Advance, std::string> advance_of(const PortReadingRecord& from,
                                               const PortReadingRecord& to,
                                               std::string_view quantity);

// Impulses of the LED in (from, to]; nothing when edges were lost between.
std::optional<std::int64_t> led_impulses(const StepView& view,
                                         const MarkRecord& from,
                                         const MarkRecord& to);
// The reference's energy between two marks with counts, under the constant of `loaded`, in Wh.
std::optional<double> reference_energy(const MarkRecord& from,
                                       const MarkRecord& loaded,
                                       const MarkRecord& to);

// An error with its expanded uncertainty, for limits.
struct Deviation {
    double percent = 0, uncertainty_percent = 0;  // expanded
    std::string text;
};
// Against limits in percent, by the run's decision rule.
void judge_deviation(const StepView& view,
                     std::string what,
                     const Deviation& deviation,
                     const calibration::Limits& limits,
                     Checks& checks);
// Standard uncertainty by the reference's certificate at the point's power factor, for active or
// reactive energy.
double certificate_percent(const StepView& view, bool reactive);
// k = 2: the certificate, one register step as a rectangle (a reading may be short by anything up
// to a step, so may its partner), and one part more.
double expanded_percent(double certificate, double step_percent, double other_percent);

// -- one function for each test
// -----------------------------------------------------------------------------------------

void judge_identify(const StepView& view, Checks& checks);
void judge_heads(const StepView& view, Checks& checks);
void judge_constant(const StepView& view, Checks& checks);
void judge_dial(const StepView& view, Checks& checks);
void judge_tariff(const StepView& view, Checks& checks);
void judge_pulse_output(const StepView& view, Checks& checks);
void judge_phase_sequence(const StepView& view, Checks& checks);
void judge_reactive(const StepView& view, Checks& checks);
void judge_communication(const StepView& view, Checks& checks);
void judge_set_up(const StepView& view, Checks& checks);
void judge_load_curve(const StepView& view, Checks& checks);

}  // namespace sequences
