#include "dut/dlms/apdu_fields.hpp"

#include "dut/dlms/axdr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace dut::dlms {

std::string described(const Obis& obis) { return fmt::format("{}", fmt::join(obis.groups, ".")); }

std::optional<Obis> obis_from(std::string_view text) {
    Obis obis;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    for (std::size_t group = 0; group < obis.groups.size(); ++group) {
        if (group > 0 && (at == end || *at != '.')) return std::nullopt;
        if (group > 0) ++at;
        const auto [next, problem] = std::from_chars(at, end, obis.groups[group]);
        if (problem != std::errc{}) return std::nullopt;
        at = next;
    }
    if (at != end) return std::nullopt;
    return obis;
}

std::string described(const CosemRef& ref) {
    return fmt::format(
        "{} attribute {} (class {})", described(ref.object), ref.index, ref.class_id);
}

void append_ref(Bytes& to, const CosemRef& ref) {
    append_number(to, ref.class_id);
    append(to, ref.object.groups);
    to.push_back(static_cast<std::uint8_t>(ref.index));
}

void append_attribute(Bytes& to, const Attribute& attribute) {
    append_ref(to, attribute.ref);
    to.push_back(attribute.selection ? 1 : 0);
    if (!attribute.selection) return;
    to.push_back(attribute.selection->selector);
    append(to, attribute.selection->parameters);
}

void append_data_or_result(Bytes& to, const DataOrResult& data) {
    to.push_back(data ? 0 : 1);
    if (data)
        append(to, *data);
    else
        to.push_back(static_cast<std::uint8_t>(data.error()));
}

void append_block(Bytes& to, const Block& block) {
    to.push_back(block.is_last ? 1 : 0);
    append_number(to, block.number);
    append_string(to, block.raw);
}

void append_outcome(Bytes& to, const ActionOutcome& outcome) {
    to.push_back(static_cast<std::uint8_t>(outcome.result));
    to.push_back(outcome.returned ? 1 : 0);
    if (outcome.returned) append_data_or_result(to, *outcome.returned);
}

CosemRef read_ref(FieldReader& reader) {
    CosemRef ref{.class_id = reader.number<std::uint16_t>(), .object = {}, .index = 0};
    const BytesView groups = reader.take(ref.object.groups.size());
    std::ranges::copy(groups, ref.object.groups.begin());
    ref.index = static_cast<std::int8_t>(reader.byte());
    return ref;
}

Attribute read_attribute(FieldReader& reader) {
    Attribute attribute{.ref = read_ref(reader), .selection = std::nullopt};
    if (read_choice(reader, 1) == 0) return attribute;
    const std::uint8_t selector = reader.byte();
    attribute.selection = Selection{selector, read_data(reader)};
    return attribute;
}

Bytes read_data(FieldReader& reader) {
    const BytesView value = read_value(reader);
    return {value.begin(), value.end()};
}

std::uint8_t read_choice(FieldReader& reader, std::uint8_t most) {
    const std::size_t at = reader.offset();
    const std::uint8_t choice = reader.byte();
    if (choice > most) reader.fail_at(CodecFault::choice, at);
    return choice;
}

DataOrResult read_data_or_result(FieldReader& reader) {
    if (read_choice(reader, 1) == 0) return read_data(reader);
    return std::unexpected(static_cast<AccessResult>(reader.byte()));
}

Block read_block(FieldReader& reader) {
    Block block{.is_last = reader.flag(), .number = reader.number<std::uint32_t>(), .raw = {}};
    const BytesView raw = reader.string();
    block.raw.assign(raw.begin(), raw.end());
    return block;
}

ActionOutcome read_outcome(FieldReader& reader) {
    ActionOutcome outcome{.result = static_cast<ActionResult>(reader.byte()), .returned = {}};
    if (read_choice(reader, 1) == 1) outcome.returned = read_data_or_result(reader);
    return outcome;
}

}  // namespace dut::dlms
