// CRC-32 as in IEEE 802.3 and zlib, fast enough not to be what limits a replay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace instruments::ctag {

// The register before the final inversion: chain calls over pieces, then invert. Starts at
// crc32_start.
inline constexpr std::uint32_t crc32_start = 0xFFFFFFFF;
std::uint32_t crc32_update(std::uint32_t state, std::span<const std::uint8_t> bytes);

// Of one piece: crc32("123456789") is 0xCBF43926.
inline std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    return ~crc32_update(crc32_start, bytes);
}

}  // namespace instruments::ctag
