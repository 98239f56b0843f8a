// The zSCPI text of a ZERA COM5003 or MT310s2: values, registers, errors and lines, both ways,
// without I/O.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace instruments::zera_zscpi {

enum class WireFault {
    no_value,     // ";": the instrument has not measured yet
    malformed,    // not the shape that was asked for
    not_a_value,  // nan, inf or an overflow sentinel stands where a value belongs
    missing,      // a group does not hold a value it must hold
};
std::string_view describe(WireFault fault);

template <class T>
using Parsed = std::expected<T, WireFault>;

// -- plain answers --

// The whole text is one decimal number, "1.44E1", "+230.01"; never depends on the locale. NaN,
// infinities and the SCPI sentinels 9.9E37 (overflow) and 9.91E37 (not a number) are not_a_value.
Parsed<double> parse_number(std::string_view text);
Parsed<bool> parse_flag(std::string_view text);  // "0" or "1"
Parsed<std::int64_t> parse_register(
    std::string_view text);  // "+4"; STATUS answers come without the plus

struct ErrorEntry {
    int code = 0;
    std::string text;
};
Parsed<ErrorEntry> parse_error(std::string_view text);  // "+0,No error", "-100,Command error"

// A range by its name on the instrument: "240V", "100mV", "1.0A", "500mA".
struct Range {
    double value = 0;  // V or A
    char unit = 'V';   // 'V' or 'A'
};
Parsed<Range> parse_range(std::string_view name);

// Takes the text up to `separator` (or all of it) off the front of `rest`. Catalogues use ';',
// lines of commands '|'.
std::string_view take_until(std::string_view& rest, char separator);

void append_number(std::string& out, double value, int significant_digits);
void append_register(std::string& out, std::int64_t value);  // with its plus
void append_error(std::string& out, const ErrorEntry& entry);

// -- self-described values: "RMS1:UL1:[V]:229.691;" --

struct Item {
    std::string_view module, name, unit, value;  // value: numbers separated by ','
};

// Walks through the items of one answer.
class ItemReader {
  public:
    explicit ItemReader(std::string_view answer) : rest_(answer) {}
    bool at_end() const { return rest_.empty(); }
    Parsed<Item> next();

  private:
    std::string_view rest_;
};

// A value that an answer must hold, and where it goes: one number, or as many as `numbers` has.
struct Wanted {
    std::string_view name, unit;
    std::span<double> numbers;
};
// Fills every wanted value from the items of `module`, each of which must come exactly once; other
// items are skipped. The error names the item it is about.
struct GroupFault {
    WireFault fault;
    std::string item;
};
std::expected<void, GroupFault> parse_group(std::string_view answer,
                                            std::string_view module,
                                            std::span<const Wanted> wanted);

// Appends "module:name:[unit]:a,b;".
void append_item(std::string& out, const Item& described, std::span<const double> numbers);

// -- lines --

inline constexpr std::string_view service_request = "SRQ";  // comes between answers, at any time

// Cuts a byte stream into lines that end with CR or LF; empty lines are dropped, and so is a line
// over 64 KiB.
class LineSplitter {
  public:
    void feed(std::span<const std::uint8_t> bytes);
    std::optional<std::string> next();
    char terminator() const {
        return terminator_;
    }  // that ended the last line: answers end the same way

  private:
    std::string buffer_;
    bool skipping_ = false;
    char terminator_ = '\n';
};

}  // namespace instruments::zera_zscpi
