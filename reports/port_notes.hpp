// What the check lines of a test over the port follow from, as parallel columns: the meters'
// readings, the step's moments, the reference's readings. Internal.
#pragma once

#include "reports/h5.hpp"
#include "sequences/results.hpp"

namespace reports {

// The group `readings` of a position at a point; none where nothing was read.
void write_readings(h5::Group& position, const sequences::PositionResult& result);
// The groups `moments` and `looks` of a point; none where it is no test over the port.
void write_step(h5::Group& point, const sequences::PointResult& result);

// Evidence of calrig 0.1 is without. Throws h5::Error when the columns do not belong together.
void read_readings(const h5::Group& position, sequences::PositionResult& result);
void read_step(const h5::Group& point, sequences::PointResult& result);

}  // namespace reports
