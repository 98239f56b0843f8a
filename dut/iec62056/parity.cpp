#include "dut/iec62056/parity.hpp"

#include <bit>

namespace dut::iec62056 {
namespace {

constexpr std::uint8_t seven_bits = 0x7F, parity_bit = 0x80;

bool is_odd(std::uint8_t byte) { return std::popcount(byte) % 2 != 0; }

}  // namespace

Bytes without_parity(std::string_view characters) { return {characters.begin(), characters.end()}; }

Bytes with_parity(std::string_view characters) {
    Bytes wire;
    wire.reserve(characters.size());
    for (const char character : characters) {
        const auto bits = static_cast<std::uint8_t>(static_cast<unsigned>(character) & seven_bits);
        wire.push_back(is_odd(bits) ? bits | parity_bit : bits);
    }
    return wire;
}

std::expected<std::string, std::size_t> strip_parity(BytesView wire) {
    std::string characters;
    characters.reserve(wire.size());
    for (std::size_t at = 0; at < wire.size(); ++at) {
        if (is_odd(wire[at])) return std::unexpected(at);
        characters.push_back(static_cast<char>(wire[at] & seven_bits));
    }
    return characters;
}

}  // namespace dut::iec62056
