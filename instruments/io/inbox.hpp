// What a link has received and nobody has read yet; the reading half of every link.
#pragma once

#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"

#include <memory>
#include <string>

namespace instruments::io {

// Bytes wait here until somebody reads them, so a time-out never loses what came with it. There is
// no limit on how many: who writes to a link that nobody reads fills memory.
class Inbox {
  public:
    void put(BytesView bytes);
    // No more bytes will come, for the given reason: what is here can still be read, then reading
    // throws LinkError.
    void end(std::string reason);
    // As end(), but from our own side: reading throws at once.
    void close(std::string reason);

    bool empty() const { return bytes_.empty(); }
    bool ended() const { return !reason_.empty(); }
    const std::string& reason() const { return reason_; }

    // ByteLink::read. The inbox is kept alive while someone reads, even when its link has gone.
    static Task<Bytes> read(std::shared_ptr<Inbox> inbox, Clock& clock, Instant deadline);

  private:
    Bytes bytes_;
    std::string reason_;
    Event arrived_;
};

}  // namespace instruments::io
