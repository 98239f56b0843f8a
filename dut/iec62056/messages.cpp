#include "dut/iec62056/messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace dut::iec62056 {
namespace {

std::unexpected<Error> wrong(Fault fault, std::string detail) {
    return std::unexpected(Error{fault, std::move(detail)});
}

bool is_letter(char character) { return std::isalpha(static_cast<unsigned char>(character)) != 0; }

bool is_printable(char character) { return character >= 0x20 && character < 0x7F; }

constexpr std::array<int, 7> speeds{300, 600, 1200, 2400, 4800, 9600, 19200};
constexpr std::size_t longest_identification = 16;
constexpr std::size_t longest_address = 32;
constexpr std::size_t longest_features = 8;

}  // namespace

std::string encode_request(std::string_view address) {
    return fmt::format("/?{}!{}", address, line_end);
}

std::expected<std::string, Error> decode_request(std::string_view line) {
    if (!line.starts_with("/?") || !line.ends_with('!') || line.size() > longest_address + 3)
        return wrong(Fault::unexpected, "expected /?ADDRESS!");
    return std::string(line.substr(2, line.size() - 3));
}

bool Identification::reacts_fast() const {
    return maker.size() == 3 && std::islower(static_cast<unsigned char>(maker[2])) != 0;
}

Mode Identification::mode() const {
    if (baud >= 'A' && baud <= 'F') return Mode::b;
    if (baud >= '0' && baud <= '9') return Mode::c;
    return Mode::a;
}

std::string encode_identification(const Identification& identification) {
    std::string line = "/" + identification.maker + identification.baud;
    for (const char feature : identification.features) line += {'\\', feature};
    return line + identification.text + std::string(line_end);
}

std::expected<Identification, Error> decode_identification(std::string_view line) {
    if (line.size() < 5 || line[0] != '/' || !std::ranges::all_of(line.substr(1, 3), is_letter))
        return wrong(Fault::identification, "expected /, three letters and a baud rate character");
    if (!std::ranges::all_of(line, is_printable))
        return wrong(Fault::identification, "expected printable characters");
    Identification identification{
        .maker = std::string(line.substr(1, 3)), .baud = line[4], .features = {}, .text = {}};
    std::string_view rest = line.substr(5);
    while (rest.size() >= 2 && rest[0] == '\\' &&
           identification.features.size() < longest_features) {
        identification.features += rest[1];
        rest.remove_prefix(2);
    }
    // Sixteen by the standard; meters with longer ones are about.
    if (rest.size() > 2 * longest_identification)
        return wrong(Fault::identification, "expected at most 16 characters of identification");
    identification.text = rest;
    return identification;
}

std::optional<int> baud_of(char character) {
    if (character >= '0' && character <= '6')
        return speeds[static_cast<std::size_t>(character - '0')];
    if (character >= 'A' && character <= 'F')
        return speeds[static_cast<std::size_t>(character - 'A') + 1];
    return std::nullopt;
}

std::optional<char> baud_character(int baud) {
    const auto found = std::ranges::find(speeds, baud);
    if (found == speeds.end()) return std::nullopt;
    return static_cast<char>('0' + (found - speeds.begin()));
}

std::string encode_option_select(const OptionSelect& option) {
    return std::string{ack,
                       static_cast<char>(option.procedure),
                       option.baud,
                       static_cast<char>(option.wanted)} +
           std::string(line_end);
}

std::expected<OptionSelect, Error> decode_option_select(std::string_view characters) {
    if (characters.size() != 3 || characters[0] < '0' || characters[0] > '2' ||
        characters[2] < '0' || characters[2] > '2' || !is_printable(characters[1]))
        return wrong(Fault::option_select, "expected ACK, 0 to 2, a baud rate character, 0 to 2");
    return OptionSelect{
        static_cast<Procedure>(characters[0]), characters[1], static_cast<Wanted>(characters[2])};
}

char block_check(std::string_view characters) {
    unsigned value = 0;
    for (const char character : characters) value ^= static_cast<unsigned char>(character);
    return static_cast<char>(value & 0x7F);
}

std::string encode_command(const Command& command) {
    std::string covered{command.letter, command.figure};
    if (!command.data.empty()) covered += stx + command.data;
    covered += command.is_partial ? eot : etx;
    return std::string{soh} + covered + block_check(covered);
}

std::expected<Command, Error> decode_command(std::string_view message) {
    if (message.size() < 5 || message[0] != soh || !is_letter(message[1]))
        return wrong(Fault::block, "expected SOH and a command letter");
    const std::string_view covered = message.substr(1, message.size() - 2);
    const char end = covered.back();
    if (end != etx && end != eot) return wrong(Fault::block, "expected ETX or EOT");
    if (block_check(covered) != message.back())
        return wrong(Fault::check, fmt::format("command {}{}", message[1], message[2]));
    std::string_view data = covered.substr(2, covered.size() - 3);
    if (!data.empty() && data[0] != stx) return wrong(Fault::block, "expected STX");
    if (!data.empty()) data.remove_prefix(1);
    return Command{message[1], message[2], std::string(data), end == eot};
}

std::string encode_break() { return encode_command({}); }

}  // namespace dut::iec62056
