// Opening and listening: what the messages say, and clients that come and go.
#include "calibration/document.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/link_address.hpp"
#include "instruments/io/loop.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace instruments::io;
using namespace std::chrono_literals;

std::string open_error(Loop& loop, const std::string& address) {
    try {
        loop.run(open_link(loop.context(), loop.clock(), address));
    } catch (const LinkError& error) {
        return error.what();
    }
    return "opened";
}

Task<std::string> accept_error(Listener& listener) {
    try {
        co_await listener.accept();
    } catch (const LinkError& error) {
        co_return error.what();
    }
    co_return "accepted";
}

Task<void> store_accept_error(Listener& listener, std::string& error) {
    error = co_await accept_error(listener);
}

}  // namespace

TEST_CASE("a link address is taken apart") {
    const auto tcp = std::get<TcpAddress>(parse_link_address("tcp:192.168.32.10:4001"));
    CHECK(tcp.host == "192.168.32.10");
    CHECK(tcp.port == 4001);
    CHECK(std::get<TcpAddress>(parse_link_address("tcp:[fe80::1]:502")).host == "fe80::1");
    CHECK(std::get<TcpAddress>(parse_link_address("tcp:source.bench:65535")).host ==
          "source.bench");
    const auto serial = std::get<SerialAddress>(parse_link_address("serial:/dev/ttyUSB0,9600,8N2"));
    CHECK(serial.device == "/dev/ttyUSB0");
    CHECK(serial.baud == 9600);
    CHECK(serial.data_bits == 8);
    CHECK(serial.parity == Parity::none);
    CHECK(serial.stop_bits == 2);
    const auto optical = std::get<SerialAddress>(parse_link_address("serial:/dev/ttyS1,300,7E1"));
    CHECK(optical.data_bits == 7);
    CHECK(optical.parity == Parity::even);
    CHECK(std::get<PtyAddress>(parse_link_address("pty:/dev/pts/4")).path == "/dev/pts/4");
}

TEST_CASE("a malformed link address is refused with what was expected") {
    const auto [address, expected] = GENERATE(table<std::string, std::string>({
        {"", "expected tcp:HOST:PORT, serial:DEVICE,BAUD,MODE or pty:PATH"},
        {"twin", "expected tcp:HOST:PORT, serial:DEVICE,BAUD,MODE or pty:PATH"},
        {"udp:a:1", "expected tcp:HOST:PORT, serial:DEVICE,BAUD,MODE or pty:PATH"},
        {"tcp", "expected tcp:HOST:PORT, such as tcp:192.168.32.10:4001"},
        {"tcp:4001", "expected tcp:HOST:PORT, such as"},
        {"tcp::4001", "expected tcp:HOST:PORT, such as"},
        {"tcp:fe80::1:502", "expected tcp:HOST:PORT, such as"},
        {"tcp:host:", "a port from 1 to 65535"},
        {"tcp:host:0", "a port from 1 to 65535"},
        {"tcp:host:65536", "a port from 1 to 65535"},
        {"tcp:host:-1", "a port from 1 to 65535"},
        {"tcp:host:40x", "a port from 1 to 65535"},
        {"tcp:host:99999999999", "a port from 1 to 65535"},
        {"serial:/dev/ttyUSB0", "expected serial:DEVICE,BAUD,MODE"},
        {"serial:/dev/ttyUSB0,9600", "expected serial:DEVICE,BAUD,MODE"},
        {"serial:ttyUSB0,9600,8N1", "expected serial:DEVICE,BAUD,MODE"},
        {"serial:/dev/ttyUSB0,9601,8N1", "a usual baud rate"},
        {"serial:/dev/ttyUSB0,fast,8N1", "a usual baud rate"},
        {"serial:/dev/ttyUSB0,-9600,8N1", "a usual baud rate"},
        {"serial:/dev/ttyUSB0,9600,9N1", "5 to 8 data bits"},
        {"serial:/dev/ttyUSB0,9600,4N1", "5 to 8 data bits"},
        {"serial:/dev/ttyUSB0,9600,8N", "5 to 8 data bits"},
        {"serial:/dev/ttyUSB0,9600,8M1", "parity N, E or O"},
        {"serial:/dev/ttyUSB0,9600,8n1", "parity N, E or O"},
        {"serial:/dev/ttyUSB0,9600,8N3", "1 or 2 stop bits"},
        {"pty:", "expected pty:PATH"},
        {"pty:pts/4", "expected pty:PATH"},
    }));
    CAPTURE(address);
    CHECK_THROWS_AS(check_link_address(address), calibration::DataError);
    CHECK_THROWS_WITH(
        check_link_address(address),
        Catch::StartsWith("link \"" + address + "\": expected ") && Catch::Contains(expected));
    const auto loop = Loop::with_virtual_time();
    CHECK_THROWS_AS(loop->run(open_link(loop->context(), loop->clock(), address)),
                    calibration::DataError);
}

TEST_CASE("a link that cannot be opened says which and why") {
    const auto loop = Loop::with_real_time();
    std::string closed_port;
    {
        const auto listener = listen_tcp(loop->context(), loop->clock(), 0);
        closed_port = listener->address();
    }
    CHECK(open_error(*loop, closed_port) == closed_port + ": connection refused");
    CHECK_THAT(open_error(*loop, "tcp:no-such-host.invalid:4001"),
               Catch::StartsWith("tcp:no-such-host.invalid:4001: ") && !Catch::Contains("opened"));
    CHECK(open_error(*loop, "pty:/dev/pts/none") ==
          "pty:/dev/pts/none: no such file or directory; expected a pty");
    CHECK(open_error(*loop, "pty:/dev/null") ==
          "pty:/dev/null: inappropriate ioctl for device; expected a pty");
    CHECK_THAT(open_error(*loop, "serial:/dev/ttyNONE,9600,8N1"),
               Catch::StartsWith("serial:/dev/ttyNONE,9600,8N1: ") &&
                   Catch::Contains("; expected a serial port"));
}

