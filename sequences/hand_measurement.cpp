// One gate per position by hand: the runner's gates, budget and back control, without limits to
// judge by.
#include "calibration/document.hpp"
#include "calibration/procedures.hpp"
#include "sequences/bench_session.hpp"
#include "sequences/evaluation.hpp"
#include "sequences/pacing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace sequences {

namespace {

using calibration::DataError;
using calibration::Instant;
using calibration::PhasedEdge;
using calibration::Verdict;
using rig::Task;

constexpr int repetitions = 3;

void check_options(const MeasureOptions& options) {
    if (options.intervals < 2 || options.intervals > 1'000'000'000) {
        throw DataError(fmt::format(
            "measure: expected 2 to 1e9 intervals, got {}: fewer tell nothing of their scatter",
            options.intervals));
    }
    if (!(options.time_s >= 0 && options.time_s <= 1e7)) {
        throw DataError(
            fmt::format("measure: expected a time from 0 to 1e7 s, got {:g} s", options.time_s));
    }
    if (options.timeout_s && !(*options.timeout_s > 0 && *options.timeout_s <= 1e7)) {
        throw DataError(fmt::format("measure: expected a timeout above 0, up to 1e7 s, got {:g} s",
                                    *options.timeout_s));
    }
}

// A measurement by hand has no limits: every finite uncertainty will do.
calibration::Limits no_limits() {
    const double infinite = std::numeric_limits<double>::infinity();
    return {.lower = calibration::Percent{-infinite}, .upper = calibration::Percent{infinite}};
}

bool lost_in(const rig::RecordedLoss& loss, const PointGates::Finished& gate) {
    return loss.spoils(gate.position) && loss.overlaps(gate.from_tick, gate.to_tick);
}

}  // namespace

TestPoint BenchSession::point_of(const MeasureOptions& options) const {
    check_options(options);
    if (!applied_) {
        throw DataError("measure: expected a load on the bench, there is none: apply one first");
    }
    const calibration::Watt power = abs(calibration::active_power(applied_->load));
    if (power.value() == 0) {
        throw DataError("measure: expected a load with active power: without it no impulse comes");
    }
    TestPoint point{.load = applied_->load, .limits = no_limits()};
    point.programme.name = "by hand";
    point.programme.kind = PointKind::accuracy;
    point.programme.power_factor = applied_->power_factor;
    point.impulse_interval = calibration::impulse_interval(bench_->meter().ratings.constant, power);
    const double interval_s = calibration::seconds(point.impulse_interval);
    point.expected_s =
        std::max(static_cast<double>(options.intervals + 1) * interval_s, options.time_s);
    point.programme.stop = {.least_intervals = options.intervals,
                            .least_time_s = options.time_s,
                            .most_time_s = options.timeout_s.value_or(1.5 * point.expected_s + 60)};
    if (!(point.programme.stop.most_time_s <= 1e8)) {
        throw DataError(fmt::format(
            "measure: one impulse takes {:.4g} s at this load: fewer intervals are expected",
            interval_s));
    }
    return point;
}

Task<std::vector<HandResult>> BenchSession::measuring(MeasureOptions options) {
    const TestPoint point = point_of(options);
    Plan plan;
    plan.meter = bench_->meter();
    plan.ratings = bench_->meter().ratings;
    plan.rule = calibration::DecisionRule::simple;
    plan.certificate = bench_->file().certificate;
    co_await reach_conditions();
    bench_->recorder().forget();
    const std::int64_t from_tick = co_await bench_->recorder().fence();
    std::vector<std::size_t> positions;
    for (std::size_t position = 0; position < bench_->positions().size(); ++position) {
        positions.push_back(position);
    }
    PointGates gates({.plan = plan,
                      .point = point,
                      .reference_constant_imp_per_kwh = reference_constant_imp_per_kwh_,
                      .tick_s = bench_->capture_identity().tick_s,
                      .reference_divider = bench_->capture_identity().reference_divider,
                      .from_tick = from_tick,
                      .repetitions = repetitions},
                     positions);
    co_await fill(gates, calibration::from_seconds(point.programme.stop.most_time_s));
    std::vector<HandResult> results;
    for (const PointGates::Finished& gate : gates.take_finished()) {
        results.push_back(result_of(plan, point, gate));
    }
    co_return results;
}

