// The forward reference model of a whole bench in closed form: load -> true power -> energy ->
// impulse times. One source, one reference standard and many meters share it; every emulator is a
// face on it (design D5).
#pragma once

#include "calibration/load_point.hpp"
#include "calibration/quantity.hpp"
#include "calibration/ratings.hpp"
#include "calibration/seen_load.hpp"
#include "calibration/time.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace calibration {

// What the source really does with a set point.
struct SourceTraits {
    std::array<double, phase_count> voltage_gain_percent{};
    std::array<double, phase_count> current_gain_percent{};
    std::array<double, phase_count> angle_error_deg{};  // of the current against its voltage
    Duration settling_time_constant =
        std::chrono::milliseconds{400};  // power approaches exponentially, then is constant
    double stability_percent =
        0.005;  // standard deviation of one set point's power, drawn anew at every set point
};

// The reference standard's hidden error against true power.
struct ReferenceTraits {
    double ratio_error_percent = 0;
    double phase_error_minutes = 0;  // arc minutes added to the displacement it sees
};

// What one meter really does. Errors are those of its measurement, at its own terminals.
struct MeterTraits {
    Ratings ratings;
    double gain_error_percent = 0;
    std::array<double, phase_count> phase_gain_error_percent{};  // in addition, per element
    double phase_error_minutes = 0;  // arc minutes added to the displacement
    double offset_w =
        0;  // added to the measured power while it registers: error grows at low current
    double voltage_coefficient_percent = 0;    // gain per percent of voltage deviation from Un
    double frequency_coefficient_percent = 0;  // gain per percent of frequency deviation from fn
    double starts_at_a = 0;   // below this current in every phase it registers nothing
    double creep_w = 0;       // registered with voltage and no current
    Duration update_grid{0};  // impulses are emitted on this internal grid; 0: at once
    Duration jitter{0};       // standard deviation of the emission time
    // Share of an impulse, [0, 1), that the LED's accumulator held when the meter came; not given,
    // it is drawn from the model's seed, so that the meters of a bench do not blink in unison.
    std::optional<double> led_remainder;
    // Energy at the meter's terminals per impulse of its pulse output, both directions alike; 0: it
    // has none. Its accumulator is empty when the meter comes, and it emits without delay.
    WattHour output_weight{0};
    double initial_import_wh = 0,
           initial_export_wh = 0;  // what the registers held when it came to the bench
    double register_scale =
        1;  // register advance per true registered energy; 1 for a healthy meter
};

struct ReferencePhase {
    std::int64_t count = 0;  // impulses so far
    double fraction = 0;     // of the next one, [0, 1)
};

// How a meter sums up its phases.
using PhaseWeights = std::array<double, phase_count>;
inline constexpr PhaseWeights every_phase{1, 1, 1};

// The totals are those of the weighted sum of the phases, by its sign; a phase's own registers
// count what the phase has, unweighted, and nothing while its weight is 0.
struct RegisteredEnergy {
    WattHour active_import{0}, active_export{0};
    VarHour reactive_import{0}, reactive_export{0};
    std::array<WattHour, phase_count> active_import_phase{WattHour{0}, WattHour{0}, WattHour{0}};
    std::array<WattHour, phase_count> active_export_phase{WattHour{0}, WattHour{0}, WattHour{0}};
    std::array<VarHour, phase_count> reactive_import_phase{VarHour{0}, VarHour{0}, VarHour{0}};
    std::array<VarHour, phase_count> reactive_export_phase{VarHour{0}, VarHour{0}, VarHour{0}};
};

class BenchModel {
  public:
    BenchModel(std::uint64_t seed,
               const SourceTraits& source,
               const ReferenceTraits& reference,
               std::vector<MeterTraits> meters);
    ~BenchModel();
    BenchModel(const BenchModel&) = delete;
    BenchModel& operator=(const BenchModel&) = delete;

    // -- written by the source's and the reference's faces, at instants that never decrease
    // ---------------------- From `at` on the terminals approach `load` (all zero: off). The set
    // point's number seeds its stability draw.
    void set_output(Instant at, const LoadPoint& load);
    // The reference's impulse constant from `at` on; the count goes on, so that a range change is
    // visible.
    void set_reference_constant(Instant at, ImpulsesPerKilowattHour constant);

    // -- written by the faces of one meter and of the position switch, at instants that never
    // decrease; each begins a new epoch

    // From `at` on the pulse output counts with another weight; what it had accumulated towards the
    // next impulse stays, as energy. Where that makes whole impulses of a smaller weight they are
    // due at `at`. With weight 0 the output rests and accumulates nothing.
    void set_output_weight(Instant at, std::size_t position, WattHour at_terminals);
    // A bypassed position has voltage, and no current: its relay carries it. At once, whatever the
    // source does; a later set_output changes nothing about it.
    void set_bypassed(Instant at, std::size_t position, bool bypassed);
    // How the meter sums up its phases, by the network it is set to: {1, 1, 1} with a transformer
    // in every phase, {3, 0, 0} in a balanced network with one. Powers of a phase weighted 0 are
    // not registered, and its current does not start the meter. LED and pulse output follow the
    // weighted sum. No weight is negative.
    void set_phase_weights(Instant at, std::size_t position, PhaseWeights weights);

    // -- read by the faces
    // ----------------------------------------------------------------------------------------
    std::size_t meter_count() const;
    const MeterTraits& meter(std::size_t position) const;
    LoadPoint actual_load(Instant at) const;  // what really is on the terminals
    // The same at one meter: without currents while its position is bypassed.
    LoadPoint meter_load(std::size_t position, Instant at) const;
    SeenLoad seen(Instant at) const;  // what the reference measures
    ImpulsesPerKilowattHour reference_constant(Instant at) const;

    ReferencePhase reference_phase(Instant at) const;
    // When impulse `number` (1, 2, ...) left or will leave the reference if the present load goes
    // on; never if not.
    Instant reference_impulse(std::int64_t number) const;

    // When impulse `number` (1, 2, ...) of a meter's LED rises, if the present load goes on; never
    // if it does not. Non-decreasing in `number`. An instant at or before the last change of the
    // load, or of this meter, is final.
    Instant impulse(std::size_t position, std::int64_t number) const;
    // The same of a meter's pulse output; never when it has none.
    Instant output_impulse(std::size_t position, std::int64_t number) const;
    // Grows with everything that is written: what impulse(), output_impulse() and
    // reference_impulse() said about the future is void then.
    std::uint64_t epoch() const;

    RegisteredEnergy registered(std::size_t position, Instant at) const;

    // -- the truth, for tests and for true_error_percent in evidence of virtual runs
    // --------------------------------- 100 (P_meter / P_true - 1) at the settled load that
    // `set_output(.., load)` gave last, with the meter's phase weights of that instant; 0 when no
    // power flows. It says what the meter is, so that a bypass does not change it.
    Percent true_error(std::size_t position, Instant at) const;
    Watt true_power(Instant at) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace calibration
