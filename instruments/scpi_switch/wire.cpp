#include "instruments/scpi_switch/wire.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <type_traits>

namespace instruments::scpi_switch {

namespace {

constexpr std::string_view longest_head = "ROUT:CLOS? (@";
constexpr std::size_t most_in_range = 1000;

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }
char upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, upper, upper);
}

// The pattern's capitals are the short form: "ROUTe" is said "ROUT" or "ROUTE".
bool is_word(std::string_view pattern, std::string_view given) {
    const auto short_length = std::ranges::find_if(pattern, is_lower) - pattern.begin();
    return same_word(pattern, given) ||
           same_word(pattern.substr(0, static_cast<std::size_t>(short_length)), given);
}

// Takes what comes before `separator` off the text; all of it when there is none.
std::string_view take_until(std::string_view& text, char separator) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

bool is_header(std::string_view pattern, std::string_view given) {
    while (!pattern.empty() && !given.empty()) {
        if (!is_word(take_until(pattern, ':'), take_until(given, ':'))) return false;
    }
    return pattern.empty() && given.empty();
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<int> whole_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// One item of a channel list: "101", or "101:104".
std::expected<void, CommandFault> append_item(Channels& channels, std::string_view item) {
    const bool is_range = item.contains(':');
    const auto first = whole_number(trimmed(take_until(item, ':')));
    const auto last = is_range ? whole_number(trimmed(item)) : first;
    if (!first || !last) return std::unexpected(CommandFault::syntax);
    const bool exists = *first >= 1 && *last <= highest_channel && *first <= *last;
    if (!exists || static_cast<std::size_t>(*last - *first) >= most_in_range) {
        return std::unexpected(CommandFault::out_of_range);
    }
    for (int channel = *first; channel <= *last; ++channel) channels.push_back(channel);
    return {};
}

std::expected<Channels, CommandFault> decode_channels(std::string_view text) {
    text = trimmed(text);
    if (!text.starts_with("(@") || !text.ends_with(')')) {
        return std::unexpected(CommandFault::syntax);
    }
    text = text.substr(2, text.size() - 3);
    Channels channels;
    for (bool is_last = false; !is_last;) {
        is_last = !text.contains(',');
        const auto item = append_item(channels, take_until(text, ','));
        if (!item) return std::unexpected(item.error());
    }
    return channels;
}

template <class Kind>
std::expected<Command, CommandFault> with_channels(std::string_view list) {
    auto channels = decode_channels(list);
    if (!channels) return std::unexpected(channels.error());
    return Kind{std::move(*channels)};
}

std::expected<Command, CommandFault> bare(Command command, std::string_view parameter) {
    if (!parameter.empty()) return std::unexpected(CommandFault::syntax);
    return command;
}

}  // namespace

std::string encode(const Command& command) {
    return std::visit(
        [](const auto& said) -> std::string {
            using Said = std::remove_cvref_t<decltype(said)>;
            if constexpr (std::is_same_v<Said, AskIdentity>) {
                return "*IDN?";
            } else if constexpr (std::is_same_v<Said, ClearStatus>) {
                return "*CLS";
            } else if constexpr (std::is_same_v<Said, AskError>) {
                return "SYST:ERR?";
            } else {
                const std::string_view header = std::is_same_v<Said, Close>  ? "ROUT:CLOS"
                                                : std::is_same_v<Said, Open> ? "ROUT:OPEN"
                                                                             : "ROUT:CLOS?";
                return fmt::format("{} (@{})", header, fmt::join(said.channels, ","));
            }
        },
        command);
}

std::expected<Command, CommandFault> decode_command(std::string_view line) {
    line = trimmed(line);
    std::string_view header = take_until(line, ' ');
    const std::string_view parameter = trimmed(line);
    if (same_word(header, "*IDN?")) return bare(AskIdentity{}, parameter);
    if (same_word(header, "*CLS")) return bare(ClearStatus{}, parameter);
    if (header.starts_with(':')) header.remove_prefix(1);
    const bool is_query = header.ends_with('?');
    if (is_query) header.remove_suffix(1);
    if (is_query && (is_header("SYSTem:ERRor", header) || is_header("SYSTem:ERRor:NEXT", header))) {
        return bare(AskError{}, parameter);
    }
    if (is_header("ROUTe:CLOSe", header)) {
        return is_query ? with_channels<AskClosed>(parameter) : with_channels<Close>(parameter);
    }
    if (!is_query && is_header("ROUTe:OPEN", header)) return with_channels<Open>(parameter);
    return std::unexpected(CommandFault::undefined_header);
}

std::vector<Channels> in_lines(const Channels& channels) {
    constexpr std::size_t room = longest_line - longest_head.size() - 2;  // ")" and the line's end
    std::vector<Channels> parts;
    std::size_t used = room;
    for (const int channel : channels) {
        const std::size_t needed = fmt::formatted_size(",{}", channel);
        if (used + needed > room) {
            parts.emplace_back();
            used = 0;
        }
        parts.back().push_back(channel);
        used += needed;
    }
    return parts;
}

std::string encode_identity(const Identity& identity) {
    return fmt::format(
        "{},{},{},{}", identity.maker, identity.model, identity.serial, identity.firmware);
}

std::string encode_states(const std::vector<bool>& closed) {
    std::string text;
    for (const bool state : closed) text += state ? "1," : "0,";
    if (!text.empty()) text.pop_back();
    return text;
}

std::string encode_error(const ErrorEntry& error) {
    return fmt::format("{:+},\"{}\"", error.code, error.text);
}

std::expected<Identity, AnswerFault> decode_identity(std::string_view line) {
    if (std::ranges::count(line, ',') != 3) return std::unexpected(AnswerFault::malformed);
    std::array<std::string, 4> fields;
    for (std::string& field : fields) field = trimmed(take_until(line, ','));
    // Four states have three commas too, so a maker has a letter. Serial and firmware may be
    // missing; "0" is what the standard wants then.
    const bool has_maker = std::ranges::any_of(fields[0], is_letter);
    if (!has_maker || fields[1].empty()) return std::unexpected(AnswerFault::malformed);
    return Identity{fields[0], fields[1], fields[2], fields[3]};
}

std::expected<ErrorEntry, AnswerFault> decode_error(std::string_view line) {
    std::string_view number = trimmed(take_until(line, ','));
    const bool has_plus = number.starts_with('+');
    if (has_plus) number.remove_prefix(1);
    const auto code = has_plus && number.starts_with('-') ? std::nullopt : whole_number(number);
    const std::string_view text = trimmed(line);
    const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    if (!code || !is_quoted) return std::unexpected(AnswerFault::malformed);
    return ErrorEntry{*code, std::string{text.substr(1, text.size() - 2)}};
}

std::expected<std::vector<bool>, std::size_t> decode_states(std::string_view line,
                                                            std::size_t count) {
    std::vector<bool> closed;
    bool has_more = !line.empty();
    while (has_more && closed.size() < count) {
        has_more = line.contains(',');
        const std::string_view field = take_until(line, ',');
        if (field != "0" && field != "1") return std::unexpected(closed.size());
        closed.push_back(field == "1");
    }
    if (has_more || closed.size() < count) return std::unexpected(closed.size());
    return closed;
}

}  // namespace instruments::scpi_switch
