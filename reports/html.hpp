// The pages a reviewer reads.
#pragma once

#include "sequences/results.hpp"

#include <string>

namespace reports {

// One self-contained HTML file: inline style and drawings, no script, nothing from a network; for
// screen and A4.
std::string render_html(const sequences::RunResult& run);

}  // namespace reports
