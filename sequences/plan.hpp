// A plan: a programme made concrete for one meter type, one edition and one rule, with its finish
// time and feasibility.
#pragma once

#include "calibration/decision.hpp"
#include "calibration/load_point.hpp"
#include "calibration/uncertainty.hpp"
#include "dut/meter_type.hpp"
#include "sequences/programme.hpp"

#include <cstdint>
#include <optional>
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

struct TestPoint {
    std::size_t index = 0;  // in the plan
    ProgrammePoint programme;
    calibration::LoadPoint load;
    std::optional<calibration::Limits> limits;  // accuracy points only
    calibration::Duration impulse_interval{};   // at nominal power; zero for no-load
    calibration::Duration required{};           // no-load: the observation time; starting: tau
    double expected_s = 0;                      // bench time with settling
    double at_most_s = 0;
    double expected_uncertainty_percent = 0;  // accuracy points
    std::string infeasible;  // why it cannot reach its uncertainty in time; empty: it can
};

struct Plan {
    Programme programme;
    dut::MeterType meter;
    calibration::Ratings ratings;  // with the Imin that is used
    calibration::LimitTable limits;
    std::string
        accuracy_class;  // of the meter in this edition: "C" by EN 50470-3, "1" by IEC 62053-21
    calibration::DecisionRule rule;
    calibration::Certificate certificate;
    std::vector<TestPoint> points;
    std::vector<std::string> remarks;  // "Imin 0.1 A is printed ...; 0.01 A is used"
    double expected_s = 0;
    double at_most_s = 0;
};

// Pure. Throws calibration::DataError.
Plan make_plan(const RunSetup& setup);

// "3 of the programme's 18 points", for whoever reads a verdict; empty: all of them. What was not
// asked for and what the edition has no limit for are not judged.
std::string partial_text(const Plan& plan);

// Fills in the texts of a set-up from names: built-in ids or paths. `limits` empty: the programme's
// own choice for the meter's class. Throws calibration::DataError.
struct SetupNames {
    std::string programme, meter, limits;
};
RunSetup load_setup(const SetupNames& names);

}  // namespace sequences
