#include "sequences/bench_session.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <type_traits>
#include <utility>

namespace sequences {

namespace {

using calibration::DataError;
using rig::Task;

// Says so when its coroutine is over, however it ended.
struct AtEnd {
    explicit AtEnd(std::shared_ptr<bool> flag) : ended(std::move(flag)) {}
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() { *ended = true; }
    std::shared_ptr<bool> ended;
};

template <class T>
Task<T> watched(Task<T> task, std::shared_ptr<bool> ended) {
    const AtEnd mark(std::move(ended));
    if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
    } else {
        T value = co_await std::move(task);
        co_return value;
    }
}

Task<void> made_safe(rig::Supervisor& supervisor, std::shared_ptr<std::string> complaint) {
    *complaint = co_await supervisor.make_safe();
}

}  // namespace

ConditionsError::ConditionsError(std::vector<std::string> deviations)
    : std::runtime_error(fmt::format("the load does not stand: {}", fmt::join(deviations, "; "))),
      deviations_(std::move(deviations)) {}

BenchSession::BenchSession(std::unique_ptr<rig::Bench> bench) : bench_(std::move(bench)) {}

void BenchSession::begin() {
    if (!spent_.empty()) {
        throw instruments::DeviceFault({.device = "bench " + bench_->file().name,
                                        .operation = "go on",
                                        .problem = "must be assembled anew after: " + spent_,
                                        .code = ""});
    }
    aftermath_.clear();
    asked_to_stop_ = false;
    bench_->allow_again();
}

template <class T>
T BenchSession::drive(Task<T> task, AfterFailure after) {
    begin();
    const auto ended = std::make_shared<bool>(false);
    try {
        return bench_->loop().run(watched(std::move(task), ended));
    } catch (const rig::Stopped&) {
        secure(*ended);
        throw;
    } catch (...) {
        if (after == AfterFailure::switch_off || !*ended) {
            secure(*ended);
        }
        throw;
    }
}

void BenchSession::secure(bool task_ended) {
    if (!task_ended) {
        // A device of the bench failed beside the task, which is still alive: it ends at its next
        // look, and nothing may begin beside it.
        bench_->request_stop();
        spent_ = "a device failed while the bench was at work";
    }
    make_safe();
}

void BenchSession::make_safe() {
    const auto complaint = std::make_shared<std::string>();
    applied_.reset();
    try {
        bench_->loop().finish(made_safe(bench_->supervisor(), complaint));
    } catch (const std::exception& error) {
        *complaint = fmt::format("THE SOURCE COULD NOT BE CONFIRMED OFF: {}", error.what());
    }
    aftermath_ = complaint->empty() ? "the bench is off" : *complaint;
}

void BenchSession::request_stop() {
    asked_to_stop_ = true;
    bench_->request_stop();
}

// -- one thing at a time
// --------------------------------------------------------------------------------------------

void BenchSession::apply(const HandLoad& load) { drive(applying(load)); }

Task<void> BenchSession::applying(HandLoad load) {
    bench_->supervisor().check(load.load, "by hand");
    applied_.reset();
    const instruments::PulseConstant constant = co_await bench_->supervisor().apply(load.load);
    bench_->throw_if_stopped();
    reference_constant_imp_per_kwh_ = constant.value.value();
    applied_ = load;
}

std::vector<HandResult> BenchSession::measure(const MeasureOptions& options) {
    if (!bench_->all_in_circuit()) {
        throw DataError("measure: expected every position in the current circuit, some are not");
    }
    return drive(measuring(options));
}

rig::Observation BenchSession::observe() { return drive(bench_->supervisor().observe()); }

void BenchSession::wait(double time_s) {
    if (!(time_s >= 0 && time_s <= 1e9)) {
        throw DataError(fmt::format("wait: expected a time from 0 to 1e9 s, got {:g} s", time_s));
    }
    drive(waiting(calibration::from_seconds(time_s)));
}

