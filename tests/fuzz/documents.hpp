// What must hold of every loader: a value that keeps its own rules, or one line that says where the
// document is wrong.
#pragma once

#include "calibration/document.hpp"
#include "tests/fuzz/property.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <string_view>

namespace fuzz {

inline constexpr std::string_view document_name = "input.toml";

inline void check_one_line(std::string_view message) {
    property(!message.empty(), "an error says something");
    property(std::ranges::none_of(message, [](unsigned char c) { return std::iscntrl(c) != 0; }),
             "an error is one line that a terminal can show");
}

// "input.toml:12: position.led_channel: expected ..."
inline void check_document_error(const calibration::DataError& error) {
    std::string_view message = error.what();
    check_one_line(message);
    property(message.starts_with(document_name), "an error names the document");
    message.remove_prefix(document_name.size());
    property(message.size() > 1 && message[0] == ':' && std::isdigit(message[1]) != 0,
             "an error names the line");
}

// What `parse` makes of the document; nothing when it refuses it as it should.
template <class Parse>
auto loaded(Parse parse) -> std::optional<decltype(parse())> {
    try {
        return parse();
    } catch (const calibration::DataError& error) {
        check_document_error(error);
        return std::nullopt;
    }
}

// Calls what may refuse with one line, wherever the fault lies.
template <class Call>
void refused_or_done(Call call) {
    try {
        call();
    } catch (const calibration::DataError& error) {
        check_one_line(error.what());
    }
}

inline bool is_number_above_zero(double value) { return std::isfinite(value) && value > 0; }

}  // namespace fuzz
