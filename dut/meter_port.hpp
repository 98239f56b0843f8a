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
    Words words;  // empty when the meter refused them
    std::string text;
    std::string reason;  // why there are none: "refused: illegal data address"
};

struct MeterIdentity {
    std::string maker;   // what the probe field says: "SOCO"
    std::string vendor;  // empty when the meter does not say
    std::string product_name;
    std::string extended_name;     // what the name field says: "COUNTIS E48"
    std::string serial;            // composed as the type says: "24480001", "24480001-123"
    std::string table_version;     // of the register map: "1.01"
    std::string software_version;  // "1.00"
    std::string product_version;   // "1.4"
    // All fields of the type, in its order; the firmware's versions and checksums are "firmware_1",
    // "firmware_2", "checksum_1", "checksum_2" where the type has them.
    std::vector<IdentityField> fields;
};

// The field's text; empty when the type has no such field or the meter refused it.
std::string field_text(const MeterIdentity& identity, std::string_view field);

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
calibration::VarHour reactive_import_advance(const RegisterReading& from,
                                             const RegisterReading& to);
calibration::VarHour reactive_export_advance(const RegisterReading& from,
                                             const RegisterReading& to);

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

// One value by its name in the register map, as the meter shows it; nothing where it says "not
// available", or refuses registers of which nobody knows that it has them.
struct QuantityReading {
    std::string quantity;  // "tariff", "active_import_energy_t2", "ct_primary"
    std::optional<double> value;
    double step = 0;  // what one count is worth
    std::string unit;
    std::string reason;  // why there is no value: "not available", "refused: illegal data address"
};

// How far one register advanced, over at most one roll-over, as the meter shows it (the transformer
// ratio is still in it); nothing when one of the two has no value.
std::optional<double> advance(const QuantityReading& from,
                              const QuantityReading& to,
                              calibration::WattHour roll_over);

// One record of a meter's load curve: the average over a period.
struct LoadCurveRecord {
    double start_s = 0;  // of the period, in seconds since 2000-01-01 on the meter's clock
    double period_s = 0;
    double value_w = 0;       // the transformer ratio is not in it
    bool incomplete = false;  // the meter was not there for the whole period
};

// What came of writing one setting. A meter that refuses in good order (sealed, read only, value
// out of range) is no fault: the caller decides whether it may.
struct SettingOutcome {
    std::string quantity;
    std::optional<double> before, after;  // as read before and after
    std::string refusal;  // "exception 3: illegal data value"; empty: the meter took it
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

    // These quantities, in this order, with as few requests as the map allows; each quantity by its
    // finest row. A name the type's map has not is a DeviceFault.
    virtual Task<std::vector<QuantityReading>> read(std::vector<std::string> quantities) = 0;
    // Every readable quantity of the map once, block by block.
    virtual Task<std::vector<QuantityReading>> read_everything() = 0;
    // Reads, writes, reads back. What was taken but reads back otherwise is a DeviceFault.
    virtual Task<SettingOutcome> set(std::string quantity, double value) = 0;
    // Writes one setting to every meter on this port's line at once, without an answer. A port with
    // a line of its own writes its one meter. DeviceFault when the map does not allow the quantity
    // to be broadcast.
    virtual Task<void> broadcast(std::string quantity, double value) = 0;
    // The records whose periods begin in [from_s, to_s), oldest first. DeviceFault for a type
    // without a load curve.
    virtual Task<std::vector<LoadCurveRecord>> read_load_curve(double from_s, double to_s) = 0;
    // Ports with the same line share it: one answers at a time. Empty: a line of its own.
    virtual std::string line() const = 0;
};

}  // namespace dut
