// Counter-based randomness: a draw is a function of (seed, channel, index), so any of them is
// reproducible alone.
#pragma once

#include <cstdint>

namespace calibration {

std::uint64_t hashed(std::uint64_t seed, std::uint64_t channel, std::uint64_t index);
double uniform(std::uint64_t seed, std::uint64_t channel, std::uint64_t index);  // [0, 1)
double normal(std::uint64_t seed,
              std::uint64_t channel,
              std::uint64_t index);  // mean 0, deviation 1

}  // namespace calibration