Task<void> BenchSession::waiting(calibration::Duration time) {
    const calibration::Instant until = bench_->clock().now() + time;
    while (bench_->clock().now() < until) {
        co_await bench_->recorder().progress(
            std::min(until, bench_->clock().now() + std::chrono::seconds{1}));
        bench_->throw_if_stopped();
        bench_->recorder().forget();
    }
}

// A meter that does not answer is no danger; a stop is a stop.
template <class T>
T BenchSession::ask(Task<T> task) {
    T answer = drive(std::move(task), AfterFailure::leave);
    if (asked_to_stop_) {
        make_safe();
        throw rig::Stopped{};
    }
    return answer;
}

dut::MeterPort& BenchSession::port_of(std::size_t position) {
    const rig::Position& owner = bench_->positions().at(position);
    if (!owner.port) {
        throw DataError(fmt::format(
            "position '{}': expected a meter with a port, this one has none", owner.name));
    }
    return *owner.port;
}

void BenchSession::check_quantity(const std::string& quantity) const {
    const dut::MeterType& meter = bench_->meter();
    if (dut::find_register(meter.registers, quantity) == nullptr) {
        throw DataError(fmt::format(
            "'{0}': expected a quantity of the {1} ('calrig list registers --meter {2}' has them)",
            quantity,
            meter.name,
            meter.id));
    }
}

dut::RegisterReading BenchSession::registers(std::size_t position) {
    return ask(port_of(position).read_energy());
}

dut::MeterIdentity BenchSession::identify(std::size_t position) {
    return ask(port_of(position).identify());
}

std::vector<dut::QuantityReading> BenchSession::read(std::size_t position,
                                                     const std::vector<std::string>& quantities) {
    std::ranges::for_each(quantities, [this](const auto& name) { check_quantity(name); });
    dut::MeterPort& port = port_of(position);
    return ask(quantities.empty() ? port.read_everything() : port.read(quantities));
}

dut::SettingOutcome BenchSession::set(std::size_t position,
                                      const std::string& quantity,
                                      double value) {
    check_quantity(quantity);
    if (!std::isfinite(value)) {
        throw DataError(fmt::format("'{}': expected a number, got {}", quantity, value));
    }
    return ask(port_of(position).set(quantity, value));
}

void BenchSession::bypass(const std::vector<std::size_t>& positions) {
    std::vector<bool> in(bench_->positions().size(), true);
    for (const std::size_t position : positions) {
        const rig::Position& owner = bench_->positions().at(position);
        if (!bench_->has_position_switch() || !owner.bypass_channel) {
            throw DataError(fmt::format(
                "position '{}': expected a relay of the position switch, it has none", owner.name));
        }
        in[position] = false;
    }
    if (bench_->has_position_switch()) {
        drive(bench_->take_into_circuit(std::move(in)));
    }
}

void BenchSession::off() {
    applied_.reset();
    aftermath_.clear();
    if (!bench_->supervisor().energised() && bench_->all_in_circuit()) {
        return;
    }
    const auto ended = std::make_shared<bool>(false);
    try {
        bench_->loop().run(watched(bench_->supervisor().switch_off(), ended));
    } catch (...) {
        secure(*ended);
        throw;
    }
    aftermath_ = "the bench is off";
}

// -- a programme
// ----------------------------------------------------------------------------------------------------

RunResult BenchSession::run(const RunSetup& setup, const RunOptions& options) {
    begin();
    off();
    aftermath_.clear();
    RunResult result;
    try {
        result = sequences::run(*bench_, setup, options);
    } catch (const DataError&) {
        secure(true);  // refused before anything was energised
        throw;
    } catch (const rig::JournalError&) {
        bench_->recorder().use_journal(nullptr);
        secure(true);
        throw;
    } catch (...) {
        bench_->recorder().use_journal(nullptr);
        secure(false);
        throw;
    }
    if (!result.aborted) {
        return result;
    }
    make_safe();  // the runner has tried: this asks what came of it
    const bool stopped = asked_to_stop_ && result.abort_reason.starts_with(rig::Stopped{}.what());
    if (stopped) {
        throw rig::Stopped{};
    }
    spent_ = result.abort_reason;
    return result;
}

}  // namespace sequences
