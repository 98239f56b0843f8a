// Byte links: memory, TCP, serial and pty behind one interface, and the errors that cross it.
#pragma once

#include "instruments/io/clock.hpp"
#include "instruments/io/task.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace instruments::io {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline BytesView bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// A link that cannot be opened or is gone: "tcp:127.0.0.1:4001: connection refused".
class LinkError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class ByteLink {
  public:
    virtual ~ByteLink() = default;
    // Returns when all bytes are handed over. Throws LinkError when the other side is gone.
    virtual Task<void> write(BytesView bytes) = 0;
    // At least one byte, or none when `deadline` came first. Throws LinkError when the other side
    // is gone.
    virtual Task<Bytes> read(Instant deadline) = 0;
    virtual void close() = 0;  // a pending read ends with LinkError
    virtual std::string name()
        const = 0;  // as in the bench file: "tcp:192.168.32.10:4001", "twin source"
};

// Two ends of a link in memory, at no cost in bench time.
std::pair<std::unique_ptr<ByteLink>, std::unique_ptr<ByteLink>> memory_links(Clock& clock,
                                                                             std::string name);

// Opens "tcp:HOST:PORT", "serial:DEVICE,BAUD,8N2" or "pty:PATH". Throws LinkError, naming the
// address, what happened and what was expected; a malformed address throws calibration::DataError
// before anything is opened.
Task<std::unique_ptr<ByteLink>> open_link(boost::asio::io_context& context,
                                          Clock& clock,
                                          std::string address,
                                          Duration timeout = std::chrono::seconds{3});
// Only the syntax check of open_link, for reading bench files. Throws calibration::DataError.
void check_link_address(std::string_view address);

// Server side, for emulators: a listening TCP port on 127.0.0.1 (0 picks one) and a pty whose name
// clients open.
class Listener {
  public:
    virtual ~Listener() = default;
    virtual Task<std::unique_ptr<ByteLink>>
    accept() = 0;  // TCP: each connection; pty: each time a client opens it
    virtual std::string address()
        const = 0;  // what open_link takes: "tcp:127.0.0.1:34567", "pty:/dev/pts/4"
    virtual void close() = 0;
};
std::unique_ptr<Listener> listen_tcp(boost::asio::io_context& context,
                                     Clock& clock,
                                     std::uint16_t port);
std::unique_ptr<Listener> listen_pty(boost::asio::io_context& context, Clock& clock);

// A connected local stream socket already owned by the process (one end of a socketpair) as a link.
std::unique_ptr<ByteLink> socket_link(boost::asio::io_context& context,
                                      Clock& clock,
                                      int descriptor,
                                      std::string name);

}  // namespace instruments::io
