// What can be wrong in IEC 62056-21: with characters, with messages, or with the meter.
#pragma once

#include <string>
#include <string_view>

namespace dut::iec62056 {

enum class Fault {
    // One message.
    parity,          // a character with the wrong parity
    identification,  // not "/XXXZident"
    option_select,   // not ACK V Z Y CR LF
    check,           // BCC
    block,           // a block without its beginning or end
    data_line,       // a data set that is not address(value*unit)
    too_long,        // a message that does not end
    // The hand-shake. It is over afterwards.
    silence,     // no answer to the sign-on
    no_readout,  // the identification came, the data did not
    new_speed,   // the baud rate was acknowledged, and nothing readable comes at it
    no_mode_e,   // the meter does not offer HDLC
    baud,        // a baud rate character without a meaning
    refused,     // NAK, again and again
    broken_off,  // the meter sent a break
    unexpected,  // a message that has no place here
};

std::string_view name(Fault fault);

struct Error {
    Fault fault;
    std::string detail = {};  // where, what was expected
    friend bool operator==(const Error&, const Error&) = default;
};
std::string described(const Error& error);  // "wrong parity: character 17"

}  // namespace dut::iec62056
