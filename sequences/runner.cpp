#include "sequences/runner.hpp"

#include "instruments/io/wall_clock.hpp"
#include "sequences/evaluation.hpp"
#include "sequences/execution.hpp"
#include "sequences/records.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace sequences {

namespace {

// A virtual run begins at the same moment every time, so that its evidence is the same to the byte.
constexpr std::string_view virtual_start = "2000-01-01T00:00:00Z";

// FNV-1a, 64 bit: tells runs apart, protects nothing.
std::uint64_t digest(std::uint64_t state, std::string_view text) {
    for (const char c : text) {
        state = (state ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
    }
    return state * 0x100000001B3ULL;
}

std::string describe(const instruments::Identity& identity) {
    return fmt::format("{} {}, serial {}, firmware {}", identity.maker, identity.model,
                       identity.serial.empty() ? "not stated" : identity.serial,
                       identity.firmware.empty() ? "not stated" : identity.firmware);
}

InstrumentsRecord describe(rig::Bench& bench) {
    InstrumentsRecord record{.instruments = {.source = describe(bench.source_identity()),
                                             .reference = describe(bench.reference_identity()),
                                             .capture = describe(bench.capture_identity().identity),
                                             .tick_s = bench.capture_identity().tick_s}};
    for (const rig::Position& position : bench.positions()) {
        record.positions.emplace_back(position.name, position.serial);
        record.channels.push_back(position.led_channel);
    }
    return record;
}

void check_loads(rig::Bench& bench, const Plan& plan) {
    for (const TestPoint& point : plan.points) {
        bench.supervisor().check(point.load, point.programme.name);
    }
}

rig::Task<void> make_safe(rig::Supervisor& supervisor, std::string& complaint) {
    complaint = co_await supervisor.make_safe();
}

// What ended the run; empty when it came to its end.
std::string execute(rig::Bench& bench, const Plan& plan, rig::JournalWriter& journal, const LiveObserver& live) {
    Execution execution(bench, plan, journal, live);
    try {
        bench.loop().run(execution.run());
        return "";
    } catch (const std::exception& error) {
        // Whatever of the run is still alive ends at its next look at this wish.
        bench.request_stop();
        const std::string reason = error.what();
        std::string complaint;
        bench.loop().finish(make_safe(bench.supervisor(), complaint));
        return complaint.empty() ? reason : fmt::format("{}; {}", reason, complaint);
    }
}

void close_journal(rig::Bench& bench, rig::JournalWriter& journal, std::string& reason) {
    bench.recorder().use_journal(nullptr);
    try {
        write(journal, EndRecord{.aborted = !reason.empty(),
                                 .reason = reason,
                                 .at_s = calibration::seconds(bench.clock().now())});
        journal.sync();
    } catch (const rig::JournalError& error) {
        reason = reason.empty() ? error.what() : reason;
    }
}

}  // namespace

RunIdentity identify_run(const RunSetup& setup, const rig::BenchFile& bench, const std::string& operator_name) {
    RunIdentity identity{.started_at = bench.virtual_clock ? std::string(virtual_start) : instruments::io::utc_now(),
                         .simulated = bench.any_simulated(),
                         .virtual_time = bench.virtual_clock,
                         .software_version = software_version(),
                         .git_commit = git_commit(),
                         .operator_name = operator_name};
    std::uint64_t state = 0xCBF29CE484222325ULL;
    for (const std::string& text : {setup.programme_text, setup.meter_text, setup.limits_text, setup.bench_text,
                                    std::to_string(setup.seed), identity.started_at, fmt::format("{}", fmt::join(setup.only_points, "\n"))}) {
        state = digest(state, text);
    }
    identity.run_id = fmt::format("{:016x}", state);
    return identity;
}

RunResult run(rig::Bench& bench, const RunSetup& setup, const RunOptions& options) {
    const Plan plan = make_plan(setup);
    check_loads(bench, plan);
    std::string reason;
    {
        rig::JournalWriter journal(options.journal);
        write(journal, RunRecord{.setup = setup, .identity = identify_run(setup, bench.file(), options.operator_name)});
        write(journal, describe(bench));
        bench.recorder().use_journal(&journal);
        reason = execute(bench, plan, journal, options.live);
        close_journal(bench, journal, reason);
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
