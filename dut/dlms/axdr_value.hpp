// COSEM data as a tree of values, one type per data tag of the Blue Book.
#pragma once

#include "dut/dlms/axdr_time.hpp"
#include "dut/dlms/bytes.hpp"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dut::dlms {

// The numbers on the wire.
enum class Tag : std::uint8_t {
    null = 0,
    array = 1,
    structure = 2,
    boolean = 3,
    bit_string = 4,
    int32 = 5,
    uint32 = 6,
    octet_string = 9,
    visible_string = 10,
    utf8_string = 12,
    bcd = 13,
    int8 = 15,
    int16 = 16,
    uint8 = 17,
    uint16 = 18,
    compact_array = 19,
    int64 = 20,
    uint64 = 21,
    enumeration = 22,
    float32 = 23,
    float64 = 24,
    date_time = 25,
    date = 26,
    time = 27,
    dont_care = 255,
};

struct Value;

struct Null {
    friend bool operator==(const Null&, const Null&) = default;
};
struct DontCare {
    friend bool operator==(const DontCare&, const DontCare&) = default;
};
struct Array {
    std::vector<Value> elements;
};
struct Structure {
    std::vector<Value> elements;
};
struct BitString {
    Bytes bytes;  // the first bit is the highest of the first byte; unused bits stay as they came
    std::uint32_t bits = 0;
    friend bool operator==(const BitString&, const BitString&) = default;
};
struct OctetString {
    Bytes bytes;
    friend bool operator==(const OctetString&, const OctetString&) = default;
};
struct VisibleString {
    std::string text;
    friend bool operator==(const VisibleString&, const VisibleString&) = default;
};
struct Utf8String {
    std::string text;
    friend bool operator==(const Utf8String&, const Utf8String&) = default;
};
struct Bcd {
    std::uint8_t digits = 0;
    friend bool operator==(const Bcd&, const Bcd&) = default;
};
struct Enumeration {
    std::uint8_t number = 0;
    friend bool operator==(const Enumeration&, const Enumeration&) = default;
};

// What each element of a compact array is.
struct TypeDescription {
    Tag tag = Tag::null;
    std::uint16_t count = 0;                // of an array
    std::vector<TypeDescription> elements;  // of a structure; one of an array
    friend bool operator==(const TypeDescription&, const TypeDescription&) = default;
};
// Values without tags, one after the other; expand() in axdr.hpp makes an array of them.
struct CompactArray {
    TypeDescription type;
    Bytes contents;
    friend bool operator==(const CompactArray&, const CompactArray&) = default;
};

template <class T, class Variant>
inline constexpr bool is_alternative = false;
template <class T, class... Alternatives>
inline constexpr bool is_alternative<T, std::variant<Alternatives...>> =
    (std::is_same_v<T, Alternatives> || ...);

struct Value {
    using Held = std::variant<Null,
                              Array,
                              Structure,
                              bool,
                              BitString,
                              std::int32_t,
                              std::uint32_t,
                              OctetString,
                              VisibleString,
                              Utf8String,
                              Bcd,
                              std::int8_t,
                              std::int16_t,
                              std::uint8_t,
                              std::uint16_t,
                              CompactArray,
                              std::int64_t,
                              std::uint64_t,
                              Enumeration,
                              float,
                              double,
                              DateTime,
                              Date,
                              Time,
                              DontCare>;
    Held held;

    Value() = default;
    template <class T>
        requires is_alternative<std::remove_cvref_t<T>, Held>
    Value(T&& value)  // {1U, true} reads as COSEM data
        : held(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(value)) {}

    template <class T>
    const T* as() const {
        return std::get_if<T>(&held);
    }
};

bool operator==(const Value& a, const Value& b);
bool operator==(const Array& a, const Array& b);
bool operator==(const Structure& a, const Structure& b);

Tag tag_of(const Value& value);

// -- what a reader of meters asks of a value; nothing when it is of another kind

// Every integer, boolean and enumeration that fits.
std::optional<std::int64_t> integer_of(const Value& value);
// Every integer and floating-point number.
std::optional<double> number_of(const Value& value);
// Octet string, visible string, UTF-8: the bytes as text.
std::optional<std::string> text_of(const Value& value);
// A date-time by its own tag, or the twelve bytes of one in an octet string, as meters send it.
std::optional<DateTime> date_time_of(const Value& value);
// The elements of an array or a structure; nullptr otherwise.
const std::vector<Value>* elements_of(const Value& value);

}  // namespace dut::dlms
