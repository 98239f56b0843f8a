// Values and texts to register words and back.
#include "dut/register_map.hpp"

#include <fmt/format.h>

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

std::uint64_t from_words(const std::uint16_t* words, int count) {
    std::uint64_t raw = 0;
    for (int index = 0; index < count; ++index) raw = raw << 16 | words[index];
    return raw;
}

// Two's complement of the row's width, as a number.
double number(const Register& row, std::uint64_t raw) {
    if (!row.is_signed) return static_cast<double>(raw);
    const int unused = 64 - 16 * row.words;
    return static_cast<double>(static_cast<std::int64_t>(raw << unused) >> unused);
}

// "Not available" is no value, so the largest is one below it.
bool holds(const Register& row, double count) {
    const auto most = static_cast<double>(not_available(row));
    return row.is_signed ? count > -most - 2 && count < most : count >= 0 && count < most;
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

std::uint64_t not_available(const Register& row) {
    return row.is_signed ? all_ones(row.words) >> 1 : all_ones(row.words);
}

Words encode(const Register& row, std::optional<double> value) {
    if (!value || !std::isfinite(*value)) return to_words(not_available(row), row.words);
    const double counts = *value / row.scale;
    const double whole = std::trunc(counts + std::copysign(count_tolerance, counts));
    if (!holds(row, whole)) return to_words(not_available(row), row.words);
    return to_words(static_cast<std::uint64_t>(static_cast<std::int64_t>(whole)), row.words);
}

std::optional<double> decode(const Register& row, const std::uint16_t* words) {
    const std::uint64_t raw = from_words(words, row.words);
    if (raw == not_available(row)) return std::nullopt;
    return number(row, raw) * row.scale;
}

std::optional<ScaledValue> decode_within(const Register& row,
                                         const std::uint16_t* words,
                                         double least,
                                         double most) {
    const std::uint64_t raw = from_words(words, row.words);
    if (raw == not_available(row)) return std::nullopt;
    std::vector<double> scales{row.scale};
    scales.insert(scales.end(), row.other_scales.begin(), row.other_scales.end());
    for (const double scale : scales) {
        const double value = number(row, raw) * scale;
        if (value >= least && value <= most) return ScaledValue{value, scale};
    }
    return std::nullopt;
}

Words encode_text(const IdentificationRow& row, std::string_view text) {
    const bool is_number =
        row.encoding == Encoding::number || row.encoding == Encoding::hexadecimal;
    return is_number ? encode_number(row, text) : encode_characters(row, text);
}

std::string decode_text(const IdentificationRow& row, const std::uint16_t* words) {
    switch (row.encoding) {
        case Encoding::number:
            return fmt::format("{}", from_words(words, row.words));
        case Encoding::hexadecimal:
            return fmt::format("{:0{}X}", from_words(words, row.words), 4 * row.words);
        case Encoding::string_16:
        case Encoding::string_norm:
            return characters(row, words);
    }
    return {};
}

}  // namespace dut
