// A small grammar: literals, {fields}, [groups that may be left out].
#include "dut/serial_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace dut {
namespace {

struct Piece {
    std::string text;  // the literal, or the field's name
    bool is_field = false;
};

struct Group {
    std::vector<Piece> pieces;
    bool optional = false;
};

struct Form {
    std::vector<Group> groups;
    std::string fault;
};

// Takes one piece off the front of `rest`; sets the fault when there is none.
Piece take_piece(std::string_view& rest, std::string& fault) {
    if (rest.front() != '{') {
        const auto end = std::min(rest.find_first_of("{}[]"), rest.size());
        Piece literal{std::string(rest.substr(0, end)), false};
        rest.remove_prefix(end);
        return literal;
    }
    const auto end = rest.find('}');
    if (end == std::string_view::npos) {
        fault = "a { without its }";
        rest = {};
        return {};
    }
    Piece field{std::string(rest.substr(1, end - 1)), true};
    rest.remove_prefix(end + 1);
    return field;
}

Form parse_form(std::string_view rest) {
    Form form;
    form.groups.emplace_back();
    while (!rest.empty() && form.fault.empty()) {
        const char next = rest.front();
        const bool inside = form.groups.back().optional;
        if (next == '}' || (next == '[' && inside) || (next == ']' && !inside)) {
            form.fault = fmt::format("a {} out of place", next);
        } else if (next == '[' || next == ']') {
            form.groups.push_back({{}, next == '['});
            rest.remove_prefix(1);
        } else {
            form.groups.back().pieces.push_back(take_piece(rest, form.fault));
        }
    }
    if (form.fault.empty() && form.groups.back().optional) form.fault = "a [ without its ]";
    return form;
}

bool says_nothing(const Group& group, const FieldTexts& fields) {
    return std::all_of(group.pieces.begin(), group.pieces.end(), [&](const Piece& piece) {
        if (!piece.is_field) return true;
        const auto found = fields.find(piece.text);
        return found == fields.end() || found->second.empty() || found->second == "0";
    });
}

bool is_digit(unsigned char c) { return std::isdigit(c) != 0; }
bool is_hexadecimal(unsigned char c) { return std::isxdigit(c) != 0; }

// How many characters at the front of `rest` are this field's; 0: none fit.
std::size_t field_length(const IdentificationRow& row,
                         std::string_view rest,
                         std::string_view next_literal) {
    const auto words = static_cast<std::size_t>(row.words);
    if (row.encoding == Encoding::hexadecimal) {
        const auto digits = rest.substr(0, 4 * words);
        const bool whole =
            digits.size() == 4 * words && std::all_of(digits.begin(), digits.end(), is_hexadecimal);
        return whole ? digits.size() : 0;
    }
    if (row.encoding == Encoding::number) {
        const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
        return static_cast<std::size_t>(end - rest.begin());
    }
    const auto room = row.encoding == Encoding::string_norm ? 2 * words : words;
    const auto until = next_literal.empty() ? rest.size() : rest.find(next_literal);
    return std::min({until, room, rest.size()});
}

// Matches a group at the front of `rest`; leaves `rest` and `fields` alone when it does not match.
bool take_group(const Group& group,
                const RegisterMap& map,
                std::string_view& rest,
                FieldTexts& fields) {
    std::string_view left = rest;
    FieldTexts found = fields;
    for (std::size_t index = 0; index < group.pieces.size(); ++index) {
        const Piece& piece = group.pieces[index];
        if (!piece.is_field) {
            if (!left.starts_with(piece.text)) return false;
            left.remove_prefix(piece.text.size());
            continue;
        }
        const bool literal_follows =
            index + 1 < group.pieces.size() && !group.pieces[index + 1].is_field;
        const auto length = field_length(*find_identification(map, piece.text),
                                         left,
                                         literal_follows ? group.pieces[index + 1].text : "");
        if (length == 0) return false;
        found[piece.text] = left.substr(0, length);
        left.remove_prefix(length);
    }
    rest = left;
    fields = std::move(found);
    return true;
}

}  // namespace

std::vector<std::string> serial_fields(std::string_view form) {
    std::vector<std::string> names;
    for (const Group& group : parse_form(form).groups) {
        for (const Piece& piece : group.pieces) {
            if (piece.is_field) names.push_back(piece.text);
        }
    }
    return names;
}

std::optional<std::string> serial_form_fault(std::string_view form, const RegisterMap& map) {
    const Form parsed = parse_form(form);
    if (!parsed.fault.empty()) return parsed.fault;
    const auto names = serial_fields(form);
    if (names.empty()) return "expected at least one field in braces";
    for (const std::string& name : names) {
        const auto* row = find_identification(map, name);
        if (row == nullptr) return fmt::format("there is no field \"{}\"", name);
        if (row->block != map.blocks.front().name) {
            return fmt::format("\"{}\" is not in the first block of the identification", name);
        }
        if (row->encoding == Encoding::hundredths) {
            return fmt::format("\"{}\" is a version, no part of a serial number", name);
        }
    }
    return std::nullopt;
}

std::string compose_serial(std::string_view form, const FieldTexts& fields) {
    std::string serial;
    for (const Group& group : parse_form(form).groups) {
        if (group.optional && says_nothing(group, fields)) continue;
        for (const Piece& piece : group.pieces) {
            const auto found = piece.is_field ? fields.find(piece.text) : fields.end();
            serial += !piece.is_field ? piece.text : found == fields.end() ? "" : found->second;
        }
    }
    return serial;
}

FieldTexts split_serial(std::string_view serial, const RegisterMap& map) {
    FieldTexts fields;
    std::string_view rest = serial;
    bool matches = true;
    for (const Group& group : parse_form(map.serial_form).groups) {
        matches = (take_group(group, map, rest, fields) || group.optional) && matches;
    }
    if (matches && rest.empty()) return fields;
    throw calibration::DataError(
        fmt::format("serial: expected the form {}, got \"{}\"", map.serial_form, serial));
}

}  // namespace dut
