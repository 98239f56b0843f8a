// Strict reading of TOML: every key is known, typed and in range, or one line says file, line, key
// and what was expected. All of calrig's data (limits, meter types, programmes, benches) comes in
// through here.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace calibration {

// Wrong data from a user: "bench.toml:12: position.led_channel: expected an integer from 0 to 126,
// got 200".
class DataError : public std::runtime_error {
  public:
    // One line, whatever text of the user's it quotes: control characters are written as \x0A.
    explicit DataError(std::string_view message);
};

struct Range {
    double least = -std::numeric_limits<double>::infinity();
    double most = std::numeric_limits<double>::infinity();
};

// A table of a document. Reading a key marks it as known; finish() refuses the keys nobody read.
class Table {
  public:
    // All getters throw DataError when the key has the wrong type or range; the plain ones also
    // when it is missing.
    std::string text(std::string_view key) const;
    std::optional<std::string> optional_text(std::string_view key) const;
    std::string one_of(std::string_view key, std::initializer_list<std::string_view> choices) const;
    std::optional<std::string> optional_one_of(
        std::string_view key, std::initializer_list<std::string_view> choices) const;
    // Numbers may be written as integers and floats, and are finite; ranges are inclusive.
    double number(std::string_view key, Range range = {}) const;
    std::optional<double> optional_number(std::string_view key, Range range = {}) const;
    std::int64_t integer(std::string_view key, Range range = {}) const;
    std::optional<std::int64_t> optional_integer(std::string_view key, Range range = {}) const;
    std::optional<bool> optional_boolean(std::string_view key) const;
    // A TOML date, as "2027-05-01".
    std::optional<std::string> optional_date(std::string_view key) const;
    // The arrays are empty when missing.
    std::vector<double> numbers(std::string_view key, Range range = {}) const;
    std::vector<std::string> texts(std::string_view key) const;
    Table table(std::string_view key) const;
    std::optional<Table> optional_table(std::string_view key) const;
    std::vector<Table> tables(std::string_view key) const;  // array of tables; empty when missing

    bool has(std::string_view key) const;   // does not mark the key as known
    std::vector<std::string> keys() const;  // in the order of the document; marks none

    // Throws DataError for the first key that was never read, and lists the known ones.
    void finish() const;

    // A DataError about `key` (or the table itself when empty) with this file and line: for rules
    // no getter can express.
    [[noreturn]] void fail(std::string_view key, std::string_view message) const;

    struct Node;
    explicit Table(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

  private:
    std::shared_ptr<const Node> node_;
};

// Parses `text`; `name` is the file name used in messages. Throws DataError with line and column on
// a syntax error.
Table parse_document(std::string_view text, std::string_view name);

}  // namespace calibration
