// Modbus TCP framing: whole frames out of a stream that may cut and join them anywhere.
#include "dut/modbus_frame.hpp"

#include <catch2/catch.hpp>

using namespace dut;

namespace {

// Read holding registers 0xC702, 10 words, unit 5; its answer starts likewise.
const Bytes request{0x00, 0x01, 0x00, 0x00, 0x00, 0x06, 0x05, 0x03, 0xC7, 0x02, 0x00, 0x0A};
const ModbusFrame frame{1, 5, {0x03, 0xC7, 0x02, 0x00, 0x0A}};

Bytes joined(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace

TEST_CASE("a frame is written as the specification draws it") {
    CHECK(encode_frame(frame) == request);
}

TEST_CASE("a frame may arrive in any two pieces") {
    const auto cut = GENERATE(range<std::size_t>(0, 12));
    FrameReader reader;
    reader.feed(BytesView{request}.first(cut));
    const auto early = reader.next();
    REQUIRE(early);
    CHECK_FALSE(*early);
    reader.feed(BytesView{request}.subspan(cut));
    const auto whole = reader.next();
    REQUIRE((whole && *whole));
    CHECK(**whole == frame);
    CHECK(reader.pending() == 0);
}

TEST_CASE("several frames may arrive at once, the last one cut anywhere") {
    const auto cut = GENERATE(range<std::size_t>(0, 12));
    FrameReader reader;
    reader.feed(joined(joined(request, request), request));
    reader.feed(BytesView{request}.first(cut));
    for (int index = 0; index < 3; ++index) {
        const auto next = reader.next();
        REQUIRE((next && *next));
        CHECK(**next == frame);
    }
    CHECK_FALSE(*reader.next());
    CHECK(reader.pending() == cut);
}

TEST_CASE("one wrong bit anywhere never gives the frame that was sent") {
    const auto bit = GENERATE(range<std::size_t>(0, 96));
    Bytes garbled = request;
    garbled[bit / 8] = static_cast<std::uint8_t>(garbled[bit / 8] ^ (0x80 >> bit % 8));
    FrameReader reader;
    reader.feed(garbled);
    const auto next = reader.next();
    if (next && *next) CHECK_FALSE(**next == frame);
    if (bit >= 16 && bit < 32) {
        REQUIRE_FALSE(next);
        CHECK(next.error() == FrameFault::protocol);
    }
}

TEST_CASE("a length no frame can have is refused") {
    const auto length = GENERATE(0, 1, 255, 256, 0x0600, 0xFFFF);
    Bytes garbled = request;
    garbled[4] = static_cast<std::uint8_t>(length >> 8);
    garbled[5] = static_cast<std::uint8_t>(length);
    FrameReader reader;
    reader.feed(garbled);
    const auto next = reader.next();
    REQUIRE_FALSE(next);
    CHECK(next.error() == FrameFault::length);
    CHECK(reader.pending() == 0);
}

TEST_CASE("the shortest and the longest frame pass") {
    for (const std::size_t size : {std::size_t{1}, std::size_t{253}}) {
        const ModbusFrame extreme{0xFFFF, 247, Bytes(size, 0xAB)};
        FrameReader reader;
        reader.feed(encode_frame(extreme));
        const auto next = reader.next();
        REQUIRE((next && *next));
        CHECK(**next == extreme);
    }
    CHECK_THROWS_AS(encode_frame({1, 5, {}}), std::logic_error);
    CHECK_THROWS_AS(encode_frame({1, 5, Bytes(254)}), std::logic_error);
}

TEST_CASE("exceptions have names") {
    CHECK(exception_name(1) == "illegal function");
    CHECK(exception_name(2) == "illegal data address");
    CHECK(exception_name(11) == "gateway target failed to respond");
    CHECK(exception_name(7) == "unknown exception");
}
