// One suite for all links: memory, TCP, pty and socketpair keep the same promises.
#include "instruments/io/link.hpp"

#include "tests/instruments/io/loops.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace {

using namespace instruments::io;
using namespace std::chrono_literals;

enum class Kind { memory_in_virtual_time, memory, tcp, pty, socketpair };

std::ostream& operator<<(std::ostream& out, Kind kind) {
    constexpr std::array names{"memory in virtual time", "memory", "tcp", "pty", "socketpair"};
    return out << names.at(static_cast<std::size_t>(kind));
}

struct Ends {
    std::unique_ptr<Loop> loop;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<ByteLink> left, right;  // left is the client

    Clock& clock() { return loop->clock(); }
    Instant soon() { return clock().now() + 5ms; }
    Instant late() { return clock().now() + 20s; }
};

Task<void> connect(Ends& ends) {
    ends.left = co_await open_link(ends.loop->context(), ends.clock(), ends.listener->address());
    ends.right = co_await ends.listener->accept();
}

Ends make(Kind kind) {
    Ends ends;
    ends.loop = loops::make(kind == Kind::memory_in_virtual_time ? loops::Time::in_virtual_time
                                                                 : loops::Time::in_real_time);
    if (kind == Kind::tcp || kind == Kind::pty) {
        ends.listener = kind == Kind::tcp ? listen_tcp(ends.loop->context(), ends.clock(), 0)
                                          : listen_pty(ends.loop->context(), ends.clock());
        ends.loop->run(connect(ends));
    } else if (kind == Kind::socketpair) {
        std::array<int, 2> sockets{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0);
        ends.left = socket_link(ends.loop->context(), ends.clock(), sockets[0], "pair left");
        ends.right = socket_link(ends.loop->context(), ends.clock(), sockets[1], "pair right");
    } else {
        std::tie(ends.left, ends.right) = memory_links(ends.clock(), "twin source");
    }
    return ends;
}

Kind any_kind() {
    return GENERATE(
        Kind::memory_in_virtual_time, Kind::memory, Kind::tcp, Kind::pty, Kind::socketpair);
}

Bytes pattern(std::size_t size, unsigned seed) {
    Bytes bytes(size);
    std::uint32_t state = seed;
    for (auto& byte : bytes) {
        state = state * 1664525u + 1013904223u;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return bytes;
}

// Reads until `size` bytes are there; an empty read before that fails the test.
Task<Bytes> read_exactly(ByteLink& link, std::size_t size, Instant deadline) {
    Bytes all;
    while (all.size() < size) {
        const Bytes piece = co_await link.read(deadline);
        if (piece.empty()) {
            FAIL(link.name() << ": only " << all.size() << " of " << size << " bytes came");
        }
        all.insert(all.end(), piece.begin(), piece.end());
    }
    co_return all;
}

Task<void> write_to(ByteLink& link, Bytes bytes) { co_await link.write(bytes); }

// What the next read throws; fails the test when it does not.
Task<std::string> read_error(ByteLink& link, Instant deadline) {
    std::string error = "nothing was thrown";
    try {
        co_await link.read(deadline);
    } catch (const LinkError& thrown) {
        error = thrown.what();
    }
    co_return error;
}

Task<void> store_read_error(ByteLink& link, Instant deadline, std::string& error) {
    error = co_await read_error(link, deadline);
}

Task<std::string> write_error(Clock& clock, ByteLink& link) {
    std::string error = "nothing was thrown";
    try {
        // A socket learns from its peer's answer to the first write that nobody is there.
        for (int i = 0; i < 20; ++i) {
            co_await link.write(bytes_of("SFR50.00\r"));
            co_await clock.sleep_for(1ms);
        }
    } catch (const LinkError& thrown) {
        error = thrown.what();
    }
    co_return error;
}

}  // namespace

TEST_CASE("bytes of every value arrive in order, cut anywhere, in both directions") {
    Ends ends = make(any_kind());
    Bytes message(256);
    for (std::size_t i = 0; i < message.size(); ++i) {
        message[i] = static_cast<std::uint8_t>(i);
    }
    const auto exchange = [](Ends& of, const Bytes& bytes, std::size_t cut) -> Task<void> {
        for (auto [from, to] :
             {std::pair{of.left.get(), of.right.get()}, std::pair{of.right.get(), of.left.get()}}) {
            co_await from->write(BytesView{bytes}.first(cut));
            co_await from->write(BytesView{bytes}.subspan(cut));
            const Bytes arrived = co_await read_exactly(*to, bytes.size(), of.late());
            CHECK(arrived == bytes);
        }
    };
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
        ends.loop->run(exchange(ends, message, cut));
    }
}

