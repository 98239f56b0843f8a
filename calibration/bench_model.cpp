// The bench: one source, one reference, many meters, and the history of everything that was set.
#include "calibration/bench_model.hpp"

#include "calibration/bench_model_meter.hpp"
#include "calibration/check.hpp"
#include "calibration/random.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calibration {
namespace {

constexpr std::uint64_t source_channel = 0x736F75726365;  // "source"

struct SetPoint {
    Instant start;
    Settling settling;
    LoadPoint before, settled;  // what was on the terminals at the start, and what will be
    SeenLoad seen_before, seen_settled;
    Approach true_power;
    Approach reference_power;

    double remainder(Instant at) const { return settling.remainder(at - start); }
};

struct ReferenceConstant {
    Instant start;
    ImpulsesPerKilowattHour constant{0};
};

// The last element that starts at or before `at`; the first one has no beginning.
template <class Entry>
const Entry& entry_at(const std::vector<Entry>& history, Instant at) {
    const auto after =
        std::upper_bound(history.begin() + 1, history.end(), at, [](Instant t, const Entry& e) {
            return t < e.start;
        });
    return *(after - 1);
}

template <class Entry>
void record(std::vector<Entry>& history, Entry entry) {
    if (history.back().start == entry.start) {
        history.back() = std::move(entry);
    } else {
        history.push_back(std::move(entry));
    }
}

}  // namespace

struct BenchModel::State {
    std::uint64_t seed;
    SourceTraits source;
    ReferenceTraits reference;
    std::vector<EmulatedMeter> meters;
    std::vector<SetPoint> set_points{SetPoint{}};
    std::vector<ReferenceConstant> constants{ReferenceConstant{}};
    ImpulseTrain reference_output{0.0};
    Instant last_change;
    std::uint64_t set_point_count = 0;
    std::uint64_t epoch = 0;

    EmulatedMeter::BenchLoad bench_load(Instant at) const {
        const SetPoint& point = set_points.back();
        return {point.before, point.settled, point.settling, at - point.start};
    }

    void begin_change(Instant at) {
        check(at >= last_change, "the bench model is written in the order of time");
        last_change = at;
        ++epoch;
    }

    // From `at` on the reference counts the present set point with the present constant.
    void follow_reference(Instant at) {
        const SetPoint& point = set_points.back();
        const Duration elapsed = at - point.start;
        const double per_second = constants.back().constant.value() / 3.6e6;
        const double now = point.reference_power.value(point.settling, elapsed);
        const Settling rest{point.settling.time_constant_s,
                            std::max(point.settling.length - elapsed, Duration::zero())};
        reference_output.change(
            at, {now * per_second, point.reference_power.to * per_second}, rest);
    }
};

BenchModel::BenchModel(std::uint64_t seed,
                       const SourceTraits& source,
                       const ReferenceTraits& reference,
                       std::vector<MeterTraits> meters)
    : state_(std::make_unique<State>()) {
    state_->seed = seed;
    state_->source = source;
    state_->reference = reference;
    state_->meters.reserve(meters.size());
    for (std::size_t position = 0; position < meters.size(); ++position) {
        state_->meters.emplace_back(seed, position, meters[position]);
    }
}

BenchModel::~BenchModel() = default;

void BenchModel::set_output(Instant at, const LoadPoint& load) {
    state_->begin_change(at);
    const SetPoint& now = entry_at(state_->set_points, at);
    const double remainder = now.remainder(at);
    const double deviation_percent =
        state_->source.stability_percent *
        normal(state_->seed, source_channel, ++state_->set_point_count);

    SetPoint next;
    next.start = at;
    next.settling = Settling::of(state_->source.settling_time_constant);
    next.before = between(now.before, now.settled, remainder);
    next.settled = produced(state_->source, load, deviation_percent);
    next.seen_before = between(now.seen_before, now.seen_settled, remainder);
    next.seen_settled = shown(state_->reference, next.settled);
    next.true_power = {true_power(at).value(), active_power(next.settled).value()};
    next.reference_power = {active_power(next.seen_before).value(),
                            active_power(next.seen_settled).value()};
    for (EmulatedMeter& meter : state_->meters) {
        meter.change(at, next.settled, next.settling);
    }
    record(state_->set_points, std::move(next));
    state_->follow_reference(at);
}

void BenchModel::set_reference_constant(Instant at, ImpulsesPerKilowattHour constant) {
    state_->begin_change(at);
    record(state_->constants, ReferenceConstant{at, constant});
    state_->follow_reference(at);
}

void BenchModel::set_output_weight(Instant at, std::size_t position, WattHour at_terminals) {
    state_->begin_change(at);
    state_->meters.at(position).set_output_weight(at, at_terminals);
}

void BenchModel::set_bypassed(Instant at, std::size_t position, bool bypassed) {
    state_->begin_change(at);
    state_->meters.at(position).set_bypassed(at, bypassed, state_->bench_load(at));
}

void BenchModel::set_phase_weights(Instant at, std::size_t position, PhaseWeights weights) {
    const auto is_weight = [](double weight) { return std::isfinite(weight) && weight >= 0; };
    check(std::ranges::all_of(weights, is_weight), "the weight of a phase is 0 or more");
    state_->begin_change(at);
    state_->meters.at(position).set_weights(at, weights, state_->bench_load(at));
}

std::size_t BenchModel::meter_count() const { return state_->meters.size(); }

const MeterTraits& BenchModel::meter(std::size_t position) const {
    return state_->meters.at(position).traits();
}

LoadPoint BenchModel::actual_load(Instant at) const {
    const SetPoint& point = entry_at(state_->set_points, at);
    return between(point.before, point.settled, point.remainder(at));
}

LoadPoint BenchModel::meter_load(std::size_t position, Instant at) const {
    const bool bypassed = state_->meters.at(position).is_bypassed(at);
    return bypassed ? without_currents(actual_load(at)) : actual_load(at);
}

SeenLoad BenchModel::seen(Instant at) const {
    const SetPoint& point = entry_at(state_->set_points, at);
    return between(point.seen_before, point.seen_settled, point.remainder(at));
}

ImpulsesPerKilowattHour BenchModel::reference_constant(Instant at) const {
    return entry_at(state_->constants, at).constant;
}

ReferencePhase BenchModel::reference_phase(Instant at) const {
    const ImpulseCount count = state_->reference_output.count(at);
    return {count.whole, count.fraction};
}

Instant BenchModel::reference_impulse(std::int64_t number) const {
    return state_->reference_output.impulse(number);
}

Instant BenchModel::impulse(std::size_t position, std::int64_t number) const {
    return state_->meters.at(position).impulse(number);
}

Instant BenchModel::output_impulse(std::size_t position, std::int64_t number) const {
    return state_->meters.at(position).output_impulse(number);
}

std::uint64_t BenchModel::epoch() const { return state_->epoch; }

RegisteredEnergy BenchModel::registered(std::size_t position, Instant at) const {
    return state_->meters.at(position).registered(at);
}

Percent BenchModel::true_error(std::size_t position, Instant at) const {
    const LoadPoint& load = entry_at(state_->set_points, at).settled;
    const Watt truth = active_power(load);
    if (truth == Watt{0}) {
        return Percent{0};
    }
    const EmulatedMeter& meter = state_->meters.at(position);
    const MeterPower power = measured(meter.traits(), meter.weights(at), load);
    return Percent{100.0 * ((power.active - truth) / truth)};
}

Watt BenchModel::true_power(Instant at) const {
    const SetPoint& point = entry_at(state_->set_points, at);
    return Watt{point.true_power.value(point.settling, at - point.start)};
}

}  // namespace calibration
