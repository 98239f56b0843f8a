#include "instruments/fault.hpp"

#include <fmt/format.h>

#include <utility>

namespace instruments {

DeviceFault::DeviceFault(FaultReport report)
    : std::runtime_error(fmt::format("{}: {}: {}{}",
                                     report.device,
                                     report.operation,
                                     report.problem,
                                     report.code.empty() ? "" : fmt::format(" ({})", report.code))),
      report_(std::move(report)) {}

}  // namespace instruments
