// Strict reading of TOML over toml++, which stays inside this file.
#include "calibration/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace calibration {

namespace {

// Thrown where toml++ 3.3 takes something of its input for granted.
struct TomlTakenForGranted {};

}  // namespace

}  // namespace calibration

// In release toml++ turns its assertions into promises to the compiler, and a damaged document
// ("[=") breaks them: undefined behaviour. Here they are checked in every build.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) \
    ((expression) ? static_cast<void>(0) : throw calibration::TomlTakenForGranted{})
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace calibration {

// One table of a document. It keeps the whole document alive, and its children so that their marks
// are shared too.
struct Table::Node {
    std::shared_ptr<const toml::table> document;
    const toml::table* table = nullptr;
    std::string file;
    std::string path;  // "bench" or "position.twin"; empty for the document itself
    toml::source_position position;
    mutable std::vector<std::string> known;  // in the order of asking
    mutable std::map<std::string, std::vector<Table>, std::less<>> children;

    const toml::node* read(std::string_view key) const;
    std::string path_of(std::string_view key) const;
    toml::source_position position_of(std::string_view key) const;
    [[noreturn]] void fail(toml::source_position where,
                           std::string_view at,
                           std::string_view message) const;
    [[noreturn]] void wrong(std::string_view key, std::string_view expected) const;
    Table child(std::string_view key, const toml::table& table) const;
};

namespace {

using Position = toml::source_position;

bool before(const Position& a, const Position& b) {
    return std::pair{a.line, a.column} < std::pair{b.line, b.column};
}

const toml::key* find_key(const toml::table& table, std::string_view key) {
    const auto found = table.find(key);
    return found == table.end() ? nullptr : &found->first;
}

// What stands in the document, for "got ...".
std::string described(const toml::node* node) {
    if (node == nullptr) return "nothing";
    if (const auto* text = node->as_string()) return fmt::format("\"{}\"", text->get());
    if (const auto* integer = node->as_integer()) return fmt::format("{}", integer->get());
    if (const auto* real = node->as_floating_point()) return fmt::format("{}", real->get());
    if (const auto* flag = node->as_boolean()) return flag->get() ? "true" : "false";
    if (node->is_array()) return "an array";
    if (node->is_table()) return "a table";
    return "a date or time";
}

std::string with_range(std::string_view what, const Range& range) {
    const bool bounded_below = std::isfinite(range.least);
    const bool bounded_above = std::isfinite(range.most);
    if (bounded_below && bounded_above) {
        return fmt::format("{} from {} to {}", what, range.least, range.most);
    }
    if (bounded_below) return fmt::format("{} of at least {}", what, range.least);
    if (bounded_above) return fmt::format("{} of at most {}", what, range.most);
    return std::string{what};
}

bool within(double value, const Range& range) {
    return std::isfinite(value) && value >= range.least && value <= range.most;
}

std::string choice_text(std::initializer_list<std::string_view> choices) {
    std::vector<std::string> quoted;
    for (const auto choice : choices) quoted.push_back(fmt::format("\"{}\"", choice));
    return fmt::format("{}", fmt::join(quoted, " or "));
}

// Integers and floats alike; nothing for any other type, and for nan and inf, which no physical
// value is.
std::optional<double> number_in(const toml::node& node, const Range& range) {
    double value = std::numeric_limits<double>::quiet_NaN();
    if (const auto* integer = node.as_integer()) value = static_cast<double>(integer->get());
    if (const auto* real = node.as_floating_point()) value = real->get();
    if (!within(value, range)) return std::nullopt;
    return value;
}

// A message is one line, whatever the parser says.
std::string one_line(std::string_view text) {
    std::string line{text};
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

Position or_first_line(Position position) { return position ? position : Position{1, 1}; }

}  // namespace

const toml::node* Table::Node::read(std::string_view key) const {
    if (std::find(known.begin(), known.end(), key) == known.end()) known.emplace_back(key);
    return table->get(key);
}

std::string Table::Node::path_of(std::string_view key) const {
    if (path.empty() || key.empty()) return path + std::string{key};
    return fmt::format("{}.{}", path, key);
}

Position Table::Node::position_of(std::string_view key) const {
    const toml::key* found = find_key(*table, key);
    return found != nullptr && found->source().begin ? found->source().begin : position;
}

void Table::Node::fail(Position where, std::string_view at, std::string_view message) const {
    const std::string_view separator = at.empty() ? "" : ": ";
    throw DataError(fmt::format("{}:{}: {}{}{}", file, where.line, at, separator, message));
}

void Table::Node::wrong(std::string_view key, std::string_view expected) const {
    fail(position_of(key),
         path_of(key),
         fmt::format("expected {}, got {}", expected, described(table->get(key))));
}

Table Table::Node::child(std::string_view key, const toml::table& nested) const {
    auto node = std::make_shared<Node>();
    node->document = document;
    node->table = &nested;
    node->file = file;
    node->path = path_of(key);
    node->position = nested.source().begin ? nested.source().begin : position_of(key);
    return Table{std::move(node)};
}

std::optional<std::string> Table::optional_text(std::string_view key) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_string()) node_->wrong(key, "a text");
    return node->as_string()->get();
}

