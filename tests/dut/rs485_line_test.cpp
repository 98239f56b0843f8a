// The emulated RS485 line by itself: what a host hears when, byte for byte.
#include "tests/dut/rs485_bench.hpp"

#include <catch2/catch.hpp>

using namespace dut;
using dut_test::Rs485Bench;
using instruments::io::ByteLink;
using instruments::io::Clock;
using instruments::io::Instant;

namespace {

Bytes read_maker(int unit) {
    return encode_rtu({static_cast<std::uint8_t>(unit), {0x03, 0xC3, 0x50, 0x00, 0x04}});
}
const Bytes maker_pdu{0x03, 0x08, 0x00, 0x53, 0x00, 0x4F, 0x00, 0x43, 0x00, 0x4F};

struct Arrival {
    double at;
    Bytes bytes;
};

// Everything that comes within half a second.
std::vector<Arrival> heard(Rs485Bench& bench, ByteLink& link) {
    std::vector<Arrival> arrivals;
    const Instant end = bench.loop->clock().now() + std::chrono::milliseconds{500};
    while (bench.loop->clock().now() < end) {
        const Bytes bytes = bench.loop->run(link.read(end));
        if (!bytes.empty()) arrivals.push_back({bench.now(), bytes});
    }
    return arrivals;
}

Bytes joined(const std::vector<Arrival>& arrivals) {
    Bytes all;
    for (const auto& [at, bytes] : arrivals) all.insert(all.end(), bytes.begin(), bytes.end());
    return all;
}

Bytes answer_to(Rs485Bench& bench, ByteLink& link, const Bytes& request) {
    bench.loop->run(link.write(request));
    return joined(heard(bench, link));
}

void pause(Rs485Bench& bench, double seconds) {
    bench.loop->run(bench.loop->clock().sleep_for(calibration::from_seconds(seconds)));
}

}  // namespace

TEST_CASE("each meter answers its own unit and no other") {
    Rs485Bench bench{{1, 5, 247}};
    const auto host = bench.connect();
    for (int unit = 1; unit <= 247; ++unit) {
        INFO("unit " << unit);
        const Bytes answer = answer_to(bench, *host, read_maker(unit));
        const bool exists = unit == 1 || unit == 5 || unit == 247;
        CHECK(answer ==
              (exists ? encode_rtu({static_cast<std::uint8_t>(unit), maker_pdu}) : Bytes{}));
    }
}

TEST_CASE("characters take their time on the line, and a meter takes its own") {
    const auto text = GENERATE("4800,8E1", "9600,8N1", "38400,8N2");
    Rs485Bench bench{{5}, parse_line_settings(text)};
    const auto host = bench.connect();
    bench.loop->run(host->write(read_maker(5)));
    const auto arrivals = heard(bench, *host);
    REQUIRE(arrivals.size() == 1);  // 13 characters fit the UART
    const double character = calibration::seconds(character_time(bench.settings));
    const double gap = calibration::seconds(frame_gap(bench.settings));
    const double turn_around = 0.02;
    CHECK(arrivals[0].at ==
          Approx(8 * character + gap + turn_around + 13 * character).margin(1e-6));
}

TEST_CASE("a long answer comes in pieces") {
    Rs485Bench bench{{5}};
    const auto host = bench.connect();
    bench.loop->run(host->write(encode_rtu({5, {0x03, 0xC3, 0x50, 0x00, 0x20}})));
    const auto arrivals = heard(bench, *host);
    REQUIRE(arrivals.size() == 5);  // 69 characters by 16
    const double character = calibration::seconds(character_time(bench.settings));
    for (std::size_t i = 1; i < 4; ++i) {
        CHECK(arrivals[i].at - arrivals[i - 1].at == Approx(16 * character).margin(1e-6));
    }
    CHECK(decode_rtu(joined(arrivals)));
}

TEST_CASE(
    "a request in one piece, byte by byte, and with pauses below 3.5 characters is one frame") {
    Rs485Bench bench{{5}};
    const auto host = bench.connect();
    const double character = calibration::seconds(character_time(bench.settings));
    const auto pause_s = GENERATE_COPY(0.0, character, 4.4 * character);
    for (const std::uint8_t byte : read_maker(5)) {
        bench.loop->run(host->write(Bytes{byte}));
        if (pause_s > 0) pause(bench, pause_s);
    }
    CHECK(joined(heard(bench, *host)) == encode_rtu({5, maker_pdu}));
}

TEST_CASE("a pause of more than 3.5 characters inside a request makes two frames of it") {
    const auto cut = GENERATE(range<std::size_t>(1, 8));
    Rs485Bench bench{{5}};
    const auto host = bench.connect();
    const Bytes request = read_maker(5);
    bench.loop->run(host->write(BytesView{request}.first(cut)));
    pause(bench, 0.02);
    bench.loop->run(host->write(BytesView{request}.subspan(cut)));
    CHECK(heard(bench, *host).empty());
    CHECK(answer_to(bench, *host, request) == encode_rtu({5, maker_pdu}));
}

TEST_CASE("two requests without a silence between them are one frame of garbage") {
    Rs485Bench bench{{5}};
    const auto host = bench.connect();
    Bytes request = read_maker(5);
    const Bytes again = request;
    request.insert(request.end(), again.begin(), again.end());
    CHECK(answer_to(bench, *host, request).empty());
}

TEST_CASE("one wrong bit anywhere in a request, and nobody answers") {
    Rs485Bench bench{{1, 4, 5}};
    const auto host = bench.connect();
    for (std::size_t bit = 0; bit < 64; ++bit) {
        Bytes request = read_maker(5);
        request[bit / 8] = static_cast<std::uint8_t>(request[bit / 8] ^ (0x80 >> bit % 8));
        CHECK(answer_to(bench, *host, request).empty());
    }
}

