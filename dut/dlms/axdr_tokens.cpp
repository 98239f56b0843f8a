#include "dut/dlms/axdr_tokens.hpp"

#include "calibration/check.hpp"
#include "dut/dlms/axdr_types.hpp"

#include <algorithm>

namespace dut::dlms {
namespace {

constexpr std::int8_t unknown = -1, counted_bytes = -2, counted_bits = -3;
constexpr std::int8_t nested = -4, compact = -5;

// The size of each tag's content, or how to find it.
constexpr std::array<std::int8_t, 256> content_sizes() {
    std::array<std::int8_t, 256> sizes{};
    sizes.fill(unknown);
    const auto set = [&](Tag tag, std::int8_t size) {
        sizes[static_cast<std::uint8_t>(tag)] = size;
    };
    for (const Tag tag : {Tag::null, Tag::dont_care}) set(tag, 0);
    for (const Tag tag : {Tag::boolean, Tag::bcd, Tag::int8, Tag::uint8, Tag::enumeration})
        set(tag, 1);
    for (const Tag tag : {Tag::int16, Tag::uint16}) set(tag, 2);
    for (const Tag tag : {Tag::int32, Tag::uint32, Tag::float32, Tag::time}) set(tag, 4);
    set(Tag::date, 5);
    for (const Tag tag : {Tag::int64, Tag::uint64, Tag::float64}) set(tag, 8);
    set(Tag::date_time, 12);
    for (const Tag tag : {Tag::octet_string, Tag::visible_string, Tag::utf8_string})
        set(tag, counted_bytes);
    set(Tag::bit_string, counted_bits);
    for (const Tag tag : {Tag::array, Tag::structure}) set(tag, nested);
    set(Tag::compact_array, compact);
    return sizes;
}
constexpr auto sizes = content_sizes();

}  // namespace

TokenReader::TokenReader(BytesView bytes, DataLimits limits) : bytes_(bytes), limits_(limits) {
    calibration::check(limits_.depth <= deepest_nesting, "a depth beyond what the reader can hold");
}

bool TokenReader::fail(CodecFault fault, std::size_t offset) {
    error_ = CodecError{fault, offset};
    return false;
}

void TokenReader::close_finished() {
    while (depth_ > 0 && open_[depth_ - 1] == 0) --depth_;
}

bool TokenReader::next(Token& token) {
    close_finished();
    if (error_ || (depth_ == 0 && has_begun_)) return false;
    has_begun_ = true;
    if (depth_ > 0) --open_[depth_ - 1];
    if (at_ >= bytes_.size()) return fail(CodecFault::truncated, at_);
    const auto tag = static_cast<Tag>(bytes_[at_++]);
    return content(tag, token);
}

bool TokenReader::count_one() {
    return ++values_ <= limits_.values || fail(CodecFault::too_many_values, at_);
}

bool TokenReader::content(Tag tag, Token& token) {
    if (!count_one()) return false;
    token.tag = tag;
    const std::int8_t size = sizes[static_cast<std::uint8_t>(tag)];
    if (size >= 0) return fixed(token, static_cast<std::size_t>(size));
    if (size == counted_bytes) return counted(token, 8);
    if (size == counted_bits) return counted(token, 1);
    if (size == nested) return container(token);
    if (size == compact) return compact_array(token);
    return fail(CodecFault::unknown_tag, at_ == 0 ? 0 : at_ - 1);
}

bool TokenReader::fixed(Token& token, std::size_t size) {
    if (size > bytes_.size() - at_) return fail(CodecFault::truncated, at_);
    token.count = 1;
    token.bytes = bytes_.subspan(at_, size);
    at_ += size;
    return true;
}

bool TokenReader::read_length(std::size_t& length) {
    if (at_ >= bytes_.size()) return fail(CodecFault::truncated, at_);
    length = bytes_[at_];
    if (length < 0x80) {
        ++at_;
        return true;
    }
    FieldReader reader{bytes_.subspan(at_)};
    length = reader.count(0);
    // The reader counts from here on; what it finds wrong is this length.
    if (!reader.is_good()) return fail(CodecFault::length, at_);
    at_ += reader.offset();
    return true;
}

bool TokenReader::counted(Token& token, std::size_t bits_per_element) {
    const std::size_t begin = at_;
    std::size_t length = 0;
    if (!read_length(length)) return false;
    const std::size_t size = (length * bits_per_element + 7) / 8;
    if (size > bytes_.size() - at_) return fail(CodecFault::length, begin);
    token.count = static_cast<std::uint32_t>(length);
    token.bytes = bytes_.subspan(at_, size);
    at_ += size;
    return true;
}

bool TokenReader::container(Token& token) {
    const std::size_t begin = at_;
    if (depth_ >= limits_.depth) return fail(CodecFault::too_deep, begin - 1);
    std::size_t length = 0;
    if (!read_length(length)) return false;
    // Every element has at least its tag.
    if (length > bytes_.size() - at_) return fail(CodecFault::length, begin);
    token.count = open_[depth_] = static_cast<std::uint32_t>(length);
    token.bytes = {};
    ++depth_;
    return true;
}

bool TokenReader::compact_array(Token& token) {
    FieldReader reader{bytes_.subspan(at_)};
    skip_type(reader, limits_.depth);
    reader.string();
    const auto end = reader.offset();
    if (const auto bad = reader.error()) return fail(bad->fault, at_ + bad->offset);
    token.count = 1;
    token.bytes = bytes_.subspan(at_, end);
    at_ += end;
    return true;
}

bool TokenReader::skip_elements(const Token& head) {
    if (!head.is_container() || head.count == 0) return !error_;
    const std::size_t target = depth_;
    Token token;
    // close_finished() in next() comes before the read: ask first.
    for (;;) {
        close_finished();
        if (depth_ < target) return true;
        if (!next(token)) return false;
    }
}

}  // namespace dut::dlms
