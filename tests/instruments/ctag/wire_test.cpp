// CTAG/1 bytes: frames made by hand, with CRCs computed by Python's zlib.
#include "instruments/ctag/wire.hpp"

#include "instruments/ctag/crc32.hpp"
#include "tests/instruments/ctag/device.hpp"

#include <catch2/catch.hpp>

#include <string_view>

namespace {

using namespace instruments::ctag;

constexpr std::string_view data_frame =
    "435254310100000007000000060000000000800200000000e803800200000000"
    "020000005069d60205000080452300b86400800096008003c80080002c010003";
constexpr std::string_view heartbeat_frame =
    "43525431010104000800000000000000e803800200000000d007800200000000"
    "02000000cdc190aa";
constexpr std::string_view counters_frame =
    "4352543101020000090000000a000000d007800200000000d007800200000000"
    "02000000349ab8d6000000004523010000000000000000000000000003000000"
    "01000000000000000100000000000000";
constexpr std::string_view hello_frame =
    "4352543101030200000000001500000000000000000000000000800200000000"
    "00000000a11eb05d74616767657220370000000000000000312e320000000000"
    "0000000000000000887766554433221101000000405973070200000000030100"
    "040000000a0000001400000003010000010000000000000000000000";
constexpr std::string_view fence_frame =
    "43525431010400000a00000001000000d007800200000000c409800200000000"
    "020000001fea6be42a0000a0";
constexpr std::string_view error_frame =
    "43525431010501000b00000003000000c409800200000000c409800200000000"
    "02000000e59a562f4649464f2066756c6c000000";

constexpr std::int64_t epoch_start = 5LL << 23;

const Hello greeting{
    .device_id = "tagger 7",
    .firmware = "1.2",
    .boot_id = 0x1122334455667788,
    .tick_numerator = 1,
    .tick_denominator = 125'000'000,
    .channels = {{0, Role::reference_bracketed, false, 4, 10, 20}, {3, Role::dut, true, 1, 0, 0}}};

}  // namespace

TEST_CASE("the CRC is that of IEEE 802.3, over pieces of any length") {
    const auto text = instruments::io::bytes_of("123456789");
    CHECK(crc32(text) == 0xCBF43926);
    CHECK(crc32({}) == 0);
    Bytes bytes(1000);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    const std::uint32_t whole = crc32(bytes);
    CHECK(whole == 0x668F073D);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        const std::uint32_t state = crc32_update(crc32_start, BytesView{bytes}.first(cut));
        REQUIRE(~crc32_update(state, BytesView{bytes}.subspan(cut)) == whole);
    }
}

TEST_CASE("a DATA frame is written and read as by hand") {
    const std::vector<std::uint32_t> records{epoch_record(epoch_start),
                                             index_record(0, 0x2345),
                                             edge_record(0, true, epoch_start + 100),
                                             edge_record(3, true, epoch_start + 150),
                                             edge_record(0, true, epoch_start + 200),
                                             edge_record(3, false, epoch_start + 300)};
    Bytes written;
    append_frame(written, {FrameType::data, 0, 7, epoch_start, epoch_start + 1000, 2}, records);
    CHECK(to_hex(written) == data_frame);
    const Bytes golden = from_hex(data_frame);
    const auto frame = parse_frame(golden);
    REQUIRE(frame);
    CHECK(frame->header.type == FrameType::data);
    CHECK(frame->header.sequence == 7);
    CHECK(frame->header.t0 == epoch_start);
    CHECK(frame->header.t_end == epoch_start + 1000);
    CHECK(frame->header.lost_total == 2);
    CHECK(frame->size() == golden.size());
}

TEST_CASE("every other frame type is written and read as by hand") {
    const auto written = [](FrameHeader header, BytesView payload) {
        Bytes out;
        append_frame(out, header, payload);
        return to_hex(out);
    };
    const std::vector<ChannelCount> counts{{0, 0x12345, 0}, {3, 1, 1}};
    const Bytes fence = [] {
        Bytes out;
        for (int shift = 0; shift < 32; shift += 8) {
            out.push_back(static_cast<std::uint8_t>(special_record(Special::fence, 42) >> shift));
        }
        return out;
    }();
    const std::int64_t t = epoch_start;
    CHECK(written({FrameType::heartbeat, flags::clock_locked, 8, t + 1000, t + 2000, 2}, {}) ==
          heartbeat_frame);
    CHECK(written({FrameType::counters, 0, 9, t + 2000, t + 2000, 2}, counters_payload(counts)) ==
          counters_frame);
    CHECK(written({FrameType::hello, flags::restart, 0, 0, t, 0}, hello_payload(greeting)) ==
          hello_frame);
    CHECK(written({FrameType::fence, 0, 10, t + 2000, t + 2500, 2}, fence) == fence_frame);
    CHECK(written({FrameType::error, flags::overflow, 11, t + 2500, t + 2500, 2},
                  text_payload("FIFO full")) == error_frame);

    const Bytes hello = from_hex(hello_frame), counters = from_hex(counters_frame),
                error = from_hex(error_frame);
    CHECK(parse_hello(parse_frame(hello)->payload) == greeting);
    CHECK(parse_counters(parse_frame(counters)->payload) == counts);
    CHECK(parse_text(parse_frame(error)->payload) == "FIFO full");
}

