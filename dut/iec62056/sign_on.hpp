// What both sides of the hand-shake share: times, and the actions they ask their carrier for.
#pragma once

#include "calibration/time.hpp"
#include "dut/iec62056/fault.hpp"
#include "dut/iec62056/messages.hpp"
#include "dut/iec62056/parity.hpp"
#include "dut/iec62056/readout.hpp"

#include <chrono>
#include <string>
#include <variant>
#include <vector>

namespace dut::iec62056 {

using calibration::Duration;
using calibration::Instant;

// From the standard: a side answers 200 ms to 1500 ms after the last character (20 ms for meters
// that say so), and characters of a message are at most 1500 ms apart.
struct SignOnTimes {
    Duration reaction = std::chrono::milliseconds{200};
    Duration fast_reaction = std::chrono::milliseconds{20};
    Duration longest_reaction = std::chrono::milliseconds{1500};
    Duration between_characters = std::chrono::milliseconds{1500};
    // No message takes longer, however slowly its characters drip (not of the standard: 40 kB at
    // 300 baud take 22 minutes).
    Duration longest_message = std::chrono::minutes{30};
};

// What 7E1 and 8N1 are on the line: ten bits both.
Duration line_time(std::size_t characters, int baud);

// -- actions, to be carried out in their order

struct Send {
    Bytes bytes;
};
// When everything sent has left the line. A port that only moves eight bits stays at 8N1.
struct LineChange {
    int baud = 300;
    bool has_eight_bits = false;  // 8N1; otherwise 7E1
    friend bool operator==(const LineChange&, const LineChange&) = default;
};
struct Identified {
    Identification identification;
};
struct ReadoutArrived {
    std::vector<DataLine> lines;
    std::string block;  // as it came, from STX to BCC
    int baud = 300;
};
struct ReadoutWanted {};  // the meter's user gives the data
struct HdlcReady {        // both sides speak HDLC from here on
    int baud = 300;
};
struct CommandArrived {  // in programming mode: the meter's greeting, or the client's command
    Command command;
};
struct SignOnFailed {
    Error error;
};
using SignOnAction = std::variant<Send,
                                  LineChange,
                                  Identified,
                                  ReadoutArrived,
                                  ReadoutWanted,
                                  HdlcReady,
                                  CommandArrived,
                                  SignOnFailed>;

}  // namespace dut::iec62056
