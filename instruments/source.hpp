// Capability: a programmable three-phase source with isolated voltage and current amplifiers
// (phantom load).
#pragma once

#include "calibration/load_point.hpp"
#include "calibration/time.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/task.hpp"

#include <string>
#include <vector>

namespace instruments {

using io::Task;

struct Identity {
    std::string maker, model, serial, firmware;
};

// What the source can do; a load point outside is refused by the supervisor before the first byte.
struct SourceCapabilities {
    calibration::Volt least_voltage{0}, most_voltage{0};
    calibration::Ampere least_current{0}, most_current{0};
    calibration::Hertz least_frequency{0}, most_frequency{0};
    int highest_harmonic = 1;          // 1: sine only
    bool phantom_current = true;       // false: its current setting is a trip limit (grid source)
    calibration::Duration settling{};  // after commit, until the output may be relied on
};

enum class OffMode { normal, current_only, emergency };

// All functions throw DeviceFault when the device refuses, garbles, trips or stays silent,
// io::LinkError when the link is gone. One caller at a time.
class Source {
  public:
    virtual ~Source() = default;
    virtual const SourceCapabilities& capabilities() const = 0;
    virtual Task<Identity> identify() = 0;
    // Transmits set points and has them acknowledged; the output does not change.
    virtual Task<void> stage(calibration::LoadPoint load) = 0;
    // Makes the staged set points the output, and confirms that the source has not tripped.
    virtual Task<void> commit() = 0;
    // normal: currents off first, then voltages. emergency: everything at once, no questions asked.
    // Never throws for a source that is already off. After a fault it tries again once before it
    // throws.
    virtual Task<void> switch_off(OffMode mode) = 0;
    // Asks for faults, and reports unsolicited ones that came since the last call; empty when
    // healthy.
    virtual Task<std::vector<std::string>> faults() = 0;
};

}  // namespace instruments
