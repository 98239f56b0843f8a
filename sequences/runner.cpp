#include "sequences/runner.hpp"

#include "calibration/document.hpp"
#include "instruments/io/wall_clock.hpp"
#include "sequences/evaluation.hpp"
#include "sequences/execution.hpp"
#include "sequences/records.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

namespace sequences {

namespace {

// A virtual run begins at the same moment every time, so that its evidence is the same to the byte.
constexpr std::string_view virtual_start = "2000-01-01T00:00:00Z";

// How long what is left of a run may take to notice that it is over: the longest answer time of a
// device, a few times.
constexpr auto longest_wind_up = std::chrono::seconds{120};

// FNV-1a, 64 bit: tells runs apart, protects nothing.
std::uint64_t digest(std::uint64_t state, std::string_view text) {
    for (const char c : text) {
        state = (state ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
    }
    return state * 0x100000001B3ULL;
}

std::string describe(const instruments::Identity& identity) {
    return fmt::format("{} {}, serial {}, firmware {}",
                       identity.maker,
                       identity.model,
                       identity.serial.empty() ? "not stated" : identity.serial,
                       identity.firmware.empty() ? "not stated" : identity.firmware);
}

InstrumentsRecord describe(rig::Bench& bench) {
    InstrumentsRecord record{
        .instruments = {.source = describe(bench.source_identity()),
                        .reference = describe(bench.reference_identity()),
                        .capture = describe(bench.capture_identity().identity),
                        .tick_s = bench.capture_identity().tick_s,
                        .reference_divider = bench.capture_identity().reference_divider}};
    for (const rig::Position& position : bench.positions()) {
        record.positions.emplace_back(position.name, position.serial);
        record.channels.push_back(position.led_channel);
    }
    return record;
}

// A real bench whose reference is past its due date proves nothing; a twin's certificate is part of
// the play.
void check_certificate(const Plan& plan, const rig::BenchFile& bench) {
    const std::string today = instruments::io::utc_now().substr(0, plan.certificate.due.size());
    if (!bench.any_simulated() && !plan.certificate.due.empty() && plan.certificate.due < today) {
        throw calibration::DataError(
            fmt::format("reference.certificate.due: certificate {} was due on {}: expected a "
                        "reference that is in date",
                        plan.certificate.number,
                        plan.certificate.due));
    }
}

void check_loads(rig::Bench& bench, const Plan& plan) {
    for (const TestPoint& point : plan.points) {
        for (const NamedLoad& load : loads_of(point)) {
            bench.supervisor().check(load.load, load.label);
        }
    }
}

// All a run's coroutine refers to. It is shared with it: when another task of the loop fails, the
// loop is left while the run still waits somewhere.
struct RunState {
    RunState(rig::Bench& bench, Plan the_plan, const RunOptions& options)
        : plan(std::move(the_plan)),
          journal(options.journal),
          live(options.live),
          execution(bench, plan, journal, live) {}

    Plan plan;
    rig::JournalWriter journal;
    LiveObserver live;
    Execution execution;
    bool ended = false;
    instruments::io::Event end;
};

rig::Task<void> execute(std::shared_ptr<RunState> state) {
    std::exception_ptr failure;
    try {
        co_await state->execution.run();
    } catch (...) {
        failure = std::current_exception();
    }
    state->ended = true;
    state->end.notify();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

// Off first; then what is left of the run comes to its own end, at its next look at the wish to
// stop.
rig::Task<void> wind_up(rig::Bench& bench,
                        std::shared_ptr<RunState> state,
                        std::shared_ptr<std::string> complaint) {
    *complaint = co_await bench.supervisor().make_safe();
    const calibration::Instant deadline = bench.clock().now() + longest_wind_up;
    while (!state->ended && bench.clock().now() < deadline) {
        co_await bench.clock().wait(state->end, deadline);
    }
}

// What the source said when it could not be confirmed off; empty when it is off.
std::string secure(rig::Bench& bench, const std::shared_ptr<RunState>& state) {
    const auto complaint = std::make_shared<std::string>();
    try {
        bench.loop().finish(wind_up(bench, state, complaint));
    } catch (const std::exception& error) {
        if (bench.supervisor().energised()) {
            return fmt::format("THE SOURCE COULD NOT BE CONFIRMED OFF: {}", error.what());
        }
    }
    return *complaint;
}

// What ended the run; empty when it came to its end.
std::string drive(rig::Bench& bench, const std::shared_ptr<RunState>& state) {
    try {
        bench.loop().run(execute(state));
        return "";
    } catch (const std::exception& error) {
        bench.request_stop();
        const std::string reason = error.what();
        const std::string complaint = secure(bench, state);
        return complaint.empty() ? reason : fmt::format("{}; {}", reason, complaint);
    }
}

// What cannot even be begun on this disk must not be driven; what was begun in vain is no evidence.
void begin_journal(rig::JournalWriter& journal,
                   rig::Bench& bench,
                   const RunSetup& setup,
                   const RunOptions& options) {
    try {
        write(journal,
              RunRecord{.setup = setup,
                        .identity = identify_run(setup, bench.file(), options.operator_name)});
        write(journal, describe(bench));
        journal.sync();
    } catch (const rig::JournalError&) {
        std::filesystem::remove(options.journal);
        throw;
    }
}

void close_journal(rig::Bench& bench, rig::JournalWriter& journal, std::string& reason) {
    bench.recorder().use_journal(nullptr);
    try {
        write(journal,
              EndRecord{.aborted = !reason.empty(),
                        .reason = reason,
                        .at_s = calibration::seconds(bench.clock().now())});
        journal.sync();
    } catch (const rig::JournalError& error) {
        reason = reason.empty() ? error.what() : reason;
    }
}

}  // namespace

RunIdentity identify_run(const RunSetup& setup,
                         const rig::BenchFile& bench,
                         const std::string& operator_name) {
    RunIdentity identity{
        .started_at = bench.virtual_clock ? std::string(virtual_start) : instruments::io::utc_now(),
        .simulated = bench.any_simulated(),
        .virtual_time = bench.virtual_clock,
        .software_version = software_version(),
        .git_commit = git_commit(),
        .operator_name = operator_name};
    std::uint64_t state = 0xCBF29CE484222325ULL;
    for (const std::string& text :
         {setup.programme_text,
          setup.meter_text,
          setup.limits_text,
          setup.bench_text,
          std::string(calibration::name(setup.rule)),
          std::string(setup.printed_minimum_current ? "printed" : "consistent"),
          std::to_string(setup.seed),
          identity.started_at,
          fmt::format("{}", fmt::join(setup.only_points, "\n"))}) {
        state = digest(state, text);
    }
    identity.run_id = fmt::format("{:016x}", state);
    return identity;
}

RunResult run(rig::Bench& bench, const RunSetup& setup, const RunOptions& options) {
    Plan plan = make_plan(setup);
    check_certificate(plan, bench.file());
    check_loads(bench, plan);
    std::string reason;
    {
        const auto state = std::make_shared<RunState>(bench, std::move(plan), options);
        begin_journal(state->journal, bench, setup, options);
        bench.recorder().use_journal(&state->journal);
        reason = drive(bench, state);
        close_journal(bench, state->journal, reason);
    }
    RunResult result = evaluate(rig::read_journal(options.journal));
    if (!reason.empty() && result.abort_reason != reason) {
        // The journal could not take the reason any more: a full disk, most likely.
        result.aborted = true;
        result.abort_reason = reason;
    }
    return result;
}

}  // namespace sequences
