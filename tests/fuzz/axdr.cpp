// Fuzz target: A-XDR data. A value is read and written back, or refused with a place inside the
// bytes; the tokens and the tree agree; compact arrays end.
#include "dut/dlms/axdr.hpp"

#include "dut/dlms/profile_selection.hpp"
#include "dut/dlms/units.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace dut::dlms;
using fuzz::property;

constexpr DataLimits limits{.depth = 32, .values = 20'000};

// What the tokens say and what the tree says is the same.
void check_tokens(BytesView input, const Decoded<Value>& value) {
    TokenReader reader{input, limits};
    Token token;
    std::size_t count = 0;
    while (reader.next(token)) {
        ++count;
        property(reader.depth() <= limits.depth, "no deeper than the bound");
        property(token.bytes.empty() ||
                     (token.bytes.data() >= input.data() &&
                      token.bytes.data() + token.bytes.size() <= input.data() + input.size()),
                 "a token lies within the bytes");
    }
    property(count <= input.size() && count <= limits.values, "a token takes a byte");
    if (value)
        property(!reader.error() && reader.offset() == input.size(), "tokens read the value");
    if (reader.error()) property(!value && reader.error() == value.error(), "and find its fault");
    const auto size = value_size(input, limits);
    property(size.has_value() == !reader.error(), "a size is known without a fault");
}

void check_compact(const Value& value) {
    if (const auto* compact = value.as<CompactArray>()) {
        const auto expanded = expand(*compact, limits);
        property(!expanded || expanded->elements.size() <= compact->contents.size(),
                 "an element takes a byte");
    }
    if (const auto* elements = elements_of(value))
        for (const Value& element : *elements) check_compact(element);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input{data, size};
    const auto value = decode_value(input, limits);
    check_tokens(input, value);
    if (!value) {
        property(value.error().offset <= size, "a fault lies within the bytes");
        return 0;
    }
    const Bytes again = encode_value(*value);
    const auto same = decode_value(again, limits);
    property(same.has_value() && encode_value(*same) == again, "a value comes back as it was");
    check_compact(*value);
    if (const auto time = date_time_of(*value)) static_cast<void>(in_utc(*time));
    if (const auto unit = scaler_unit_of(*value))
        property(scaler_unit_of(value_of(*unit)) == unit, "unit");
    static_cast<void>(capture_objects_of(*value));
    return 0;
}
