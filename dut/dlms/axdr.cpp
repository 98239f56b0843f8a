#include "dut/dlms/axdr.hpp"

#include "calibration/check.hpp"
#include "dut/dlms/axdr_types.hpp"

#include <algorithm>
#include <bit>

namespace dut::dlms {
namespace {

// -- encoding: the content of each type, after its tag

template <class Number>
    requires std::is_arithmetic_v<Number>
void append_content(Bytes& to, Number number) {
    if constexpr (std::is_same_v<Number, float>)
        append_number(to, std::bit_cast<std::uint32_t>(number));
    else if constexpr (std::is_same_v<Number, double>)
        append_number(to, std::bit_cast<std::uint64_t>(number));
    else if constexpr (std::is_same_v<Number, bool>)
        to.push_back(number ? 1 : 0);
    else
        append_number(to, static_cast<std::make_unsigned_t<Number>>(number));
}

void append_elements(Bytes& to, const std::vector<Value>& elements) {
    append_length(to, elements.size());
    for (const Value& element : elements) append_value(to, element);
}

void append_text(Bytes& to, const std::string& text) {
    append_length(to, text.size());
    to.insert(to.end(), text.begin(), text.end());
}

void append_content(Bytes&, const Null&) {}
void append_content(Bytes&, const DontCare&) {}
void append_content(Bytes& to, const Array& array) { append_elements(to, array.elements); }
void append_content(Bytes& to, const Structure& structure) {
    append_elements(to, structure.elements);
}
void append_content(Bytes& to, const BitString& string) {
    calibration::check(string.bytes.size() == (std::size_t{string.bits} + 7) / 8,
                       "a bit string has the bytes its bits need");
    append_length(to, string.bits);
    append(to, string.bytes);
}
void append_content(Bytes& to, const OctetString& string) { append_string(to, string.bytes); }
void append_content(Bytes& to, const VisibleString& string) { append_text(to, string.text); }
void append_content(Bytes& to, const Utf8String& string) { append_text(to, string.text); }
void append_content(Bytes& to, const Bcd& bcd) { to.push_back(bcd.digits); }
void append_content(Bytes& to, const Enumeration& value) { to.push_back(value.number); }
void append_content(Bytes& to, const CompactArray& array) {
    append_type(to, array.type);
    append_string(to, array.contents);
}
void append_content(Bytes& to, const DateTime& time) { append_date_time(to, time); }
void append_content(Bytes& to, const Date& date) { append_date(to, date); }
void append_content(Bytes& to, const Time& time) { append_time(to, time); }

// -- decoding

Bytes copied(BytesView bytes) { return {bytes.begin(), bytes.end()}; }
std::string text(BytesView bytes) { return {bytes.begin(), bytes.end()}; }

template <class Number>
Value number(const Token& token) {
    return static_cast<Number>(token.unsigned_number());
}

CompactArray compact_array(BytesView bytes) {
    FieldReader reader{bytes};
    TypeDescription type = read_type(reader, deepest_nesting);
    return {std::move(type), copied(reader.string())};
}

Value scalar(const Token& token) {
    switch (token.tag) {
        case Tag::boolean:
            return token.bytes[0] != 0;
        case Tag::bit_string:
            return BitString{copied(token.bytes), token.count};
        case Tag::int32:
            return number<std::int32_t>(token);
        case Tag::uint32:
            return number<std::uint32_t>(token);
        case Tag::octet_string:
            return OctetString{copied(token.bytes)};
        case Tag::visible_string:
            return VisibleString{text(token.bytes)};
        case Tag::utf8_string:
            return Utf8String{text(token.bytes)};
        case Tag::bcd:
            return Bcd{token.bytes[0]};
        case Tag::int8:
            return number<std::int8_t>(token);
        case Tag::int16:
            return number<std::int16_t>(token);
        case Tag::uint8:
            return number<std::uint8_t>(token);
        case Tag::uint16:
            return number<std::uint16_t>(token);
        case Tag::compact_array:
            return compact_array(token.bytes);
        case Tag::int64:
            return number<std::int64_t>(token);
        case Tag::uint64:
            return number<std::uint64_t>(token);
        case Tag::enumeration:
            return Enumeration{token.bytes[0]};
        case Tag::float32:
            return std::bit_cast<float>(static_cast<std::uint32_t>(token.unsigned_number()));
        case Tag::float64:
            return std::bit_cast<double>(token.unsigned_number());
        case Tag::date_time:
            return read_date_time(token.bytes);
        case Tag::date:
            return read_date(token.bytes);
        case Tag::time:
            return read_time(token.bytes);
        case Tag::dont_care:
            return DontCare{};
        default:
            return Null{};
    }
}

// A count is the message's word until its elements have come: room for few at first.
constexpr std::size_t most_room_at_first = 4096;

bool build(TokenReader& reader, const Token& token, Value& value) {
    if (!token.is_container()) {
        value = scalar(token);
        return true;
    }
    std::vector<Value>& elements = token.tag == Tag::array
                                       ? value.held.emplace<Array>().elements
                                       : value.held.emplace<Structure>().elements;
    elements.reserve(std::min<std::size_t>(token.count, most_room_at_first));
    Token element;
    for (std::uint32_t left = token.count; left > 0; --left) {
        if (!reader.next(element) || !build(reader, element, elements.emplace_back())) return false;
    }
    return true;
}

// Values of one type without their tags; the reader is the one of the whole contents.
bool build_untagged(TokenReader& reader, const TypeDescription& type, Value& value) {
    if (type.tag != Tag::array && type.tag != Tag::structure) {
        Token token;
        if (!reader.content(type.tag, token)) return false;
        value = scalar(token);
        return true;
    }
    if (!reader.count_one()) return false;
    const bool is_array = type.tag == Tag::array;
    std::vector<Value>& elements =
        is_array ? value.held.emplace<Array>().elements : value.held.emplace<Structure>().elements;
    const std::size_t count = is_array ? type.count : type.elements.size();
    for (std::size_t index = 0; index < count; ++index) {
        const TypeDescription& element = type.elements[is_array ? 0 : index];
        if (!build_untagged(reader, element, elements.emplace_back())) return false;
    }
    return true;
}

}  // namespace

void append_value(Bytes& to, const Value& value) {
    to.push_back(static_cast<std::uint8_t>(tag_of(value)));
    std::visit([&](const auto& held) { append_content(to, held); }, value.held);
}

Bytes encode_value(const Value& value) {
    Bytes bytes;
    append_value(bytes, value);
    return bytes;
}

Decoded<Value> decode_value(BytesView bytes, DataLimits limits) {
    TokenReader reader{bytes, limits};
    Token token;
    Value value;
    if (!reader.next(token) || !build(reader, token, value))
        return std::unexpected(*reader.error());
    if (reader.offset() != bytes.size())
        return std::unexpected(CodecError{CodecFault::trailing, reader.offset()});
    return value;
}

Decoded<std::size_t> value_size(BytesView bytes, DataLimits limits) {
    TokenReader reader{bytes, limits};
    Token token;
    while (reader.next(token)) continue;
    if (reader.error()) return std::unexpected(*reader.error());
    return reader.offset();
}

BytesView read_value(FieldReader& reader) {
    const std::size_t begin = reader.offset();
    const auto size = value_size(reader.bytes().subspan(begin));
    if (size) return reader.take(*size);
    reader.fail_at(size.error().fault, begin + size.error().offset);
    return {};
}

Decoded<Array> expand(const CompactArray& array, DataLimits limits) {
    if (!takes_room(array.type)) {
        if (array.contents.empty()) return Array{};
        return std::unexpected(CodecError{CodecFault::value, 0});
    }
    TokenReader reader{array.contents, limits};
    Array expanded;
    while (reader.offset() < array.contents.size()) {
        if (!build_untagged(reader, array.type, expanded.elements.emplace_back()))
            return std::unexpected(*reader.error());
    }
    return expanded;
}

}  // namespace dut::dlms
