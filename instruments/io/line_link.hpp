// Lines over a byte link: for every dialect that ends its messages with CR or LF.
#pragma once

#include "instruments/io/link.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace instruments::io {

class LineLink {
  public:
    // `terminator` ends what we send; a received line ends at any of "\r", "\n", "\r\n" (empty
    // lines are dropped). A line longer than `longest`, or line ends without end, throw LinkError:
    // the peer does not speak lines.
    LineLink(std::unique_ptr<ByteLink> link, std::string terminator, std::size_t longest = 65536);

    Task<void> write_line(std::string_view line);
    // Nothing when the deadline came first.
    Task<std::optional<std::string>> read_line(Instant deadline);
    // Forgets the lines already taken from the link; what waits inside the link stays. See drain().
    void discard_input();
    // Forgets everything that has arrived, in the link as well: for a new start after a garbled or
    // late answer. Throws LinkError when the peer does not stop sending.
    Task<void> drain();
    ByteLink& link() { return *link_; }

  private:
    // The next complete line of the buffer that is not empty.
    std::optional<std::string> take_line();

    std::unique_ptr<ByteLink> link_;
    std::string terminator_;
    std::size_t longest_;
    std::string buffer_;
    std::size_t scanned_ = 0;  // no line ends before here
};

}  // namespace instruments::io
