// Whole messages out of a stream of characters that may cut them anywhere.
#pragma once

#include "dut/iec62056/fault.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace dut::iec62056 {

enum class MessageKind {
    line,           // begins with "/", without its end
    option_select,  // what stands between ACK and line end
    acknowledge,    // ACK by itself (see silence())
    refusal,        // NAK
    readout,        // STX to BCC
    command,        // SOH to BCC
};
struct Message {
    MessageKind kind = MessageKind::line;
    std::string text;
    friend bool operator==(const Message&, const Message&) = default;
};

// Characters between messages (the NULs that wake a battery, noise) are dropped.
class MessageReader {
  public:
    explicit MessageReader(std::size_t longest = 1U << 18) : longest_(longest) {}
    void feed(std::string_view characters);
    // Nothing while incomplete; too_long once, and what was read is dropped.
    std::expected<std::optional<Message>, Error> next();
    // Nothing more comes: an ACK alone is an acknowledgement, anything else is cut off and dropped
    // as a fault.
    std::expected<std::optional<Message>, Error> silence();
    bool is_inside_message() const { return begin_ < buffer_.size(); }
    void clear();

  private:
    std::optional<std::size_t> end_of_message();
    std::optional<std::size_t> end_of_line();
    Message take(std::size_t end);

    std::size_t longest_;
    std::string buffer_;
    std::size_t begin_ = 0;    // what is before is used up
    std::size_t scanned_ = 0;  // no end before here
};

}  // namespace dut::iec62056
