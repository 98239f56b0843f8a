// From the address in a bench file to an open link.
#include "instruments/io/link_address.hpp"
#include "instruments/io/stream_link.hpp"

#include <sys/socket.h>
#include <utility>
#include <variant>

namespace instruments::io {

void check_link_address(std::string_view address) { parse_link_address(address); }

Task<std::unique_ptr<ByteLink>> open_link(boost::asio::io_context& context,
                                          Clock& clock,
                                          std::string address,
                                          Duration timeout) {
    const LinkAddress parsed = parse_link_address(address);
    std::unique_ptr<ByteLink> link;
    if (const auto* tcp = std::get_if<TcpAddress>(&parsed)) {
        link = co_await open_tcp(context, clock, *tcp, address, timeout);
    } else if (const auto* serial = std::get_if<SerialAddress>(&parsed)) {
        link = open_serial(context, clock, *serial, address);
    } else {
        link = open_pty(context, clock, std::get<PtyAddress>(parsed), address);
    }
    co_return link;
}

std::unique_ptr<ByteLink> socket_link(boost::asio::io_context& context,
                                      Clock& clock,
                                      int descriptor,
                                      std::string name) {
    return stream_socket_link(context, clock, AF_UNIX, descriptor, {.name = std::move(name)});
}

}  // namespace instruments::io
