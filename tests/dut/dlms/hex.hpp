// Bytes as hexadecimal text, the way captures are printed.
#pragma once

#include "calibration/random.hpp"
#include "dut/dlms/bytes.hpp"

#include <fmt/format.h>

#include <cctype>
#include <string>
#include <string_view>

namespace dut::dlms {

// Spaces are for the reader.
inline Bytes hex(std::string_view text) {
    Bytes bytes;
    int digits = 0;
    unsigned value = 0;
    for (const char character : text) {
        if (std::isspace(static_cast<unsigned char>(character)) != 0) continue;
        const auto lower = std::tolower(static_cast<unsigned char>(character));
        value = value << 4 | static_cast<unsigned>(lower <= '9' ? lower - '0' : lower - 'a' + 10);
        if (++digits % 2 == 0) bytes.push_back(static_cast<std::uint8_t>(value));
    }
    return bytes;
}

inline std::string to_hex(BytesView bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) text += fmt::format("{:02X}", byte);
    return text;
}

inline Bytes joined(Bytes a, BytesView b) {
    append(a, b);
    return a;
}

inline Bytes with_wrong_bit(Bytes bytes, std::size_t bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (0x80U >> bit % 8));
    return bytes;
}

inline Bytes random_bytes(std::uint64_t seed, std::size_t count) {
    Bytes bytes;
    for (std::size_t index = 0; index < count; ++index)
        bytes.push_back(static_cast<std::uint8_t>(calibration::hashed(seed, 77, index)));
    return bytes;
}

}  // namespace dut::dlms