std::string Table::text(std::string_view key) const {
    auto value = optional_text(key);
    if (!value) node_->wrong(key, "a text");
    return *std::move(value);
}

std::optional<std::string> Table::optional_one_of(
    std::string_view key, std::initializer_list<std::string_view> choices) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return std::nullopt;
    const auto* value = node->as_string();
    if (value == nullptr ||
        std::find(choices.begin(), choices.end(), value->get()) == choices.end()) {
        node_->wrong(key, choice_text(choices));
    }
    return value->get();
}

std::string Table::one_of(std::string_view key,
                          std::initializer_list<std::string_view> choices) const {
    auto value = optional_one_of(key, choices);
    if (!value) node_->wrong(key, choice_text(choices));
    return *std::move(value);
}

std::optional<double> Table::optional_number(std::string_view key, Range range) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return std::nullopt;
    const auto value = number_in(*node, range);
    if (!value) node_->wrong(key, with_range("a number", range));
    return value;
}

double Table::number(std::string_view key, Range range) const {
    const auto value = optional_number(key, range);
    if (!value) node_->wrong(key, with_range("a number", range));
    return *value;
}

std::optional<std::int64_t> Table::optional_integer(std::string_view key, Range range) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return std::nullopt;
    const auto* value = node->as_integer();
    if (value == nullptr || !within(static_cast<double>(value->get()), range)) {
        node_->wrong(key, with_range("an integer", range));
    }
    return value->get();
}

std::int64_t Table::integer(std::string_view key, Range range) const {
    const auto value = optional_integer(key, range);
    if (!value) node_->wrong(key, with_range("an integer", range));
    return *value;
}

std::optional<bool> Table::optional_boolean(std::string_view key) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_boolean()) node_->wrong(key, "true or false");
    return node->as_boolean()->get();
}

std::optional<std::string> Table::optional_date(std::string_view key) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_date()) node_->wrong(key, "a date such as 2027-05-01, without quotes");
    const toml::date date = node->as_date()->get();
    return fmt::format("{:04}-{:02}-{:02}", date.year, int{date.month}, int{date.day});
}

std::vector<double> Table::numbers(std::string_view key, Range range) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return {};
    const std::string expected = with_range("a number", range);
    if (!node->is_array()) node_->wrong(key, "an array, each " + expected);
    std::vector<double> values;
    for (const toml::node& element : *node->as_array()) {
        const auto value = number_in(element, range);
        if (!value) {
            node_->fail(element.source().begin,
                        fmt::format("{}[{}]", node_->path_of(key), values.size()),
                        fmt::format("expected {}, got {}", expected, described(&element)));
        }
        values.push_back(*value);
    }
    return values;
}

