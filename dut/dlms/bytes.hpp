// Byte vectors and big-endian numbers, without links: the protocol cores do no I/O.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dut::dlms {

// The same types as those of instruments/io/link.hpp, without what that header brings along.
using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline void append(Bytes& to, BytesView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

template <std::unsigned_integral Number>
void append_number(Bytes& to, Number number) {
    for (std::size_t byte = sizeof(Number); byte-- > 0;)
        to.push_back(static_cast<std::uint8_t>(number >> (8 * byte)));
}

// Big-endian, of all the bytes given (at most eight).
inline std::uint64_t number_of(BytesView bytes) {
    std::uint64_t number = 0;
    for (const std::uint8_t byte : bytes) number = number << 8 | byte;
    return number;
}

}  // namespace dut::dlms
