// The runner: takes a bench through a plan, records everything, and leaves the bench off whatever
// happens.
#pragma once

#include "rig/bench.hpp"
#include "rig/journal.hpp"
#include "sequences/plan.hpp"
#include "sequences/results.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sequences {

struct LivePosition {
    std::string name;
    std::int64_t impulses = 0;  // in this gate
    double error_percent = 0;   // nothing to show before two edges: see has_error
    bool has_error = false;
    std::string state;  // "waiting", "measuring", "done", "given up: ..."
};

struct LivePoint {
    std::size_t point = 0, points = 0;
    std::string name;
    int attempt = 1;
    std::string phase;  // "setting", "measuring", "repeating: L2 voltage ..."
    double bench_time_s = 0;
    double remaining_s = 0;           // expected, to the end of the programme
    std::int64_t edges_recorded = 0;  // of all positions, since the start
    std::vector<LivePosition> positions;
};

// Called on the bench's loop: quick, and never more often than the bench observes the load.
using LiveObserver = std::function<void(const LivePoint&)>;

struct RunOptions {
    std::filesystem::path journal;  // created; must not exist
    std::string operator_name;
    LiveObserver live;  // may be empty
};

// Runs, then reads the journal back from the disk and evaluates it. A fault of the bench or the
// operator's stop ends the run early: the result says so. Throws what must be mended before
// anything is energised: calibration::DataError (a load beyond a limit), rig::JournalError (the
// journal cannot be created).
RunResult run(rig::Bench& bench, const RunSetup& setup, const RunOptions& options);

// The identity of a run: deterministic for a virtual bench.
RunIdentity identify_run(const RunSetup& setup,
                         const rig::BenchFile& bench,
                         const std::string& operator_name);

std::string software_version();
std::string git_commit();

}  // namespace sequences
