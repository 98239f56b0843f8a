// Capability: what a meter's own communication port offers. For consistency and identity; accuracy
// comes from the LED.
#pragma once

#include "calibration/load_point.hpp"
#include "calibration/quantity.hpp"
#include "calibration/time.hpp"
#include "dut/meter_type.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/task.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dut {

using instruments::io::Task;

// One identification register as it was read, for the evidence.
struct IdentityField {
    std::string field;
    std::uint16_t address = 0;
    Words words;
    std::string text;
};

struct MeterIdentity {
    std::string maker;   // "SOCO"
    std::string vendor;  // empty when the meter does not say
    std::string product_name;
    std::string extended_name;     // "COUNTIS E48"
    std::string serial;            // "24480001", or "24480001-123" with an order number
    std::string table_version;     // of the register map: "1.01"
    std::string software_version;  // "1.00"
    std::string product_version;   // "1.4"
    std::vector<IdentityField> fields;
};

// One line when the meter is not of that type: "is a COUNTIS E28, expected COUNTIS E48".
std::optional<std::string> mismatch(const MeterIdentity& identity, const MeterType& type);

// The total registers, of one instant.
struct RegisterReading {
    calibration::Instant at;  // when the answer came
    calibration::WattHour active_import{0}, active_export{0};
    calibration::VarHour reactive_import{0}, reactive_export{0};
    calibration::WattHour resolution{0};
    calibration::WattHour roll_over{0};
    double ratio = 1;  // of the current transformer, as set in the meter and carried by these
                       // values; 1 for direct meters
};

// How far the registers advanced, over at most one roll-over, at the meter's terminals (the ratio
// divided out).
calibration::WattHour active_import_advance(const RegisterReading& from, const RegisterReading& to);
calibration::WattHour active_export_advance(const RegisterReading& from, const RegisterReading& to);

// What the meter says it sees; nothing where it says "not available".
struct InstantPhase {
    std::optional<calibration::Volt> voltage;
    std::optional<calibration::Ampere> current;
    std::optional<calibration::Watt> active;
    std::optional<calibration::Var> reactive;
};
struct InstantValues {
    calibration::Instant at;
    std::array<InstantPhase, calibration::phase_count> phases;
    std::optional<calibration::Watt> active;
    std::optional<calibration::Var> reactive;
    std::optional<calibration::VoltAmpere> apparent;
    std::optional<double> power_factor;  // as the meter signs it: negative is leading
    std::optional<calibration::Hertz> frequency;
    double frequency_scale_hz = 0;  // the scale that gave 45 to 65 Hz; 0 without a frequency
};

// All functions throw instruments::DeviceFault naming meter, register and reason, or io::LinkError
// when the meter cannot be connected ("modbus-tcp:127.0.0.1:5020,5: connection refused"). One
// caller at a time. After a fault the port recovers by itself at the next call; it never repeats a
// call that failed.
class MeterPort {
  public:
    virtual ~MeterPort() = default;
    virtual const MeterType& type() const = 0;
    virtual std::string name() const = 0;  // "modbus-tcp:192.168.0.4:502,5"
    virtual Task<MeterIdentity> identify() = 0;
    // Read twice with the identification in between: what decides a verdict is never a single
    // answer.
    virtual Task<RegisterReading> read_energy() = 0;
    virtual Task<InstantValues> read_instant() = 0;
};

}  // namespace dut
