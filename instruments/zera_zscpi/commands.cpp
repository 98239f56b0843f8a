#include "instruments/zera_zscpi/commands.hpp"

#include "instruments/zera_zscpi/wire.hpp"

#include <algorithm>

namespace instruments::zera_zscpi {

namespace {

// Not <cctype>: what a letter is must not depend on the locale.
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_letter(char c) { return upper(c) >= 'A' && upper(c) <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_vowel(char c) { return std::string_view{"AEIOU"}.find(upper(c)) != std::string_view::npos; }

bool same(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, upper, upper);
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

}  // namespace

Command parse_command(std::string_view text) {
    Command command;
    text = trimmed(text);
    if (text.ends_with(';')) {
        command.terminated = true;
        text = trimmed(text.substr(0, text.size() - 1));
    }
    const std::size_t end = text.find_first_of(" ?");
    command.header = text.substr(0, end);
    if (command.header.starts_with(':')) command.header.remove_prefix(1);
    if (end == std::string_view::npos) return command;
    command.query = text[end] == '?';
    command.parameter = trimmed(text.substr(end + 1));
    return command;
}

std::string short_form(std::string_view node) {
    const auto letters_end = std::ranges::find_if_not(node, is_letter);
    const auto letters = static_cast<std::size_t>(letters_end - node.begin());
    if (letters <= 4 || !std::all_of(letters_end, node.end(), is_digit)) return std::string{node};
    const std::size_t kept = is_vowel(node[3]) ? 3 : 4;
    return std::string{node.substr(0, kept)}.append(node.substr(letters));
}

bool node_matches(std::string_view node, std::string_view given) {
    return same(node, given) || same(short_form(node), given);
}

bool header_matches(std::string_view path, std::string_view given) {
    if (given.starts_with(':')) given.remove_prefix(1);
    while (!path.empty() && !given.empty()) {
        const std::string_view node = take_until(path, ':');
        const bool last_given = given.find(':') == std::string_view::npos;
        if (!node_matches(node, take_until(given, ':'))) return false;
        if (last_given) return path.empty();
    }
    return false;
}

}  // namespace instruments::zera_zscpi
