#include "scripts/cli/find_options.hpp"

#include "calibration/document.hpp"
#include "instruments/io/link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace scripts {

namespace {

using calibration::DataError;

constexpr int least_unit = 1, most_unit = 247;
constexpr std::string_view serial = "serial:";

std::optional<int> whole(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc{} && end == text.data() + text.size();
    return good ? std::optional(value) : std::nullopt;
}

[[noreturn]] void refuse_units(std::string_view text) {
    throw DataError(fmt::format(
        "--units: expected addresses from {} to {} as \"5\", \"1-247\" or \"1-10,20\", got '{}'",
        least_unit,
        most_unit,
        text));
}

}  // namespace

std::vector<int> parse_units(std::string_view text) {
    std::vector<int> units;
    std::string_view rest = text;
    while (true) {
        const auto comma = rest.find(',');
        const std::string_view part = rest.substr(0, comma);
        const auto dash = part.find('-');
        const auto first = whole(part.substr(0, dash));
        const auto last = dash == part.npos ? first : whole(part.substr(dash + 1));
        if (!first || !last || *first < least_unit || *last > most_unit || *first > *last) {
            refuse_units(text);
        }
        for (int unit = *first; unit <= *last; ++unit) {
            if (std::ranges::find(units, unit) == units.end()) {
                units.push_back(unit);
            }
        }
        if (comma == rest.npos) {
            return units;
        }
        rest.remove_prefix(comma + 1);
    }
}

SearchLink::SearchLink(std::string address) : address_(std::move(address)) {
    if (has_settings() && address_.find(',') != std::string::npos) {
        throw DataError(
            fmt::format("--link: {}: expected the device alone, as \"serial:/dev/ttyUSB0\": the "
                        "search sets the line, see --lines",
                        address_));
    }
    instruments::io::check_link_address(this->address(dut::LineSettings{}));
}

bool SearchLink::has_settings() const { return address_.starts_with(serial); }

std::string SearchLink::address(const dut::LineSettings& settings) const {
    return has_settings() ? fmt::format("{},{}", address_, dut::line_settings_text(settings))
                          : address_;
}

dut::SearchOptions search_options(const FindOptions& options) {
    dut::SearchOptions search = dut::usual_search();
    if (!options.units.empty()) {
        search.units = parse_units(options.units);
    }
    if (!options.lines.empty()) {
        search.settings.clear();
        for (const std::string& line : options.lines) {
            search.settings.push_back(dut::parse_line_settings(line));
        }
    } else if (!SearchLink(options.link).has_settings()) {
        search.settings.resize(1);  // the others would find the same meters again
    }
    for (dut::LineSettings& settings : search.settings) {
        settings.echoes = options.echoes;
    }
    return search;
}

}  // namespace scripts
