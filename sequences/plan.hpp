// A plan: a programme made concrete for one meter type, one edition and one rule, with its finish
// time and feasibility.
#pragma once

#include "calibration/decision.hpp"
#include "calibration/load_point.hpp"
#include "calibration/uncertainty.hpp"
#include "dut/meter_type.hpp"
#include "sequences/programme.hpp"
#include "sequences/setup.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sequences {

struct NamedLoad {
    std::string label;  // "132", "without L2"
    calibration::LoadPoint load;
};

// As it is set in a meter; direct meters have 1 : 1.
struct SetTransformer {
    int primary_a = 1, secondary_a = 1;
    double ratio = 1;  // that the registers carry
};

// What a test over the port needs.
struct PortPlan {
    // As the programme's set-up steps before this one will have left it; a step in its course uses
    // what the meter says.
    SetTransformer transformer;
    double energy = 0;  // Wh (reactive: varh) at the meter's terminals, once or for every tariff
    double load_s = 0;  // how long the load stands for it
    std::vector<NamedLoad> loads;  // phase-sequence: all that are shown, in order
    std::vector<int> tariffs;      // in order
};

struct TestPoint {
    std::size_t index = 0;  // in the plan
    ProgrammePoint programme;
    calibration::LoadPoint load;
    std::optional<calibration::Limits> limits;  // accuracy, constant and dial
    calibration::Duration impulse_interval{};   // at nominal power; zero for no-load
    calibration::Duration required{};           // no-load: the observation time; starting: tau
    double expected_s = 0;                      // bench time with settling
    double at_most_s = 0;
    double expected_uncertainty_percent = 0;  // accuracy points
    std::string infeasible;  // why it cannot reach its uncertainty in time; empty: it can
    PortPlan port{};
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
    std::size_t positions = 0;  // of the bench
    std::vector<TestPoint> points;
    // Points of the programme that are this meter's: without those of the other connection, and
    // without tests of what its type does not have. Fewer in `points` make a run a partial one.
    std::size_t asked = 0;
    std::vector<std::string> remarks;  // "Imin 0.1 A is printed ...; 0.01 A is used"
    double expected_s = 0;
    double at_most_s = 0;
};

// Pure. Throws calibration::DataError.
Plan make_plan(const RunSetup& setup);

// "3 of the programme's 18 points", for whoever reads a verdict; empty: all of them. What was not
// asked for, what the edition has no limit for and what the bench cannot do are not judged.
std::string partial_text(const Plan& plan);

// Every load the point applies, for the limits nobody may exceed.
std::vector<NamedLoad> loads_of(const TestPoint& point);

}  // namespace sequences
