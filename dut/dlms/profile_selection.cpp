#include "dut/dlms/profile_selection.hpp"

#include "dut/dlms/axdr.hpp"

#include <algorithm>

namespace dut::dlms {
namespace {

constexpr std::uint8_t by_range = 1, by_entry = 2;

Value array_of(const std::vector<CaptureObject>& objects) {
    Array array;
    for (const CaptureObject& object : objects) array.elements.push_back(value_of(object));
    return array;
}

// The elements of a structure with exactly that many.
const std::vector<Value>* fields(const Value& value, std::size_t count) {
    const auto* structure = value.as<Structure>();
    if (structure == nullptr || structure->elements.size() != count) return nullptr;
    return &structure->elements;
}

}  // namespace

Value value_of(const CaptureObject& object) {
    const auto& groups = object.ref.object.groups;
    return Structure{{object.ref.class_id,
                      OctetString{Bytes(groups.begin(), groups.end())},
                      object.ref.index,
                      object.element}};
}

std::optional<CaptureObject> capture_object_of(const Value& value) {
    const auto* parts = fields(value, 4);
    if (parts == nullptr) return std::nullopt;
    const auto* class_id = (*parts)[0].as<std::uint16_t>();
    const auto* object = (*parts)[1].as<OctetString>();
    const auto* index = (*parts)[2].as<std::int8_t>();
    const auto* element = (*parts)[3].as<std::uint16_t>();
    if (!class_id || !object || !index || !element || object->bytes.size() != 6)
        return std::nullopt;
    CaptureObject capture{{*class_id, {}, *index}, *element};
    std::ranges::copy(object->bytes, capture.ref.object.groups.begin());
    return capture;
}

std::optional<std::vector<CaptureObject>> capture_objects_of(const Value& value) {
    const auto* array = value.as<Array>();
    if (array == nullptr) return std::nullopt;
    std::vector<CaptureObject> objects;
    for (const Value& element : array->elements) {
        const auto object = capture_object_of(element);
        if (!object) return std::nullopt;
        objects.push_back(*object);
    }
    return objects;
}

Selection selection(const RangeSelection& range) {
    return {by_range,
            encode_value(Structure{
                {value_of(range.column), range.from, range.to, array_of(range.columns)}})};
}

Selection selection(const EntrySelection& entries) {
    return {by_entry,
            encode_value(Structure{
                {entries.from_entry, entries.to_entry, entries.from_column, entries.to_column}})};
}

Selection clock_range(const DateTime& from, const DateTime& to) {
    const auto octets = [](const DateTime& time) {
        Bytes bytes;
        append_date_time(bytes, time);
        return Value{OctetString{std::move(bytes)}};
    };
    return selection(RangeSelection{{clock_time, 0}, octets(from), octets(to), {}});
}

std::optional<RangeSelection> range_of(const Selection& selection) {
    if (selection.selector != by_range) return std::nullopt;
    const auto value = decode_value(selection.parameters);
    const auto* parts = value ? fields(*value, 4) : nullptr;
    if (parts == nullptr) return std::nullopt;
    const auto column = capture_object_of((*parts)[0]);
    auto columns = capture_objects_of((*parts)[3]);
    if (!column || !columns) return std::nullopt;
    return RangeSelection{*column, (*parts)[1], (*parts)[2], std::move(*columns)};
}

std::optional<EntrySelection> entries_of(const Selection& selection) {
    if (selection.selector != by_entry) return std::nullopt;
    const auto value = decode_value(selection.parameters);
    const auto* parts = value ? fields(*value, 4) : nullptr;
    if (parts == nullptr) return std::nullopt;
    const auto* from_entry = (*parts)[0].as<std::uint32_t>();
    const auto* to_entry = (*parts)[1].as<std::uint32_t>();
    const auto* from_column = (*parts)[2].as<std::uint16_t>();
    const auto* to_column = (*parts)[3].as<std::uint16_t>();
    if (!from_entry || !to_entry || !from_column || !to_column) return std::nullopt;
    return EntrySelection{*from_entry, *to_entry, *from_column, *to_column};
}

}  // namespace dut::dlms
