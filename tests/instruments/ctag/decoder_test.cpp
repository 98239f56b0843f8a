// The stream decoder as transcripts: what the device sends, and what the host then knows.
#include "instruments/ctag/decoder.hpp"

#include "tests/instruments/ctag/device.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace instruments::ctag;
using Texts = std::vector<std::string>;

CaptureBatch decoded(BytesView bytes) {
    StreamDecoder decoder{{}};
    return decoder.feed(bytes);
}

CaptureBatch decoded(Device& device) { return decoded(device.take()); }

constexpr std::int64_t second = 125'000'000;

Device explicit_device() {
    Device device{Role::reference_explicit};
    device.greet().counters(0, 1000, 10, 20);
    return device;
}

Device bracketed_device() {
    Device device{Role::reference_bracketed};
    device.greet().counters(0, 1000, 10, 20);
    return device;
}

}  // namespace

TEST_CASE("explicit mode: a dut edge lies between the reference edges around it") {
    Device device = explicit_device();
    device.reference(100)
        .edge(3, true, 150)
        .reference(200)
        .edge(3, false, 250)
        .reference(300)
        .flush(400);
    const CaptureBatch batch = decoded(device);
    CHECK(texts_of(batch.edges) == Texts{"3@150: 1001 +100..200"});
    CHECK(batch.losses.empty());
    CHECK(batch.watermark == 400);
}

TEST_CASE("bracketed mode: the same edge has the same phase") {
    Device device = bracketed_device();
    device.indexed(1001, 100).edge(3, true, 150).reference(200).edge(3, false, 250).flush(400);
    const CaptureBatch batch = decoded(device);
    CHECK(texts_of(batch.edges) == Texts{"3@150: 1001 +100..200"});
    CHECK(batch.losses.empty());
}

TEST_CASE(
    "two meters that blink within one reference period share its edges, which are sent once") {
    Device device = bracketed_device();
    device.indexed(1001, 100).edge(3, true, 150).edge(4, true, 160).reference(200).flush(400);
    CHECK(texts_of(decoded(device).edges) ==
          Texts{"3@150: 1001 +100..200", "4@160: 1001 +100..200"});
}

TEST_CASE("meters that blink in neighbouring periods share the edge between them") {
    Device device = bracketed_device();
    device.indexed(1001, 100)
        .edge(3, true, 150)
        .reference(200)
        .edge(4, true, 260)
        .indexed(1003, 300)
        .flush(400);
    const CaptureBatch batch = decoded(device);
    CHECK(texts_of(batch.edges) == Texts{"3@150: 1001 +100..200", "4@260: 1002 +200..300"});
    CHECK(batch.losses.empty());
}

TEST_CASE("a dut edge at the very tick of a reference edge lies after it, whichever comes first") {
    const bool dut_first = GENERATE(false, true);
    Device device = explicit_device();
    device.reference(100);
    if (dut_first) device.edge(3, true, 200).reference(200);
    if (!dut_first) device.reference(200).edge(3, true, 200);
    device.reference(300).flush(400);
    CHECK(texts_of(decoded(device).edges) == Texts{"3@200: 1002 +200..300"});
}

TEST_CASE("a divided reference counts every impulse") {
    Device device{Role::reference_explicit, 4};
    device.greet().counters(0, 1002, 0, 0);
    device.reference(100).edge(3, true, 150).reference(500).edge(3, false, 600).flush(700);
    device.counters(700, 1009, 1, 0);
    const CaptureBatch batch = decoded(device);
    CHECK(texts_of(batch.edges) == Texts{"3@150: 1004 +100..500"});
    CHECK(batch.losses.empty());
}

TEST_CASE("a slow reference's edge may be recalled from before the frame") {
    Device device = bracketed_device();
    device.heartbeat(second).counters(second, 1001, 10, 20);
    device.indexed(1001, second / 2).edge(3, true, second + 10).flush(second + 100);
    device.reference(second + 200).flush(second + 300);
    const CaptureBatch batch = decoded(device);
    CHECK(texts_of(batch.edges) == Texts{"3@125000010: 1001 +62500000..125000200"});
    CHECK(batch.losses.empty());
}

