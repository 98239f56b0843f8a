// Values and texts to register words and back.
#include "dut/register_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

namespace dut {
namespace {

// A value this close below a count is that count: 230 V / 0.01 V is 22999.999999999996 in binary.
constexpr double count_tolerance = 1e-6;

std::uint64_t all_ones(int words) {
    return words >= 4 ? ~std::uint64_t{0} : (std::uint64_t{1} << (16 * words)) - 1;
}

Words to_words(std::uint64_t raw, int count) {
    Words words(static_cast<std::size_t>(count));
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        *word = static_cast<std::uint16_t>(raw);
        raw >>= 16;
    }
    return words;
}

Words to_words(const Register& row, std::uint64_t raw) {
    Words words = to_words(raw, row.words);
    if (row.low_word_first) std::reverse(words.begin(), words.end());
    return words;
}

std::uint64_t from_words(const std::uint16_t* words, int count) {
    std::uint64_t raw = 0;
    for (int index = 0; index < count; ++index) raw = raw << 16 | words[index];
    return raw;
}

std::uint64_t from_words(const Register& row, const std::uint16_t* words) {
    if (!row.low_word_first) return from_words(words, row.words);
    Words ordered(words, words + row.words);
    std::reverse(ordered.begin(), ordered.end());
    return from_words(ordered.data(), row.words);
}

// Two's complement of the row's width, or a floating number.
double number(const Register& row, std::uint64_t raw) {
    if (row.format == Format::floating) {
        return row.words == 4 ? std::bit_cast<double>(raw)
                              : std::bit_cast<float>(static_cast<std::uint32_t>(raw));
    }
    if (!row.is_signed) return static_cast<double>(raw);
    const int unused = 64 - 16 * row.words;
    return static_cast<double>(static_cast<std::int64_t>(raw << unused) >> unused);
}

std::uint64_t raw_number(const Register& row, double value) {
    if (row.format == Format::floating) {
        return row.words == 4 ? std::bit_cast<std::uint64_t>(value)
                              : std::bit_cast<std::uint32_t>(static_cast<float>(value));
    }
    // What is above the signed range, and what is below 0, has but one way each to be converted.
    const auto raw = value < 0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(value))
                               : static_cast<std::uint64_t>(value);
    return raw & all_ones(row.words);
}

// What the width allows; "not available" is no value.
bool holds(const Register& row, double count) {
    if (row.format == Format::floating) return true;
    const double range = std::pow(2.0, 16 * row.words);
    const bool inside =
        row.is_signed ? count >= -range / 2 && count < range / 2 : count >= 0 && count < range;
    return inside && raw_number(row, count) != not_available(row);
}

bool is_missing(const Register& row, std::uint64_t raw) {
    if (row.missing == Missing::usual && row.format == Format::floating) {
        return !std::isfinite(number(row, raw));
    }
    return raw == not_available(row);
}

Words missing_words(const Register& row) {
    if (row.missing == Missing::usual && row.format == Format::floating) {
        return to_words(row, raw_number(row, std::nan("")));
    }
    return to_words(row, not_available(row).value_or(0));
}

std::string characters(const IdentificationRow& row, const std::uint16_t* words) {
    std::string text;
    for (int index = 0; index < row.words; ++index) {
        if (row.encoding == Encoding::string_norm) text += static_cast<char>(words[index] >> 8);
        text += static_cast<char>(words[index] & 0xFF);
    }
    const auto end = text.find_last_not_of(std::string_view{" \0", 2});
    text.resize(end == std::string::npos ? 0 : end + 1);
    return text;
}

[[noreturn]] void does_not_fit(const IdentificationRow& row, std::string_view text) {
    throw calibration::DataError(
        fmt::format("{} at {}: \"{}\" does not fit", row.field, address_text(row.address), text));
}

Words encode_number(const IdentificationRow& row, std::string_view text) {
    std::uint64_t raw = 0;
    const int base = row.encoding == Encoding::hexadecimal ? 16 : 10;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), raw, base);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || row.words > 4 || raw > all_ones(row.words)) does_not_fit(row, text);
    return to_words(raw, row.words);
}

// "1.22" is 122.
Words encode_hundredths(const IdentificationRow& row, std::string_view text) {
    const auto point = text.find('.');
    if (point == std::string_view::npos || text.size() != point + 3) does_not_fit(row, text);
    std::string digits{text};
    digits.erase(point, 1);
    return encode_number(row, digits);
}

Words encode_characters(const IdentificationRow& row, std::string_view text) {
    const bool packed = row.encoding == Encoding::string_norm;
    const auto room = static_cast<std::size_t>(row.words) * (packed ? 2 : 1);
    if (text.size() > room) does_not_fit(row, text);
    Words words(static_cast<std::size_t>(row.words));
    for (std::size_t index = 0; index < text.size(); ++index) {
        const auto character = static_cast<std::uint16_t>(static_cast<unsigned char>(text[index]));
        if (!packed) {
            words[index] = character;
        } else {
            const int shift = index % 2 == 0 ? 8 : 0;
            words[index / 2] = static_cast<std::uint16_t>(words[index / 2] | character << shift);
        }
    }
    return words;
}

}  // namespace

std::optional<std::uint64_t> not_available(const Register& row) {
    if (row.missing == Missing::pattern) return row.missing_pattern;
    if (row.missing == Missing::never || row.format == Format::floating) return std::nullopt;
    return row.is_signed ? all_ones(row.words) >> 1 : all_ones(row.words);
}

Words encode(const Register& row, std::optional<double> value) {
    if (!value || !std::isfinite(*value)) return missing_words(row);
    const double steps = *value / step(row);
    const double whole = std::trunc(steps + std::copysign(count_tolerance, steps));
    const double counts =
        row.format == Format::floating ? whole * row.resolution / row.scale : whole;
    if (!holds(row, counts)) return missing_words(row);
    return to_words(row, raw_number(row, counts));
}

std::optional<double> decode(const Register& row, const std::uint16_t* words) {
    const std::uint64_t raw = from_words(row, words);
    if (is_missing(row, raw)) return std::nullopt;
    return number(row, raw) * row.scale;
}

std::optional<ScaledValue> decode_within(const Register& row,
                                         const std::uint16_t* words,
                                         double least,
                                         double most) {
    const std::uint64_t raw = from_words(row, words);
    if (is_missing(row, raw)) return std::nullopt;
    std::vector<double> scales{row.scale};
    scales.insert(scales.end(), row.other_scales.begin(), row.other_scales.end());
    for (const double scale : scales) {
        const double value = number(row, raw) * scale;
        if (value >= least && value <= most) return ScaledValue{value, scale};
    }
    return std::nullopt;
}

Words encode_text(const IdentificationRow& row, std::string_view text) {
    switch (row.encoding) {
        case Encoding::number:
        case Encoding::hexadecimal:
            return encode_number(row, text);
        case Encoding::hundredths:
            return encode_hundredths(row, text);
        case Encoding::string_16:
        case Encoding::string_norm:
            return encode_characters(row, text);
    }
    return {};
}

std::string decode_text(const IdentificationRow& row, const std::uint16_t* words) {
    switch (row.encoding) {
        case Encoding::number:
            return fmt::format("{}", from_words(words, row.words));
        case Encoding::hundredths: {
            const auto raw = from_words(words, row.words);
            return fmt::format("{}.{:02}", raw / 100, raw % 100);
        }
        case Encoding::hexadecimal:
            return fmt::format("{:0{}X}", from_words(words, row.words), 4 * row.words);
        case Encoding::string_16:
        case Encoding::string_norm:
            return characters(row, words);
    }
    return {};
}

}  // namespace dut
