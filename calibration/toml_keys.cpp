#include "calibration/toml_keys.hpp"

#include <algorithm>

namespace calibration {

namespace {

bool is_bare(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || byte >= 0x80;
}

// The end of the quoted part that begins at `at`: behind its closing quote, or where its line ends.
std::size_t quoted_end(std::string_view text, std::size_t at) {
    const char quote = text[at];
    for (++at; at < text.size() && text[at] != '\n'; ++at) {
        if (text[at] == quote) return at + 1;
        if (quote == '"' && text[at] == '\\') ++at;
    }
    return std::min(at, text.size());
}

// The end of the part that begins at `at`; `at` itself when none does.
std::size_t part_end(std::string_view text, std::size_t at) {
    if (text[at] == '"' || text[at] == '\'') return quoted_end(text, at);
    while (at < text.size() && is_bare(text[at])) ++at;
    return at;
}

}  // namespace

std::optional<std::size_t> line_of_endless_key(std::string_view text) {
    std::size_t parts = 0;
    bool joined = false;  // a dot has come since the last part
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = part_end(text, at);
        if (end > at) {
            parts = joined ? parts + 1 : 1;
            if (parts > most_key_parts) {
                return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, at), '\n'));
            }
            joined = false;
            at = end;
            continue;
        }
        const char c = text[at++];
        if (c == '.') {
            joined = parts > 0;
        } else if (c != ' ' && c != '\t') {
            parts = 0;
        }
    }
    return std::nullopt;
}

}  // namespace calibration
