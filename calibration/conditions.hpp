// Reference conditions: whether what the reference measures is still the load the point asks for.
#pragma once

#include "calibration/embedded_text.hpp"
#include "calibration/load_point.hpp"
#include "calibration/seen_load.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace calibration {

struct ReferenceConditions {
    std::string title, source;
    double voltage_percent = 0;
    double voltage_symmetry_percent = 0;
    double current_percent = 0;
    double current_symmetry_percent = 0;
    double frequency_percent = 0;
    double angle_deg = 0;
    double off_voltage_v = 0;  // what may remain on a channel that is off beside others that are on
    double off_current_a = 0;

    static ReferenceConditions parse(std::string_view text, std::string_view name);
};

std::span<const EmbeddedText> condition_texts();
ReferenceConditions standard_reference_conditions();

// One line per quantity that left its bounds: "L2 voltage 226.1 V left 230 V +- 1 %". Empty: all is
// well. A value on its bound is inside; one that is not a number is outside. A bench that is off is
// not looked at. Angles of channels without current are not looked at; phase sequence is, whenever
// three voltages are on.
std::vector<std::string> deviations(const LoadPoint& asked,
                                    const SeenLoad& seen,
                                    PhaseSequence sequence_seen,
                                    const ReferenceConditions& conditions);

}  // namespace calibration
