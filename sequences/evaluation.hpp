// Journal to results: pure, the same for a run that just ended, a killed one, and an archive.
#pragma once

#include "rig/journal.hpp"
#include "sequences/results.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sequences {

// Throws rig::JournalError when the journal does not begin with a run, calibration::DataError when
// its texts are not what this version reads. A journal that was cut, or whose notes contradict each
// other, gives an aborted run; what was recorded is in it.
RunResult evaluate(const rig::JournalContent& journal);

// -- the pieces, for live values and tests
// ---------------------------------------------------------------------------

struct GateFacts {
    double reference_constant_imp_per_kwh = 0;
    double tick_s = 0;
    std::int64_t reference_divider = 1;
    std::string lost;       // cause of a loss that spoils the gate; empty: none
    std::string recovered;  // cause of one that counters prove harmless
    double silent_s = 0;    // from the last impulse to the end of the gate
};

// Error, uncertainty and verdict of an accuracy gate, into `result` (its edges must be there).
void judge_accuracy(const TestPoint& point,
                    const Plan& plan,
                    const GateFacts& facts,
                    PositionResult& result);

// EN 50470-3: at most one impulse while no current flows.
void judge_no_load(const TestPoint& point,
                   double observed_s,
                   const GateFacts& facts,
                   PositionResult& result);

// Starting; the impulses count from `from_tick`.
void judge_starting(const TestPoint& point,
                    std::int64_t from_tick,
                    double observed_s,
                    const GateFacts& facts,
                    PositionResult& result);

// Starting by the tau procedure. `impulse_times_s` since energising, as far as they came;
// `observed_s` how long.
enum class Starting { waiting, started, failed };
struct StartingState {
    Starting state = Starting::waiting;
    double decided_s = 0;
    std::string reason;
};
StartingState starting_state(std::span<const double> impulse_times_s,
                             double tau_s,
                             double observed_s);

}  // namespace sequences