TEST_CASE("1 MiB passes both ways at once") {
    const Kind kind = any_kind();
    CAPTURE(kind);
    Ends ends = make(kind);
    constexpr std::size_t size = 1u << 20;
    const Bytes there = pattern(size, 1), back = pattern(size, 2);
    ends.loop->spawn(write_to(*ends.left, there));
    ends.loop->spawn(write_to(*ends.right, back));
    Bytes at_left;
    const auto read_left = [](Ends& of, Bytes& to) -> Task<void> {
        to = co_await read_exactly(*of.left, size, of.late());
    };
    ends.loop->spawn(read_left(ends, at_left));
    const Bytes at_right = ends.loop->run(read_exactly(*ends.right, size, ends.late()));
    const Instant patience = ends.late();
    while (at_left.empty() && ends.clock().now() < patience) {
        ends.loop->run(ends.clock().sleep_for(1ms));
    }
    CHECK(at_right == there);
    CHECK(at_left == back);
}

TEST_CASE(
    "a read returns nothing when its deadline came first, and loses nothing that comes later") {
    const Kind kind = any_kind();
    CAPTURE(kind);
    Ends ends = make(kind);
    const auto exchange = [](Ends& of) -> Task<void> {
        for (int round = 0; round < 20; ++round) {
            const Instant deadline = of.clock().now() + 1ms;
            const Bytes nothing = co_await of.left->read(deadline);
            CHECK(nothing.empty());
            CHECK(of.clock().now() >= deadline);
            const Bytes in_the_past = co_await of.left->read(Instant{});
            CHECK(in_the_past.empty());
            co_await of.right->write(bytes_of("late"));
            const Bytes late = co_await read_exactly(*of.left, 4, of.late());
            CHECK(late == Bytes{'l', 'a', 't', 'e'});
        }
    };
    ends.loop->run(exchange(ends));
}

TEST_CASE("bytes that arrive around the deadline are read by this read or by the next") {
    const Kind kind = any_kind();
    CAPTURE(kind);
    Ends ends = make(kind);
    const auto stream = [](Ends& of) -> Task<void> {
        for (int i = 0; i < 100; ++i) {
            const std::uint8_t byte = static_cast<std::uint8_t>(i);
            co_await of.right->write({&byte, 1});
            co_await of.clock().sleep_for(200us);
        }
    };
    ends.loop->spawn(stream(ends));
    const auto collect = [](Ends& of) -> Task<Bytes> {
        Bytes all;
        const Instant patience = of.late();
        while (all.size() < 100 && of.clock().now() < patience) {
            const Bytes piece = co_await of.left->read(of.clock().now() + 200us);
            all.insert(all.end(), piece.begin(), piece.end());
        }
        co_return all;
    };
    const Bytes all = ends.loop->run(collect(ends));
    REQUIRE(all.size() == 100);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(all[i] == i);
    }
}

namespace {

Task<void> connect_and_accept(Loop& loop,
                              Listener& listener,
                              std::unique_ptr<ByteLink>& client,
                              std::unique_ptr<ByteLink>& server) {
    client = co_await open_link(loop.context(), loop.clock(), listener.address());
    server = co_await listener.accept();
}

Task<std::string> error_of_writing(ByteLink& link, Bytes bytes) {
    std::string error = "nothing was thrown";
    try {
        co_await link.write(bytes);
    } catch (const LinkError& thrown) {
        error = thrown.what();
    }
    co_return error;
}

Task<void> read_after(Clock& clock, ByteLink& link, Duration pause, std::size_t size) {
    co_await clock.sleep_for(pause);
    co_await read_exactly(link, size, never);
}

}  // namespace

TEST_CASE("an instrument that takes no bytes ends the write, and the link with it") {
    const auto loop = Loop::with_real_time(20);
    const auto listener = GENERATE(false, true) ? listen_tcp(loop->context(), loop->clock(), 0)
                                                : listen_pty(loop->context(), loop->clock());
    std::unique_ptr<ByteLink> client, server;
    loop->run(connect_and_accept(*loop, *listener, client, server));
    const std::string name = client->name();
    const std::string error =
        loop->run(error_of_writing(*client, pattern(std::size_t{32} << 20, 1)));
    CHECK(error == name + ": the other side takes no bytes for 2 s");
    CHECK(loop->run(error_of_writing(*client, {1})) == name + ": closed");
    CHECK(loop->run(read_error(*client, never)) == error);
}

TEST_CASE("a write waits for who takes its bytes slowly, and the server's for ever") {
    const auto loop = Loop::with_real_time(20);
    const auto listener = listen_tcp(loop->context(), loop->clock(), 0);
    std::unique_ptr<ByteLink> client, server;
    loop->run(connect_and_accept(*loop, *listener, client, server));
    constexpr std::size_t size = std::size_t{32} << 20;
    SECTION("slowly") {
        loop->spawn(read_after(loop->clock(), *server, 1s, size));
        CHECK(loop->run(error_of_writing(*client, pattern(size, 1))) == "nothing was thrown");
    }
    SECTION("for ever") {
        loop->spawn(read_after(loop->clock(), *client, 5s, size));
        CHECK(loop->run(error_of_writing(*server, pattern(size, 1))) == "nothing was thrown");
    }
}

