// Characters of seven bits with even parity, carried by ports that move eight bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dut::iec62056 {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

// The eighth bit makes the number of ones even.
Bytes with_parity(std::string_view characters);
// The characters, or the position of the first one with the wrong parity.
std::expected<std::string, std::size_t> strip_parity(BytesView wire);

// Eight bits as they are: for ports that do the parity themselves, and for networks.
Bytes without_parity(std::string_view characters);

}  // namespace dut::iec62056
