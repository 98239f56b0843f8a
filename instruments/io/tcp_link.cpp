// TCP: connecting with a time-out, and listening on this machine.
#include "instruments/io/stream_link.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <optional>
#include <utility>

namespace instruments::io {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Instruments answer in small pieces; waiting to fill a packet costs 40 ms per command.
std::unique_ptr<ByteLink> link_over(boost::asio::io_context& context,
                                    Clock& clock,
                                    tcp::socket socket,
                                    StreamTraits traits) {
    error_code ignored;  // a socket that is already reset says so at the first read
    socket.set_option(tcp::no_delay{true}, ignored);
    const int family = socket.local_endpoint(ignored).protocol().family();
    return stream_socket_link(context, clock, family, socket.release(), std::move(traits));
}

// One attempt to connect; the pending operations keep it alive after a time-out.
struct Attempt : std::enable_shared_from_this<Attempt> {
    explicit Attempt(boost::asio::io_context& context) : resolver(context), socket(context) {}

    void start(const TcpAddress& address);
    void connect(const tcp::resolver::results_type& endpoints);
    void finish(const error_code& error) {
        result = error;
        finished.notify();
    }
    void give_up() {
        resolver.cancel();
        error_code ignored;
        socket.close(ignored);
    }

    tcp::resolver resolver;
    tcp::socket socket;
    std::optional<error_code> result;
    Event finished;
};

void Attempt::start(const TcpAddress& address) {
    const std::string port = std::to_string(address.port);
    error_code not_numeric;
    const auto numeric = boost::asio::ip::make_address(address.host, not_numeric);
    if (!not_numeric) {
        connect(tcp::resolver::results_type::create(
            tcp::endpoint{numeric, address.port}, address.host, port));
        return;
    }
    resolver.async_resolve(
        address.host,
        port,
        [self = shared_from_this()](const error_code& error,
                                    const tcp::resolver::results_type& endpoints) {
            error ? self->finish(error) : self->connect(endpoints);
        });
}

void Attempt::connect(const tcp::resolver::results_type& endpoints) {
    boost::asio::async_connect(
        socket,
        endpoints,
        [self = shared_from_this()](const error_code& error, const tcp::endpoint&) {
            self->finish(error);
        });
}

class TcpListener final : public Listener {
  public:
    TcpListener(boost::asio::io_context& context, Clock& clock, tcp::acceptor acceptor)
        : context_(context),
          clock_(clock),
          address_(fmt::format("tcp:127.0.0.1:{}", acceptor.local_endpoint().port())),
          acceptor_(std::make_shared<tcp::acceptor>(std::move(acceptor))) {}
    ~TcpListener() override { close(); }

    Task<std::unique_ptr<ByteLink>> accept() override {
        return accept_on(context_, clock_, acceptor_, address_);
    }
    std::string address() const override { return address_; }
    void close() override {
        error_code ignored;  // closing twice is no error
        acceptor_->close(ignored);
    }

  private:
    static Task<std::unique_ptr<ByteLink>> accept_on(boost::asio::io_context& context,
                                                     Clock& clock,
                                                     std::shared_ptr<tcp::acceptor> acceptor,
                                                     std::string address);

    boost::asio::io_context& context_;
    Clock& clock_;
    std::string address_;
    std::shared_ptr<tcp::acceptor> acceptor_;
};

Task<std::unique_ptr<ByteLink>> TcpListener::accept_on(boost::asio::io_context& context,
                                                       Clock& clock,
                                                       std::shared_ptr<tcp::acceptor> acceptor,
                                                       std::string address) {
    for (;;) {
        if (!acceptor->is_open()) {
            throw link_error(address, "closed");
        }
        tcp::socket socket{context};
        const auto [error] = co_await acceptor->async_accept(
            socket, boost::asio::as_tuple(boost::asio::use_awaitable));
        if (error == boost::asio::error::connection_aborted ||
            error == boost::asio::error::operation_aborted) {
            continue;  // that client gave up, or the listener has been closed
        }
        if (error) {
            throw link_error(address, described(error));
        }
        error_code gone;
        const auto peer = socket.remote_endpoint(gone);
        std::string name = fmt::format("tcp:127.0.0.1:{}", peer.port());
        co_return link_over(context, clock, std::move(socket), {.name = std::move(name)});
    }
}

}  // namespace

Task<std::unique_ptr<ByteLink>> open_tcp(boost::asio::io_context& context,
                                         Clock& clock,
                                         TcpAddress address,
                                         std::string name,
                                         Duration timeout) {
    // The network lives in real time. With virtual time the wait ends when the system gives its
    // answer.
    const Clock::Hold hold{clock};
    const auto attempt = std::make_shared<Attempt>(context);
    const Instant deadline = clock.now() + timeout;
    attempt->start(address);
    bool in_time = true;
    while (!attempt->result && in_time) {
        in_time = co_await clock.wait(attempt->finished, deadline);
    }
    if (!attempt->result) {
        attempt->give_up();
        throw link_error(name,
                         fmt::format("no answer within {:g} s", calibration::seconds(timeout)));
    }
    if (*attempt->result) {
        throw link_error(name, described(*attempt->result));
    }
    StreamTraits traits{.name = std::move(name), .patience = write_patience};
    co_return link_over(context, clock, std::move(attempt->socket), std::move(traits));
}

std::unique_ptr<Listener> listen_tcp(boost::asio::io_context& context,
                                     Clock& clock,
                                     std::uint16_t port) {
    const tcp::endpoint endpoint{boost::asio::ip::address_v4::loopback(), port};
    try {
        return std::make_unique<TcpListener>(context, clock, tcp::acceptor{context, endpoint});
    } catch (const boost::system::system_error& error) {
        throw link_error(fmt::format("tcp:127.0.0.1:{}", port), described(error.code()));
    }
}

}  // namespace instruments::io
