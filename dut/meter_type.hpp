// A meter type as data: ratings, classes, limits nobody may exceed, pulse outputs and the register
// map.
#pragma once

#include "calibration/document.hpp"
#include "calibration/embedded_text.hpp"
#include "calibration/quantity.hpp"
#include "calibration/ratings.hpp"
#include "dut/register_map.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dut {

struct AccuracyClass {
    std::string standard;  // "EN 50470-3", "IEC 62053-21"
    std::string name;      // "C", "1"
};

// What the maker says the meter survives for ever, and the frequencies it can measure.
struct NeverExceed {
    calibration::Volt voltage{0};    // phase to neutral, continuous
    calibration::Ampere current{0};  // continuous
    calibration::Hertz least_frequency{0}, most_frequency{0};
};

// The pulse output's weight for a band of current transformer ratios; direct meters have one band
// from 1 to 1.
struct PulseWeight {
    int least_ratio = 1, most_ratio = 1;
    calibration::WattHour weight{0};
};

struct ModbusDefaults {
    std::string host;  // factory setting
    int port = 502;
    int unit = 5;
};

struct MeterType {
    std::string id;     // "countis-e48"
    std::string name;   // "COUNTIS E48"
    std::string maker;  // "Socomec"
    std::string part_number;
    std::string source;          // the maker's paper the printed values are from
    std::string accuracy_class;  // the one the programme judges by: "C", "B", "1"
    std::vector<AccuracyClass> active_classes;
    std::vector<AccuracyClass> reactive_classes;
    calibration::Ratings ratings;  // consistent with the standard's ratios
    calibration::Ampere printed_minimum{
        0};  // Imin as printed; differs from ratings.minimum where that is a misprint
    std::vector<calibration::RatingFault>
        printed_faults;  // what check_ratings says about the printed values
    std::vector<calibration::Volt> nominal_voltages;      // phase to neutral: 230 and 240
    std::vector<calibration::Hertz> nominal_frequencies;  // 50, or 50 and 60
    NeverExceed never_exceed;
    std::vector<PulseWeight> pulse_weights;
    int tariffs = 1;
    bool self_supplied = true;  // dead, its port included, without voltage
    std::optional<ModbusDefaults> modbus;
    RegisterMap registers;
    calibration::WattHour register_resolution{0};
    calibration::WattHour roll_over{0};  // the register goes from roll_over - resolution to 0
};

// Throws calibration::DataError with file, line, key and what was expected. Ratings that break the
// standard's ratios (the consistent ones, not the printed) are an error too.
MeterType parse_meter_type(std::string_view text, std::string_view name);

std::span<const calibration::EmbeddedText> meter_type_texts();  // the types built in
std::vector<std::string> meter_type_ids();
// The text of a built-in type by id. Throws DataError listing what exists.
calibration::EmbeddedText meter_type_text(std::string_view id);

enum class MinimumCurrent { consistent, printed };
calibration::Ratings ratings(const MeterType& type, MinimumCurrent choice);

// The pulse output's weight at a transformer ratio; nothing outside the printed bands.
std::optional<calibration::WattHour> pulse_weight(const MeterType& type, int ratio);

}  // namespace dut
