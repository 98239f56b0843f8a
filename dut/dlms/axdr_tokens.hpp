// A-XDR data token by token, without building anything: the fast way through large profiles.
#pragma once

#include "dut/dlms/axdr_value.hpp"
#include "dut/dlms/codec.hpp"

#include <array>
#include <optional>

namespace dut::dlms {

// What no meter exceeds and no message may.
struct DataLimits {
    std::size_t depth = 32;          // the object list, the deepest of all, has six
    std::size_t values = 1'000'000;  // a profile of 10 000 entries has about 60 000
};
inline constexpr std::size_t deepest_nesting = 64;  // DataLimits::depth may be at most this

// One value, or the head of an array or a structure whose elements follow as tokens.
struct Token {
    Tag tag = Tag::null;
    std::uint32_t count = 0;  // elements of an array or structure, bits of a bit string
    BytesView bytes;          // the content, within the bytes that are read

    // For the tags that hold one; others give no sense, but no harm either.
    std::uint64_t unsigned_number() const { return number_of(bytes); }
    std::int64_t signed_number() const {
        if (bytes.empty() || bytes.size() > sizeof(std::uint64_t)) return 0;
        const std::size_t unused = 8 * (sizeof(std::uint64_t) - bytes.size());
        return static_cast<std::int64_t>(number_of(bytes) << unused) >> unused;
    }
    bool is_container() const { return tag == Tag::array || tag == Tag::structure; }
};

class TokenReader {
  public:
    explicit TokenReader(BytesView bytes, DataLimits limits = {});

    // The next token of one value; false at its end or on a fault, which error() tells apart.
    bool next(Token& token);
    // The rest of the container whose head was the last token, or nothing for another token.
    bool skip_elements(const Token& head);
    // A value without its tag, as in a compact array.
    bool content(Tag tag, Token& token);
    // Counts a container that has no bytes of its own, as in a compact array, against the limit.
    bool count_one();
    std::optional<CodecError> error() const { return error_; }
    std::size_t offset() const { return at_; }
    std::size_t depth() const { return depth_; }  // containers that are open

  private:
    bool fail(CodecFault fault, std::size_t offset);
    bool fixed(Token& token, std::size_t size);
    bool counted(Token& token, std::size_t bits_per_element);
    bool container(Token& token);
    bool compact_array(Token& token);
    bool read_length(std::size_t& length);
    void close_finished();

    BytesView bytes_;
    DataLimits limits_;
    std::size_t at_ = 0;
    std::size_t values_ = 0;
    std::size_t depth_ = 0;
    bool has_begun_ = false;
    std::array<std::uint32_t, deepest_nesting> open_{};  // elements still to come, per depth
    std::optional<CodecError> error_;
};

}  // namespace dut::dlms
