// The seal is checked before HDF5 sees a byte: one wrong bit anywhere, and the file is refused.
#include "reports/seal.hpp"

#include "reports/evidence_image.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

namespace reports {
namespace {

constexpr std::string_view first_words = "calrig evidence, format ";

std::string seal_text(std::int64_t format, std::span<const std::byte> content) {
    std::string text = fmt::format("{}{}\n{} bytes of HDF5 follow this block of {}\nsha256 {}\n",
                                   first_words,
                                   format,
                                   content.size(),
                                   seal_bytes,
                                   sha256_hex(content));
    text.resize(seal_bytes - 1, ' ');
    return text + '\n';
}

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The number that starts at the beginning of `text`; -1 if there is none.
std::int64_t leading_number(std::string_view text) {
    std::int64_t value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::int64_t stated_bytes(std::string_view header) {
    const auto line = header.find('\n');
    return line == std::string_view::npos ? -1 : leading_number(header.substr(line + 1));
}

}  // namespace

std::string sha256_hex(std::span<const std::byte> bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    std::string text;
    for (const unsigned char byte : digest) {
        text += fmt::format("{:02x}", byte);
    }
    return text;
}

void seal(std::vector<std::byte>& image) {
    const std::string text = seal_text(format_version, std::span(image).subspan(seal_bytes));
    std::memcpy(image.data(), text.data(), text.size());
}

std::string seal_fault(std::span<const std::byte> file) {
    const std::string_view header = as_text(file.first(std::min(file.size(), seal_bytes)));
    if (!header.starts_with(first_words)) {
        return "this is no calrig evidence";
    }
    const std::int64_t format = leading_number(header.substr(first_words.size()));
    if (format > format_version) {
        return fmt::format(
            "its format {} is newer than the format {} this calrig reads", format, format_version);
    }
    if (header.size() < seal_bytes) {
        return fmt::format("it is cut off after {} bytes", file.size());
    }
    const auto content = file.subspan(seal_bytes);
    const std::int64_t stated = stated_bytes(header);
    if (stated > static_cast<std::int64_t>(content.size())) {
        return fmt::format("it is cut off after {} of {} bytes",
                           file.size(),
                           static_cast<std::size_t>(stated) + seal_bytes);
    }
    if (header != seal_text(format_version, content)) {
        return "it was altered: its bytes do not match its SHA-256";
    }
    return {};
}

}  // namespace reports