Task<void> BenchSession::reach_conditions() {
    for (int look = 1;; ++look) {
        bench_->throw_if_stopped();
        const rig::Observation observation = co_await bench_->supervisor().observe();
        if (observation.deviations.empty() && look == 1) {
            co_return;
        }
        if (observation.deviations.empty()) {
            // What moved may have been a range of the reference, and with it the constant.
            const instruments::PulseConstant constant =
                co_await bench_->supervisor().apply(applied_->load);
            reference_constant_imp_per_kwh_ = constant.value.value();
            co_await check_conditions();
            co_return;
        }
        if (look == settling_looks) {
            throw ConditionsError(observation.deviations);
        }
        co_await bench_->clock().sleep_for(settling_pause);
    }
}

Task<void> BenchSession::check_conditions() {
    const rig::Observation observation = co_await bench_->supervisor().observe();
    if (!observation.deviations.empty()) {
        throw ConditionsError(observation.deviations);
    }
}

// A gate counts when the load still stands at a look after its last edge.
Task<void> BenchSession::fill(PointGates& gates, calibration::Duration most) {
    const Instant begin = bench_->clock().now();
    const Instant cap = begin + most;
    Instant next_look = begin;
    while (true) {
        bench_->throw_if_stopped();
        gates.update(bench_->recorder());
        const Instant now = bench_->clock().now();
        if (now >= cap) {
            gates.stop_all(bench_->recorder());
        }
        const bool finished = gates.all_finished();
        if (now >= next_look || finished) {
            co_await check_conditions();
            if (finished) {
                co_return;
            }
            next_look = bench_->clock().now() + (now - begin < short_gate ? often : seldom);
        }
        co_await bench_->recorder().progress(std::min({next_look, cap, now + patience}));
    }
}

HandResult BenchSession::result_of(const Plan& plan,
                                   const TestPoint& point,
                                   const PointGates::Finished& gate) const {
    const rig::Position& owner = bench_->positions()[gate.position];
    GateFacts facts{.reference_constant_imp_per_kwh = reference_constant_imp_per_kwh_,
                    .tick_s = bench_->capture_identity().tick_s,
                    .reference_divider = bench_->capture_identity().reference_divider};
    for (const rig::RecordedLoss& loss : bench_->recorder().losses()) {
        facts.lost = lost_in(loss, gate) ? loss.cause : facts.lost;
    }
    HandResult out{.numbers = {.position = owner.name, .serial = owner.serial}};
    for (const PhasedEdge& edge : bench_->recorder().edges(gate.position)) {
        if (edge.tick >= gate.from_tick && edge.tick <= gate.to_tick) {
            out.numbers.edges.push_back(edge);
        }
    }
    judge_accuracy(point, plan, facts, out.numbers);
    const bool whole = out.numbers.verdict == Verdict::pass;
    if (whole && out.numbers.gate->intervals < point.programme.stop.least_intervals) {
        out.numbers.reason = fmt::format("{} of {} intervals in the time allowed",
                                         out.numbers.gate->intervals,
                                         point.programme.stop.least_intervals);
    }
    out.valid = whole && out.numbers.reason.empty();
    out.numbers.verdict = Verdict::not_run;
    out.numbers.judgement.reset();
    out.duration_s = out.numbers.gate ? out.numbers.gate->duration_ticks * facts.tick_s : 0;
    if (bench_->twin() != nullptr) {
        out.numbers.true_error_percent =
            bench_->twin()->model().true_error(gate.position, bench_->clock().now()).value();
    }
    return out;
}

}  // namespace sequences