TEST_CASE("the watermark waits for a dut edge that has no phase yet, two seconds long") {
    StreamDecoder decoder{{}};
    Device device = explicit_device();
    device.reference(100).pulse(3, 150, 170).flush(200);
    CHECK(decoder.feed(device.take()).watermark == 150);
    device.heartbeat(2 * second).counters(2 * second + 150, 1001, 11, 20);
    CHECK(decoder.feed(device.take()).edges.empty());
    device.heartbeat(2 * second + 151);
    const CaptureBatch batch = decoder.feed(device.take());
    CHECK(texts_of(batch.edges) == Texts{"3@150: no phase"});
    CHECK(batch.watermark == 2 * second + 151);
}

TEST_CASE("a quiet channel is proven alive by the watermark") {
    StreamDecoder decoder{{}};
    Device device = explicit_device();
    decoder.feed(device.take());
    for (std::int64_t t = second; t <= 100 * second; t += second) {
        device.counters(t, 1000, 10, 20);
        const CaptureBatch batch = decoder.feed(device.take());
        REQUIRE(batch.watermark == t);
        REQUIRE(batch.losses.empty());
    }
}

TEST_CASE("a lost frame is a loss, and the next COUNTERS prove what each channel lost") {
    Device device = explicit_device();
    device.reference(100).pulse(3, 110, 120).reference(200).flush(300);
    device.reference(310).pulse(3, 320, 330).pulse(4, 340, 350).lost(400);
    device.reference(410).pulse(3, 450, 460).reference(500).flush(600);
    StreamDecoder decoder{{}};
    const CaptureBatch before = decoder.feed(device.take());
    CHECK(texts_of(before.edges) == Texts{"3@110: 1001 +100..200"});
    CHECK(before.losses.empty());
    CHECK(before.watermark == 300);  // nothing after the loss is told before its extent is known
    device.counters(600, 1005, 13, 21);
    const CaptureBatch batch = decoder.feed(device.take());
    CHECK(texts_of(batch.losses) == Texts{"[300, 400] frame 3 missing, channels 0: 1 edges",
                                          "[300, 400] frame 3 missing, channels 3: 1 edges",
                                          "[300, 400] frame 3 missing, channels 4: 1 edges"});
    CHECK(texts_of(batch.edges) == Texts{"3@450: 1004 +410..500"});
    CHECK(batch.watermark == 600);
}

TEST_CASE("channels that lost nothing in a lost frame are named with zero") {
    Device device = bracketed_device();
    device.indexed(1001, 100).pulse(3, 110, 120).reference(200).flush(300);
    device.indexed(1002, 310).pulse(3, 320, 330).reference(340).lost(400);
    device.counters(600, 1007, 12, 20);
    CHECK(texts_of(decoded(device).losses) ==
          Texts{"[300, 400] frame 3 missing, channels 3: 1 edges",
                "[300, 400] frame 3 missing, channels 4: 0 edges"});
}

TEST_CASE("several lost frames are named together") {
    Device device = explicit_device();
    device.reference(100).flush(200).reference(210).lost(300).reference(310).lost(400).counters(
        500, 1003, 10, 20);
    CHECK(texts_of(decoded(device).losses) ==
          Texts{"[200, 400] frames 3 to 4 missing, channels 0: 2 edges",
                "[200, 400] frames 3 to 4 missing, channels 3 4: 0 edges"});
}

TEST_CASE("without COUNTERS a loss stays unproven, and explicit phases are not trusted") {
    Device device = explicit_device();
    device.reference(100).flush(200).reference(210).lost(300);
    device.reference(310).pulse(3, 350, 370).reference(400).flush(500).heartbeat(2 * second + 301);
    StreamDecoder decoder{{}};
    const CaptureBatch batch = decoder.feed(device.take());
    CHECK(texts_of(batch.losses) == Texts{"[200, 300] frame 3 missing, all: unknown"});
    CHECK(texts_of(batch.edges) == Texts{"3@350: no phase"});
    device.counters(3 * second, 1003, 11, 20)
        .reference(3 * second + 1)
        .pulse(3, 3 * second + 2, 3 * second + 3);
    const CaptureBatch after =
        decoder.feed(device.reference(3 * second + 4).flush(3 * second + 5).take());
    CHECK(after.losses.empty());
    CHECK(texts_of(after.edges) == Texts{"3@375000002: 1004 +375000001..375000004"});
}

TEST_CASE("after a lost frame no dut edge is put between edges that do not adjoin") {
    Device device = explicit_device();
    device.reference(100).pulse(3, 150, 160).flush(200);
    device.reference(210).lost(300);
    device.pulse(4, 350, 360).reference(400).flush(500).counters(500, 1003, 11, 21);
    CHECK(texts_of(decoded(device).edges) == Texts{"3@150: no phase", "4@350: no phase"});
}

