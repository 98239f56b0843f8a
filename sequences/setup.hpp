// What a run is made from: the texts, and how they are found by name.
#pragma once

#include "calibration/decision.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sequences {

// Everything a run is made from, as text: it goes into the journal and the evidence verbatim, and
// an archive is evaluated again from nothing else.
struct RunSetup {
    std::string programme_text, programme_name;
    std::string meter_text, meter_name;
    std::string limits_text, limits_name;
    std::string bench_text, bench_name;
    calibration::DecisionRule rule = calibration::DecisionRule::simple;
    bool printed_minimum_current = false;  // use Imin as printed instead of the consistent one
    std::uint64_t seed = 0;
    std::vector<std::string> only_points;  // names; empty: all
};

// Fills in the texts of a set-up from names: built-in ids or paths. `limits` empty: the programme's
// own choice for the meter's class. A meter type is searched in `meters_folder` first (empty: in
// users_meters_folder()), as <id>.toml. Throws calibration::DataError.
struct SetupNames {
    std::string programme, meter, limits;
    std::string meters_folder{};
};
RunSetup load_setup(const SetupNames& names);

// A meter type's text, found as load_setup() finds it. Throws calibration::DataError.
struct MeterText {
    std::string text, name;
};
MeterText load_meter_text(const std::string& meter, const std::string& meters_folder = {});

// $CALRIG_METERS, else calrig/meters in $XDG_CONFIG_HOME or ~/.config where that is a folder;
// empty: there is none. Throws calibration::DataError when $CALRIG_METERS is no folder.
std::filesystem::path users_meters_folder();

struct MeterTypeEntry {
    std::string id;
    std::string origin;   // "built in", or the file's path
    std::string name;     // "COUNTIS E48"; empty for a broken file
    std::string problem;  // why the file cannot be used; empty: it can
};
// All types by id: those of the folder (empty: users_meters_folder()), then those built in that it
// does not replace.
std::vector<MeterTypeEntry> known_meter_types(const std::filesystem::path& folder = {});

}  // namespace sequences
