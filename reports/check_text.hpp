// What a test over the port found and what it may be, as texts for pages and terminals.
#pragma once

#include "sequences/results.hpp"

#include <string>
#include <string_view>

namespace reports {

// How numbers are written: on paper with typographic signs, on a terminal without.
struct NumberSigns {
    std::string_view minus = "-", plus_minus = "+-";
};

struct CheckTexts {
    std::string found;  // "3.217 %", "COUNTIS E48"
    std::string
        permitted;  // "+-0.2 %", "at most 40 ms", "12 to 14 Wh"; empty: not judged by number
};

// Whether the line tells more than the reason of its position already says.
bool adds_to(const std::string& reason, const sequences::CheckLine& line);

// Five significant digits, and more where fewer would move the value across what is permitted. A
// line without a number has its text as what was found.
CheckTexts check_texts(const sequences::CheckLine& line, NumberSigns signs = {});

}  // namespace reports
