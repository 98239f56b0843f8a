// Programmes as data: which points a meter goes through, in the words of the standards (Ist, Imin,
// Itr, Iref, Imax).
#pragma once

#include "calibration/embedded_text.hpp"
#include "calibration/limits.hpp"
#include "calibration/load_point.hpp"
#include "calibration/ratings.hpp"
#include "calibration/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sequences {

// The last ten are tests over the meters' own ports.
enum class PointKind {
    no_load,
    starting,
    accuracy,
    identify,        // serial, type, firmware, checksums against the expected
    heads,           // who blinks when loaded: ties every head and every port to its position
    constant,        // LED impulses against register advance
    dial,            // register advance against reference energy
    tariff,          // only the chosen register advances
    pulse_output,    // its impulses against those of the LED
    phase_sequence,  // what the meter says of phases swapped and missing
    reactive,        // reactive registers against the reference
    communication,   // errors and latencies of many reads
    set_up,          // writes settings, reads them back
    load_curve,      // recorded averages against the reference
};

std::string_view name(PointKind kind);  // as a programme file writes it: "pulse-output"
bool is_port_test(PointKind kind);

// A gate ends for a position when it has enough intervals, enough time and the uncertainty its rule
// needs, or at the cap.
struct StopRule {
    std::int64_t least_intervals = 10;
    double least_time_s = 10;
    double most_time_s = 0;  // the cap
};

// One value that a set-up step writes.
struct Setting {
    std::string quantity;  // "ct_primary"
    double value = 0;
};

// What a test over the port asks for. Each kind reads its own keys; the others keep their defaults.
struct PortTest {
    std::vector<std::pair<std::string, std::string>> expect;  // identify: name -> text
    std::int64_t least_intervals = 4;  // heads: impulse intervals in every step
    double resolution_share = 0.1;  // constant, dial, reactive: one register step is at most this
                                    // share of the limit
    std::vector<int> tariffs;       // tariff: those to go through; empty: all the type has
    bool broadcast = false;         // tariff: one broadcast per line instead of single writes
    std::int64_t least_steps = 3;   // tariff: how far each register must advance
    std::int64_t least_impulses = 10;  // pulse-output
    double most_error_percent = 0;     // reactive, load-curve
    std::int64_t reads = 100;          // communication
    double most_errors_percent = 0;    // communication
    std::int64_t periods = 1;          // load-curve: complete records that are judged
    std::vector<Setting> settings;     // set-up, in this order
    bool may_refuse = false;           // set-up: a sealed meter's refusal is a legal outcome
    bool restore = false;              // set-up: what was found is written back at the run's end
};

// One point as the programme states it, before a meter's ratings turn it into volts and amperes.
struct ProgrammePoint {
    std::string name;  // "Itr PF 0.5 ind", "Iref L2 PF 1"
    PointKind kind = PointKind::accuracy;
    std::string voltage = "Un";  // "1.15 Un"
    std::string current;         // "Imin"; empty for no-load
    calibration::PowerFactor power_factor = calibration::PowerFactor::unity();
    calibration::LoadKind load = calibration::LoadKind::balanced;
    std::size_t phase = 0;  // of a single-phase load: 0, 1, 2
    StopRule stop;
    double settle_s = 0;  // in addition to what the source needs
    // Of these meters' programme only: "connection = "ct"". Others have one point less.
    std::optional<calibration::Connection> connection{};
    PortTest port{};
};

struct Programme {
    std::string id;  // "en50470-3-verification"
    std::string title;
    std::vector<std::string>
        limits;  // editions in order of preference; the first that knows the meter's class is used
    int attempts = 3;  // how often a point is tried when its conditions were left
    std::vector<ProgrammePoint> points;
};

// Throws calibration::DataError on any fault of the text.
Programme parse_programme(std::string_view text, std::string_view name);

std::span<const calibration::EmbeddedText> programme_texts();  // the programmes built in
calibration::EmbeddedText programme_text(
    std::string_view id);  // throws DataError listing what exists

}  // namespace sequences
