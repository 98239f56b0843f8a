// What an emulated meter is told to be, and what it may do wrong.
#pragma once

#include "calibration/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dut {

// A register of an emulated meter that is wrong: `scale` times its value, or stuck at what it held
// at `stuck_from` (what is written to it then has no effect), or a text of its own for an
// identification field. The quantity "load_curve" is every average in the load curve.
struct WrongRegister {
    std::string quantity;
    double scale = 1;
    calibration::Instant stuck_from = calibration::never;
    std::string text;
    std::optional<double> value;  // what it shows whatever is true
    bool not_available = false;   // shows "not available"
};

// What an emulated meter may do wrong, each to be detected by name.
struct MeterFaults {
    std::vector<WrongRegister> wrong_registers;
    // Of the pulse output, against what its type says. Changed later, it needs update_output().
    double output_weight_scale = 1;
    calibration::Instant silent_from = calibration::never;
    std::map<std::uint16_t, std::uint8_t>
        exceptions;                        // exception code whenever a request touches the register
    std::string extended_name;             // says it is another product
    calibration::Duration reply_delay{0};  // of the next `late_replies` answers
    int late_replies = 0;
    double energy_scale = 1;    // energies are off by this factor
    int reply_unit = 0;         // answers in the name of another unit; 0: does not
    bool loses_writes = false;  // confirms writes and forgets them
    // Takes and shows every tariff, and goes on counting into the one it had.
    bool stuck_tariff = false;
};

struct MeterEmulatorOptions {
    std::string serial = "24480001";  // in the form of the type
    int unit = 5;
    int software_version = 100;  // 100 is 1.00
    // 0: as the meter comes, 1 to 1 where its transformer can be set so. Ignored by direct meters.
    int ct_primary_a = 0, ct_secondary_a = 0;
    std::string network;  // empty: the type's default
    bool dead_without_voltage =
        false;  // what a self-supplied meter does; off lets a bench identify before energising
    MeterFaults faults;
};

}  // namespace dut
