// What can be wrong with encoded bytes (A-XDR data, APDUs), and reading them one field at a time.
#pragma once

#include "dut/dlms/bytes.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace dut::dlms {

enum class CodecFault {
    truncated,        // the bytes end inside a field
    unknown_tag,      // a data tag the Blue Book does not have
    length,           // a length or count that leads beyond the end
    too_deep,         // arrays and structures nested deeper than any meter does
    too_many_values,  // more values than any meter has
    trailing,         // bytes left over after the end
    value,            // a field has a value it cannot have
    choice,           // an unknown kind of request, response or error
    unknown_apdu,     // the first byte names no APDU that is known here
};
std::string_view name(CodecFault fault);

struct CodecError {
    CodecFault fault;
    std::size_t offset = 0;  // of the field, from the beginning of what was decoded
    friend bool operator==(const CodecError&, const CodecError&) = default;
};
std::string described(const CodecError& error);  // "length leads beyond the end, at byte 17"

template <class T>
using Decoded = std::expected<T, CodecError>;

// A-XDR lengths: below 0x80 one byte, else 0x80 plus the number of bytes that follow.
void append_length(Bytes& to, std::size_t length);
void append_string(Bytes& to, BytesView bytes);  // length and bytes

// Fields from the front. The first fault sticks: later reads give zeros, so that a decoder reads a
// whole record and asks once.
class FieldReader {
  public:
    explicit FieldReader(BytesView bytes) : bytes_(bytes) {}

    std::uint8_t byte();
    template <std::unsigned_integral Number>
    Number number() {
        return static_cast<Number>(number_of(take(sizeof(Number))));
    }
    BytesView take(std::size_t count);  // empty on a fault
    // A count of things of at least `least_size` bytes each, which must still fit.
    std::size_t count(std::size_t least_size);
    BytesView string() { return take(count(1)); }
    bool flag();       // 0 or anything else
    BytesView rest();  // everything that is left

    void fail(CodecFault fault) { fail_at(fault, at_); }
    void fail_at(CodecFault fault, std::size_t offset);
    void fail(const CodecError& error) { fail_at(error.fault, error.offset); }
    bool is_good() const { return !has_failed_; }
    std::optional<CodecError> error() const;  // nothing while all is well
    std::size_t offset() const { return at_; }
    std::size_t left() const { return bytes_.size() - at_; }
    BytesView bytes() const { return bytes_; }

    // `value` if everything was read well and nothing is left.
    template <class T>
    Decoded<T> finished(T value) {
        if (is_good() && left() != 0) fail(CodecFault::trailing);
        if (has_failed_) return std::unexpected(error_);
        return value;
    }

  private:
    BytesView bytes_;
    std::size_t at_ = 0;
    bool has_failed_ = false;
    CodecError error_{};
};

}  // namespace dut::dlms
