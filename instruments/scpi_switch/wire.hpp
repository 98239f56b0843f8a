// The ROUTe dialect of switch units as text, both sides, without I/O: one line per message, its end
// left to the link. SCPI-99 volume 2, ROUTe and SYSTem:ERRor; IEEE 488.2 for the starred ones.
#pragma once

#include "instruments/source.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace instruments::scpi_switch {

using Channels = std::vector<int>;  // as the unit numbers them: 101 is slot 1, relay 01

inline constexpr int highest_channel = 99999;
// Input buffers of these units hold 256 characters or more, the line's end included.
inline constexpr std::size_t longest_line = 256;

// -- what the host sends

struct AskIdentity {  // "*IDN?"
    friend bool operator==(const AskIdentity&, const AskIdentity&) = default;
};
struct ClearStatus {  // "*CLS": empties the error queue
    friend bool operator==(const ClearStatus&, const ClearStatus&) = default;
};
struct Close {  // "ROUT:CLOS (@101,102)": others stay as they are
    Channels channels;
    friend bool operator==(const Close&, const Close&) = default;
};
struct Open {  // "ROUT:OPEN (@101,102)"
    Channels channels;
    friend bool operator==(const Open&, const Open&) = default;
};
struct AskClosed {  // "ROUT:CLOS? (@101,102)"
    Channels channels;
    friend bool operator==(const AskClosed&, const AskClosed&) = default;
};
struct AskError {  // "SYST:ERR?": the oldest entry of the queue, which it leaves
    friend bool operator==(const AskError&, const AskError&) = default;
};

using Command = std::variant<AskIdentity, ClearStatus, Close, Open, AskClosed, AskError>;

enum class CommandFault {
    undefined_header,
    syntax,        // the channel list is none
    out_of_range,  // a channel that no unit has, or a range that runs backwards
};

std::string encode(const Command& command);
// Long and short forms in either case, ranges such as 101:104.
std::expected<Command, CommandFault> decode_command(std::string_view line);

// The channels in parts, so that each fits into a line of any command.
std::vector<Channels> in_lines(const Channels& channels);

// -- what the unit answers

std::string encode_identity(const Identity& identity);       // "MAKER,MODEL,SERIAL,FIRMWARE"
std::string encode_states(const std::vector<bool>& closed);  // "1,0"

struct ErrorEntry {  // "+0,"No error""
    int code = 0;
    std::string text = "No error";
    friend bool operator==(const ErrorEntry&, const ErrorEntry&) = default;
};
std::string encode_error(const ErrorEntry& error);

enum class AnswerFault { malformed };

std::expected<Identity, AnswerFault> decode_identity(std::string_view line);
std::expected<ErrorEntry, AnswerFault> decode_error(std::string_view line);
// Exactly `count` states; the error is the index of the first field that is no state or is missing,
// and `count` where there are more.
std::expected<std::vector<bool>, std::size_t> decode_states(std::string_view line,
                                                            std::size_t count);

}  // namespace instruments::scpi_switch
