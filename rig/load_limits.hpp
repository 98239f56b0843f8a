// What load the bench may be asked for: the intersection of meter, source and reference (design
// D14).
#pragma once

#include "calibration/load_point.hpp"
#include "dut/meter_type.hpp"
#include "instruments/reference.hpp"
#include "instruments/source.hpp"

#include <string>

namespace rig {

// Throws calibration::DataError naming the load (`what`), the quantity, the limit and whose it is.
// RMS values count, harmonics included. A value that is no number is outside every limit.
void check_load(const calibration::LoadPoint& load,
                const std::string& what,
                const instruments::SourceCapabilities& source,
                const instruments::ReferenceCapabilities& reference,
                const dut::NeverExceed& meter);

}  // namespace rig
