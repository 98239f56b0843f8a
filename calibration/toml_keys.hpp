// What has to be known of a document's keys before a TOML parser may see them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace calibration {

// The parser descends into a dotted key by recursion, as deep as the key has parts: an endless one
// would end the program.
inline constexpr std::size_t most_key_parts = 32;

// The line of the first key with more parts; nothing when there is none. Words joined by dots in a
// text of several lines count like a key.
std::optional<std::size_t> line_of_endless_key(std::string_view text);

}  // namespace calibration
