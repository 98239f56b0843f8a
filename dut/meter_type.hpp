// A meter type as data: ratings, classes, limits nobody may exceed, networks, pulse output and the
// register map.
#pragma once

#include "calibration/document.hpp"
#include "calibration/embedded_text.hpp"
#include "calibration/load_point.hpp"
#include "calibration/quantity.hpp"
#include "calibration/ratings.hpp"
#include "dut/register_map.hpp"

#include <array>
#include <cstdint>
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

// What the meter survives for a while; one of the two.
struct ShortOverload {
    std::optional<calibration::Volt> voltage;
    std::optional<calibration::Ampere> current;
    double duration_s = 0;
};

// What the maker says the meter survives for ever, and the frequencies it can measure.
struct NeverExceed {
    calibration::Volt voltage{0};    // phase to neutral, continuous
    calibration::Ampere current{0};  // continuous
    calibration::Hertz least_frequency{0}, most_frequency{0};
    std::vector<ShortOverload> short_overloads;
};

// In which a meter that feeds itself from the terminals works.
struct SupplyLimits {
    calibration::Volt least_voltage{0}, most_voltage{0};  // phase to neutral
    calibration::Hertz least_frequency{0}, most_frequency{0};
};

// A way to connect the meter, and what it makes of its inputs then.
struct Network {
    std::string name;  // "4NBL"
    int wires = 4;
    int voltage_inputs = 3, current_inputs = 3;  // that are connected
    // By which the powers of the phases are summed up; see BenchModel::set_phase_weights.
    std::array<double, calibration::phase_count> phase_weights{1, 1, 1};
    std::optional<int> code;  // in the register "network"
    std::string confidence;   // of the code
};

// What a meter for current transformers can be set to.
struct CurrentTransformer {
    int least_primary_a = 1, most_primary_a = 1;
    std::vector<int> secondaries_a;
};

// The pulse output's weight for a band of current transformer ratios; direct meters have one band
// from 1 to 1.
struct PulseWeight {
    int least_ratio = 1, most_ratio = 1;
    calibration::WattHour weight{0};  // before the current transformer
};

// What the bands count: the ratio primary : secondary, or the primary current in A.
enum class CountedIn { ratio, primary };

struct PulseOutput {
    CountedIn counted_in = CountedIn::ratio;
    double shortest_pulse_s = 0.03;
    std::vector<PulseWeight> bands;  // without gaps, from 1
};

struct RtuDefaults {
    int baud = 9600;         // factory setting
    std::string framing;     // "8E1"
    std::vector<int> bauds;  // that the meter can be set to
    std::vector<std::string> framings;
};

struct ModbusDefaults {
    std::string host;  // factory setting; empty: no Modbus TCP
    int port = 502;
    int unit = 5;
    std::optional<RtuDefaults> rtu;
    bool tcp() const { return !host.empty(); }
};

// Averages of the power over whole periods of the meter's clock.
struct Demand {
    int default_period_s = 600;
    std::vector<int> periods_s;
};

// A load curve in blocks behind a read pointer: a write of `rewind` to the command register sets
// the pointer to the newest block, `older` moves it on. A block is a head of six words (number of
// records, words per record, period in minutes, unit code, numerator, denominator) and records of
// four (two of the period's begin in seconds since 2000, incomplete, value); one with fewer than
// `records` is the oldest.
struct LoadCurve {
    std::uint16_t command = 0, block = 0;
    std::uint16_t rewind = 0, older = 0;
    int records = 1;   // per block
    int capacity = 0;  // records the meter keeps
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
    std::optional<SupplyLimits> supply;
    std::vector<Network> networks;                  // at least one
    std::string default_network;                    // the name of one of them
    std::optional<CurrentTransformer> transformer;  // nothing for direct meters
    std::optional<PulseOutput> pulse_output;
    int tariffs = 1;
    bool self_supplied = true;  // dead, its port included, without voltage
    std::optional<ModbusDefaults> modbus;
    RegisterMap registers;
    calibration::WattHour register_resolution{0};
    calibration::WattHour roll_over{0};  // the register goes from roll_over - resolution to 0
    std::optional<Demand> demand;
    std::optional<LoadCurve> load_curve;
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

// Null when the type has none of that name or code.
const Network* find_network(const MeterType& type, std::string_view name);
const Network* find_network(const MeterType& type, int code);

// Whether the type's transformer can be set so.
bool ratio_possible(const MeterType& type, int primary_a, int secondary_a);
// What a meter is set to that nobody has set: the largest secondary current, to itself if the
// primary can be that, else to the nearest it can be. 5 A to 5 A for a COUNTIS.
struct TransformerRatio {
    int primary_a = 1, secondary_a = 1;
};
TransformerRatio ratio_as_it_comes(const MeterType& type);
// By how much the registers exceed what is at the terminals: 1 for direct meters, and where the
// registers do not carry the ratio.
double carried_ratio(const MeterType& type, int primary_a, int secondary_a);

// The printed weight for a ratio (or a primary current, see CountedIn); nothing outside the bands.
std::optional<calibration::WattHour> pulse_weight(const MeterType& type, int ratio);
// The same for a set transformer; a ratio between two whole numbers counts as the lower one.
std::optional<calibration::WattHour> pulse_weight(const MeterType& type,
                                                  int primary_a,
                                                  int secondary_a);
// What one impulse is worth at the meter's terminals, as BenchModel::set_output_weight wants it.
std::optional<calibration::WattHour> pulse_weight_at_terminals(const MeterType& type,
                                                               int primary_a,
                                                               int secondary_a);

// The quantities that may be written to every meter of a line at once.
std::vector<std::string> broadcast_quantities(const MeterType& type);

}  // namespace dut
