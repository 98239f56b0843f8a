// The gates of one attempt at one point: every position with its own progress, its own stop rule
// and its own fate.
#pragma once

#include "calibration/gate.hpp"
#include "rig/edge_recorder.hpp"
#include "sequences/plan.hpp"
#include "sequences/runner.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sequences {

struct GateContext {
    const Plan& plan;
    const TestPoint& point;
    double reference_constant_imp_per_kwh = 0;
    double tick_s = 0;
    std::int64_t reference_divider = 1;
    std::int64_t from_tick = 0;
    int repetitions =
        1;  // how often a position's gate may begin anew after missed or extra impulses
};

// A position's gate that begins anew, for the record.
struct Restart {
    std::size_t position = 0;
    std::string reason;
};

class PointGates {
  public:
    PointGates(const GateContext& context, const std::vector<std::size_t>& positions);

    // Takes what the recorder has. Returns the gates that had to begin anew.
    std::vector<Restart> update(const rig::EdgeRecorder& recorder);
    // The time allowed is over: what is there is what counts.
    void stop_all(const rig::EdgeRecorder& recorder);

    bool all_finished() const;
    // Positions whose gate is complete and not yet confirmed: [from_tick, to_tick] stands.
    struct Finished {
        std::size_t position = 0;
        std::int64_t from_tick = 0, to_tick = 0;
    };
    std::vector<Finished> take_finished();
    std::vector<LivePosition> live(const std::vector<rig::Position>& bench) const;

  private:
    struct Gate {
        std::size_t position = 0;
        std::int64_t from_tick = 0, to_tick = 0;
        std::size_t next_edge = 0;  // in the recorder's list
        std::size_t next_loss = 0;
        int restarts = 0;
        bool finished = false, taken = false;
        std::int64_t impulses = 0;
        std::int64_t last_tick = 0;
        std::optional<calibration::GateAccumulator> accumulator;
        std::vector<double> times_s;  // starting: since from_tick
        std::string state = "waiting";
    };

    GateContext context_;
    std::vector<Gate> gates_;

    void open(Gate& gate, std::int64_t from_tick) const;
    void finish(Gate& gate, std::int64_t to_tick) const;
    bool begin_anew(Gate& gate,
                    std::int64_t from_tick,
                    const std::string& reason,
                    int most,
                    std::vector<Restart>& restarts) const;
    void take_losses(Gate& gate,
                     const rig::EdgeRecorder& recorder,
                     std::vector<Restart>& restarts) const;
    void take_edges(Gate& gate,
                    const rig::EdgeRecorder& recorder,
                    std::vector<Restart>& restarts) const;
    void take_edge(Gate& gate,
                   const calibration::PhasedEdge& edge,
                   std::vector<Restart>& restarts) const;
    void check_time(Gate& gate, std::int64_t watermark) const;
    bool accuracy_reached(const Gate& gate) const;
    double seconds_from(const Gate& gate, std::int64_t tick) const;
};

}  // namespace sequences
