#include "calibration/check.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace calibration {

void check(bool holds, const char* what, std::source_location where) {
    if (!holds) {
        throw std::logic_error(
            fmt::format("{}:{}: internal check failed: {}", where.file_name(), where.line(), what));
    }
}

}  // namespace calibration
