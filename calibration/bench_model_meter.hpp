// One emulated meter over the whole run: its registers and its LED in closed form.
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

    // From `at` on the meter sees powers that approach those of `settled`.
    void change(Instant at, const LoadPoint& settled, const Settling& settling);

    const MeterTraits& traits() const { return traits_; }
    Instant impulse(std::int64_t number) const;
    RegisteredEnergy registered(Instant at) const;

  private:
    // Total active, total reactive, active of L1, L2, L3.
    static constexpr std::size_t quantities = 2 + phase_count;
    struct Energy {
        double import_ws = 0, export_ws = 0;
    };
    struct Stretch {
        Instant start;
        Settling settling;
        std::array<Approach, quantities> power{};
        std::array<Energy, quantities> before{};  // registered up to the start
    };

    const Stretch& stretch_at(Instant at) const;
    static Energy energy(const Stretch& stretch, std::size_t quantity, Instant at);
    Instant emitted(std::int64_t number) const;

    std::uint64_t seed_;
    std::uint64_t jitter_channel_;
    MeterTraits traits_;
    Duration grid_offset_;
    Duration longest_delay_;
    std::vector<Stretch> stretches_;
    ImpulseTrain led_;
};

}  // namespace calibration
