// Links over what the operating system gives: sockets and device files. For the kinds of links in
// this folder only.
#pragma once

#include "instruments/io/link.hpp"
#include "instruments/io/link_address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <optional>
#include <string>

namespace instruments::io {

// `message` of an error in the middle of a sentence: "connection refused".
std::string described(const boost::system::error_code& error);
std::string described(int error_number);
// "tcp:127.0.0.1:4001: connection refused"
LinkError link_error(const std::string& name, const std::string& problem);

// How long an instrument may take to make room for what is written to it. Whoever takes no bytes
// for so long is gone: an "off" must not wait for it.
inline constexpr Duration write_patience = std::chrono::seconds{2};

struct StreamTraits {
    std::string name;
    // With a peer that takes no bytes. Emulated devices have none to lose: their clients may leave
    // a stream unread for as long as they like.
    std::optional<Duration> patience = std::nullopt;
    std::shared_ptr<void> lease = nullptr;  // let go when the link closes
};

// Owns `descriptor`, a device file in raw mode.
std::unique_ptr<ByteLink> descriptor_link(boost::asio::io_context& context,
                                          Clock& clock,
                                          int descriptor,
                                          StreamTraits traits);

// Owns `descriptor`, a connected stream socket of the address family `family`.
std::unique_ptr<ByteLink> stream_socket_link(boost::asio::io_context& context,
                                             Clock& clock,
                                             int family,
                                             int descriptor,
                                             StreamTraits traits);

Task<std::unique_ptr<ByteLink>> open_tcp(boost::asio::io_context& context,
                                         Clock& clock,
                                         TcpAddress address,
                                         std::string name,
                                         Duration timeout);
std::unique_ptr<ByteLink> open_serial(boost::asio::io_context& context,
                                      Clock& clock,
                                      const SerialAddress& address,
                                      std::string name);
std::unique_ptr<ByteLink> open_pty(boost::asio::io_context& context,
                                   Clock& clock,
                                   const PtyAddress& address,
                                   std::string name);

}  // namespace instruments::io