TEST_CASE("with virtual time, a refused connection is reported and no bench time passes") {
    const auto loop = Loop::with_virtual_time();
    std::string address;
    {
        const auto listener = listen_tcp(loop->context(), loop->clock(), 0);
        address = listener->address();
    }
    CHECK(open_error(*loop, address) == address + ": connection refused");
    CHECK(loop->clock().now() == Instant{});
}

TEST_CASE("a host name is resolved") {
    addrinfo* found = nullptr;
    if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) {
        WARN("this machine does not know localhost: nothing to try");
        return;
    }
    ::freeaddrinfo(found);
    const auto loop = Loop::with_real_time();
    const auto listener = listen_tcp(loop->context(), loop->clock(), 0);
    const std::string port = listener->address().substr(std::string{"tcp:127.0.0.1:"}.size());
    CHECK(open_error(*loop, "tcp:localhost:" + port) == "opened");
}

TEST_CASE("a server that does not answer the connection in time is reported with the time") {
    // A listener whose queue is full drops further attempts, as a dead host does.
    const auto loop = Loop::with_real_time();
    const int deaf = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    REQUIRE(::bind(deaf, reinterpret_cast<sockaddr*>(&where), size) == 0);
    REQUIRE(::listen(deaf, 0) == 0);
    REQUIRE(::getsockname(deaf, reinterpret_cast<sockaddr*>(&where), &size) == 0);
    const std::string address = "tcp:127.0.0.1:" + std::to_string(ntohs(where.sin_port));
    const auto fill_and_time_out = [](Loop& of, std::string to) -> Task<std::string> {
        std::vector<std::unique_ptr<ByteLink>> fillers;
        std::string error;
        for (int i = 0; i < 10 && error.empty(); ++i) {
            try {
                fillers.push_back(co_await open_link(of.context(), of.clock(), to, 100ms));
            } catch (const LinkError& thrown) {
                error = thrown.what();
            }
        }
        co_return error;
    };
    CHECK(loop->run(fill_and_time_out(*loop, address)) == address + ": no answer within 0.1 s");
    ::close(deaf);
}

TEST_CASE("a TCP port in use cannot be listened on, and clients come one after the other") {
    const auto loop = Loop::with_real_time();
    const auto listener = listen_tcp(loop->context(), loop->clock(), 0);
    const auto port = static_cast<std::uint16_t>(
        std::stoi(listener->address().substr(std::string{"tcp:127.0.0.1:"}.size())));
    CHECK_THROWS_WITH(listen_tcp(loop->context(), loop->clock(), port),
                      listener->address() + ": address already in use");
    const auto visit = [](Loop& of, Listener& at) -> Task<void> {
        const auto client = co_await open_link(of.context(), of.clock(), at.address());
        const auto server = co_await at.accept();
        co_await client->write(bytes_of("hello"));
        const Bytes bytes = co_await server->read(of.clock().now() + 20s);
        CHECK(bytes.size() == 5);
    };
    loop->run(visit(*loop, *listener));
    loop->run(visit(*loop, *listener));
}

TEST_CASE("a listener that is closed ends the pending accept and every later one") {
    const bool tcp = GENERATE(true, false);
    const bool destroy = GENERATE(true, false);
    CAPTURE(tcp, destroy);
    const auto loop = Loop::with_real_time();
    auto listener = tcp ? listen_tcp(loop->context(), loop->clock(), 0)
                        : listen_pty(loop->context(), loop->clock());
    const std::string expected = listener->address() + ": closed";
    std::string pending;
    loop->spawn(store_accept_error(*listener, pending));
    loop->run(loop->clock().sleep_for(2ms));
    if (destroy) {
        listener.reset();
    } else {
        listener->close();
    }
    loop->run(loop->clock().sleep_for(2ms));
    CHECK(pending == expected);
    if (!destroy) {
        CHECK(loop->run(accept_error(*listener)) == expected);
        listener->close();
    }
}

TEST_CASE("a pty survives clients that close and come again") {
    const auto loop = Loop::with_real_time();
    const auto listener = listen_pty(loop->context(), loop->clock());
    const auto echo = [](Listener& at, int& visits) -> Task<void> {
        for (;;) {
            const auto link = co_await at.accept();
            ++visits;
            try {
                for (;;) {
                    const Bytes bytes = co_await link->read(never);
                    co_await link->write(bytes);
                }
            } catch (const LinkError&) {
                // that client has gone: the next one
            }
        }
    };
    int visits = 0;
    loop->spawn(echo(*listener, visits));
    loop->run(loop->clock().sleep_for(50ms));
    CHECK(visits == 0);
    const auto visit = [](Loop& of, std::string address) -> Task<Bytes> {
        const auto client = co_await open_link(of.context(), of.clock(), address);
        co_await client->write(bytes_of("\x03\r\n\x11"));
        Bytes all;
        while (all.size() < 4) {
            const Bytes piece = co_await client->read(of.clock().now() + 20s);
            if (piece.empty()) {
                break;
            }
            all.insert(all.end(), piece.begin(), piece.end());
        }
        co_return all;
    };
    for (int i = 1; i <= 3; ++i) {
        CHECK(loop->run(visit(*loop, listener->address())) == Bytes{3, '\r', '\n', 0x11});
        loop->run(loop->clock().sleep_for(50ms));
        CHECK(visits == i);
    }
}
