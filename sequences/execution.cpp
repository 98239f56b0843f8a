#include "sequences/execution.hpp"

#include "instruments/io/all.hpp"
#include "sequences/pacing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace sequences {

namespace {

using calibration::LoadPoint;
using rig::Task;

// A load that comes late twice is not going to stand: that attempt is over.
constexpr int most_settings = 2;

// Why this meter is not one of that type, in the words of its port's other faults; empty: it is.
std::string not_the_type(const std::string& port,
                         const dut::MeterIdentity& identity,
                         const dut::MeterType& type) {
    const auto wrong = dut::mismatch(identity, type);
    const dut::RegisterBlock& asked = type.registers.blocks.front();
    return wrong ? fmt::format("{}: read 0x{:04X}: {}", port, asked.start, *wrong) : "";
}

std::vector<std::pair<std::string, std::string>> identity_texts(
    const dut::MeterIdentity& identity) {
    std::vector<std::pair<std::string, std::string>> texts{
        {"maker", identity.maker},
        {"product name", identity.extended_name},
        {"serial", identity.serial},
        {"register table", identity.table_version},
        {"software", identity.software_version},
        {"product version", identity.product_version}};
    for (const dut::IdentityField& field : identity.fields) {
        texts.emplace_back(fmt::format("{} at 0x{:04X}", field.field, field.address),
                           fmt::format("{} [{:04X}]", field.text, fmt::join(field.words, " ")));
    }
    return texts;
}

}  // namespace

Execution::Execution(rig::Bench& bench,
                     const Plan& plan,
                     rig::JournalWriter& journal,
                     const LiveObserver& live)
    : bench_(bench),
      plan_(plan),
      journal_(journal),
      live_(live),
      given_up_(bench.positions().size(), false),
      answers_(bench.positions().size()) {
    shown_.points = plan.points.size();
    left_from_point_s_ = plan.expected_s;
}

Task<void> Execution::run_all() {
    const bool ports = std::ranges::any_of(
        bench_.positions(), [](const rig::Position& p) { return p.port != nullptr; });
    if (ports) {
        co_await look_at_meters();
        co_await read_all_registers(false);
        require_meters();
    }
    for (const TestPoint& point : plan_.points) {
        if (is_port_test(point.programme.kind)) {
            co_await run_step(point);
        } else {
            co_await run_point(point);
        }
    }
    if (ports) {
        co_await bench_.supervisor().apply(LoadPoint::voltage_only(
            plan_.ratings.nominal_voltage, plan_.ratings.nominal_frequency));
        // A source that tripped by now gives no meter the voltage to answer with.
        const rig::Observation observation = co_await bench_.supervisor().observe();
        record_remarks(observation);
        co_await read_all_registers(true);
        co_await restore_settings();
    }
    co_await bench_.supervisor().switch_off();
}

// -- the meters' own ports
// ------------------------------------------------------------------------------------------

Task<void> Execution::look_at_meters() {
    show("identifying the meters", nullptr);
    co_await bench_.supervisor().apply(
        LoadPoint::voltage_only(plan_.ratings.nominal_voltage, plan_.ratings.nominal_frequency));
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < bench_.positions().size(); ++i) {
        if (bench_.positions()[i].port) {
            tasks.push_back(identify(i));
        }
    }
    co_await instruments::io::all(bench_.loop(), std::move(tasks));
    record_answers();
    bench_.throw_if_stopped();
    require_meters();
}

void Execution::require_meters() const {
    if (remaining().empty()) {
        throw instruments::DeviceFault({.device = "meters",
                                        .operation = "identify",
                                        .problem = "no position is left: all were given up",
                                        .code = ""});
    }
}

// The meters answer side by side; what they said is recorded in bench order, so that a journal is
// the same whoever was first.
void Execution::record_answers() {
    for (std::vector<Record>& answers : answers_) {
        for (const Record& answer : answers) {
            record(answer);
        }
        answers.clear();
    }
}

Task<void> Execution::identify(std::size_t position) {
    std::string reason;
    try {
        const dut::MeterIdentity identity = co_await bench_.positions()[position].port->identify();
        answers_[position].push_back(MeterRecord{
            .position = position, .identity = identity_texts(identity), .serial = identity.serial});
        reason = not_the_type(bench_.positions()[position].port->name(), identity, plan_.meter);
    } catch (const instruments::DeviceFault& fault) {
        reason = fault.what();
    } catch (const instruments::io::LinkError& fault) {
        reason = fault.what();
    }
    if (!reason.empty()) {
        give_up(position, reason);
    }
}

