// The safety supervisor: the only one who moves the source. Limits before the first byte, ramps,
// order of on and off, and back control: does the load still stand as asked (design D14).
#pragma once

#include "calibration/conditions.hpp"
#include "calibration/load_point.hpp"
#include "dut/meter_type.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/reference.hpp"
#include "instruments/source.hpp"
#include "rig/circuit.hpp"
#include "rig/under_way.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct Observation {
    instruments::ReferenceReading reading;
    std::vector<std::string> deviations;  // empty: inside the reference conditions
    std::vector<std::string> remarks;     // looks that had to be repeated
};

class Supervisor {
  public:
    Supervisor(instruments::io::Clock& clock,
               instruments::Source& source,
               instruments::Reference& reference,
               const dut::MeterType& meter,
               Circuit* circuit = nullptr);  // null: no relays
    // The owner must have called switch_off() or have let an exception through make_safe(); see
    // Bench.
    ~Supervisor() = default;

    // Throws calibration::DataError naming the load, the quantity, the limit and whose it is. Sends
    // nothing.
    void check(const calibration::LoadPoint& load, const std::string& what) const;

    // Ramps to the load and waits until it has settled; checks it first. Voltage before current on,
    // current before voltage off; the reference's ranges are widened before anything rises and
    // narrowed after it fell. Throws DataError, DeviceFault, io::LinkError; the caller must then
    // switch off. Throws DeviceFault and sends nothing after make_safe(), until rearm(), and while
    // relays move.
    instruments::Task<instruments::PulseConstant> apply(calibration::LoadPoint load);

    // Currents off by a ramp, then voltages, then every position back into the circuit. Does
    // nothing when the source was never energised and no position is out.
    instruments::Task<void> switch_off();
    // After a fault, an abort, a dead link: off at once, swallowing what the source says about it,
    // and then every position back into the circuit. Returns the complaint of a source that could
    // not be confirmed off (then relays stay where they are) or of relays that did not move; empty
    // when all is well. From here on nothing energises: an apply() that is still on its way ends
    // with DeviceFault before its next byte, and a new one is refused.
    instruments::Task<std::string> make_safe();
    // Whoever has seen to the cause allows apply() again. Does nothing while the source is not
    // confirmed off: then switch_off() must succeed first. A task from before make_safe() stays
    // refused for ever.
    void rearm();

    // What the reference sees now, held against the load that was applied. A garbled or missing
    // answer is asked for again, three times in all. Throws DeviceFault when the source reports a
    // fault, or when no answer was good.
    instruments::Task<Observation> observe();

    // Bypasses the positions that are not in `positions` and takes all others into the circuit.
    // Relays move without current only: throws DeviceFault and sends nothing when a current may
    // flow, while a load is on its way, and after make_safe(); waits until a current that has been
    // switched off has had the source's settling time to fall. Throws DeviceFault, too, for a
    // position without a relay and for a relay that does not move.
    instruments::Task<void> take_into_circuit(std::vector<bool> positions);
    bool has_position_switch() const { return circuit_ != nullptr && circuit_->has_switch(); }
    // Every meter carries the bench's current: only then may an accuracy gate be open.
    bool all_in_circuit() const { return circuit_ == nullptr || circuit_->all_in(); }

    bool energised() const { return energised_; }
    const calibration::LoadPoint& applied() const { return applied_; }

  private:
    instruments::io::Clock& clock_;
    instruments::Source& source_;
    instruments::Reference& reference_;
    dut::MeterType meter_;
    Circuit* circuit_;
    calibration::ReferenceConditions conditions_;
    calibration::LoadPoint applied_;
    calibration::LoadPoint ranged_;  // what the reference's ranges were last selected for
    std::optional<instruments::PulseConstant> constant_;
    bool energised_ = false;
    bool armed_ = true;
    std::uint64_t times_made_safe_ = 0;
    bool current_may_flow_ = false;        // one was asked for, and no off confirmed since
    calibration::Instant current_gone_{};  // when the last one will have fallen
    UnderWay loads_;                       // tasks that are changing the load
    UnderWay relays_;                      // tasks that are about to move relays, or do

    // What a task got when it began to move the source; void after make_safe().
    struct Permit {
        std::uint64_t times_made_safe;
    };
    Permit permit() const;
    void demand(Permit permit) const;

    instruments::Task<Observation> look();
    instruments::Task<void> step(calibration::LoadPoint load, Permit permit);
    instruments::Task<void> ramp(calibration::LoadPoint target, Permit permit);
    instruments::Task<std::string> try_off(instruments::OffMode mode);
    instruments::Task<void> change_load(calibration::LoadPoint load, Permit permit);
    calibration::LoadPoint ranges_for(calibration::LoadPoint load) const;
    void current_is_off();
    void now_off();
    void demand_no_current() const;
    instruments::Task<void> close_circuit();
    instruments::Task<std::string> try_close_circuit();
};

}  // namespace rig
