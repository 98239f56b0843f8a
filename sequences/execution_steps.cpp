// The execution of a test over the port: attempts, what they leave behind, settings given back.
#include "instruments/io/all.hpp"
#include "sequences/execution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <utility>

namespace sequences {

namespace {

using rig::Task;

}  // namespace

Task<void> Execution::run() {
    try {
        co_await run_all();
    } catch (const rig::JournalError&) {
        throw;  // nothing can be told any more
    } catch (...) {
        tell_what_stays_set();
        throw;
    }
}

Task<void> Execution::run_step(const TestPoint& point) {
    shown_.point = point.index;
    shown_.name = point.programme.name;
    point_began_s_ = now_s();
    for (int attempt = 1; attempt <= plan_.programme.attempts; ++attempt) {
        bench_.throw_if_stopped();
        shown_.attempt = attempt;
        show(std::string(name(point.programme.kind)), nullptr);
        record(PointRecord{.point = point.index, .attempt = attempt, .at_s = now_s()});
        const bool stands = co_await attempt_step(point, attempt);
        record(PointEndRecord{.point = point.index, .attempt = attempt, .at_s = now_s()});
        if (stands) {
            break;
        }
    }
    left_from_point_s_ = std::max(0.0, left_from_point_s_ - point.expected_s);
}

// Who blinks is seen without a port, too; all else is asked of it.
std::vector<std::size_t> Execution::positions_for(const TestPoint& point) const {
    std::vector<std::size_t> positions = remaining();
    std::erase_if(positions, [&](std::size_t position) {
        return point.programme.kind != PointKind::heads &&
               bench_.positions()[position].port == nullptr;
    });
    return positions;
}

Task<bool> Execution::attempt_step(const TestPoint& point, int attempt) {
    StepCourse course({.bench = bench_,
                       .plan = plan_,
                       .journal = journal_,
                       .door = door_,
                       .show = [this](const std::string& phase) { show(phase, nullptr); }},
                      point,
                      attempt,
                      positions_for(point));
    bench_.recorder().forget();
    const std::int64_t from_tick = bench_.recorder().watermark();
    std::string left;
    try {
        co_await take_through(course);
    } catch (const LoadLeft& reason) {
        left = reason.what();
    }
    co_await all_into_circuit();
    bench_.recorder().forget();
    if (!left.empty()) {
        record(InvalidRecord{
            .point = point.index, .attempt = attempt, .position = {}, .reason = left});
        show("repeating: " + left, nullptr);
        co_return false;
    }
    finish_step(course, attempt, from_tick);
    require_meters();
    co_return true;
}

// A setting may change what the registers carry: they are read before it and after.
Task<void> Execution::take_through(StepCourse& course) {
    const bool writes = course.point().programme.kind == PointKind::set_up;
    if (!writes) {
        co_await perform(course);
        co_return;
    }
    co_await course.voltages_only();
    co_await read_all_registers(true);
    try {
        co_await perform(course);
    } catch (...) {
        remember_settings(course);  // what was written before the stop or the fault
        throw;
    }
    remember_settings(course);
    ++stretch_;
    co_await read_all_registers(false);
}

void Execution::remember_settings(const StepCourse& course) {
    if (course.asked().restore) {
        std::ranges::copy(course.written(), std::back_inserter(to_restore_));
    }
}

Task<void> Execution::all_into_circuit() {
    rig::Supervisor& supervisor = bench_.supervisor();
    if (!supervisor.has_position_switch() || supervisor.all_in_circuit()) {
        co_return;
    }
    co_await supervisor.apply(calibration::LoadPoint::voltage_only(
        plan_.ratings.nominal_voltage, plan_.ratings.nominal_frequency));
    co_await supervisor.take_into_circuit(std::vector<bool>(bench_.positions().size(), true));
}

void Execution::finish_step(StepCourse& course, int attempt, std::int64_t from_tick) {
    for (const std::size_t position : course.positions()) {
        record(DoneRecord{.point = course.point().index,
                          .attempt = attempt,
                          .position = position,
                          .from_tick = from_tick,
                          .to_tick = bench_.recorder().watermark()});
    }
    for (const StepCourse::GivenUp& lost : course.given_up()) {
        give_up(lost.position, lost.reason);
    }
    record_answers();
}

// The last written is given back first.
Task<void> Execution::restore_settings() {
    std::vector<Task<void>> tasks;
    for (const std::size_t position : remaining()) {
        tasks.push_back(restore_one(position));
    }
    co_await instruments::io::all(bench_.loop(), std::move(tasks));
    record_answers();
    std::erase_if(to_restore_,
                  [this](const SettingRecord& setting) { return !given_up_[setting.position]; });
    tell_what_stays_set();
}

// After a stop or a fault the source is off before anything else, and many a meter dead with it; a
// meter that was given up may be another one. Both keep what was written.
void Execution::tell_what_stays_set() {
    std::map<std::pair<std::size_t, std::string>, SettingRecord> kept;
    for (const SettingRecord& written : to_restore_) {
        const auto [at, first] = kept.try_emplace({written.position, written.quantity}, written);
        at->second.after = written.after;
    }
    to_restore_.clear();
    for (const auto& [where, setting] : kept) {
        if (!setting.before || !setting.after || *setting.before == *setting.after) {
            continue;
        }
        record(RemarkRecord{
            .text = fmt::format("position {}: {} was not given back: it was {:g} and is {:g}",
                                bench_.positions()[setting.position].name,
                                setting.quantity,
                                *setting.before,
                                *setting.after)});
    }
}

Task<void> Execution::restore_one(std::size_t position) {
    for (const SettingRecord& written : std::views::reverse(to_restore_)) {
        const dut::Register* row = dut::find_register(plan_.meter.registers, written.quantity);
        const bool command = row != nullptr && row->command;  // what it did cannot be undone
        if (written.position != position || !written.before || !written.refusal.empty() ||
            command) {
            continue;
        }
        SettingRecord back = written;
        back.place.label = "restore";
        back.asked = *written.before;
        std::string problem;
        try {
            const dut::SettingOutcome outcome = co_await door_.set(
                *bench_.positions()[position].port, written.quantity, *written.before);
            back.before = outcome.before;
            back.after = outcome.after;
            back.refusal = outcome.refusal;
        } catch (const instruments::DeviceFault& fault) {
            problem = fault.what();
        } catch (const instruments::io::LinkError& fault) {
            problem = fault.what();
        }
        if (problem.empty()) {
            answers_[position].emplace_back(std::move(back));
        } else {
            answers_[position].emplace_back(PortFaultRecord{
                .place = back.place, .position = position, .reason = std::move(problem)});
        }
    }
}

}  // namespace sequences