Task<void> Execution::read_all_registers(bool after) {
    const std::int64_t tick = co_await bench_.recorder().fence();
    std::vector<Task<void>> tasks;
    for (const std::size_t position : remaining()) {
        if (bench_.positions()[position].port) {
            tasks.push_back(read_registers(position, after, tick));
        }
    }
    co_await instruments::io::all(bench_.loop(), std::move(tasks));
    record_answers();
    bench_.throw_if_stopped();
}

Task<void> Execution::read_registers(std::size_t position, bool after, std::int64_t tick) {
    try {
        const dut::RegisterReading reading =
            co_await bench_.positions()[position].port->read_energy();
        answers_[position].push_back(
            RegistersRecord{.position = position,
                            .after = after,
                            .stretch = stretch_,
                            .import_kwh = reading.active_import.value() / 1000,
                            .export_kwh = reading.active_export.value() / 1000,
                            .step_kwh = reading.resolution.value() / 1000,
                            .roll_over_kwh = reading.roll_over.value() / 1000,
                            .ratio = reading.ratio,
                            .tick = tick});
    } catch (const instruments::DeviceFault& fault) {
        give_up(position, fault.what());
    } catch (const instruments::io::LinkError& fault) {
        give_up(position, fault.what());
    }
}

void Execution::give_up(std::size_t position, const std::string& reason) {
    given_up_[position] = true;
    answers_[position].push_back(GivenUpRecord{.position = position, .reason = reason});
}

std::vector<std::size_t> Execution::remaining() const {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < given_up_.size(); ++i) {
        if (!given_up_[i]) {
            positions.push_back(i);
        }
    }
    return positions;
}

// -- a point
// --------------------------------------------------------------------------------------------------------

Task<void> Execution::run_point(const TestPoint& point) {
    shown_.point = point.index;
    shown_.name = point.programme.name;
    point_began_s_ = now_s();
    done_.assign(given_up_.size(), false);
    for (int attempt = 1; attempt <= plan_.programme.attempts; ++attempt) {
        shown_.attempt = attempt;
        std::vector<std::size_t> positions = remaining();
        std::erase_if(positions, [this](std::size_t position) { return done_[position]; });
        const bool stands = co_await attempt_point(point, attempt, positions);
        record(PointEndRecord{.point = point.index, .attempt = attempt, .at_s = now_s()});
        if (stands) {
            break;
        }
    }
    left_from_point_s_ = std::max(0.0, left_from_point_s_ - point.expected_s);
}

Task<bool> Execution::attempt_point(const TestPoint& point,
                                    int attempt,
                                    std::vector<std::size_t> positions) {
    double constant = 0;
    Arrival arrival = Arrival::late;
    for (int setting = 1; setting <= most_settings && arrival == Arrival::late; ++setting) {
        constant = co_await set_load(point, attempt);
        arrival = co_await reach_conditions(point, attempt);
    }
    if (arrival == Arrival::late) {
        record(InvalidRecord{.point = point.index,
                             .attempt = attempt,
                             .position = {},
                             .reason = "the load came late, and late again when it was set anew"});
    }
    if (arrival != Arrival::at_once) {
        co_return false;
    }
    bench_.recorder().forget();
    const SettingsDoor::OpenGate open(door_);
    const std::int64_t from_tick = co_await bench_.recorder().fence();
    record(GateRecord{
        .point = point.index, .attempt = attempt, .at_s = now_s(), .from_tick = from_tick});
    PointGates gates({.plan = plan_,
                      .point = point,
                      .reference_constant_imp_per_kwh = constant,
                      .tick_s = bench_.capture_identity().tick_s,
                      .reference_divider = bench_.capture_identity().reference_divider,
                      .from_tick = from_tick,
                      .repetitions = plan_.programme.attempts},
                     positions);
    const bool stands = co_await measure(point, attempt, gates);
    co_return stands;
}

Task<double> Execution::set_load(const TestPoint& point, int attempt) {
    bench_.throw_if_stopped();
    show("setting the load", nullptr);
    const instruments::PulseConstant constant = co_await bench_.supervisor().apply(point.load);
    record(PointRecord{.point = point.index,
                       .attempt = attempt,
                       .at_s = now_s(),
                       .reference_constant_imp_per_kwh = constant.value.value()});
    co_await bench_.clock().sleep_for(calibration::from_seconds(point.programme.settle_s));
    co_return constant.value.value();
}

