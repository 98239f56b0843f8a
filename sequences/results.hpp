// What a run says: a pure function of its journal. Evidence and reports are made from this and
// nothing else.
#pragma once

#include "calibration/decision.hpp"
#include "calibration/gate.hpp"
#include "calibration/uncertainty.hpp"
#include "sequences/plan.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sequences {

struct RunIdentity {
    std::string run_id;      // of its set-up and start: 16 hexadecimal digits
    std::string started_at;  // UTC; a virtual run starts at 2000-01-01T00:00:00Z by definition
    bool simulated = true;   // on the twin: "SIMULATED" on every page
    bool virtual_time = true;
    std::string software_version, git_commit;
    std::string operator_name;  // may be empty
};

struct Instruments {                         // as identified at the start
    std::string source, reference, capture;  // "ZERA MT786, serial ..., firmware ..."
    double tick_s = 0;
    std::int64_t reference_divider = 1;  // reference impulses between the edges around a dut's
};

struct Spread {
    double least = 0, mean = 0, most = 0;
};

// Measured by the reference during the accepted gate of a point.
struct Conditions {
    std::int64_t readings = 0;
    std::array<Spread, 3> voltage_v, current_a, displacement_deg;
    Spread frequency_hz, power_w;
};

struct Invalidation {
    int attempt = 1;
    std::string position;  // empty: the whole point
    std::string reason;    // "L2 voltage 226.1 V left 230 V +- 1 %"
};

// One thing that a test over the port looked at, with what it found and what it may be.
struct CheckLine {
    std::string what;             // "register advance against LED", "tariff 2", "checksum CS1"
    std::optional<double> value;  // nothing for texts
    std::string unit;             // "%", "Wh", "ms"; empty for a bare number
    std::optional<double> least, most;  // permitted; nothing: that side is not judged
    std::string text;                   // what was read, or in words what the value is
    calibration::Verdict verdict = calibration::Verdict::not_run;
};

// What one meter's port said of one quantity, in a test over the port.
struct PortReading {
    std::string label;  // the step's moment: "before", "after tariff 2"
    double time_s = 0;  // bench time
    std::string quantity;
    std::optional<double> value;
    double step = 0;           // what one count is worth
    std::string unit, reason;  // why there is no value
};

// A moment of a test over the port that impulses are counted from or to.
struct StepMoment {
    std::string label;
    double time_s = 0;
    std::int64_t tick = 0;
    std::optional<std::int64_t> reference_impulses;  // where no power flowed
    double reference_constant_imp_per_kwh = 0;
};

// One reading of the reference during a test over the port.
struct StepLook {
    double time_s = 0, active_w = 0, reactive_var = 0;
};

struct PositionResult {
    std::string position, serial;
    calibration::Verdict verdict = calibration::Verdict::not_run;
    std::string reason;  // one line; empty for a plain pass
    int attempt = 1;     // the one that counted
    double reference_constant_imp_per_kwh = 0;
    std::vector<calibration::PhasedEdge>
        edges;  // of the accepted gate, in order; no-load and starting: all observed
    // accuracy
    std::optional<calibration::GateResult> gate;
    std::optional<calibration::Budget> budget;
    std::optional<calibration::Judgement> judgement;
    std::optional<double> true_error_percent;  // virtual runs only
    // no-load and starting
    std::int64_t impulses = 0;
    double observed_s = 0;                // no-load: how long; starting: until decided
    std::vector<CheckLine> checks;        // tests over the port: all that was looked at, in order
    std::vector<PortReading> readings;    // tests over the port: what the lines follow from
    std::vector<double> impulse_times_s;  // starting: of the first three impulses after energising
};

struct PointResult {
    TestPoint point;
    double started_s = 0, ended_s = 0;  // bench time of the accepted attempt
    int attempts = 0;
    std::optional<Conditions> conditions;
    std::vector<Invalidation> invalidations;
    std::vector<PositionResult> positions;  // in bench order
    std::vector<StepMoment> moments;        // tests over the port, of the accepted attempt
    std::vector<StepLook> looks;
};

struct RegisterCheck {  // energy registers against LED impulses over the whole programme
    double before_kwh = 0, after_kwh = 0, advance_kwh = 0;
    double led_kwh = 0, step_kwh = 0;
    std::int64_t led_impulses = 0;
    calibration::Verdict verdict = calibration::Verdict::not_run;
    std::string reason;
};

struct MeterResult {
    std::string position, serial;  // serial as the bench file or, failing that, the meter states it
    int led_channel = 0;
    std::vector<std::pair<std::string, std::string>>
        identity;  // as read: "product name" -> "COUNTIS E48"
    std::optional<RegisterCheck> registers;
    std::vector<std::int64_t>
        edge_ticks;  // every impulse of the whole run, inside gates and outside
    std::vector<std::int64_t> output_edge_ticks;  // the same of its pulse output
    std::string reason;                           // why the position was given up, if it was
    calibration::Verdict verdict = calibration::Verdict::not_run;  // worst of its points and checks
};

struct RunResult {
    RunSetup setup;
    RunIdentity identity;
    Instruments instruments;
    Plan plan;
    std::vector<PointResult> points;
    std::vector<MeterResult> meters;
    bool aborted = false;
    std::string
        abort_reason;  // "stopped by the operator", "the journal ends here: the run was killed"
    std::vector<std::string> remarks;  // losses, glitches, repeated points: for QA
    calibration::Verdict verdict = calibration::Verdict::not_run;
    double bench_time_s = 0;
};

}  // namespace sequences
