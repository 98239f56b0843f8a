// The first 512 bytes of evidence: plain text with the length and SHA-256 of the rest. Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reports {

std::string sha256_hex(std::span<const std::byte> bytes);

// Fills in the first `seal_bytes` of an image.
void seal(std::vector<std::byte>& image);

// What is wrong with a file that should be sealed evidence, in words; empty: nothing.
std::string seal_fault(std::span<const std::byte> file);

}  // namespace reports
