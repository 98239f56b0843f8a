// Programmes as data: which points a meter goes through, in the words of the standards (Ist, Imin,
// Itr, Iref, Imax).
#pragma once

#include "calibration/embedded_text.hpp"
#include "calibration/limits.hpp"
#include "calibration/load_point.hpp"
#include "calibration/time.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sequences {

enum class PointKind { no_load, starting, accuracy };

std::string_view name(PointKind kind);

// A gate ends for a position when it has enough intervals, enough time and the uncertainty its rule
// needs, or at the cap.
struct StopRule {
    std::int64_t least_intervals = 10;
    double least_time_s = 10;
    double most_time_s = 0;  // the cap
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