std::vector<std::string> Table::texts(std::string_view key) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return {};
    if (!node->is_array()) node_->wrong(key, "an array of texts");
    std::vector<std::string> values;
    for (const toml::node& element : *node->as_array()) {
        if (!element.is_string()) {
            node_->fail(element.source().begin,
                        fmt::format("{}[{}]", node_->path_of(key), values.size()),
                        fmt::format("expected a text, got {}", described(&element)));
        }
        values.push_back(element.as_string()->get());
    }
    return values;
}

std::optional<Table> Table::optional_table(std::string_view key) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_table()) node_->wrong(key, "a table");
    auto& children = node_->children[std::string{key}];
    if (children.empty()) children.push_back(node_->child(key, *node->as_table()));
    return children.front();
}

Table Table::table(std::string_view key) const {
    auto value = optional_table(key);
    if (!value) node_->wrong(key, "a table");
    return *std::move(value);
}

std::vector<Table> Table::tables(std::string_view key) const {
    const toml::node* node = node_->read(key);
    if (node == nullptr) return {};
    if (!node->is_array()) node_->wrong(key, fmt::format("an array of tables, [[{}]]", key));
    auto& children = node_->children[std::string{key}];
    if (!children.empty()) return children;
    std::vector<Table> found;
    for (const toml::node& element : *node->as_array()) {
        if (!element.is_table()) {
            node_->fail(element.source().begin,
                        fmt::format("{}[{}]", node_->path_of(key), found.size()),
                        fmt::format("expected a table, got {}", described(&element)));
        }
        found.push_back(node_->child(key, *element.as_table()));
    }
    children = found;
    return found;
}

bool Table::has(std::string_view key) const { return node_->table->contains(key); }

std::vector<std::string> Table::keys() const {
    std::vector<std::pair<Position, std::string>> found;
    for (const auto& [key, value] : *node_->table) {
        found.emplace_back(node_->position_of(key.str()), key.str());
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return before(a.first, b.first);
    });
    std::vector<std::string> names;
    names.reserve(found.size());
    for (auto& [position, name] : found) names.push_back(std::move(name));
    return names;
}

void Table::finish() const {
    const auto& known = node_->known;
    for (const std::string& key : keys()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        fail(key,
             known.empty() ? std::string{"unknown key; none is known here"}
                           : fmt::format("unknown key; known are {}", fmt::join(known, ", ")));
    }
}

void Table::fail(std::string_view key, std::string_view message) const {
    const Position where = key.empty() ? node_->position : node_->position_of(key);
    node_->fail(where, node_->path_of(key), message);
}

namespace {

// Which line toml++ stumbled over: the last of the shortest beginning that trips it.
std::size_t line_taken_for_granted(std::string_view text) {
    std::size_t line = 1;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos;
         end = text.find('\n', end + 1), ++line) {
        try {
            static_cast<void>(toml::parse(text.substr(0, end + 1)));
        } catch (const toml::parse_error&) {
            continue;  // cut in the middle of a value
        } catch (const TomlTakenForGranted&) {
            break;
        }
    }
    return line;
}

}  // namespace

Table parse_document(std::string_view text, std::string_view name) {
    auto node = std::make_shared<Table::Node>();
    try {
        node->document = std::make_shared<const toml::table>(toml::parse(text, name));
    } catch (const TomlTakenForGranted&) {
        throw DataError(fmt::format("{}:{}:1: syntax error: expected a key, a table or a value",
                                    name,
                                    line_taken_for_granted(text)));
    } catch (const toml::parse_error& error) {
        const Position at = or_first_line(error.source().begin);
        throw DataError(fmt::format(
            "{}:{}:{}: syntax error: {}", name, at.line, at.column, one_line(error.description())));
    }
    node->table = node->document.get();
    node->file = name;
    node->position = Position{1, 1};
    return Table{std::move(node)};
}

}  // namespace calibration
