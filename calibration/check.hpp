// A check for programmer errors that stays on in release: it unwinds, and the bench's owners switch
// it off.
#pragma once

#include <source_location>

namespace calibration {

// Throws std::logic_error naming file, line and `what` unless `holds`.
void check(bool holds,
           const char* what,
           std::source_location where = std::source_location::current());

}  // namespace calibration
