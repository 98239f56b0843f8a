#include "dut/dlms/axdr_types.hpp"

#include <algorithm>

namespace dut::dlms {
namespace {

Tag read_tag(FieldReader& reader, std::size_t deepest) {
    const std::size_t begin = reader.offset();
    const auto tag = static_cast<Tag>(reader.byte());
    if (!is_known(tag) || tag == Tag::compact_array) reader.fail_at(CodecFault::unknown_tag, begin);
    if (deepest == 0) reader.fail_at(CodecFault::too_deep, begin);
    return tag;
}

}  // namespace

bool is_known(Tag tag) {
    const auto number = static_cast<std::uint8_t>(tag);
    return (number <= 27 && number != 7 && number != 8 && number != 11 && number != 14) ||
           tag == Tag::dont_care;
}

void skip_type(FieldReader& reader, std::size_t deepest) {
    const Tag tag = read_tag(reader, deepest);
    if (!reader.is_good()) return;
    if (tag == Tag::array) {
        reader.number<std::uint16_t>();
        skip_type(reader, deepest - 1);
    }
    if (tag != Tag::structure) return;
    for (std::size_t left = reader.count(1); left-- > 0 && reader.is_good();)
        skip_type(reader, deepest - 1);
}

TypeDescription read_type(FieldReader& reader, std::size_t deepest) {
    TypeDescription type{.tag = read_tag(reader, deepest), .count = 0, .elements = {}};
    if (!reader.is_good()) return type;
    if (type.tag == Tag::array) {
        type.count = reader.number<std::uint16_t>();
        type.elements.push_back(read_type(reader, deepest - 1));
    }
    if (type.tag != Tag::structure) return type;
    for (std::size_t left = reader.count(1); left-- > 0 && reader.is_good();)
        type.elements.push_back(read_type(reader, deepest - 1));
    return type;
}

void append_type(Bytes& to, const TypeDescription& type) {
    to.push_back(static_cast<std::uint8_t>(type.tag));
    if (type.tag == Tag::array) append_number(to, type.count);
    if (type.tag == Tag::structure) append_length(to, type.elements.size());
    for (const TypeDescription& element : type.elements) append_type(to, element);
}

bool takes_room(const TypeDescription& type) {
    if (type.tag == Tag::null || type.tag == Tag::dont_care) return false;
    if (type.tag == Tag::array && type.count == 0) return false;
    if (type.tag != Tag::array && type.tag != Tag::structure) return true;
    return std::ranges::any_of(type.elements, takes_room);
}

}  // namespace dut::dlms
