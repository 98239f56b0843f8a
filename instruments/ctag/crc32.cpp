// Carry-less multiplication where the processor has it, else slicing by 16 (sixteen tables in the
// first-level cache).
#include "instruments/ctag/crc32.hpp"

#include <array>
#include <bit>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace instruments::ctag {

namespace {

static_assert(std::endian::native == std::endian::little,
              "the wire is little endian, and so is the code");

constexpr std::uint32_t polynomial = 0xEDB88320;  // bit 31 is the coefficient of x^0
constexpr std::size_t slices = 16;
using Tables = std::array<std::array<std::uint32_t, 256>, slices>;

// Multiplies by x, modulo the polynomial.
constexpr std::uint32_t times_x(std::uint32_t value) {
    return (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
}

constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) value = times_x(value);
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

std::uint32_t by_tables(std::uint32_t state, const std::uint8_t* at, std::size_t left) {
    for (; left >= slices; left -= slices, at += slices) {
        std::array<std::uint32_t, 4> words;
        std::memcpy(words.data(), at, slices);
        state =
            four(words[0] ^ state, 12) ^ four(words[1], 8) ^ four(words[2], 4) ^ four(words[3], 0);
    }
    for (; left > 0; --left, ++at) state = (state >> 8) ^ tables[0][(state ^ *at) & 0xFF];
    return state;
}

#ifdef __x86_64__

// x^exponent modulo the polynomial, placed for a carry-less product of bit-reflected operands.
constexpr long long folding(int exponent) {
    std::uint32_t value = 1U << 31;
    for (int i = 0; i < exponent; ++i) value = times_x(value);
    return static_cast<long long>(value) << 1;
}

constexpr std::size_t lane = 16, lanes = 4;
constexpr long long far_high = folding(512 - 32), far_low = folding(512 + 32);
constexpr long long near_high = folding(128 - 32), near_low = folding(128 + 32);

// Moves 128 bits of message forward, past what lies between, onto `onto`.
__attribute__((target("pclmul"))) inline __m128i fold(__m128i value, __m128i by, __m128i onto) {
    const __m128i low = _mm_clmulepi64_si128(value, by, 0x00);
    const __m128i high = _mm_clmulepi64_si128(value, by, 0x11);
    return _mm_xor_si128(onto, _mm_xor_si128(low, high));
}

inline __m128i load(const std::uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// `left` is at least 64. Four lanes are folded over 64 bytes at a time, then onto the last one; the
// sixteen bytes that remain are congruent to the message, and the tables finish them.
__attribute__((target("pclmul"))) std::uint32_t by_folding(std::uint32_t state,
                                                           const std::uint8_t* at,
                                                           std::size_t left) {
    const __m128i far = _mm_set_epi64x(far_high, far_low);
    const __m128i near = _mm_set_epi64x(near_high, near_low);
    __m128i a = _mm_xor_si128(load(at), _mm_cvtsi32_si128(static_cast<int>(state)));
    __m128i b = load(at + lane);
    __m128i c = load(at + 2 * lane);
    __m128i d = load(at + 3 * lane);
    at += lanes * lane;
    left -= lanes * lane;
    for (; left >= lanes * lane; left -= lanes * lane, at += lanes * lane) {
        a = fold(a, far, load(at));
        b = fold(b, far, load(at + lane));
        c = fold(c, far, load(at + 2 * lane));
        d = fold(d, far, load(at + 3 * lane));
    }
    d = fold(fold(fold(a, near, b), near, c), near, d);
    std::array<std::uint8_t, lane> rest;
    std::memcpy(rest.data(), &d, lane);
    return by_tables(by_tables(0, rest.data(), lane), at, left);
}

#endif

}  // namespace

std::uint32_t crc32_update(std::uint32_t state, std::span<const std::uint8_t> bytes) {
#ifdef __x86_64__
    static const bool can_fold = __builtin_cpu_supports("pclmul") != 0;
    if (can_fold && bytes.size() >= lanes * lane) {
        return by_folding(state, bytes.data(), bytes.size());
    }
#endif
    return by_tables(state, bytes.data(), bytes.size());
}

}  // namespace instruments::ctag
