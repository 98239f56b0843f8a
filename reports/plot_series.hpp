// The measured points of one meter sorted into the curves of its plot. Internal.
#pragma once

#include "calibration/decision.hpp"
#include "reports/html_parts.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reports {

struct Mark {
    double current_a, error_percent, uncertainty_percent;
    std::optional<calibration::Limits> limits;
    calibration::Verdict verdict;
    std::string name;
};

// One power factor, balanced or in one phase.
struct Series {
    std::string label;        // "PF 0.5 ind", "PF 1, L2 alone"
    std::string_view colour;  // by power factor
    int phase = -1;           // of a single-phase load: 0, 1, 2; else -1
    std::vector<Mark> marks;  // by rising current
};

std::vector<Series> series_of(const std::vector<MeterPoint>& points);

}  // namespace reports
