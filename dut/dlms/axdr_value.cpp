#include "dut/dlms/axdr_value.hpp"

#include <array>
#include <limits>

namespace dut::dlms {

bool operator==(const Value& a, const Value& b) { return a.held == b.held; }
bool operator==(const Array& a, const Array& b) { return a.elements == b.elements; }
bool operator==(const Structure& a, const Structure& b) { return a.elements == b.elements; }

Tag tag_of(const Value& value) {
    // In the order of the variant.
    static constexpr std::array tags{
        Tag::null,           Tag::array,       Tag::structure,   Tag::boolean,
        Tag::bit_string,     Tag::int32,       Tag::uint32,      Tag::octet_string,
        Tag::visible_string, Tag::utf8_string, Tag::bcd,         Tag::int8,
        Tag::int16,          Tag::uint8,       Tag::uint16,      Tag::compact_array,
        Tag::int64,          Tag::uint64,      Tag::enumeration, Tag::float32,
        Tag::float64,        Tag::date_time,   Tag::date,        Tag::time,
        Tag::dont_care};
    static_assert(tags.size() == std::variant_size_v<Value::Held>);
    return tags[value.held.index()];
}

std::optional<std::int64_t> integer_of(const Value& value) {
    return std::visit(
        [](const auto& held) -> std::optional<std::int64_t> {
            using Held = std::remove_cvref_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::uint64_t>) {
                if (held > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
                    return std::nullopt;
            }
            if constexpr (std::is_integral_v<Held>) return static_cast<std::int64_t>(held);
            if constexpr (std::is_same_v<Held, Enumeration>) return held.number;
            return std::nullopt;
        },
        value.held);
}

std::optional<double> number_of(const Value& value) {
    return std::visit(
        [](const auto& held) -> std::optional<double> {
            using Held = std::remove_cvref_t<decltype(held)>;
            if constexpr (std::is_arithmetic_v<Held> && !std::is_same_v<Held, bool>)
                return static_cast<double>(held);
            return std::nullopt;
        },
        value.held);
}

std::optional<std::string> text_of(const Value& value) {
    if (const auto* octets = value.as<OctetString>())
        return std::string(octets->bytes.begin(), octets->bytes.end());
    if (const auto* visible = value.as<VisibleString>()) return visible->text;
    if (const auto* utf8 = value.as<Utf8String>()) return utf8->text;
    return std::nullopt;
}

std::optional<DateTime> date_time_of(const Value& value) {
    if (const auto* time = value.as<DateTime>()) return *time;
    const auto* octets = value.as<OctetString>();
    if (octets == nullptr || octets->bytes.size() != date_time_size) return std::nullopt;
    return read_date_time(octets->bytes);
}

const std::vector<Value>* elements_of(const Value& value) {
    if (const auto* array = value.as<Array>()) return &array->elements;
    if (const auto* structure = value.as<Structure>()) return &structure->elements;
    return nullptr;
}

}  // namespace dut::dlms
