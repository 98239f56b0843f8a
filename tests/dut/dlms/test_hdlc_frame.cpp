// HDLC frames, one by one and out of a stream: captured ones, cut, joined and damaged.
#include "dut/dlms/hdlc_parameters.hpp"
#include "dut/dlms/hdlc_reader.hpp"
#include "tests/dut/dlms/frames.hpp"
#include "tests/dut/dlms/push_frame.hpp"

#include <catch2/catch.hpp>

using namespace dut::dlms;

namespace {

BytesView between_flags(const Bytes& wire) { return BytesView{wire}.subspan(1, wire.size() - 2); }

std::vector<HdlcFrame> frames_of(HdlcReader& reader, int* faults = nullptr) {
    std::vector<HdlcFrame> frames;
    for (;;) {
        auto next = reader.next();
        if (!next && faults != nullptr) ++*faults;
        if (!next) continue;
        if (!*next) return frames;
        frames.push_back(std::move(**next));
    }
}

HdlcFrame decoded(std::string_view text) {
    const Bytes wire = hex(text);
    return decode_frame(between_flags(wire)).value();
}

}  // namespace

TEST_CASE("the check sequence is that of the standard") {
    const std::string_view digits = "123456789";
    const Bytes bytes(digits.begin(), digits.end());
    CHECK(frame_check_sequence(bytes) == 0x906E);  // 6E 90 on the wire
    CHECK(frame_check_sequence(hex("033F")) == 0xEC5B);
}

TEST_CASE("every captured frame is read, and written back byte for byte") {
    for (const KnownFrame& known : all_frames()) {
        INFO(known.meaning);
        const Bytes wire = hex(known.text);
        const auto frame = decode_frame(between_flags(wire));
        REQUIRE(frame);
        CHECK(frame->control.kind == known.kind);
        CHECK(frame->destination == known.destination);
        CHECK(frame->source == known.source);
        CHECK(to_hex(encode_frame(*frame)) == to_hex(wire));
    }
}

TEST_CASE("the numbers of the clock session are those of its makers") {
    const HdlcFrame get = decoded(clock_session[4].text);
    CHECK(get.control.send_number == 2);
    CHECK(get.control.receive_number == 2);
    CHECK(get.control.poll);
    CHECK_FALSE(get.segmented);
    CHECK(get.information.size() == 16);
    const HdlcFrame ready = decoded(single_frames.back().text);
    CHECK(ready.control.receive_number == 2);
    CHECK(ready.information.empty());
}

TEST_CASE("a push of 580 bytes is one frame") {
    const Bytes wire = hex(push_frame);
    const auto frame = decode_frame(between_flags(wire));
    REQUIRE(frame);
    CHECK(wire.size() == 581);
    CHECK(frame->control.kind == FrameKind::unnumbered_information);
    CHECK(encode_frame(*frame) == wire);
}

TEST_CASE("a frame whose length lies is refused although its check sequence holds") {
    const Bytes wire = hex(wrong_length_frame);
    CHECK(decode_frame(between_flags(wire)).error() == HdlcFault::length);
}

TEST_CASE("a frame with a wrong header is refused although its frame check holds") {
    const Bytes wire = hex(wrong_header_frame);
    const BytesView content = between_flags(wire);
    CHECK(frame_check_sequence(content.first(content.size() - 2)) == (0x84 | 0x5C << 8));
    CHECK(decode_frame(content).error() == HdlcFault::address);
}

TEST_CASE("one wrong bit anywhere in a frame is noticed") {
    for (const KnownFrame& known : all_frames()) {
        const Bytes wire = hex(known.text);
        const BytesView content = between_flags(wire);
        for (std::size_t bit = 0; bit < content.size() * 8; ++bit) {
            INFO(known.meaning << ", bit " << bit);
            const Bytes damaged = with_wrong_bit(Bytes(content.begin(), content.end()), bit);
            REQUIRE_FALSE(decode_frame(damaged));
        }
    }
}

TEST_CASE("a frame cut short anywhere is no frame") {
    const Bytes wire = hex(clock_session[3].text);
    const BytesView content = between_flags(wire);
    for (std::size_t size = 0; size < content.size(); ++size)
        REQUIRE_FALSE(decode_frame(content.first(size)));
}

TEST_CASE("addresses of three and of five bytes are refused") {
    for (const std::string_view address : {"020203", "0202020203"}) {
        Bytes content = joined(joined({0xA0, 0}, hex(address)), hex("2193"));
        content[1] = static_cast<std::uint8_t>(content.size() + 2);
        const auto check = frame_check_sequence(content);
        content.push_back(static_cast<std::uint8_t>(check));
        content.push_back(static_cast<std::uint8_t>(check >> 8));
        CHECK(decode_frame(content).error() == HdlcFault::address);
    }
}

