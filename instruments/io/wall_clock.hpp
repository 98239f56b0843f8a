// The date and time of day, for the one stamp that every run carries. Nothing measured may depend
// on it.
#pragma once

#include <string>

namespace instruments::io {

std::string utc_now();  // "2026-11-20T09:12:33Z"

}  // namespace instruments::io
