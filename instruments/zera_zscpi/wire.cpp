#include "instruments/zera_zscpi/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace instruments::zera_zscpi {

namespace {

constexpr double sentinel_from = 9.9e37;
constexpr std::size_t longest_line = 65536;

// from_chars knows no leading plus, the instrument writes one before registers and errors.
std::string_view without_plus(std::string_view text) {
    const bool signed_plus = text.size() > 1 && text.front() == '+' && text[1] != '-';
    return signed_plus ? text.substr(1) : text;
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
    Number value{};
    const std::string_view digits = without_plus(text);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

Parsed<void> parse_numbers(std::string_view text, std::span<double> numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const bool last = i + 1 == numbers.size();
        const std::string_view piece = last ? text : take_until(text, ',');
        const auto number = parse_number(piece);
        if (!number) return std::unexpected(number.error());
        numbers[i] = *number;
    }
    return {};
}

std::string item_name(std::string_view module, std::string_view name) {
    return std::string{module}.append(1, ':').append(name);
}

}  // namespace

std::string_view describe(WireFault fault) {
    switch (fault) {
        case WireFault::no_value:
            return "has no value yet";
        case WireFault::malformed:
            return "is garbled";
        case WireFault::not_a_value:
            return "is not a number";
        case WireFault::missing:
            return "is missing";
    }
    return "is garbled";
}

Parsed<double> parse_number(std::string_view text) {
    if (text.empty()) return std::unexpected(WireFault::no_value);
    const auto value = whole<double>(text);
    if (!value) return std::unexpected(WireFault::malformed);
    if (!std::isfinite(*value) || std::abs(*value) >= sentinel_from) {
        return std::unexpected(WireFault::not_a_value);
    }
    return *value;
}

Parsed<bool> parse_flag(std::string_view text) {
    if (text != "0" && text != "1") return std::unexpected(WireFault::malformed);
    return text == "1";
}

Parsed<std::int64_t> parse_register(std::string_view text) {
    const auto value = whole<std::int64_t>(text);
    if (!value || *value < 0) return std::unexpected(WireFault::malformed);
    return *value;
}

Parsed<ErrorEntry> parse_error(std::string_view text) {
    const auto code = whole<int>(take_until(text, ','));
    if (!code || text.empty()) return std::unexpected(WireFault::malformed);
    return ErrorEntry{*code, std::string{text}};
}

Parsed<Range> parse_range(std::string_view name) {
    double value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    if (error != std::errc{}) return std::unexpected(WireFault::malformed);
    std::string_view unit = name.substr(static_cast<std::size_t>(end - name.data()));
    if (unit.starts_with('m')) {
        value /= 1000;
        unit.remove_prefix(1);
    }
    const bool known = unit == "V" || unit == "A";
    if (!known || !std::isfinite(value) || value <= 0) return std::unexpected(WireFault::malformed);
    return Range{value, unit.front()};
}

std::string_view take_until(std::string_view& rest, char separator) {
    const std::size_t at = rest.find(separator);
    const std::string_view piece = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
    return piece;
}

void append_number(std::string& out, double value, int significant_digits) {
    std::array<char, 40> text;
    const auto result = std::to_chars(
        text.begin(), text.end(), value, std::chars_format::general, significant_digits);
    out.append(text.data(), result.ptr);
}

void append_register(std::string& out, std::int64_t value) {
    out += '+';
    out += std::to_string(value);
}

void append_error(std::string& out, const ErrorEntry& entry) {
    if (entry.code >= 0) out += '+';
    out += std::to_string(entry.code);
    out += ',';
    out += entry.text;
}

Parsed<Item> ItemReader::next() {
    const std::size_t end = rest_.find(';');
    if (end == std::string_view::npos) return std::unexpected(WireFault::malformed);
    std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (text.empty()) return std::unexpected(WireFault::no_value);
    Item item;
    item.module = take_until(text, ':');
    item.name = take_until(text, ':');
    item.unit = take_until(text, ':');
    item.value = text;
    const bool bracketed =
        item.unit.size() >= 2 && item.unit.front() == '[' && item.unit.back() == ']';
    if (!bracketed || item.name.empty()) return std::unexpected(WireFault::malformed);
    item.unit = item.unit.substr(1, item.unit.size() - 2);
    return item;
}

std::expected<void, GroupFault> parse_group(std::string_view answer,
                                            std::string_view module,
                                            std::span<const Wanted> wanted) {
    std::uint64_t found = 0;  // one bit for each wanted value
    ItemReader items{answer};
    while (!items.at_end()) {
        const auto item = items.next();
        if (!item) return std::unexpected(GroupFault{item.error(), std::string{module}});
        const auto fault = [&](WireFault what) {
            return std::unexpected(GroupFault{what, item_name(module, item->name)});
        };
        if (item->module != module) return fault(WireFault::malformed);
        const auto place = std::ranges::find(wanted, item->name, &Wanted::name);
        if (place == wanted.end()) continue;
        const std::uint64_t bit = std::uint64_t{1} << (place - wanted.begin());
        if ((found & bit) != 0 || item->unit != place->unit) return fault(WireFault::malformed);
        const auto numbers = parse_numbers(item->value, place->numbers);
        if (!numbers) return fault(numbers.error());
        found |= bit;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if ((found >> i & 1) != 0) continue;
        return std::unexpected(GroupFault{WireFault::missing, item_name(module, wanted[i].name)});
    }
    return {};
}

void append_item(std::string& out, const Item& described, std::span<const double> numbers) {
    out.append(described.module).append(1, ':').append(described.name);
    out.append(":[").append(described.unit).append("]:");
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i > 0) out += ',';
        append_number(out, numbers[i], 9);
    }
    out += ';';
}

void LineSplitter::feed(std::span<const std::uint8_t> bytes) {
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::optional<std::string> LineSplitter::next() {
    for (;;) {
        const std::size_t end = buffer_.find_first_of("\r\n");
        if (end == std::string::npos) break;
        std::string line = buffer_.substr(0, end);
        terminator_ = buffer_[end];
        buffer_.erase(0, end + 1);
        const bool whole_line = !std::exchange(skipping_, false);
        if (whole_line && !line.empty() && line.size() <= longest_line) return line;
    }
    if (buffer_.size() > longest_line) {
        buffer_.clear();
        skipping_ = true;
    }
    return std::nullopt;
}

}  // namespace instruments::zera_zscpi