TEST_CASE("every control byte means itself or nothing") {
    int known = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const auto control = decode_control(static_cast<std::uint8_t>(byte));
        if (!control) continue;
        ++known;
        CHECK(encode_control(*control) == byte);
    }
    // 128 I frames, 16 each of RR and RNR, six unnumbered ones with and without P.
    CHECK(known == 128 + 16 + 16 + 12);
    CHECK(encode_control({.kind = FrameKind::set_normal_mode}) == 0x93);
    CHECK(encode_control({.kind = FrameKind::disconnect}) == 0x53);
    CHECK(encode_control({.kind = FrameKind::acknowledge}) == 0x73);
    CHECK(encode_control({.kind = FrameKind::disconnected_mode}) == 0x1F);
    CHECK(encode_control({.kind = FrameKind::reject}) == 0x97);
    CHECK(encode_control({.kind = FrameKind::unnumbered_information}) == 0x13);
}

TEST_CASE("addresses that do not fit into their bytes are programmer errors") {
    CHECK_THROWS_AS(client_address(128), std::logic_error);
    CHECK_THROWS_AS(server_address(1, 128, 2), std::logic_error);
    CHECK_THROWS_AS(server_address(1, 17, 3), std::logic_error);
    CHECK(server_address(0x3FFF, 0x3FFF, 4).lower == 0x3FFF);
}

TEST_CASE("random frames come back as they were") {
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        const auto draw = [&](std::uint64_t index) { return calibration::hashed(seed, 1, index); };
        HdlcFrame frame;
        frame.destination = draw(0) % 3 == 0 ? server_address(draw(1) % 128)
                            : draw(0) % 3 == 1
                                ? server_address(draw(1) % 128, draw(2) % 128, 2)
                                : server_address(draw(1) % 16384, draw(2) % 16384, 4);
        frame.source = client_address(draw(3) % 128);
        frame.control = {FrameKind::information,
                         draw(4) % 2 == 0,
                         static_cast<std::uint8_t>(draw(5) % 8),
                         static_cast<std::uint8_t>(draw(6) % 8)};
        frame.segmented = draw(7) % 2 == 0;
        frame.information = random_bytes(seed, 1 + draw(8) % 2030);
        const Bytes wire = encode_frame(frame);
        REQUIRE(decode_frame(between_flags(wire)).value() == frame);
        HdlcReader reader;
        reader.feed(wire);
        REQUIRE(frames_of(reader) == std::vector{frame});
    }
}

TEST_CASE("a wrong header check is named before the frame check") {
    const Bytes wire = hex(clock_session[4].text);
    const BytesView content = between_flags(wire);
    Bytes wrong(content.begin(), content.end());
    wrong[5] ^= 0x01;
    const auto check = frame_check_sequence(BytesView{wrong}.first(wrong.size() - 2));
    wrong[wrong.size() - 2] = static_cast<std::uint8_t>(check);
    wrong[wrong.size() - 1] = static_cast<std::uint8_t>(check >> 8);
    CHECK(decode_frame(wrong).error() == HdlcFault::header_check);
    wrong[5] ^= 0x01;
    CHECK(decode_frame(wrong).error() == HdlcFault::frame_check);
}

// -- the stream

TEST_CASE("a frame may arrive in any two pieces") {
    const Bytes wire = hex(clock_session[7].text);
    for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
        HdlcReader reader;
        reader.feed(BytesView{wire}.first(cut));
        const auto early = frames_of(reader);
        CHECK(early.size() == (cut == wire.size() ? 1 : 0));
        reader.feed(BytesView{wire}.subspan(cut));
        CHECK(early.size() + frames_of(reader).size() == 1);
    }
}

TEST_CASE("all captured frames arrive in a row, byte by byte, with one flag between two frames") {
    Bytes stream{hdlc_flag};
    for (const KnownFrame& known : all_frames())
        append(stream, BytesView{hex(known.text)}.subspan(1));
    HdlcReader reader;
    std::size_t count = 0;
    for (const std::uint8_t byte : stream) {
        reader.feed(std::span{&byte, 1});
        count += frames_of(reader).size();
    }
    CHECK(count == all_frames().size());
    CHECK_FALSE(reader.is_inside_frame());
}

TEST_CASE("noise between frames is passed over") {
    const Bytes wire = hex(clock_session[0].text);
    for (const std::string_view noise :
         {"00", "FFFFFF", "7E7E7E7E", "7E00", "7EA0", "7EA07F03", "A0077E", "7EA7FF0321937E"}) {
        INFO(noise);
        HdlcReader reader;
        reader.feed(joined(hex(noise), wire));
        auto frames = frames_of(reader);
        // What still might be a long frame is given up when the line falls silent.
        reader.silence();
        for (HdlcFrame& frame : frames_of(reader)) frames.push_back(std::move(frame));
        CHECK(frames.size() == 1);
        CHECK_FALSE(reader.is_inside_frame());
    }
}

TEST_CASE("one wrong bit anywhere costs at most the frame it is in, at once") {
    const Bytes first = hex(clock_session[3].text), second = hex(clock_session[5].text);
    const HdlcFrame whole = decode_frame(between_flags(second)).value();
    for (std::size_t bit = 8; bit < (first.size() - 1) * 8; ++bit) {
        INFO("bit " << bit);
        HdlcReader reader;
        reader.feed(joined(with_wrong_bit(first, bit), second));
        const auto frames = frames_of(reader);
        REQUIRE(frames.size() == 1);
        REQUIRE(frames.front() == whole);
    }
}

