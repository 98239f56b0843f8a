// One emulated meter over the whole run: its registers, its LED and its pulse output in closed
// form.
#pragma once

#include "calibration/bench_model_approach.hpp"
#include "calibration/bench_model_impulses.hpp"
#include "calibration/bench_model_powers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace calibration {

class EmulatedMeter {
  public:
    EmulatedMeter(std::uint64_t seed, std::size_t position, const MeterTraits& traits);

    // What the bench's load does from an instant on: it goes from one to the other.
    struct BenchLoad {
        const LoadPoint& before;
        const LoadPoint& settled;
        Settling settling;
        Duration elapsed{0};  // of the settling
    };

    // From `at` on the meter sees powers that approach those of `settled`.
    void change(Instant at, const LoadPoint& settled, const Settling& settling);
    // From `at` on the meter is in the current circuit or not, or sums up its phases otherwise: its
    // powers step to what they would be had it always been so.
    void set_bypassed(Instant at, bool bypassed, const BenchLoad& load);
    void set_weights(Instant at, const PhaseWeights& weights, const BenchLoad& load);
    void set_output_weight(Instant at, WattHour weight);

    const MeterTraits& traits() const { return traits_; }
    Instant impulse(std::int64_t number) const;
    Instant output_impulse(std::int64_t number) const { return output_.impulse(number); }
    RegisteredEnergy registered(Instant at) const;
    bool is_bypassed(Instant at) const { return stretch_at(at).bypassed; }
    const PhaseWeights& weights(Instant at) const { return stretch_at(at).weights; }

  private:
    // Total active and reactive, then active of L1, L2, L3, then reactive of L1, L2, L3.
    static constexpr std::size_t quantities = 2 + 2 * phase_count;
    using Powers = std::array<double, quantities>;
    struct Energy {
        double import_ws = 0, export_ws = 0;
    };
    struct Stretch {
        Instant start;
        Settling settling;
        bool bypassed = false;
        PhaseWeights weights = every_phase;
        std::array<Approach, quantities> power{};
        std::array<Energy, quantities> before{};  // registered up to the start
    };

    const Stretch& stretch_at(Instant at) const;
    Powers powers(const Stretch& stretch, const LoadPoint& load) const;
    void begin(Stretch next);
    void step(Stretch next, const BenchLoad& load);
    void follow_output(Instant at, double fraction_scale);
    static Energy energy(const Stretch& stretch, std::size_t quantity, Instant at);
    Instant emitted(std::int64_t number) const;

    std::uint64_t seed_;
    std::uint64_t jitter_channel_;
    MeterTraits traits_;
    Duration grid_offset_;
    Duration longest_delay_;
    std::vector<Stretch> stretches_;
    ImpulseTrain led_;
    ImpulseTrain output_{0.0};
    WattHour output_unit_;  // of the fraction that the output's train holds
    bool has_output_;
};

}  // namespace calibration
