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

// A meter registers while it has a voltage and, in some phase, at least its starting current.
struct MeterPower {
    Watt active{0};  // the sum of the phases
    Var reactive{0};
    std::array<Watt, phase_count> phase{Watt{0}, Watt{0}, Watt{0}};
};
// A meter with one measuring element is connected to L1 alone. The offset is shared by the phases
// that carry current, creep by those that have voltage, so that the phases add up to the total.
MeterPower measured(const MeterTraits& meter, const LoadPoint& load);

// Between two loads at rest: amplitudes and powers go from one to the other, `remainder` of the way
// is left. Angles, frequency and waveform are those of `to`, and those of `from` in a channel that
// is switched off.
LoadPoint between(const LoadPoint& from, const LoadPoint& to, double remainder);
SeenLoad between(const SeenLoad& from, const SeenLoad& to, double remainder);

}  // namespace calibration
