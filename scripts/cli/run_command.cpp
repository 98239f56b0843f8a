// calrig run: the one command that moves a bench.
#include "calibration/document.hpp"
#include "rig/bench.hpp"
#include "scripts/cli/commands.hpp"
#include "scripts/cli/evidence.hpp"
#include "scripts/cli/progress.hpp"
#include "scripts/cli/say.hpp"
#include "scripts/cli/setup.hpp"
#include "scripts/cli/tables.hpp"
#include "sequences/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <unistd.h>
#include <utility>
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

// Ctrl-C and Ctrl-\ (quit), a polite kill, and a terminal or a connection that goes away.
constexpr std::array stop_signals{SIGINT, SIGQUIT, SIGTERM, SIGHUP};

using Handler = void (*)(int);

// From here to the end of the scope these end the run safely, also while a load settles. What was
// ignored before, as nohup does, stays ignored. Ctrl-Z is: a stopped process watches over nothing.
class StopOnSignal {
  public:
    explicit StopOnSignal(rig::Bench& bench) {
        running_bench.store(&bench);
        bench.loop().set_interrupt([&bench] { bench.throw_if_stopped(); });
        for (const int number : stop_signals) {
            handle(number, stop_running_bench);
        }
        handle(SIGTSTP, SIG_IGN);
    }
    ~StopOnSignal() {
        for (const auto& [number, handler] : before_) {
            std::signal(number, handler);
        }
        running_bench.exchange(nullptr)->loop().set_interrupt(nullptr);
    }
    StopOnSignal(const StopOnSignal&) = delete;
    StopOnSignal& operator=(const StopOnSignal&) = delete;

  private:
    std::vector<std::pair<int, Handler>> before_;

    void handle(int number, Handler handler) {
        const Handler before = std::signal(number, handler);
        before_.emplace_back(number, before);
        if (before == SIG_IGN) {
            std::signal(number, SIG_IGN);
        }
    }
};

std::vector<std::string> points_to_repeat(const sequences::RunResult& earlier) {
    std::vector<std::string> names;
    for (const sequences::PointResult& point : earlier.points) {
        const bool passed = std::ranges::all_of(
            point.positions, [](const auto& p) { return p.verdict == Verdict::pass; });
        if (!passed) {
            names.push_back(point.point.programme.name);
        }
    }
    return names;
}

// A repetition belongs to its first run only where both ask the same of the same type of meter.
void check_same_question(const sequences::RunResult& earlier,
                         const sequences::RunSetup& setup,
                         const std::string& file) {
    const sequences::RunSetup& asked = earlier.setup;
    if (asked.programme_text != setup.programme_text || asked.meter_text != setup.meter_text ||
        asked.limits_text != setup.limits_text || asked.rule != setup.rule ||
        asked.printed_minimum_current != setup.printed_minimum_current) {
        throw calibration::DataError(fmt::format(
            "--rerun: {}: expected evidence of the same programme, meter type, limits and rule",
            file));
    }
}

// Registers belong to the whole programme: where they did not pass, the points alone cannot mend
// it.
int nothing_to_repeat(const sequences::RunResult& earlier, const RunOptions& options) {
    const int status = status_of(earlier);
    say(stderr,
        "calrig: {}: every point passed{}; nothing to run again\n",
        options.rerun,
        status == all_pass ? "" : ", the run as a whole did not");
    return status;
}

// Whatever cannot be written is found before anything is energised, and no file takes another's
// place.
void check_files(const RunOptions& options) {
    check_output(options.output, options.force);
    check_journal(options.output);
    std::set<std::filesystem::path> taken{std::filesystem::weakly_canonical(options.output)};
    for (const std::string& path : {options.html, options.transcript}) {
        if (path.empty()) {
            continue;
        }
        if (!taken.insert(std::filesystem::weakly_canonical(path)).second) {
            throw calibration::DataError(
                fmt::format("{}: expected a file of its own, got it twice", path));
        }
        check_writable(path);
    }
}

sequences::RunResult drive(const Prepared& prepared, const RunOptions& options) {
    const auto bench =
        rig::Bench::assemble(prepared.bench,
                             prepared.meter,
                             {.seed = options.plan.seed, .transcript = options.transcript});
    const StopOnSignal guard(*bench);
    Progress progress(options.quiet, options.plan.json);
    sequences::RunResult result = sequences::run(*bench,
                                                 prepared.setup,
                                                 {.journal = journal_of(options.output),
                                                  .operator_name = options.operator_name,
                                                  .live = progress.observer()});
    progress.finish();
    // For the person at the bench; into a log goes one line, and --transcript has everything.
    if (result.aborted && !options.quiet && ::isatty(STDERR_FILENO) != 0) {
        say(stderr, "The last exchanges with the bench:\n{}", bench->last_exchanges());
    }
    return result;
}

// Where every meter was given up, the first one's reason says more than that none is left.
std::string why_aborted(const sequences::RunResult& result) {
    const auto given_up = [](const sequences::MeterResult& meter) { return !meter.reason.empty(); };
    if (result.meters.empty() || !std::ranges::all_of(result.meters, given_up)) {
        return result.abort_reason;
    }
    const sequences::MeterResult& first = result.meters.front();
    return fmt::format("{}; position {}: {}", result.abort_reason, first.position, first.reason);
}

void print_result(const sequences::RunResult& result, const RunOptions& options) {
    if (options.plan.json) {
        say(stdout, "{}\n", result_as_json(result));
        return;
    }
    say(stdout, "{}", result_as_text(result));
    say(stdout, "Evidence: {}\n", options.output);
    if (!options.html.empty()) {
        say(stdout, "Pages:    {}\n", options.html);
    }
}

}  // namespace

int run_command(const RunOptions& options) {
    Prepared prepared = prepare(options.plan);
    if (!options.rerun.empty()) {
        const sequences::RunResult earlier = read_given(options.rerun);
        check_same_question(earlier, prepared.setup, options.rerun);
        prepared.setup.only_points = points_to_repeat(earlier);
        if (prepared.setup.only_points.empty()) {
            return nothing_to_repeat(earlier, options);
        }
    }
    sequences::make_plan(prepared.setup);  // refuses what makes no sense before a device is touched
    check_files(options);
    const sequences::RunResult result = drive(prepared, options);
    leave_evidence(result, options.output, options.html, journal_of(options.output));
    print_result(result, options);
    if (result.aborted) {
        say(stderr, "calrig: the run was aborted: {}\n", why_aborted(result));
    }
    return status_of(result);
}

}  // namespace scripts
