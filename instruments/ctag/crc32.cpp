// Slicing by 16: sixteen bytes per step through sixteen tables (16 kB, which stay in the
// first-level cache).
#include "instruments/ctag/crc32.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace instruments::ctag {

namespace {

static_assert(std::endian::native == std::endian::little,
              "the wire is little endian, and so is the code");

constexpr std::size_t slices = 16;
using Tables = std::array<std::array<std::uint32_t, 256>, slices>;

constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0xEDB88320U : 0U);
        tables[0][byte] = value;
    }
    for (std::size_t slice = 1; slice < slices; ++slice) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
        }
    }
    return tables;
}

constexpr Tables tables = make_tables();

// What four bytes contribute when `after` whole bytes of the sixteen follow them.
inline std::uint32_t four(std::uint32_t word, std::size_t after) {
    return tables[after + 3][word & 0xFF] ^ tables[after + 2][(word >> 8) & 0xFF] ^
           tables[after + 1][(word >> 16) & 0xFF] ^ tables[after][word >> 24];
}

}  // namespace

std::uint32_t crc32_update(std::uint32_t state, std::span<const std::uint8_t> bytes) {
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= slices; left -= slices, at += slices) {
        std::array<std::uint32_t, 4> words;
        std::memcpy(words.data(), at, slices);
        state =
            four(words[0] ^ state, 12) ^ four(words[1], 8) ^ four(words[2], 4) ^ four(words[3], 0);
    }
    for (; left > 0; --left, ++at) state = (state >> 8) ^ tables[0][(state ^ *at) & 0xFF];
    return state;
}

}  // namespace instruments::ctag
