// Modbus framing, TCP and RTU: whole frames out of a stream that may cut and join them anywhere.
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
    CHECK(exception_name(7) == "negative acknowledge");
    CHECK(exception_name(9) == "unknown exception");
    CHECK(exception_name(12) == "unknown exception");
}

// -- Modbus RTU
// ---------------------------------------------------------------------------------------------------

namespace {

struct RtuVector {
    const char* what;
    Bytes bytes;
};

// Published frames, checksum included: of the COUNTIS and of the DIRIS A40 (manual, page 61).
const std::vector<RtuVector>& rtu_vectors() {
    static const std::vector<RtuVector> vectors{
        {"read the maker", {0x05, 0x03, 0xC3, 0x50, 0x00, 0x04, 0x79, 0xD8}},
        {"read the name", {0x05, 0x03, 0xC3, 0x8A, 0x00, 0x08, 0x58, 0x26}},
        {"read from V1 on", {0x05, 0x03, 0xC5, 0x58, 0x00, 0x36, 0x79, 0x47}},
        {"read the fine energies", {0x05, 0x03, 0xC7, 0x02, 0x00, 0x08, 0xD9, 0x3C}},
        {"reset", {0x05, 0x06, 0x04, 0x00, 0x10, 0x00, 0x84, 0xBE}},
        {"save", {0x05, 0x06, 0x06, 0x00, 0x00, 0x00, 0x88, 0xC6}}};
    return vectors;
}

}  // namespace

TEST_CASE("the checksum is that of the published frames, its low byte first") {
    CHECK(rtu_crc(instruments::io::bytes_of("123456789")) == 0x4B37);
    for (const auto& [what, bytes] : rtu_vectors()) {
        INFO(what);
        const RtuFrame wanted{bytes[0], Bytes(bytes.begin() + 1, bytes.end() - 2)};
        CHECK(encode_rtu(wanted) == bytes);
        const auto read = decode_rtu(bytes);
        REQUIRE(read);
        CHECK(*read == wanted);
    }
}

TEST_CASE("one wrong bit anywhere in an RTU frame is noticed") {
    for (const auto& [what, bytes] : rtu_vectors()) {
        for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
            INFO(what << ", bit " << bit);
            Bytes garbled = bytes;
            garbled[bit / 8] = static_cast<std::uint8_t>(garbled[bit / 8] ^ (0x80 >> bit % 8));
            const auto read = decode_rtu(garbled);
            REQUIRE_FALSE(read);
            CHECK(read.error() == RtuFault::crc);
        }
    }
}

TEST_CASE("an RTU frame cut anywhere is none, nor is one with a byte too many") {
    for (const auto& [what, bytes] : rtu_vectors()) {
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            INFO(what << ", cut at " << cut);
            CHECK_FALSE(decode_rtu(BytesView{bytes}.first(cut)));
            Bytes doubled = bytes;
            doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(cut), bytes[cut]);
            CHECK_FALSE(decode_rtu(doubled));
        }
    }
}

TEST_CASE("the shortest and the longest RTU frame pass, shorter and longer ones do not") {
    for (const std::size_t size : {std::size_t{1}, std::size_t{253}}) {
        const RtuFrame extreme{247, Bytes(size, 0xAB)};
        const auto read = decode_rtu(encode_rtu(extreme));
        REQUIRE(read);
        CHECK(*read == extreme);
    }
    CHECK_THROWS_AS(encode_rtu({5, {}}), std::logic_error);
    CHECK_THROWS_AS(encode_rtu({5, Bytes(254)}), std::logic_error);
    for (const std::size_t size : {0u, 1u, 2u, 3u, 257u, 300u}) {
        const auto read = decode_rtu(Bytes(size, 0xAB));
        REQUIRE_FALSE(read);
        CHECK(read.error() == RtuFault::size);
    }
}

TEST_CASE("the beginning of an RTU frame says how long it becomes, where its function says so") {
    using Size = std::optional<std::size_t>;
    struct Row {
        Bytes beginning;
        Size request, reply;
    };
    const auto row = GENERATE(values<Row>({
        {{}, std::nullopt, std::nullopt},
        {{0x05}, std::nullopt, std::nullopt},
        {{0x05, 0x01}, Size{8}, std::nullopt},
        {{0x05, 0x03}, Size{8}, std::nullopt},
        {{0x05, 0x03, 0x08}, Size{8}, Size{13}},
        {{0x05, 0x04, 0xFA}, Size{8}, Size{255}},
        {{0x05, 0x05}, Size{8}, Size{8}},
        {{0x05, 0x06}, Size{8}, Size{8}},
        {{0x05, 0x10, 0xC6, 0xA1, 0x00, 0x02}, std::nullopt, Size{8}},
        {{0x05, 0x10, 0xC6, 0xA1, 0x00, 0x02, 0x04}, Size{13}, Size{8}},
        {{0x05, 0x0F, 0x00, 0x00, 0x00, 0x09, 0x02}, Size{11}, Size{8}},
        {{0x05, 0x83}, std::nullopt, Size{5}},
        {{0x05, 0x2B}, std::nullopt, std::nullopt},
    }));
    CHECK(rtu_request_size(row.beginning) == row.request);
    CHECK(rtu_reply_size(row.beginning) == row.reply);
}