// A load that came late is set anew: what moved may have been a range of the reference, and with it
// the constant.
Task<Execution::Arrival> Execution::reach_conditions(const TestPoint& point, int attempt) {
    std::string missing;
    for (int look = 0; look < settling_looks; ++look) {
        bench_.throw_if_stopped();
        const rig::Observation observation = co_await bench_.supervisor().observe();
        record_remarks(observation);
        if (observation.deviations.empty()) {
            co_return look == 0 ? Arrival::at_once : Arrival::late;
        }
        missing = fmt::format("{}", fmt::join(observation.deviations, "; "));
        if (look == 0) {
            record(RemarkRecord{
                .text =
                    fmt::format("{:.0f} s: the load did not stand at once: {}", now_s(), missing)});
        }
        co_await bench_.clock().sleep_for(settling_pause);
    }
    record(InvalidRecord{.point = point.index,
                         .attempt = attempt,
                         .position = {},
                         .reason = fmt::format("the load did not come: {}", missing)});
    co_return Arrival::never;
}

Task<bool> Execution::measure(const TestPoint& point, int attempt, PointGates& gates) {
    const Instant begin = bench_.clock().now();
    // As planned: the wait for the first edge, an interval at most, is not the gate's.
    const double most_s =
        point.programme.kind == PointKind::accuracy
            ? point.programme.stop.most_time_s + calibration::seconds(point.impulse_interval)
            : point.at_most_s + 60;
    Instant cap = begin + calibration::from_seconds(most_s);
    Instant next_look = begin;
    while (true) {
        bench_.throw_if_stopped();
        for (const Restart& restart : gates.update(bench_.recorder())) {
            record(InvalidRecord{.point = point.index,
                                 .attempt = attempt,
                                 .position = restart.position,
                                 .reason = restart.reason});
            // A gate that begins anew has its whole time again; how often it may is bounded.
            cap = bench_.clock().now() + calibration::from_seconds(most_s);
        }
        const Instant now = bench_.clock().now();
        if (now >= cap) {
            gates.stop_all(bench_.recorder());
        }
        if (now >= next_look || gates.all_finished()) {
            const bool inside = co_await observe(point, attempt, gates);
            if (!inside) {
                co_return false;
            }
            if (gates.all_finished()) {
                confirm(point, attempt, gates);
                co_return true;
            }
            next_look = bench_.clock().now() + (now - begin < short_gate ? often : seldom);
        }
        co_await bench_.recorder().progress(std::min({next_look, cap, now + patience}));
    }
}

Task<bool> Execution::observe(const TestPoint& point, int attempt, PointGates& gates) {
    // What is finished before the look is confirmed by it; what finishes meanwhile waits for the
    // next.
    const rig::Observation observation = co_await bench_.supervisor().observe();
    record_remarks(observation);
    if (!observation.deviations.empty()) {
        const std::string reason = fmt::format("{}", fmt::join(observation.deviations, "; "));
        record(InvalidRecord{
            .point = point.index, .attempt = attempt, .position = {}, .reason = reason});
        show("repeating: " + reason, &gates);
        co_return false;
    }
    record(ConditionsRecord{.point = point.index,
                            .attempt = attempt,
                            .at_s = now_s(),
                            .tick = bench_.recorder().watermark(),
                            .seen = observation.reading.load});
    confirm(point, attempt, gates);
    show("measuring", &gates);
    co_return true;
}

void Execution::record_remarks(const rig::Observation& observation) {
    for (const std::string& remark : observation.remarks) {
        record(RemarkRecord{.text = fmt::format("{:.0f} s: {}", now_s(), remark)});
    }
}

void Execution::confirm(const TestPoint& point, int attempt, PointGates& gates) {
    for (const PointGates::Finished& finished : gates.take_finished()) {
        DoneRecord done{.point = point.index,
                        .attempt = attempt,
                        .position = finished.position,
                        .from_tick = finished.from_tick,
                        .to_tick = finished.to_tick};
        if (bench_.twin() != nullptr && point.programme.kind == PointKind::accuracy) {
            done.true_error_percent =
                bench_.twin()->model().true_error(finished.position, bench_.clock().now()).value();
        }
        record(done);
        done_[finished.position] = true;
    }
}

void Execution::show(const std::string& phase, const PointGates* gates) {
    if (!live_) {
        return;
    }
    shown_.phase = phase;
    shown_.bench_time_s = now_s();
    // A point that takes longer than expected does not eat up the time of the others.
    const double expected_s = shown_.name.empty() ? 0 : plan_.points[shown_.point].expected_s;
    shown_.remaining_s = left_from_point_s_ - std::min(expected_s, now_s() - point_began_s_);
    shown_.edges_recorded = 0;
    for (std::size_t i = 0; i < bench_.positions().size(); ++i) {
        shown_.edges_recorded += bench_.recorder().impulses(i);
    }
    shown_.positions =
        gates == nullptr ? std::vector<LivePosition>{} : gates->live(bench_.positions());
    live_(shown_);
}

}  // namespace sequences
