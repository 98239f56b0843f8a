// What a fuzz target asserts, and the ways it feeds what libFuzzer gives it.
#pragma once

#include "calibration/random.hpp"
#include "instruments/io/link.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>

namespace fuzz {

using instruments::io::Bytes;
using instruments::io::BytesView;

// A property of the code under test. One that does not hold ends the fuzzer, which keeps the input.
inline void property(bool holds,
                     const char* what,
                     std::source_location where = std::source_location::current()) {
    if (holds) return;
    std::fprintf(stderr, "%s:%u: property broken: %s\n", where.file_name(), where.line(), what);
    std::abort();
}

inline std::string_view text_of(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Gives `bytes` to `use` in pieces of 1 to 48 bytes, the same ones whenever the bytes are the same.
template <class Use>
void in_pieces(BytesView bytes, Use use) {
    std::uint64_t seed = bytes.size();
    for (const std::uint8_t byte : bytes.first(std::min<std::size_t>(bytes.size(), 64))) {
        seed = seed * 31 + byte;
    }
    for (std::uint64_t piece = 0; !bytes.empty(); ++piece) {
        const std::uint64_t wanted = 1 + calibration::hashed(seed, 0, piece) % 48;
        const std::size_t size = std::min<std::size_t>(wanted, bytes.size());
        use(bytes.first(size));
        bytes = bytes.subspan(size);
    }
}

// Calls `use` with each part of `text` between line ends, of either kind.
template <class Use>
void for_each_line(std::string_view text, Use use) {
    while (!text.empty()) {
        const std::size_t end = text.find_first_of("\r\n");
        use(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
// Where a target has one: libFuzzer calls it instead of its own mutation.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                               std::size_t size,
                                               std::size_t most,
                                               unsigned seed);
