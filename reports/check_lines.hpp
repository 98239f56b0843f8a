// What the tests over the port looked at, as parallel columns that any viewer shows as a table.
// Internal.
#pragma once

#include "reports/h5.hpp"
#include "sequences/results.hpp"

#include <vector>

namespace reports {

// The group `checks` of a position at a point; none where nothing was looked at.
void write_checks(h5::Group& position,
                  const sequences::PositionResult& result,
                  sequences::PointKind kind);

// Throws h5::Error when the columns do not belong together, calibration::DataError for a verdict it
// does not know.
std::vector<sequences::CheckLine> read_checks(const h5::Group& position);

}  // namespace reports
