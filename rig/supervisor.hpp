// The safety supervisor: the only one who moves the source. Limits before the first byte, ramps,
// order of on and off, and back control: does the load still stand as asked (design D14).
#pragma once

#include "calibration/conditions.hpp"
#include "calibration/load_point.hpp"
#include "dut/meter_type.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/reference.hpp"
#include "instruments/source.hpp"

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
               const dut::MeterType& meter);
    // The owner must have called switch_off() or have let an exception through make_safe(); see
    // Bench.
    ~Supervisor() = default;

    // Throws calibration::DataError naming the load, the quantity, the limit and whose it is. Sends
    // nothing.
    void check(const calibration::LoadPoint& load, const std::string& what) const;

    // Ramps to the load and waits until it has settled; checks it first. Voltage before current on,
    // current before voltage off; the reference's ranges are widened before anything rises and
    // narrowed after it fell. Throws DataError, DeviceFault, io::LinkError; the caller must then
    // switch off. Throws DeviceFault and sends nothing after make_safe(), until rearm().
    instruments::Task<instruments::PulseConstant> apply(calibration::LoadPoint load);

    // Currents off by a ramp, then voltages. Does nothing when the source was never energised.
    instruments::Task<void> switch_off();
    // After a fault, an abort, a dead link: off at once, swallowing what the source says about it.
    // Returns the complaint of a source that could not be confirmed off; empty when it is off. From
    // here on nothing energises: an apply() that is still on its way ends with DeviceFault before
    // its next byte, and a new one is refused.
    instruments::Task<std::string> make_safe();
    // Whoever has seen to the cause allows apply() again. Does nothing while the source is not
    // confirmed off: then switch_off() must succeed first. A task from before make_safe() stays
    // refused for ever.
    void rearm();

    // What the reference sees now, held against the load that was applied. A garbled or missing
    // answer is asked for again, three times in all. Throws DeviceFault when the source reports a
    // fault, or when no answer was good.
    instruments::Task<Observation> observe();

    bool energised() const { return energised_; }
    const calibration::LoadPoint& applied() const { return applied_; }

  private:
    instruments::io::Clock& clock_;
    instruments::Source& source_;
    instruments::Reference& reference_;
    dut::MeterType meter_;
    calibration::ReferenceConditions conditions_;
    calibration::LoadPoint applied_;
    std::optional<instruments::PulseConstant> constant_;
    bool energised_ = false;
    bool armed_ = true;
    std::uint64_t times_made_safe_ = 0;

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
};

}  // namespace rig