TEST_CASE("bytes that belong to no frame are remarked when no frame is missing") {
    Device device = explicit_device();
    Bytes stream = device.take();
    const Bytes noise = from_hex("43525431435254deadbeef43");
    stream.insert(stream.end(), noise.begin(), noise.end());
    const Bytes rest = device.reference(100).pulse(3, 150, 160).reference(200).flush(300).take();
    stream.insert(stream.end(), rest.begin(), rest.end());
    const CaptureBatch batch = decoded(stream);
    CHECK(batch.losses.empty());
    CHECK(batch.remarks == Texts{"12 bytes that belong to no frame"});
    CHECK(texts_of(batch.edges) == Texts{"3@150: 1001 +100..200"});
}

TEST_CASE("a flipped bit costs its frame: a loss named crc") {
    Device device = explicit_device();
    device.writer.flip_bit_in_next_frame();
    device.reference(100).pulse(3, 150, 160).reference(200).flush(300).counters(400, 1002, 11, 20);
    CHECK(texts_of(decoded(device).losses) == Texts{"[0, 300] crc, channels 0: 2 edges",
                                                    "[0, 300] crc, channels 3: 1 edges",
                                                    "[0, 300] crc, channels 4: 0 edges"});
}

TEST_CASE("a frame that claims to be longer than it is does not keep the ones behind it waiting") {
    Device device = explicit_device();
    const Bytes start = device.take();
    Bytes damaged = device.reference(100).flush(300).take();
    damaged[13] |= 0x20;  // 8192 records more
    const Bytes good = device.counters(400, 1001, 10, 20).take();
    StreamDecoder decoder{{}};
    decoder.feed(start);
    CHECK(decoder.feed(damaged).losses.empty());
    const CaptureBatch batch = decoder.feed(good);
    REQUIRE(batch.losses.size() == 2);
    CHECK(text_of(batch.losses[0]) == "[0, 300] crc, channels 0: 1 edges");
}

TEST_CASE(
    "an overflow that the device marks has its interval, and the counters give each channel's "
    "number") {
    Device device = explicit_device();
    device.reference(100)
        .special(Special::lost_begin, 150)
        .special(Special::lost_end, 250)
        .special(Special::lost_count, 5);
    device.writer.add_flags(flags::overflow);
    device.writer.add_lost(5);
    device.reference(310).flush(400).counters(500, 1005, 11, 20);
    CHECK(texts_of(decoded(device).losses) ==
          Texts{"[150, 250] device overflow, channels 0: 3 edges",
                "[150, 250] device overflow, channels 3: 1 edges",
                "[150, 250] device overflow, channels 4: 0 edges"});
}

TEST_CASE("a loss total that grows without a mark is a loss over the whole frame") {
    const bool flagged = GENERATE(false, true);
    Device device = explicit_device();
    device.reference(100).flush(400);
    device.writer.add_lost(2);
    if (flagged) device.writer.add_flags(flags::overflow);
    device.heartbeat(500).counters(600, 1001, 11, 20);
    const std::string cause = flagged ? "device overflow" : "edges lost by the device";
    CHECK(texts_of(decoded(device).losses) ==
          Texts{"[400, 500] " + cause + ", channels 3: 1 edges",
                "[400, 500] " + cause + ", channels 0 4: 0 edges"});
}

TEST_CASE("a restart is a loss that nothing proves, and time does not run backwards") {
    Device device = explicit_device();
    device.reference(100).pulse(3, 150, 160).flush(300);
    device.writer.restart(0);
    device.hello.boot_id = 10;
    device.greet(5).counters(5, 0, 0, 0).reference(10).pulse(3, 20, 25).reference(30).flush(40);
    const CaptureBatch batch = decoded(device);
    CHECK(texts_of(batch.losses) == Texts{"[300, 301] restart, all: unknown"});
    CHECK(texts_of(batch.edges) == Texts{"3@150: no phase", "3@321: 1 +311..331"});
    CHECK(batch.watermark == 341);
}

TEST_CASE("a new boot id alone tells a restart") {
    Device device = explicit_device();
    device.hello.boot_id = 10;
    device.greet(300);
    CHECK(texts_of(decoded(device).losses) == Texts{"[0, 1] restart, all: unknown"});
}

