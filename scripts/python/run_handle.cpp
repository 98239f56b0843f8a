#include "scripts/python/run_handle.hpp"

#include "reports/hdf5_reader.hpp"
#include "rig/journal.hpp"
#include "scripts/cli/evidence.hpp"
#include "scripts/python/bench_handle.hpp"
#include "scripts/python/errors.hpp"
#include "sequences/evaluation.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace scripts::python {

namespace {

using std::filesystem::path;

sequences::RunSetup setup_of(const BenchHandle& bench, const RunRequest& request) {
    sequences::RunSetup setup =
        sequences::load_setup({.programme = request.programme,
                               .meter = bench.request().meter,
                               .limits = request.limits,
                               .meters_folder = bench.request().meters_folder});
    setup.rule = calibration::decision_rule_from_name(request.rule);
    setup.printed_minimum_current = request.printed_minimum;
    setup.seed = bench.request().seed;
    setup.only_points = request.points;
    setup.bench_text = bench.text().text;
    setup.bench_name = bench.text().name;
    return setup;
}

// A journal that lies there is somebody's evidence: the next free number is taken.
path free_journal(const sequences::Plan& plan) {
    const std::string stem = fmt::format("{}-{}", plan.programme.id, plan.meter.id);
    path name = stem + ".journal";
    for (int number = 2; std::filesystem::exists(name); ++number) {
        name = fmt::format("{}-{}.journal", stem, number);
    }
    return std::filesystem::absolute(name);
}

std::string with_journal(const std::string& note, const path& journal) {
    if (!std::filesystem::exists(journal)) {
        return note;
    }
    return fmt::format("{}{}what was recorded lies in {}; calrig.Run.recover() reads it",
                       note,
                       note.empty() ? "" : "; ",
                       journal.string());
}

}  // namespace

RunHandle::RunHandle(BenchHandle& bench, const RunRequest& request)
    : named_(!request.journal.empty()) {
    const sequences::RunSetup setup = setup_of(bench, request);
    const path journal = named_ ? std::filesystem::absolute(request.journal)
                                : free_journal(sequences::make_plan(setup));
    const bool was_there = std::filesystem::exists(journal);
    try {
        bench.at_work([&](sequences::BenchSession& session) {
            result_ =
                session.run(setup, {.journal = journal, .operator_name = request.operator_name});
        });
    } catch (const Noted& noted) {
        throw Noted{noted.cause, was_there ? noted.note : with_journal(noted.note, journal)};
    }
    journal_ = journal;
}

RunHandle RunHandle::load(const path& evidence) {
    return RunHandle(reports::read_evidence(evidence));
}

RunHandle RunHandle::recover(const path& journal) {
    RunHandle run(sequences::evaluate(rig::read_journal(journal)));
    run.journal_ = std::filesystem::absolute(journal);
    run.named_ = true;
    return run;
}

RunHandle::RunHandle(RunHandle&& other) noexcept
    : result_(std::move(other.result_)),
      journal_(std::exchange(other.journal_, {})),
      named_(other.named_) {}

RunHandle::~RunHandle() {
    if (!journal_.empty() && !named_ && result_.identity.simulated) {
        std::error_code ignored;
        std::filesystem::remove(journal_, ignored);
    }
}

void RunHandle::save(const path& output, bool force) {
    check_output(output, force);
    leave_evidence(result_, output, "", journal_);
    journal_.clear();
}

void RunHandle::report(const path& output) const {
    check_writable(output);
    write_html(result_, output);
}

std::optional<path> RunHandle::journal() const {
    return journal_.empty() ? std::nullopt : std::optional(journal_);
}

}  // namespace scripts::python