TEST_CASE("a host of another rate or framing is not understood") {
    Rs485Bench bench{{5}, parse_line_settings("9600,8E1")};
    const auto host = bench.connect();
    for (const LineSettings& settings : usual_search().settings) {
        const std::string text = line_settings_text(settings);
        INFO(text);
        bench.line->host_uses(settings);
        CHECK(answer_to(bench, *host, read_maker(5)).empty() == (text != "9600,8E1"));
    }
}

TEST_CASE("a broadcast is executed by every meter and answered by none") {
    Rs485Bench bench{{1, 2, 3}};
    const auto host = bench.connect();
    CHECK(answer_to(bench, *host, encode_rtu({0, {0x06, 0xC6, 0xA1, 0x00, 0x03}})).empty());
    for (const int unit : bench.units) {
        const auto byte = static_cast<std::uint8_t>(unit);
        CHECK(answer_to(bench, *host, encode_rtu({byte, {0x03, 0xC6, 0xA1, 0x00, 0x01}})) ==
              encode_rtu({byte, {0x03, 0x02, 0x00, 0x03}}));
    }
    CHECK(answer_to(bench, *host, encode_rtu({0, {0x03, 0xC6, 0xA1, 0x00, 0x01}})).empty());
}

TEST_CASE("two meters with one unit garble each other, byte for byte the same each time") {
    Rs485Bench bench{{5, 5}}, again{{5, 5}};
    const auto host = bench.connect(), other = again.connect();
    const Bytes answer = answer_to(bench, *host, read_maker(5));
    CHECK(answer.size() >= 13);
    CHECK_FALSE(decode_rtu(answer));
    CHECK(answer_to(again, *other, read_maker(5)) == answer);
}

TEST_CASE("a request while an answer is on the line spoils both") {
    Rs485Bench bench{{5, 6}};
    const auto host = bench.connect();
    bench.loop->run(host->write(encode_rtu({5, {0x03, 0xC3, 0x50, 0x00, 0x20}})));
    const Bytes first = bench.loop->run(host->read(instruments::io::never));
    const Bytes rest = answer_to(bench, *host, read_maker(6));
    Bytes all = first;
    all.insert(all.end(), rest.begin(), rest.end());
    CHECK(all.size() == 69);
    CHECK_FALSE(decode_rtu(all));
    CHECK(answer_to(bench, *host, read_maker(6)) == encode_rtu({6, maker_pdu}));
}

TEST_CASE("a late answer spoils the request it falls into, and is spoilt") {
    Rs485Bench bench{{5, 6}};
    const auto host = bench.connect();
    bench.meters[0]->faults().late_replies = 1;
    bench.meters[0]->faults().reply_delay = std::chrono::milliseconds{100};
    bench.loop->run(host->write(read_maker(5)));
    const double asked_s = 8 * calibration::seconds(character_time(bench.settings)) +
                           calibration::seconds(frame_gap(bench.settings));
    pause(bench, asked_s + 0.12 - 0.004);  // the next request is on the line when it begins
    const Bytes answer = answer_to(bench, *host, read_maker(6));
    CHECK(answer.size() == 13);
    CHECK_FALSE(decode_rtu(answer));
}

TEST_CASE("an adapter that echoes hands the host its own characters first") {
    Rs485Bench bench{{5}};
    bench.line->faults().echoes = true;
    const auto host = bench.connect();
    Bytes expected = read_maker(5);
    const Bytes reply = encode_rtu({5, maker_pdu});
    expected.insert(expected.end(), reply.begin(), reply.end());
    CHECK(answer_to(bench, *host, read_maker(5)) == expected);
}

TEST_CASE("each fault of the line strikes one reply from its time on") {
    Rs485Bench bench{{5}};
    const auto host = bench.connect();
    const Bytes right = encode_rtu({5, maker_pdu});
    const auto which = GENERATE(0, 1, 2);
    const Instant from = bench.loop->clock().now() + std::chrono::seconds{1};
    LineFaults& faults = bench.line->faults();
    (which == 0   ? faults.drop_byte_from
     : which == 1 ? faults.double_byte_from
                  : faults.flip_bit_from) = from;
    CHECK(answer_to(bench, *host, read_maker(5)) == right);
    pause(bench, 1);
    const Bytes wrong = answer_to(bench, *host, read_maker(5));
    CHECK(wrong.size() == (which == 0 ? 12u : which == 1 ? 14u : 13u));
    CHECK_FALSE(decode_rtu(wrong));
    CHECK(answer_to(bench, *host, read_maker(5)) == right);
}

TEST_CASE("what was on the line is gone with its host, and the next one starts anew") {
    Rs485Bench bench{{5}};
    auto host = bench.connect();
    bench.loop->run(host->write(read_maker(5)));
    pause(bench, 0.02);
    host.reset();
    pause(bench, 0.001);
    const auto next = bench.connect();
    CHECK(heard(bench, *next).empty());
    CHECK(answer_to(bench, *next, read_maker(5)) == encode_rtu({5, maker_pdu}));
}

TEST_CASE("a line of settings no line has is refused") {
    Rs485Bench bench{{5}};
    CHECK_THROWS_AS((Rs485Line{bench.loop->clock(), {1200, {}, 1, false}, {}}),
                    calibration::DataError);
    CHECK_THROWS_AS((Rs485Line{bench.loop->clock(), {}, {nullptr}}), std::logic_error);
}
