// Lines over a link, and the transcript of what crosses it.
#include "instruments/io/line_link.hpp"

#include "instruments/io/loop.hpp"
#include "instruments/io/transcript.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace instruments::io;
using namespace std::chrono_literals;

using Lines = std::vector<std::string>;

struct Fixture {
    std::unique_ptr<Loop> loop = Loop::with_virtual_time();
    std::unique_ptr<ByteLink> device;
    std::unique_ptr<LineLink> host;

    explicit Fixture(std::size_t longest = 65536) {
        auto [near, far] = memory_links(loop->clock(), "twin source");
        host = std::make_unique<LineLink>(std::move(near), "\r", longest);
        device = std::move(far);
    }
    void device_sends(std::string_view text) { loop->run(device->write(bytes_of(text))); }
    std::optional<std::string> next_line() {
        return loop->run(host->read_line(loop->clock().now() + 1s));
    }
    Lines lines() {
        Lines all;
        while (auto line = next_line()) {
            all.push_back(*line);
        }
        return all;
    }
};

}  // namespace

TEST_CASE("a line ends at CR, LF or both, wherever the bytes are cut") {
    const std::string sent = "SOKUP\r\nSOKIP\n\r\n\rE0\r\r\rlast\n";
    const auto cut = GENERATE_COPY(range<std::size_t>(0, sent.size() + 1));
    CAPTURE(cut);
    Fixture fixture;
    fixture.device_sends(std::string_view{sent}.substr(0, cut));
    Lines lines = fixture.lines();
    fixture.device_sends(std::string_view{sent}.substr(cut));
    for (const std::string& line : fixture.lines()) {
        lines.push_back(line);
    }
    CHECK(lines == Lines{"SOKUP", "SOKIP", "E0", "last"});
}

TEST_CASE("lines come whole although their bytes come one by one") {
    Fixture fixture;
    for (const char letter : std::string{"AB\r\n\nC"}) {
        fixture.device_sends(std::string{letter});
    }
    CHECK(fixture.lines() == Lines{"AB"});
    fixture.device_sends("D\r");
    CHECK(fixture.lines() == Lines{"CD"});
}

TEST_CASE("a line that is not complete at the deadline is completed by a later read") {
    Fixture fixture;
    fixture.device_sends("SOK");
    CHECK_FALSE(fixture.next_line().has_value());
    CHECK(fixture.loop->clock().now() == Instant{1s});
    fixture.device_sends("SF\r");
    CHECK(fixture.next_line() == "SOKSF");
}

TEST_CASE("a line is sent with its terminator") {
    Fixture fixture;
    fixture.loop->run(fixture.host->write_line("SFR50.00"));
    const Bytes sent = fixture.loop->run(fixture.device->read(never));
    CHECK(std::string(sent.begin(), sent.end()) == "SFR50.00\r");
}

TEST_CASE("a peer that sends no end of line within the limit does not speak lines") {
    const bool ends_at_last = GENERATE(true, false);
    Fixture fixture{8};
    fixture.device_sends("12345678\r");
    CHECK(fixture.next_line() == "12345678");
    fixture.device_sends(ends_at_last ? "123456789\r" : "123456789");
    CHECK_THROWS_WITH(fixture.next_line(),
                      "twin source: a line of more than 8 bytes; expected lines");
}

TEST_CASE("a peer that sends nothing but ends of lines is not listened to for ever") {
    // A link that always has something, as one that is flooded: a deadline ends no read of it.
    struct Flood final : ByteLink {
        int reads = 0;
        Task<void> write(BytesView) override { co_return; }
        Task<Bytes> read(Instant) override {
            if (++reads > 100) {
                throw std::logic_error("read on and on");
            }
            co_return Bytes{'\r', '\n', '\r'};
        }
        void close() override {}
        std::string name() const override { return "flood"; }
    };
    const auto loop = Loop::with_virtual_time();
    LineLink host{std::make_unique<Flood>(), "\r", 8};
    CHECK_THROWS_WITH(loop->run(host.read_line(loop->clock().now())),
                      "flood: ends of lines without end; expected lines");
}

TEST_CASE("discarding forgets the lines already taken, draining also those inside the link") {
    Fixture fixture;
    fixture.device_sends("one\rtwo\r");
    CHECK(fixture.next_line() == "one");
    fixture.host->discard_input();
    CHECK_FALSE(fixture.next_line().has_value());
    fixture.device_sends("late answer\rand its ");
    fixture.loop->run(fixture.host->drain());
    fixture.device_sends("fresh\r");
    CHECK(fixture.next_line() == "fresh");
}

TEST_CASE("complete lines are read before the loss of the link is reported") {
    Fixture fixture;
    fixture.device_sends("last words\rcut of");
    fixture.device.reset();
    CHECK(fixture.next_line() == "last words");
    CHECK_THROWS_WITH(fixture.next_line(), "twin source: closed by the other side");
    CHECK_THROWS_AS(fixture.loop->run(fixture.host->write_line("hello?")), LinkError);
}

TEST_CASE("a transcript line shows time, link, direction, and every byte unmistakably") {
    const Bytes bytes{'S', 'F', '\\', '\r', '\n', '\t', 0x00, 0x7F, 0xB0, '~', ' '};
    CHECK(transcript_line(Instant{12'345'678'901ns}, "source", Direction::sent, bytes) ==
          "   12.345678901 source > SF\\\\\\r\\n\\t\\x00\\x7F\\xB0~ ");
    CHECK(
        transcript_line(Instant{43'200s + 1ns}, "reference", Direction::received, bytes_of("OK")) ==
        "43200.000000001 reference < OK");
}

TEST_CASE("a transcript records both directions with their times, and nothing for a time-out") {
    const auto loop = Loop::with_virtual_time();
    auto [near, device] = memory_links(loop->clock(), "twin source");
    TranscriptTail tail;
    const auto host = with_transcript(loop->clock(), std::move(near), tail.sink());
    const auto talk = [](Clock& clock, ByteLink& from, ByteLink& to) -> Task<void> {
        co_await from.write(bytes_of("SFR50.00\r"));
        const Bytes nothing = co_await from.read(clock.now() + 250ms);
        CHECK(nothing.empty());
        co_await to.write(bytes_of("SOKFR\r"));
        const Bytes answer = co_await from.read(never);
        CHECK(answer.size() == 6);
    };
    loop->run(talk(loop->clock(), *host, *device));
    CHECK(host->name() == "twin source");
    CHECK(tail.text() ==
          "    0.000000000 twin source > SFR50.00\\r\n"
          "    0.250000000 twin source < SOKFR\\r\n");
}

TEST_CASE("a write that fails is on record, and closing reaches the link inside") {
    const auto loop = Loop::with_virtual_time();
    auto [near, device] = memory_links(loop->clock(), "twin source");
    TranscriptTail tail{2};
    const auto host = with_transcript(loop->clock(), std::move(near), tail.sink());
    host->close();
    for (const char* text : {"one", "two", "three"}) {
        CHECK_THROWS_WITH(loop->run(host->write(bytes_of(text))), "twin source: closed");
    }
    CHECK(tail.text() ==
          "    0.000000000 twin source > two\n"
          "    0.000000000 twin source > three\n");
}