TEST_CASE("writing no bytes sends nothing") {
    const Kind kind = any_kind();
    CAPTURE(kind);
    Ends ends = make(kind);
    const auto exchange = [](Ends& of) -> Task<Bytes> {
        co_await of.right->write({});
        const Bytes nothing = co_await of.left->read(of.soon());
        CHECK(nothing.empty());
        co_await of.right->write(bytes_of("x"));
        co_return co_await of.left->read(of.late());
    };
    CHECK(ends.loop->run(exchange(ends)) == Bytes{'x'});
}

TEST_CASE("closing a link ends its own pending read, and what is done with it afterwards") {
    const Kind kind = any_kind();
    const bool destroy = GENERATE(true, false);
    CAPTURE(kind, destroy);
    Ends ends = make(kind);
    const std::string name = ends.left->name();
    std::string pending;
    ends.loop->spawn(store_read_error(*ends.left, never, pending));
    ends.loop->run(ends.clock().sleep_for(2ms));
    if (destroy) {
        ends.left.reset();
    } else {
        ends.left->close();
    }
    ends.loop->run(ends.clock().sleep_for(2ms));
    CHECK(pending == name + ": closed");
    if (!destroy) {
        CHECK(ends.loop->run(read_error(*ends.left, ends.late())) == name + ": closed");
        CHECK(ends.loop->run(write_error(ends.clock(), *ends.left)) == name + ": closed");
        ends.left->close();
    }
}

TEST_CASE("when one side closes, the other reads what is left and then learns it") {
    const Kind kind = any_kind();
    const bool destroy = GENERATE(true, false);
    CAPTURE(kind, destroy);
    Ends ends = make(kind);
    const std::string gone = ends.right->name() + ": closed by the other side";
    ends.loop->run(write_to(*ends.left, {'b', 'y', 'e'}));
    ends.loop->run(ends.clock().sleep_for(2ms));
    if (destroy) {
        ends.left.reset();
    } else {
        ends.left->close();
    }
    CHECK(ends.loop->run(read_exactly(*ends.right, 3, ends.late())) == Bytes{'b', 'y', 'e'});
    CHECK(ends.loop->run(read_error(*ends.right, ends.late())) == gone);
    CHECK(ends.loop->run(read_error(*ends.right, ends.late())) == gone);
    if (kind != Kind::pty) {  // a pty keeps what is written for the next client
        CHECK(ends.loop->run(write_error(ends.clock(), *ends.right)) == gone);
    }
}

TEST_CASE("a pending read learns that the other side closed") {
    const Kind kind = any_kind();
    const bool server_closes = GENERATE(true, false);
    CAPTURE(kind, server_closes);
    Ends ends = make(kind);
    auto& closing = server_closes ? ends.right : ends.left;
    auto& reading = server_closes ? ends.left : ends.right;
    std::string error;
    ends.loop->spawn(store_read_error(*reading, never, error));
    ends.loop->run(ends.clock().sleep_for(2ms));
    closing.reset();
    if (kind == Kind::pty && server_closes) {
        ends.listener.reset();  // the terminal is the listener's: it outlives the link
    }
    ends.loop->run(ends.clock().sleep_for(10ms));
    CHECK(error == reading->name() + ": closed by the other side");
}

TEST_CASE("a loop destroyed with links in use destroys them with their tasks") {
    const Kind kind = any_kind();
    CAPTURE(kind);
    Ends ends = make(kind);
    const auto serve = [](std::unique_ptr<ByteLink> link,
                          std::unique_ptr<Listener> listener) -> Task<void> {
        const Bytes bytes = co_await link->read(never);
        if (listener) {
            co_await listener->accept();
        }
        FAIL("nothing was sent: " << bytes.size() << " bytes came");
    };
    ends.loop->spawn(serve(std::move(ends.left), nullptr));
    ends.loop->spawn(serve(std::move(ends.right), std::move(ends.listener)));
    ends.loop->run(ends.clock().sleep_for(2ms));
    ends.loop.reset();
}

TEST_CASE("a twin answers on one end of a socketpair while virtual time stands still") {
    const auto loop = Loop::with_virtual_time();
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0);
    const auto client = socket_link(loop->context(), loop->clock(), sockets[0], "meter 1");
    const auto twin = socket_link(loop->context(), loop->clock(), sockets[1], "twin of meter 1");
    const auto echo = [](ByteLink& link) -> Task<void> {
        for (;;) {
            const Bytes request = co_await link.read(never);
            co_await link.write(request);
        }
    };
    loop->spawn(echo(*twin));
    const auto ask = [](Loop& of, ByteLink& link) -> Task<Bytes> {
        const Clock::Hold hold{of.clock()};
        co_await link.write(bytes_of("registers?"));
        co_return co_await link.read(of.clock().now() + 1ns);
    };
    for (int i = 0; i < 100; ++i) {
        CHECK(loop->run(ask(*loop, *client)).size() == 10);
    }
    CHECK(loop->clock().now() == Instant{});
}