TEST_CASE("the two frames that are wrong on purpose do not hide the one after them") {
    for (const std::string_view bad : {wrong_length_frame, wrong_header_frame}) {
        HdlcReader reader;
        reader.feed(joined(hex(bad), hex(clock_session[0].text)));
        int faults = 0;
        CHECK(frames_of(reader, &faults).size() == 1);
        CHECK(faults > 0);
    }
}

TEST_CASE("a frame that is not closed by a flag is none, whatever its check sequences say") {
    Bytes open = hex(clock_session[4].text);
    open.back() = 0x7F;
    HdlcReader reader;
    reader.feed(joined(open, hex(clock_session[5].text)));
    const auto frames = frames_of(reader);
    REQUIRE(frames.size() == 1);
    CHECK(frames.front() == decoded(clock_session[5].text));
}

TEST_CASE("a flag inside a frame does not end it") {
    HdlcFrame frame = decoded(clock_session[4].text);
    frame.information = hex("E6E7007E7E7EA0077E037E");
    HdlcReader reader;
    reader.feed(encode_frame(frame));
    CHECK(frames_of(reader) == std::vector{frame});
}

TEST_CASE("a frame of 2030 bytes of information passes, a longer one than 2047 cannot be written") {
    HdlcFrame frame = decoded(clock_session[4].text);
    frame.information = random_bytes(1, largest_information);
    HdlcReader reader;
    reader.feed(encode_frame(frame));
    CHECK(frames_of(reader) == std::vector{frame});
    frame.information = random_bytes(1, 2047);
    CHECK_THROWS_AS(encode_frame(frame), std::logic_error);
}

TEST_CASE("random noise ends, whatever it is, and never looks like a frame") {
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        HdlcReader reader;
        Bytes noise = random_bytes(seed, 4096);
        // Rich in flags and format bytes.
        for (std::size_t at = 0; at + 1 < noise.size(); at += 1 + noise[at] % 16) {
            noise[at] = hdlc_flag;
            noise[at + 1] = 0xA0 | (noise[at + 1] & 0x0F);
        }
        reader.feed(noise);
        CHECK(frames_of(reader).empty());
        reader.silence();
        CHECK(frames_of(reader).empty());
        CHECK(reader.pending() <= 1);
    }
}

// -- negotiation

TEST_CASE("the captured parameters are read and written back in their form") {
    struct Row {
        std::size_t frame;
        HdlcParameters expected;
        SizeForm form;
    };
    for (const Row& row : {Row{2, {0x9A, 0x9A, 1, 1}, SizeForm::shortest},
                           Row{8, {0x80, 0x3E, 1, 1}, SizeForm::shortest},
                           Row{9, {0x74, 0x74, 1, 1}, SizeForm::two_bytes}}) {
        const HdlcFrame frame = decoded(single_frames[row.frame].text);
        CHECK(decode_parameters(frame.information).value() == row.expected);
        CHECK(encode_parameters(row.expected, row.form) == frame.information);
    }
    const HdlcFrame ua = decoded(clock_session[1].text);
    CHECK(decode_parameters(ua.information).value() == HdlcParameters{});
    CHECK(encode_parameters({}, SizeForm::two_bytes) == ua.information);
}

TEST_CASE("parameters that are absent have their defaults, sizes end at 2030") {
    CHECK(decode_parameters({}).value() == HdlcParameters{128, 128, 1, 1});
    CHECK(decode_parameters(hex("818000")).value() == HdlcParameters{128, 128, 1, 1});
    CHECK(decode_parameters(hex("818004 0602 0400")).value() == HdlcParameters{128, 1024, 1, 1});
    CHECK(decode_parameters(hex("818004 0502 FFFF")).value().transmit_size == 2030);
    CHECK(decode_parameters(hex("818003 630155")).value() == HdlcParameters{});
}

TEST_CASE("parameters that lie are refused") {
    for (const std::string_view text : {"81",
                                        "8180",
                                        "818001",
                                        "828000",
                                        "818100",
                                        "818003 0502 00",
                                        "818004 0502 0000",
                                        "818003 0701 08",
                                        "818003 0701 00",
                                        "818002 0500",
                                        "818007 0505 0000000001",
                                        "818003 050180 00"}) {
        INFO(text);
        CHECK(decode_parameters(hex(text)).error() == HdlcFault::parameters);
    }
}

TEST_CASE("one end's transmitting is the other one's receiving") {
    const HdlcParameters client{500, 2030, 1, 7}, server{1024, 128, 3, 2};
    CHECK(agreed(client, server) == HdlcParameters{128, 1024, 1, 3});
    CHECK(agreed(server, client) == HdlcParameters{1024, 128, 3, 1});
}

TEST_CASE("every fault of the link has its own name") {
    std::vector<std::string_view> names;
    for (int fault = 0; fault <= static_cast<int>(HdlcFault::inactive); ++fault)
        names.push_back(name(static_cast<HdlcFault>(fault)));
    std::ranges::sort(names);
    CHECK(std::ranges::adjacent_find(names) == names.end());
    CHECK_FALSE(names.front().empty());
}
