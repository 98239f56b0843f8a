// The messages of IEC 62056-21: request, identification, option select, programming commands.
#pragma once

#include "dut/iec62056/fault.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace dut::iec62056 {

inline constexpr char soh = 0x01, stx = 0x02, etx = 0x03, eot = 0x04, ack = 0x06, nak = 0x15;
inline constexpr std::string_view line_end = "\r\n";

// "/?ADDRESS!": an empty address speaks to whoever is there.
std::string encode_request(std::string_view address);
// The address of a request line (without its end).
std::expected<std::string, Error> decode_request(std::string_view line);

enum class Mode { a, b, c };  // what the baud rate character says; D only speaks, E is C and more

struct Identification {
    std::string maker;  // three letters
    char baud = '0';
    std::string features;  // the W of each "\W"; '2' is HDLC
    std::string text;      // up to 16 characters
    friend bool operator==(const Identification&, const Identification&) = default;
    bool offers_hdlc() const { return features.contains('2'); }
    bool reacts_fast() const;  // the third letter is a small one: 20 ms instead of 200 ms
    Mode mode() const;
};
std::string encode_identification(const Identification& identification);  // with its line end
std::expected<Identification, Error> decode_identification(std::string_view line);

// The speed a character stands for: "0" to "6" in mode C and E, "A" to "F" in mode B; nothing for
// others.
std::optional<int> baud_of(char character);
// The character of modes C and E.
std::optional<char> baud_character(int baud);

enum class Procedure : char { normal = '0', secondary = '1', hdlc = '2' };
enum class Wanted : char { readout = '0', programming = '1', binary = '2' };
struct OptionSelect {
    Procedure procedure = Procedure::normal;
    char baud = '0';
    Wanted wanted = Wanted::readout;
    friend bool operator==(const OptionSelect&, const OptionSelect&) = default;
};
std::string encode_option_select(const OptionSelect& option);
// Between ACK and line end: three characters. Other letters than those above are faults.
std::expected<OptionSelect, Error> decode_option_select(std::string_view characters);

// SOH, letter and figure, STX, data, ETX, BCC. The data have their parentheses: "(12345678)".
struct Command {
    char letter = 'B';  // P password, R read, W write, E execute, B break
    char figure = '0';
    std::string data;
    bool is_partial = false;  // EOT instead of ETX: more blocks follow
    friend bool operator==(const Command&, const Command&) = default;
};
std::string encode_command(const Command& command);
// From SOH to BCC.
std::expected<Command, Error> decode_command(std::string_view message);
std::string encode_break();  // "B0": the end of a programming session

// The exclusive or of all characters, first one excluded: what the check character must be.
char block_check(std::string_view from_second_character);

}  // namespace dut::iec62056