TEST_CASE("a frame that does not begin where the last one ended tells a clock step") {
    const std::int64_t to = GENERATE(100, 5000);
    Device device = explicit_device();
    device.reference(100).flush(300);
    device.writer.step_time(to);
    device.heartbeat(to + 10);
    const CaptureBatch batch = decoded(device);
    const std::int64_t lands = std::max<std::int64_t>(to, 301);
    CHECK(texts_of(batch.losses) ==
          Texts{fmt::format("[300, {}] clock step, all: unknown", lands)});
    CHECK(batch.watermark == lands + 10);
}

TEST_CASE(
    "two equal polarities in a row: an edge of that channel is lost, and the counters say of which "
    "kind") {
    const bool loses_rise = GENERATE(true, false);
    Device device = explicit_device();
    device.reference(100).edge(3, true, 110).edge(3, false, 120);
    if (loses_rise) device.edge(3, false, 140);
    if (!loses_rise) device.edge(3, true, 130).edge(3, true, 150).edge(3, false, 160);
    device.reference(200).flush(300);
    device.counters(400, 1002, loses_rise ? 12 : 13, 20);
    const CaptureBatch batch = decoded(device);
    REQUIRE(batch.losses.size() == 1);
    CHECK(text_of(batch.losses[0]) == (loses_rise ? "[120, 140] polarity, channels 3: 1 edges"
                                                  : "[130, 150] polarity, channels 3: 0 edges"));
}

TEST_CASE(
    "counts that disagree without another sign are a counter mismatch since the last agreement") {
    Device device = explicit_device();
    device.reference(100).pulse(3, 110, 120).flush(200).counters(200, 1001, 11, 20);
    device.reference(300).flush(400).counters(400, 1002, 12, 20);
    CHECK(texts_of(decoded(device).losses) ==
          Texts{"[200, 400] counter mismatch, channels 3: 1 edges"});
}

TEST_CASE(
    "a reference edge that never came spoils every channel since the last agreement, then the "
    "count is right again") {
    Device device = explicit_device();
    device.reference(100).flush(200).counters(400, 1002, 10, 20);
    device.reference(500).pulse(3, 550, 560).reference(600).flush(700);
    const CaptureBatch batch = decoded(device);
    CHECK(texts_of(batch.losses) == Texts{"[0, 400] counter mismatch, all: unknown"});
    CHECK(texts_of(batch.edges) == Texts{"3@550: 1003 +500..600"});
}

TEST_CASE("bracketed mode: a reference edge that never came spoils its dut edge, not silently") {
    const int missing = GENERATE(0, 1, 2);
    CAPTURE(missing);
    Device device = bracketed_device();
    if (missing == 0) device.writer.index(0, 1001, 100);
    if (missing != 0) device.indexed(1001, 100);
    device.edge(3, true, 150);
    if (missing != 1) device.reference(200);
    device.edge(4, true, 260);
    if (missing == 2) device.writer.index(0, 1003, 300);
    if (missing != 2) device.indexed(1003, 300);
    device.indexed(1010, 1000).edge(3, false, 1001).edge(3, true, 1050).reference(1100).flush(1200);
    const CaptureBatch batch = decoded(device);
    REQUIRE(!batch.losses.empty());
    CHECK(batch.losses[0].cause == "index");
    for (const CapturedEdge& captured : batch.edges) {
        const std::string text = text_of(captured);
        const bool is_true = text == "3@150: 1001 +100..200" || text == "4@260: 1002 +200..300" ||
                             text == "3@1050: 1010 +1000..1100";
        const bool is_open = !captured.edge.has_phase();
        CHECK((is_true || is_open));
    }
}

TEST_CASE("INDEX unwraps across hours at 200 kHz with one slow dut") {
    StreamDecoder decoder{{}};
    Device device{Role::reference_bracketed};
    device.greet().counters(0, 0, 0, 0);
    constexpr std::int64_t period = 625;  // ticks: 200 kHz
    std::int64_t blinks = 0;
    for (std::int64_t t = second; t <= 5 * 3600 * second; t += second) {
        if (t / second % 600 == 0) {
            const std::int64_t number = (t - 1000) / period;
            device.indexed(number, number * period)
                .pulse(3, t - 1000, t - 900)
                .reference((number + 1) * period)
                .flush(t);
            ++blinks;
        }
        device.counters(t, t / period, blinks, 0);
        const CaptureBatch batch = decoder.feed(device.take());
        CAPTURE(t, texts_of(batch.losses));
        REQUIRE(batch.losses.empty());
        for (const CapturedEdge& captured : batch.edges) {
            REQUIRE(captured.edge.has_phase());
            REQUIRE(captured.edge.reference_count == captured.edge.reference_before / period);
        }
    }
    CHECK(blinks == 30);
}

