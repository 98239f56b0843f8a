// Evidence as bytes: the HDF5 file of a run and back, before anything touches a disk. Internal.
#pragma once

#include "sequences/results.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reports {

inline constexpr std::int64_t format_version = 1;
inline constexpr std::size_t seal_bytes = 512;  // HDF5 user block, see seal.hpp

// The HDF5 file with its first `seal_bytes` zero. Throws h5::Error.
std::vector<std::byte> evidence_image(const sequences::RunResult& run);

// Everything but the plan, which is empty. Throws h5::Error and calibration::DataError.
sequences::RunResult record_from_image(std::span<const std::byte> image);

// SHA-256 over every edge of the run in order (tick, reference count, before, after as
// little-endian int64): the same number in the HDF5 file and on the printed page ties the two
// together.
std::string edges_sha256(const sequences::RunResult& run);
// The same over every impulse of the run, meter by meter: of its LED, then of its pulse output.
std::string impulses_sha256(const sequences::RunResult& run);

}  // namespace reports
