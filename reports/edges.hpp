// Edges between records and columns: four int64 per edge, as the datasets hold them. Internal.
#pragma once

#include "calibration/gate.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace reports {

struct EdgeColumn {
    const char* dataset;
    std::int64_t calibration::PhasedEdge::* member;
    const char* units;
};

inline constexpr EdgeColumn edge_columns[] = {
    {"dut_edge_ticks", &calibration::PhasedEdge::tick, "ticks"},
    {"reference_count", &calibration::PhasedEdge::reference_count, "impulses"},
    {"reference_before_ticks", &calibration::PhasedEdge::reference_before, "ticks"},
    {"reference_after_ticks", &calibration::PhasedEdge::reference_after, "ticks"},
};

}  // namespace reports
