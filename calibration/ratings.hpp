// The ratings of a meter as the standards use them, and the check of their ratios.
#pragma once

#include "calibration/embedded_text.hpp"
#include "calibration/quantity.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace calibration {

enum class Connection { direct, transformer };  // "direct" and "ct" in data

struct Ratings {
    Connection connection = Connection::direct;
    int measuring_elements = 3;
    Volt nominal_voltage{230};  // Un, phase to neutral, at which the meter is verified
    Hertz nominal_frequency{50};
    Ampere starting{0};      // Ist
    Ampere minimum{0};       // Imin
    Ampere transitional{0};  // Itr
    Ampere reference{0};     // Iref: 10 Itr direct, 20 Itr by transformer
    Ampere maximum{0};       // Imax
    // Of the test output, at the meter's terminals (secondary).
    ImpulsesPerKilowattHour constant{0};
};

// "Imax", "0.5 Iref", "10 Itr", "0.25 A", "10 mA": a current by its name in the standards, or in
// amperes. Throws DataError for anything else, and when the ratings do not give the current that is
// named.
Ampere current_from_text(std::string_view text, const Ratings& ratings);
// "Un", "1.15 Un", "230 V". Throws DataError likewise.
Volt voltage_from_text(std::string_view text, const Ratings& ratings);

// One broken ratio of MID annex V table 1 or EN 50470-1, in words: "Imin 0.1 A is above 0.2 Itr =
// 0.01 A".
struct RatingFault {
    std::string rule;  // "Imin <= 0.2 Itr (class C, ct)"
    std::string message;
};

// Checks Ist, Imin, Iref and Imax for class "A", "B", "C" (2014/32/EU annex V table 1) or "1", "2"
// (IEC 62053-21) against ratings/current-ratios.toml. Every current must be given and Ist be below
// Imin; as every class bounds Imin by a part of Itr, an Imin at or above Itr is always a fault.
// Throws DataError for another class.
std::vector<RatingFault> check_ratings(const Ratings& ratings, std::string_view accuracy_class);

std::span<const EmbeddedText> rating_texts();  // the ratios built in

}  // namespace calibration
