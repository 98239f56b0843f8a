// How a serial line may run, and how long its characters and silences are.
#include "dut/modbus_bus.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dut {
namespace {

using calibration::DataError;
using calibration::Duration;
using instruments::io::Parity;

constexpr std::array rates{9600, 19200, 38400, 4800};  // the most usual first
constexpr int fixed_gap_above = 19200;
constexpr Duration fixed_gap = std::chrono::microseconds{1750};

struct Framing {
    const char* text;
    Parity parity;
    int stop_bits;
};
constexpr std::array framings{Framing{"8N1", Parity::none, 1},
                              Framing{"8E1", Parity::even, 1},
                              Framing{"8O1", Parity::odd, 1},
                              Framing{"8N2", Parity::none, 2}};

int bits(const LineSettings& settings) {
    const bool parity = settings.parity != Parity::none;
    return 1 + 8 + (parity ? 1 : 0) + settings.stop_bits;
}

[[noreturn]] void refuse(std::string_view expected, std::string_view got) {
    throw DataError(fmt::format("line settings: expected {}, got \"{}\"", expected, got));
}

}  // namespace

LineSettings parse_line_settings(std::string_view text) {
    const auto comma = text.find(',');
    if (comma == std::string_view::npos) refuse("BAUD,FRAMING such as 9600,8E1", text);
    const std::string_view rate = text.substr(0, comma), framing = text.substr(comma + 1);
    LineSettings settings;
    const auto known_rate =
        std::ranges::find_if(rates, [&](int known) { return std::to_string(known) == rate; });
    if (known_rate == rates.end()) refuse("4800, 9600, 19200 or 38400 baud", rate);
    const auto known_framing =
        std::ranges::find_if(framings, [&](const Framing& known) { return known.text == framing; });
    if (known_framing == framings.end()) refuse("8N1, 8E1, 8O1 or 8N2", framing);
    settings.baud = *known_rate;
    settings.parity = known_framing->parity;
    settings.stop_bits = known_framing->stop_bits;
    return settings;
}

std::string line_settings_text(const LineSettings& settings) {
    const char parity = settings.parity == Parity::none   ? 'N'
                        : settings.parity == Parity::even ? 'E'
                                                          : 'O';
    return fmt::format("{},8{}{}", settings.baud, parity, settings.stop_bits);
}

Duration character_time(const LineSettings& settings) {
    return calibration::from_seconds(static_cast<double>(bits(settings)) / settings.baud);
}

Duration frame_gap(const LineSettings& settings) {
    if (settings.baud > fixed_gap_above) return fixed_gap;
    return calibration::from_seconds(3.5 * bits(settings) / settings.baud);
}

SearchOptions usual_search() {
    SearchOptions options;
    options.patience = std::chrono::milliseconds{300};
    for (const int baud : rates) {
        for (const Framing& framing : framings) {
            options.settings.push_back({baud, framing.parity, framing.stop_bits, false});
        }
    }
    options.units = {5, 1};
    for (int unit = 2; unit <= 247; ++unit) {
        if (unit != 5) options.units.push_back(unit);
    }
    return options;
}

}  // namespace dut
