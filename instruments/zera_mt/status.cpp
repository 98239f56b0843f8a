#include "instruments/zera_mt/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace instruments::zera_mt {
namespace {

using namespace std::string_view_literals;

constexpr std::array amplifier_names{
    "U1"sv, "U2"sv, "U3"sv, "I1"sv, "I2"sv, "I3"sv, "aux1"sv, "aux2"sv};

// By 4 * digit + bit, as in SourceFault; bit 0 of the first digit has no known meaning.
constexpr std::array source_fault_names{""sv,
                                        "short circuit"sv,
                                        "fuse"sv,
                                        "amplifier error"sv,
                                        "reference data link error"sv,
                                        "fibre identification corrupted"sv,
                                        "isolation failure"sv,
                                        "emergency stop"sv};

// By pair, from the third digit on.
constexpr std::array pair_names{"amplifier error"sv,
                                "amplifier short or open circuit"sv,
                                "amplifier temperature"sv,
                                "amplifier supply"sv,
                                "amplifier overload"sv,
                                "amplifier group error"sv,
                                "amplifier connection missing"sv,
                                "amplifier data link"sv,
                                "amplifier undefined error"sv};

std::string name_of(std::size_t digit, unsigned bit) {
    if (digit < 2) {
        const auto name = source_fault_names[4 * digit + bit];
        if (!name.empty()) return std::string(name);
    } else if (digit < Status::least_digits) {
        const std::size_t amplifier = (digit % 2 == 0 ? 4U : 0U) + bit;
        return fmt::format("{} {}", pair_names[digit / 2 - 1], amplifier_names[amplifier]);
    } else if (digit == Status::least_digits && bit >= 2) {
        return bit == 3 ? "ICT failure" : "wrong reference range";
    }
    return fmt::format("unknown status bit {} of digit {}", bit, digit);
}

std::optional<std::uint8_t> digit_value(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    return std::nullopt;
}

}  // namespace

void Status::set(SourceFault fault) {
    const auto place = static_cast<unsigned>(fault);
    digits_[place / 4] = static_cast<std::uint8_t>(digits_[place / 4] | (1U << (place % 4)));
}

void Status::set(AmplifierFault fault, Amplifier amplifier) {
    const auto bit = static_cast<unsigned>(amplifier);
    const std::size_t digit = static_cast<std::size_t>(fault) + (bit < 4 ? 1U : 0U);
    digits_[digit] = static_cast<std::uint8_t>(digits_[digit] | (1U << (bit % 4)));
}

Status Status::with(SourceFault fault) {
    Status status;
    status.set(fault);
    return status;
}

Status Status::with(AmplifierFault fault, Amplifier amplifier) {
    Status status;
    status.set(SourceFault::amplifier_error);
    status.set(AmplifierFault::error, amplifier);
    status.set(fault, amplifier);
    return status;
}

bool Status::clean() const {
    return std::ranges::all_of(digits_, [](std::uint8_t digit) { return digit == 0; });
}

std::vector<std::string> Status::faults() const {
    std::vector<std::string> names;
    for (std::size_t digit = 0; digit < digits_.size(); ++digit) {
        for (unsigned bit = 0; bit < 4; ++bit) {
            if (((digits_[digit] >> bit) & 1U) != 0) names.push_back(name_of(digit, bit));
        }
    }
    return names;
}

std::string Status::digits() const {
    std::string text;
    for (const auto digit : digits_) text += "0123456789ABCDEF"[digit];
    return text;
}

std::expected<Status, WireFault> Status::parse(std::string_view digits) {
    if (digits.size() < least_digits || digits.size() > most_digits) {
        return std::unexpected(WireFault::malformed);
    }
    Status status;
    status.digits_.clear();
    for (const char c : digits) {
        const auto value = digit_value(c);
        if (!value) return std::unexpected(WireFault::malformed);
        status.digits_.push_back(*value);
    }
    return status;
}

}  // namespace instruments::zera_mt
