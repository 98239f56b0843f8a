// What source, reference and meters make of a load at rest: formulas of their traits, no time.
#pragma once

#include "calibration/bench_model.hpp"

#include <array>

namespace calibration {

// The load on the terminals for a wanted one. `deviation_percent` is the set point's own deviation
// of power.
LoadPoint produced(const SourceTraits& source, const LoadPoint& wanted, double deviation_percent);

// What the reference shows of a load. Its ratio error sits in the current path, so that P, Q and S
// share it.
SeenLoad shown(const ReferenceTraits& reference, const LoadPoint& load);
Watt active_power(const SeenLoad& seen);

// The load behind a relay that bridges the current terminals.
LoadPoint without_currents(LoadPoint load);

// A meter registers while it has a voltage and, in some phase that it measures, at least its
// starting current.
struct MeterPower {
    Watt active{0};  // the weighted sum of the phases
    Var reactive{0};
    std::array<Watt, phase_count> phase{Watt{0}, Watt{0}, Watt{0}};
    std::array<Var, phase_count> phase_reactive{Var{0}, Var{0}, Var{0}};
};
// A meter measures the phases whose weight is not 0; with one measuring element it is connected to
// L1 alone. The offset is shared by the phases that carry current, creep by those that have
// voltage, so that they add to the total what the traits say, whatever the weights.
MeterPower measured(const MeterTraits& meter, const PhaseWeights& weights, const LoadPoint& load);

// Between two loads at rest: amplitudes and powers go from one to the other, `remainder` of the way
// is left. Angles, frequency and waveform are those of `to`, and those of `from` in a channel that
// is switched off.
LoadPoint between(const LoadPoint& from, const LoadPoint& to, double remainder);
SeenLoad between(const SeenLoad& from, const SeenLoad& to, double remainder);

}  // namespace calibration