TEST_CASE("no frame with one wrong bit is taken for a frame") {
    const auto golden = GENERATE(
        data_frame, heartbeat_frame, counters_frame, hello_frame, fence_frame, error_frame);
    Bytes bytes = from_hex(golden);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        REQUIRE_FALSE(parse_frame(bytes));
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
    REQUIRE(parse_frame(bytes));
}

TEST_CASE("a frame cut short is incomplete, and what is wrong with others is said") {
    const Bytes bytes = from_hex(data_frame);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        REQUIRE(parse_frame(BytesView{bytes}.first(size)).error() == WireFault::incomplete);
    }
    const auto changed = [&](std::size_t offset, std::uint8_t value) {
        Bytes other = bytes;
        other[offset] = value;
        return parse_frame(other).error();
    };
    CHECK(changed(0, 'X') == WireFault::no_magic);
    CHECK(changed(4, 2) == WireFault::not_version);
    CHECK(changed(13, 0x50) == WireFault::too_long);
    CHECK(changed(45, 0) == WireFault::crc);
}

TEST_CASE("payloads that do not fit their frame type are refused") {
    Bytes hello = hello_payload(greeting);
    CHECK(parse_hello(BytesView{hello}.first(hello.size() - 4)).error() == WireFault::malformed);
    CHECK(parse_hello(BytesView{hello}.first(20)).error() == WireFault::malformed);
    hello[40] = 0;  // a tick of zero length
    CHECK(parse_hello(hello).error() == WireFault::malformed);
    hello = hello_payload(greeting);
    hello[53] = 4;  // a role that does not exist
    CHECK(parse_hello(hello).error() == WireFault::malformed);
    CHECK(parse_counters(BytesView{hello}.first(24)).error() == WireFault::malformed);
}

TEST_CASE(
    "the number next to an anchor is found from its low bits, across their wrap and backwards") {
    CHECK(nearest(1'048'570, 3, index_bits) == 1'048'579);
    CHECK(nearest(1'048'579, 0xFFFFA, index_bits) == 1'048'570);
    CHECK(nearest(5, 5, index_bits) == 5);
    CHECK(nearest(10'000'000'000'000,
                  static_cast<std::uint32_t>(10'000'000'400'000) & index_mask,
                  index_bits) == 10'000'000'400'000);
}

TEST_CASE(
    "fence requests are found in the host's bytes, whatever lies between and however they are "
    "cut") {
    Bytes stream = fence_command(42);
    CHECK(to_hex(stream) == "435254462a000000");
    stream.push_back(0x43);
    const Bytes second = fence_command(7);
    stream.insert(stream.end(), second.begin(), second.end());
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        CommandReader reader;
        auto ids = reader.feed(BytesView{stream}.first(cut));
        const auto rest = reader.feed(BytesView{stream}.subspan(cut));
        ids.insert(ids.end(), rest.begin(), rest.end());
        REQUIRE(ids == std::vector<std::uint32_t>{42, 7});
    }
}

TEST_CASE("times and counts that no device reaches are no frame and no counters") {
    constexpr std::int64_t most = std::int64_t{1} << 60;
    const auto fault_of = [](std::int64_t t0, std::int64_t t_end) {
        Bytes bytes;
        append_frame(bytes, {.type = FrameType::heartbeat, .t0 = t0, .t_end = t_end}, BytesView{});
        const auto frame = parse_frame(bytes);
        return frame ? std::optional<WireFault>{} : frame.error();
    };
    CHECK_FALSE(fault_of(0, most));
    CHECK(fault_of(-1, 0) == WireFault::malformed);
    CHECK(fault_of(0, most + 1) == WireFault::malformed);
    CHECK(fault_of(10, 9) == WireFault::malformed);
    for (const std::int64_t count : {std::int64_t{-1}, most + 1}) {
        CHECK_FALSE(parse_counters(counters_payload(std::vector<ChannelCount>{{3, count, 0}})));
        CHECK_FALSE(parse_counters(counters_payload(std::vector<ChannelCount>{{3, 0, count}})));
    }
}
