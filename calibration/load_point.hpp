// What the bench makes and the meter sees: voltages, currents, angles, frequency, waveform.
#pragma once

#include "calibration/quantity.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace calibration {

inline constexpr std::size_t phase_count = 3;

enum class PhaseSequence { l123, l132 };

// cos(phi) with its side: "1", "0.5 ind", "0.8 cap". Inductive: the current lags its voltage.
class PowerFactor {
  public:
    static PowerFactor unity() { return PowerFactor{1.0, 1.0}; }
    // Throws DataError: "power factor: expected 1, or 0..1 with ind or cap, got ...". A leading "-"
    // is export.
    static PowerFactor parse(std::string_view text);

    double value() const { return value_; }  // negative for export
    bool is_unity() const { return value_ == 1.0 || value_ == -1.0; }
    bool is_inductive() const { return !is_unity() && side_ > 0; }
    bool is_capacitive() const { return !is_unity() && side_ < 0; }
    // phi in (-180, 180]: by how much the current lags its voltage; negative: it leads. Export
    // turns the current of the same import by 180 degrees: "-0.5 ind" is -120, quadrant III.
    Degree displacement() const;
    std::string text() const;  // "1", "0.5 ind"; parse(text()) gives the same back

    friend bool operator==(const PowerFactor&, const PowerFactor&) = default;

  private:
    PowerFactor(double value, double side) : value_(value), side_(side) {}
    double value_;
    double side_;  // +1 inductive, -1 capacitive
};

// Amplitude in percent of the fundamental; angle against the fundamental's zero crossing of the
// same channel.
struct Harmonic {
    int order;  // 2 to 40
    Percent amplitude;
    Degree angle;
    friend bool operator==(const Harmonic&, const Harmonic&) = default;
};

// Fundamental RMS values; a zero voltage or current means that channel is off.
struct PhaseLoad {
    Volt voltage{0};
    // Phasor, counter-clockwise, L1 = 0; sequence 123 has L2 = 240, L3 = 120.
    Degree voltage_angle{0};
    Ampere current{0};
    Degree displacement{0};  // phi: positive when the current lags (inductive)
    std::vector<Harmonic> voltage_harmonics{};
    std::vector<Harmonic> current_harmonics{};
    friend bool operator==(const PhaseLoad&, const PhaseLoad&) = default;
};

struct LoadPoint {
    std::array<PhaseLoad, phase_count> phases;
    Hertz frequency{50};
    PhaseSequence sequence = PhaseSequence::l123;

    static LoadPoint balanced(Volt voltage,
                              Ampere current,
                              PowerFactor power_factor,
                              Hertz frequency = Hertz{50},
                              PhaseSequence sequence = PhaseSequence::l123);
    // Balanced voltages, current in one phase only; `phase` is 0, 1 or 2.
    static LoadPoint single_phase(std::size_t phase,
                                  Volt voltage,
                                  Ampere current,
                                  PowerFactor power_factor,
                                  Hertz frequency = Hertz{50});
    static LoadPoint voltage_only(Volt voltage, Hertz frequency = Hertz{50});
    static LoadPoint off() { return {}; }

    bool any_voltage() const;
    bool any_current() const;
    friend bool operator==(const LoadPoint&, const LoadPoint&) = default;
};

// True powers of one phase and of all, in closed form over the harmonics both channels share.
// P = sum U_h I_h cos phi_h; Q is that of the fundamental (IEC 62053-24); S = U_rms I_rms;
// PF = P / S.
Watt active_power(const PhaseLoad& phase);
Var reactive_power(const PhaseLoad& phase);
VoltAmpere apparent_power(const PhaseLoad& phase);
Watt active_power(const LoadPoint& load);
Var reactive_power(const LoadPoint& load);
VoltAmpere apparent_power(const LoadPoint& load);  // arithmetic sum over the phases
double power_factor(const LoadPoint& load);        // 0 when there is no apparent power

Volt rms_voltage(const PhaseLoad& phase);    // with harmonics
Ampere rms_current(const PhaseLoad& phase);  // with harmonics

Degree normalised(Degree angle);  // to [0, 360)

}  // namespace calibration
