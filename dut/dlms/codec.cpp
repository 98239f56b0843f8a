#include "dut/dlms/codec.hpp"

#include <fmt/format.h>

namespace dut::dlms {

std::string_view name(CodecFault fault) {
    switch (fault) {
        case CodecFault::truncated:
            return "bytes end inside a field";
        case CodecFault::unknown_tag:
            return "unknown data tag";
        case CodecFault::length:
            return "length leads beyond the end";
        case CodecFault::too_deep:
            return "structure nested too deeply";
        case CodecFault::too_many_values:
            return "too many values";
        case CodecFault::trailing:
            return "bytes left over";
        case CodecFault::value:
            return "value out of range";
        case CodecFault::choice:
            return "unknown choice";
        case CodecFault::unknown_apdu:
            return "unknown APDU";
    }
    return "unknown fault";
}

std::string described(const CodecError& error) {
    return fmt::format("{}, at byte {}", name(error.fault), error.offset);
}

void append_length(Bytes& to, std::size_t length) {
    if (length < 0x80) return to.push_back(static_cast<std::uint8_t>(length));
    std::size_t bytes = 1;
    while (bytes < sizeof length && length >> (8 * bytes) != 0) ++bytes;
    to.push_back(static_cast<std::uint8_t>(0x80 | bytes));
    for (; bytes-- > 0;) to.push_back(static_cast<std::uint8_t>(length >> (8 * bytes)));
}

void append_string(Bytes& to, BytesView bytes) {
    append_length(to, bytes.size());
    append(to, bytes);
}

void FieldReader::fail_at(CodecFault fault, std::size_t offset) {
    if (!has_failed_) error_ = {fault, offset};
    has_failed_ = true;
    at_ = bytes_.size();
}

std::optional<CodecError> FieldReader::error() const {
    if (!has_failed_) return std::nullopt;
    return error_;
}

BytesView FieldReader::take(std::size_t count) {
    if (count > left()) {
        fail(CodecFault::truncated);
        return {};
    }
    const BytesView taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
}

std::uint8_t FieldReader::byte() {
    const BytesView taken = take(1);
    return taken.empty() ? std::uint8_t{0} : taken[0];
}

std::size_t FieldReader::count(std::size_t least_size) {
    const std::size_t begin = at_;
    const std::uint8_t first = byte();
    if (first < 0x80) {
        if (first * least_size > left()) fail_at(CodecFault::length, begin);
        return is_good() ? first : 0;
    }
    // Four bytes say more than any APDU holds; 0x80 alone would be the indefinite form of BER.
    const std::size_t bytes = first & 0x7FU;
    if (bytes == 0 || bytes > 4) {
        fail_at(CodecFault::length, begin);
        return 0;
    }
    const std::size_t value = number_of(take(bytes));
    if (value * least_size > left()) fail_at(CodecFault::length, begin);
    return is_good() ? value : 0;
}

bool FieldReader::flag() { return byte() != 0; }

BytesView FieldReader::rest() { return take(left()); }

}  // namespace dut::dlms