TEST_CASE("an INDEX too far from the last COUNTERS waits for the next ones") {
    Device device = bracketed_device();
    device.indexed(1001 + 700'000, 7 * second / 2)
        .pulse(3, 7 * second / 2 + 10, 7 * second / 2 + 20);
    device.reference(7 * second / 2 + 30).flush(4 * second);
    StreamDecoder decoder{{}};
    CHECK(decoder.feed(device.take()).edges.empty());
    device.counters(4 * second, 1001 + 800'000, 11, 20);
    CHECK(texts_of(decoder.feed(device.take()).edges) ==
          Texts{"3@437500010: 701001 +437500000..437500030"});
}

TEST_CASE("a fence separates what came before from what comes after, by its tick") {
    Device device = explicit_device();
    device.reference(100).flush(200);
    const std::uint32_t record = special_record(Special::fence, 77);
    device.writer.frame(FrameType::fence, 250, {reinterpret_cast<const std::uint8_t*>(&record), 4});
    const CaptureBatch batch = decoded(device);
    CHECK(batch.fences == std::vector<std::uint32_t>{77});
    CHECK(batch.fence_ticks == std::vector<std::int64_t>{250});
}

TEST_CASE("glitches, clock events and unknown channels are remarked; a clock fault is a loss") {
    Device device = explicit_device();
    device.reference(100)
        .special(Special::glitch, 3)
        .special(Special::clock_event, 2)
        .edge(9, true, 110)
        .flush(200);
    device.writer.add_flags(flags::clock_fault);
    device.heartbeat(300);
    const CaptureBatch batch = decoded(device);
    CHECK(batch.remarks == Texts{"a glitch rejected on channel 3 after tick 100",
                                 "clock event 2 after tick 100",
                                 "an edge on channel 9, which HELLO does not name"});
    CHECK(texts_of(batch.losses) == Texts{"[200, 300] clock fault, all: unknown"});
}

TEST_CASE("edges out of order spoil their frame") {
    Device device = explicit_device();
    device.reference(200).reference(100).flush(300);
    CHECK(texts_of(decoded(device).losses) == Texts{"[0, 300] order, all: unknown"});
}

TEST_CASE("an edge outside its frame is not passed on: it would lie before a watermark") {
    const std::int64_t tick = GENERATE(500, 2500);
    Device device = explicit_device();
    device.reference(100).flush(1000);
    device.edge(3, true, tick).flush(2000);
    const CaptureBatch batch = decoded(device);
    CHECK(batch.edges.empty());
    CHECK(texts_of(batch.losses) == Texts{"[1000, 2000] order, all: unknown"});
}

TEST_CASE("a reference edge behind the end of its frame is no bracket") {
    Device device = bracketed_device();
    device.indexed(1, 100).pulse(3, 150, 160).reference(5000).flush(1000);
    const CaptureBatch batch = decoded(device);
    CHECK(texts_of(batch.losses) == Texts{"[0, 1000] order, all: unknown"});
}

TEST_CASE("time that has stepped beyond what 64 bits hold is an error of the device") {
    Device device = explicit_device();
    const Bytes greeting = device.take();
    StreamDecoder decoder{{}};
    decoder.feed(greeting);
    constexpr std::int64_t most = std::int64_t{1} << 60;
    for (std::uint32_t sequence = 2; sequence < 12; ++sequence) {
        Bytes frame;
        append_frame(frame,
                     {.type = FrameType::heartbeat,
                      .flags = flags::restart,
                      .sequence = sequence,
                      .t0 = 0,
                      .t_end = most},
                     BytesView{});
        decoder.feed(frame);
    }
    CHECK(decoder.take_device_error() ==
          std::optional<std::string>{"its time has stepped beyond what 64 bits hold"});
}

TEST_CASE("an error frame's text is kept") {
    Device device = explicit_device();
    device.writer.frame(FrameType::error, 10, text_payload("FIFO full"));
    StreamDecoder decoder{{}};
    decoder.feed(device.take());
    CHECK(decoder.take_device_error() == std::optional<std::string>{"FIFO full"});
    CHECK_FALSE(decoder.take_device_error());
}
