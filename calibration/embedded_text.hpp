// A text built into the program: limits, meter types, programmes.
#pragma once

#include <span>
#include <string_view>

namespace calibration {

struct EmbeddedText {
    std::string_view name;  // file name, for example "countis-e48.toml"
    std::string_view text;
};

}  // namespace calibration
