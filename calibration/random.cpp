// Counter-based draws: three rounds of a 64-bit finaliser over seed, channel and index.
#include "calibration/random.hpp"

#include <cmath>
#include <numbers>

namespace calibration {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood, 2014): a bijection in which every input bit
// moves every output bit.
constexpr std::uint64_t mixed(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15U;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
}

constexpr double fraction(std::uint64_t bits) { return static_cast<double>(bits >> 11U) * 0x1p-53; }

}  // namespace

std::uint64_t hashed(std::uint64_t seed, std::uint64_t channel, std::uint64_t index) {
    return mixed(mixed(mixed(seed) ^ channel) ^ index);
}

double uniform(std::uint64_t seed, std::uint64_t channel, std::uint64_t index) {
    return fraction(hashed(seed, channel, index));
}

// Box and Muller (1958): radius from one draw, angle from a second one derived from it.
double normal(std::uint64_t seed, std::uint64_t channel, std::uint64_t index) {
    const auto bits = hashed(seed, channel, index);
    const double radius = std::sqrt(-2.0 * std::log(1.0 - fraction(bits)));
    return radius * std::cos(2.0 * std::numbers::pi * fraction(mixed(bits)));
}

}  // namespace calibration
