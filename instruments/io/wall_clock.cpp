#include "instruments/io/wall_clock.hpp"

#include <fmt/format.h>

#include <chrono>

namespace instruments::io {

std::string utc_now() {
    namespace chr = std::chrono;
    const auto now = chr::floor<chr::seconds>(chr::system_clock::now());
    const auto day = chr::floor<chr::days>(now);
    const chr::year_month_day date{day};
    const chr::hh_mm_ss time{now - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                       static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()),
                       time.hours().count(),
                       time.minutes().count(),
                       time.seconds().count());
}

}  // namespace instruments::io
