#include "sequences/point_gates.hpp"

#include "calibration/uncertainty.hpp"
#include "sequences/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace sequences {

namespace {

using calibration::PhasedEdge;

// A meter that has been silent for this many impulse intervals is not going to speak: its point
// ends here.
constexpr double silent_intervals = 5;
constexpr double least_patience_s = 10;
// A stream that loses edges more often than this during one gate has a fault that no repetition
// mends.
constexpr int most_losses = 6;

double limit_of(const calibration::Limits& limits) {
    return std::min(std::abs(limits.lower.value()), std::abs(limits.upper.value()));
}

}  // namespace

PointGates::PointGates(const GateContext& context, const std::vector<std::size_t>& positions)
    : context_(context) {
    for (const std::size_t position : positions) {
        gates_.push_back({.position = position});
        open(gates_.back(), context.from_tick);
    }
}

void PointGates::open(Gate& gate, std::int64_t from_tick) const {
    gate.from_tick = from_tick;
    gate.last_tick = from_tick;
    gate.next_edge = 0;
    gate.impulses = 0;
    gate.times_s.clear();
    gate.state = "waiting";
    gate.accumulator.emplace(calibration::GateConstants{
        .dut = context_.plan.ratings.constant,
        .reference = calibration::ImpulsesPerKilowattHour{context_.reference_constant_imp_per_kwh},
        .reference_divider = static_cast<double>(context_.reference_divider)});
}

double PointGates::seconds_from(const Gate& gate, std::int64_t tick) const {
    return static_cast<double>(tick - gate.from_tick) * context_.tick_s;
}

void PointGates::finish(Gate& gate, std::int64_t to_tick) const {
    gate.finished = true;
    gate.to_tick = to_tick;
    gate.state = "done";
}

// False when it has begun anew too often: then the last gate stands as it is, for the evaluation to
// judge.
bool PointGates::begin_anew(Gate& gate,
                            std::int64_t from_tick,
                            const std::string& reason,
                            int most,
                            std::vector<Restart>& restarts) const {
    restarts.push_back({gate.position, reason});
    if (++gate.restarts >= most) {
        return false;
    }
    gate.finished = false;
    open(gate, from_tick);
    return true;
}

void PointGates::take_losses(Gate& gate,
                             const rig::EdgeRecorder& recorder,
                             std::vector<Restart>& restarts) const {
    for (; gate.next_loss < recorder.losses().size(); ++gate.next_loss) {
        const rig::RecordedLoss& loss = recorder.losses()[gate.next_loss];
        const std::int64_t end = gate.finished ? gate.to_tick : INT64_MAX;
        if (gate.taken || !loss.spoils(gate.position) || !loss.overlaps(gate.from_tick, end)) {
            continue;
        }
        if (!begin_anew(gate,
                        loss.to_tick + 1,
                        fmt::format("edges were lost: {}", loss.cause),
                        most_losses,
                        restarts)) {
            finish(gate, recorder.watermark());
        }
    }
}

bool PointGates::accuracy_reached(const Gate& gate) const {
    const StopRule& stop = context_.point.programme.stop;
    const auto result = gate.accumulator->result();
    if (!result || result->intervals < std::max<std::int64_t>(2, stop.least_intervals) ||
        result->duration_ticks * context_.tick_s < stop.least_time_s) {
        return false;
    }
    const calibration::Budget budget =
        calibration::error_budget(*result,
                                  {.certificate = context_.plan.certificate,
                                   .power_factor = context_.point.programme.power_factor.value(),
                                   .tick_s = context_.tick_s});
    return budget.expanded_percent <= limit_of(*context_.point.limits) / 3;
}

void PointGates::take_edge(Gate& gate,
                           const PhasedEdge& edge,
                           std::vector<Restart>& restarts) const {
    ++gate.impulses;
    gate.last_tick = edge.tick;
    gate.state = "measuring";
    switch (context_.point.programme.kind) {
        case PointKind::no_load:
            if (gate.impulses > 1) {
                finish(gate, edge.tick);
            }
            return;
        case PointKind::starting:
            gate.times_s.push_back(seconds_from(gate, edge.tick));
            if (gate.times_s.size() == 3) {
                finish(gate, edge.tick);
            }
            return;
        case PointKind::accuracy:
            gate.accumulator->add(edge);
            if (!accuracy_reached(gate)) {
                return;
            }
            finish(gate, edge.tick);
            if (const auto result = gate.accumulator->result(); !result->complete()) {
                begin_anew(
                    gate,
                    edge.tick + 1,
                    fmt::format("{} missed and {} extra impulses", result->missed, result->extra),
                    context_.repetitions,
                    restarts);
            }
            return;
        default:
            return;  // tests over the port have no gates
    }
}

void PointGates::take_edges(Gate& gate,
                            const rig::EdgeRecorder& recorder,
                            std::vector<Restart>& restarts) const {
    const auto& edges = recorder.edges(gate.position);
    while (!gate.finished && gate.next_edge < edges.size()) {
        const PhasedEdge& edge = edges[gate.next_edge++];
        if (edge.tick >= gate.from_tick) {
            take_edge(gate, edge, restarts);
        }
    }
}

// What ends without an impulse: the no-load time, a start that did not come, a silent meter.
void PointGates::check_time(Gate& gate, std::int64_t watermark) const {
    const double passed_s = seconds_from(gate, watermark);
    switch (context_.point.programme.kind) {
        case PointKind::no_load:
            if (passed_s >= calibration::seconds(context_.point.required)) {
                finish(gate, watermark);
            }
            return;
        case PointKind::starting:
            if (starting_state(
                    gate.times_s, calibration::seconds(context_.point.required), passed_s)
                    .state != Starting::waiting) {
                finish(gate, watermark);
            }
            return;
        case PointKind::accuracy: {
            const double silent_s =
                static_cast<double>(watermark - gate.last_tick) * context_.tick_s;
            if (silent_s >
                least_patience_s +
                    silent_intervals * calibration::seconds(context_.point.impulse_interval)) {
                finish(gate, watermark);
            }
            return;
        }
        default:
            return;
    }
}

std::vector<Restart> PointGates::update(const rig::EdgeRecorder& recorder) {
    std::vector<Restart> restarts;
    for (Gate& gate : gates_) {
        if (gate.taken) {
            continue;
        }
        take_losses(gate, recorder, restarts);
        take_edges(gate, recorder, restarts);
        if (!gate.finished) {
            check_time(gate, recorder.watermark());
        }
    }
    return restarts;
}

void PointGates::stop_all(const rig::EdgeRecorder& recorder) {
    for (Gate& gate : gates_) {
        if (!gate.finished) {
            finish(gate, recorder.watermark());
        }
    }
}

bool PointGates::all_finished() const { return std::ranges::all_of(gates_, &Gate::finished); }

std::vector<PointGates::Finished> PointGates::take_finished() {
    std::vector<Finished> list;
    for (Gate& gate : gates_) {
        if (gate.finished && !gate.taken) {
            gate.taken = true;
            list.push_back({gate.position, gate.from_tick, gate.to_tick});
        }
    }
    return list;
}

std::vector<LivePosition> PointGates::live(const std::vector<rig::Position>& bench) const {
    std::vector<LivePosition> list;
    for (const Gate& gate : gates_) {
        LivePosition entry{
            .name = bench[gate.position].name, .impulses = gate.impulses, .state = gate.state};
        if (const auto result = gate.accumulator->result()) {
            entry.has_error = true;
            entry.error_percent = result->error_pi_percent;
        }
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace sequences
