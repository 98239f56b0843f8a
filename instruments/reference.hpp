// Capability: a reference standard that measures the load and emits impulses in proportion to
// energy.
#pragma once

#include "calibration/load_point.hpp"
#include "calibration/quantity.hpp"
#include "calibration/seen_load.hpp"
#include "calibration/time.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/task.hpp"
#include "instruments/source.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace instruments {

// Follows the range: every change of range is a new epoch, and an error across two epochs is
// invalid.
struct PulseConstant {
    calibration::ImpulsesPerKilowattHour value{0};
    std::string voltage_range, current_range;  // as the device names them: "240V", "2.5A"
    std::uint32_t epoch = 0;
};

struct ReferenceReading {
    calibration::SeenLoad load;  // of the last full integration period
    calibration::PhaseSequence sequence = calibration::PhaseSequence::l123;
    calibration::Instant at;            // when the answer came
    calibration::Duration integration;  // the window before `at` that it covers
    bool overload = false;
};

struct ReferenceCapabilities {
    calibration::Volt most_voltage{0};
    calibration::Ampere most_current{0};
    calibration::Hertz most_impulse_frequency{0};  // at full range
};

// All functions throw DeviceFault or io::LinkError. One caller at a time.
class Reference {
  public:
    virtual ~Reference() = default;
    virtual const ReferenceCapabilities& capabilities() const = 0;
    virtual Task<Identity> identify() = 0;
    // Fixes the narrowest ranges that hold the load with 5 % to spare, switches automatic ranging
    // off, clears a latched overload, and reads the constant back. The same ranges as before keep
    // the epoch.
    virtual Task<PulseConstant> select_ranges(calibration::LoadPoint load) = 0;
    // The constant as the device states it now; a new epoch when the ranges or the constant differ
    // from the last call.
    virtual Task<PulseConstant> pulse_constant() = 0;
    virtual Task<ReferenceReading> read() = 0;
};

}  // namespace instruments
