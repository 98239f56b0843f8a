// calrig run: the one command that moves a bench.
#include "calibration/document.hpp"
#include "reports/hdf5_reader.hpp"
#include "rig/bench.hpp"
#include "scripts/cli/commands.hpp"
#include "scripts/cli/evidence.hpp"
#include "scripts/cli/progress.hpp"
#include "scripts/cli/setup.hpp"
#include "scripts/cli/tables.hpp"
#include "sequences/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <string>
#include <vector>

namespace scripts {

namespace {

using calibration::Verdict;

std::atomic<rig::Bench*> running_bench{nullptr};

void stop_running_bench(int) {
    if (rig::Bench* bench = running_bench.load()) {
        bench->request_stop();
    }
}

// From here to the end of the scope, Ctrl-C and a polite kill end the run safely.
class StopOnSignal {
  public:
    explicit StopOnSignal(rig::Bench& bench) {
        running_bench.store(&bench);
        std::signal(SIGINT, stop_running_bench);
        std::signal(SIGTERM, stop_running_bench);
    }
    ~StopOnSignal() {
        std::signal(SIGINT, SIG_DFL);
        std::signal(SIGTERM, SIG_DFL);
        running_bench.store(nullptr);
    }
    StopOnSignal(const StopOnSignal&) = delete;
    StopOnSignal& operator=(const StopOnSignal&) = delete;
};

std::vector<std::string> points_to_repeat(const std::string& evidence) {
    std::vector<std::string> names;
    for (const sequences::PointResult& point : reports::read_evidence(evidence).points) {
        const bool passed = std::ranges::all_of(point.positions, [](const auto& p) { return p.verdict == Verdict::pass; });
        if (!passed) {
            names.push_back(point.point.programme.name);
        }
    }
    return names;
}

sequences::RunResult drive(const Prepared& prepared, const RunOptions& options) {
    const auto bench = rig::Bench::assemble(prepared.bench, prepared.meter,
                                            {.seed = options.plan.seed, .transcript = options.transcript});
    const StopOnSignal guard(*bench);
    Progress progress(options.quiet, options.plan.json);
    sequences::RunResult result = sequences::run(*bench, prepared.setup,
                                                 {.journal = journal_of(options.output),
                                                  .operator_name = options.operator_name,
                                                  .live = progress.observer()});
    progress.finish();
    if (result.aborted && !options.quiet && !options.plan.json) {
        fmt::print(stderr, "The last exchanges with the bench:\n{}", bench->last_exchanges());
    }
    return result;
}

void print_result(const sequences::RunResult& result, const RunOptions& options) {
    if (options.plan.json) {
        fmt::print("{}\n", result_as_json(result));
        return;
    }
    fmt::print("{}", result_as_text(result));
    fmt::print("Evidence: {}\n", options.output);
    if (!options.html.empty()) {
        fmt::print("Pages:    {}\n", options.html);
    }
}

}  // namespace

int run_command(const RunOptions& options) {
    std::signal(SIGPIPE, SIG_IGN);
    Prepared prepared = prepare(options.plan);
    if (!options.rerun.empty()) {
        prepared.setup.only_points = points_to_repeat(options.rerun);
        if (prepared.setup.only_points.empty()) {
            fmt::print("{}: every point passed; nothing to run again\n", options.rerun);
            return all_pass;
        }
    }
    sequences::make_plan(prepared.setup);  // refuses what makes no sense before a device is touched
    check_output(options.output, options.force);
    if (!options.html.empty()) {
        check_writable(options.html);
    }
    const sequences::RunResult result = drive(prepared, options);
    leave_evidence(result, options.output, options.html, journal_of(options.output));
    print_result(result, options);
    if (result.aborted) {
        fmt::print(stderr, "calrig: the run was aborted: {}\n", result.abort_reason);
    }
    return status_of(result);
}

}  // namespace scripts
