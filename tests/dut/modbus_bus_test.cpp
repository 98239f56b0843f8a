// A Modbus RTU bus in virtual time: turns, silences and every way in which a serial line can lie.
#include "dut/modbus_bus.hpp"

#include "calibration/document.hpp"
#include "instruments/io/all.hpp"
#include "tests/dut/modbus_rtu_bench.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace dut;
using namespace dut_test;
using Catch::Contains;
using instruments::DeviceFault;
using instruments::io::LinkError;
using instruments::io::Parity;

TEST_CASE("line settings are read as they are written") {
    for (const char* text : {"9600,8N1", "4800,8E1", "19200,8O1", "38400,8N2"}) {
        CHECK(line_settings_text(parse_line_settings(text)) == text);
    }
    const LineSettings settings = parse_line_settings("19200,8E1");
    CHECK(settings.baud == 19200);
    CHECK(settings.parity == Parity::even);
    CHECK(settings.stop_bits == 1);
    CHECK_FALSE(settings.echoes);
}

TEST_CASE("a rate or a framing no meter has is refused before anything is opened") {
    struct Row {
        const char* text;
        const char* says;
    };
    const auto row = GENERATE(values<Row>({
        {"", "BAUD,FRAMING such as 9600,8E1, got \"\""},
        {"9600", "BAUD,FRAMING"},
        {"12345,8N1", "4800, 9600, 19200 or 38400 baud, got \"12345\""},
        {"09600,8N1", "4800, 9600, 19200 or 38400 baud"},
        {"9600 ,8N1", "4800, 9600, 19200 or 38400 baud"},
        {"115200,8N1", "4800, 9600, 19200 or 38400 baud"},
        {"9600,7E1", "8N1, 8E1, 8O1 or 8N2, got \"7E1\""},
        {"9600,8E2", "8N1, 8E1, 8O1 or 8N2"},
        {"9600,8n1", "8N1, 8E1, 8O1 or 8N2"},
        {"9600,", "8N1, 8E1, 8O1 or 8N2"},
        {"9600,8N1,", "8N1, 8E1, 8O1 or 8N2"},
    }));
    CHECK_THROWS_WITH(parse_line_settings(row.text), Contains(row.says));
    CHECK_THROWS_AS(parse_line_settings(row.text), calibration::DataError);
}

TEST_CASE("a bus of settings no line has is refused") {
    const auto loop = instruments::io::Loop::with_virtual_time();
    const auto connect = []() -> Task<std::unique_ptr<ByteLink>> { co_return nullptr; };
    for (const LineSettings& settings : {LineSettings{12345, Parity::none, 1, false},
                                         LineSettings{9600, Parity::even, 2, false},
                                         LineSettings{9600, Parity::none, 0, false}}) {
        CHECK_THROWS_AS(ModbusBus::make(loop->context(), loop->clock(), settings, "bus A", connect),
                        calibration::DataError);
    }
}

TEST_CASE("a frame ends after 3.5 characters, above 19200 baud after 1.75 ms") {
    struct Row {
        const char* text;
        double character_ms, gap_ms;
    };
    const auto row = GENERATE(values<Row>({{"4800,8E1", 2.292, 8.021},
                                           {"9600,8N1", 1.042, 3.646},
                                           {"9600,8N2", 1.146, 4.010},
                                           {"19200,8O1", 0.573, 2.005},
                                           {"38400,8E1", 0.286, 1.75},
                                           {"38400,8N1", 0.260, 1.75}}));
    const LineSettings settings = parse_line_settings(row.text);
    CHECK(1000 * calibration::seconds(character_time(settings)) ==
          Approx(row.character_ms).margin(0.001));
    CHECK(1000 * calibration::seconds(frame_gap(settings)) == Approx(row.gap_ms).margin(0.001));
}

TEST_CASE("a request leaves as the manual writes it, and its reply is understood") {
    RtuBench bench;
    const auto meter = bench.client();
    CHECK(bench.connections == 0);
    CHECK(bench.read(*meter, maker_address, 4) == soco);
    CHECK(bench.connections == 1);
    REQUIRE(bench.far.requests.size() == 1);
    CHECK(bench.far.requests[0].second == Bytes{0x05, 0x03, 0xC3, 0x50, 0x00, 0x04, 0x79, 0xD8});
    CHECK(meter->line() == "bus A");
}

TEST_CASE("a reply may arrive in any two pieces, almost half a second apart") {
    const auto cut = GENERATE(range(1, 21));
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.tampers.push_back([cut](const Bytes&, Bytes reply) {
        const auto middle = reply.begin() + cut;
        return std::vector<RtuPiece>{{0, Bytes(reply.begin(), middle)},
                                     {0.45, Bytes(middle, reply.end())}};
    });
    CHECK(bench.read(*meter) == right());
}

TEST_CASE("a reply that breaks off anywhere is a fault, and the next call recovers") {
    const auto cut = GENERATE(range<std::size_t>(1, 21));
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.tampers.push_back(with([cut](Bytes& reply) { reply.resize(cut); }));
    CHECK(bench.fault(*meter) ==
          fmt::format("bus A, unit 5: read 0xC702 (8 registers): the reply broke off after {} of "
                      "21 bytes",
                      cut));
    CHECK(bench.read(*meter) == right());
}

TEST_CASE("one wrong bit anywhere is a fault, and the next call recovers") {
    for (std::size_t bit = 0; bit < 8 * 21; ++bit) {
        INFO("bit " << bit);
        RtuBench bench;
        const auto meter = bench.client();
        bench.far.tampers.push_back(with([bit](Bytes& reply) {
            reply[bit / 8] = static_cast<std::uint8_t>(reply[bit / 8] ^ (0x80 >> bit % 8));
        }));
        CHECK_THAT(bench.fault(*meter),
                   Contains("bus A, unit 5: read 0xC702 (8 registers): the reply is garbled"));
        CHECK(bench.read(*meter) == right());
    }
}

TEST_CASE("a byte lost or doubled anywhere is a fault, and the next call recovers") {
    const auto place = GENERATE(range(0, 21));
    const auto doubled = GENERATE(false, true);
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.tampers.push_back(with([=](Bytes& reply) {
        const auto at = reply.begin() + place;
        doubled ? reply.insert(at, *at) : reply.erase(at);
    }));
    CHECK_THAT(bench.fault(*meter), Contains(doubled ? "garbled" : "broke off after 20 of 21"));
    CHECK(bench.read(*meter) == right());
}

TEST_CASE("a frame that is sound and yet no answer is a fault by name") {
    struct Row {
        const char* what;
        RtuTamper tamper;
        const char* says;
    };
    const Row row = GENERATE(values<Row>({
        {"late", late_by(1.2), "no reply within 1 s"},
        {"never", answers_with({}), "no reply within 1 s"},
        {"of another unit", reframed([](RtuFrame& f) { f.unit = 6; }), "the reply is from unit 6"},
        {"of another function",
         reframed([](RtuFrame& f) { f.pdu[0] = 4; }),
         "the reply is to function 4, asked was function 3"},
        {"shorter",
         reframed([](RtuFrame& f) {
             f.pdu.resize(f.pdu.size() - 2);
             f.pdu[1] = 14;
         }),
         "the reply carries 14 bytes of registers, asked were 16"},
        {"longer",
         reframed([](RtuFrame& f) {
             f.pdu.resize(f.pdu.size() + 2);
             f.pdu[1] = 18;
         }),
         "the reply carries 18 bytes of registers, asked were 16"},
        {"with a length that lies",
         reframed([](RtuFrame& f) { f.pdu[1] = 250; }),
         "the reply carries 16 bytes of registers, asked were 16"},
        {"an exception too long",
         reframed([](RtuFrame& f) { f.pdu = {0x83, 2, 0}; }),
         "an exception of 3 bytes, expected 2"},
        {"an exception nobody knows",
         reframed([](RtuFrame& f) { f.pdu = {0x83, 99}; }),
         "refused: unknown exception (exception 99)"},
        {"two frames at once",
         with([](Bytes& reply) { reply.insert(reply.end(), reply.begin(), reply.end()); }),
         "garbled: the checksum is wrong (42 bytes, expected 21)"},
        {"a flood", answers_with(Bytes(5000, 0x55)), "garbled: no frame has this length"},
        {"its own request",
         [](const Bytes& request, Bytes) { return std::vector<RtuPiece>{{0, request}}; },
         "the adapter echoes what it sends: set echoes = true"},
    }));
    INFO(row.what);
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.tampers.push_back(row.tamper);
    CHECK_THAT(bench.fault(*meter), Contains("bus A, unit 5: read 0xC702 (8 registers): "));
    bench.far.tampers.clear();
    bench.far.tampers.push_back(row.tamper);
    RtuBench again;
    const auto other = again.client();
    again.far.tampers.push_back(row.tamper);
    CHECK_THAT(again.fault(*other), Contains(row.says));
    CHECK(again.read(*other) == right());
}

TEST_CASE("each exception is a refusal with its name, and no reason for distrust") {
    struct Row {
        int code;
        const char* name;
    };
    const auto row = GENERATE(values<Row>({{1, "illegal function"},
                                           {2, "illegal data address"},
                                           {3, "illegal data value"},
                                           {4, "server device failure"},
                                           {5, "acknowledge"},
                                           {6, "server device busy"},
                                           {7, "negative acknowledge"},
                                           {8, "memory parity error"},
                                           {9, "unknown exception"},
                                           {10, "gateway path unavailable"},
                                           {11, "gateway target failed to respond"}}));
    RtuBench bench;
    const auto meter = bench.client();
    const auto code = static_cast<std::uint8_t>(row.code);
    bench.far.tampers.push_back(reframed([code](RtuFrame& frame) { frame.pdu = {0x83, code}; }));
    CHECK(bench.fault(*meter) ==
          fmt::format("bus A, unit 5: read 0xC702 (8 registers): refused: {} (exception {})",
                      row.name,
                      row.code));
    CHECK(bench.read(*meter) == right());
    CHECK(bench.far.requests.size() == 2);  // no probe
}

TEST_CASE("between two frames the line is silent for 3.5 characters") {
    const auto text = GENERATE("4800,8E1", "9600,8N1", "19200,8E1", "38400,8N1");
    RtuBench bench{parse_line_settings(text)};
    const auto meter = bench.client();
    for (int i = 0; i < 5; ++i) bench.read(*meter);
    const double gap = calibration::seconds(frame_gap(bench.settings));
    CHECK(bench.far.requests[0].first >= gap);
    for (std::size_t i = 1; i < 5; ++i) {
        CHECK(bench.far.requests[i].first - bench.far.answered[i - 1] >= gap - 1e-9);
    }
}

TEST_CASE("after a fault the line must be silent for a time-out before this meter is probed") {
    RtuBench bench;
    bench.far.units = {5, 6};
    const auto meter = bench.client(), other = bench.client(6);
    bench.far.tampers.push_back(with([](Bytes& reply) { reply[7] ^= 1; }));
    bench.fault(*meter);
    const double fault_at = bench.now();
    CHECK(bench.read(*other) == right(6));  // another meter waits for the line, but needs no probe
    CHECK(bench.far.requests[1].first >= fault_at + 1);
    CHECK(bench.far.requests.size() == 2);
    CHECK(bench.read(*meter) == right());
    REQUIRE(bench.far.requests.size() == 4);
    CHECK(bench.far.requests[2].second == Bytes{0x05, 0x03, 0xC3, 0x50, 0x00, 0x04, 0x79, 0xD8});
}

TEST_CASE("a late reply that comes before the next request makes the line wait once more") {
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.tampers.push_back(late_by(1.5));
    bench.fault(*meter);
    CHECK(bench.read(*meter, 0xC802) == right(5, 0xC802));
    const double late_at = bench.far.answered[0];
    CHECK(bench.far.requests[1].first >= late_at + 1);
}

TEST_CASE("a reply so late that the probe meets it is no answer to the probe") {
    RtuBench bench;
    const auto meter = bench.client();
    Bytes kept;
    bench.far.tampers.push_back([&kept](const Bytes&, Bytes reply) {
        kept = std::move(reply);
        return std::vector<RtuPiece>{};
    });
    bench.far.tampers.push_back([&kept](const Bytes&, Bytes reply) {
        return std::vector<RtuPiece>{{0, kept}, {0.3, std::move(reply)}};
    });
    CHECK_THAT(bench.fault(*meter, 0xC802, 4), Contains("no reply within 1 s"));
    CHECK_THAT(bench.fault(*meter, 0xC902, 4),
               Contains("after a fault the probe reads") && Contains("expected \"SOCO\""));
    CHECK(bench.read(*meter, 0xC902, 4) == right(5, 0xC902, 4));
}

TEST_CASE("callers take turns in the order in which they came") {
    RtuBench bench;
    bench.far.units = {1, 2, 3};
    std::vector<std::unique_ptr<ModbusClient>> meters;
    for (int unit = 1; unit <= 3; ++unit) meters.push_back(bench.client(unit));
    const auto thrice = [](ModbusClient& meter, int unit) -> Task<void> {
        for (int i = 0; i < 3; ++i) {
            const Words words = co_await meter.read(0xC702, 8);
            CHECK(words == right(unit));
        }
    };
    std::vector<Task<void>> tasks;
    for (int unit = 1; unit <= 3; ++unit) {
        tasks.push_back(thrice(*meters[static_cast<std::size_t>(unit - 1)], unit));
    }
    bench.loop->run(instruments::io::all(*bench.loop, std::move(tasks)));
    std::vector<int> order;
    for (const auto& [at, request] : bench.far.requests) order.push_back(request[0]);
    CHECK(order == std::vector{1, 2, 3, 1, 2, 3, 1, 2, 3});
    CHECK(bench.connections == 1);
}

TEST_CASE("a dead meter costs its own time-outs, and the others get their turn between") {
    RtuBench bench;
    bench.far.units = {1, 3};
    std::vector<std::unique_ptr<ModbusClient>> meters;
    for (int unit = 1; unit <= 3; ++unit) meters.push_back(bench.client(unit));
    int read = 0, faults = 0;
    const auto reader = [&](ModbusClient& meter) -> Task<void> {
        for (int i = 0; i < 4; ++i) {
            try {
                co_await meter.read(0xC702, 8);
                ++read;
            } catch (const DeviceFault&) {
                ++faults;
            }
        }
    };
    std::vector<Task<void>> tasks;
    for (const auto& meter : meters) tasks.push_back(reader(*meter));
    bench.loop->run(instruments::io::all(*bench.loop, std::move(tasks)));
    CHECK(read == 8);
    CHECK(faults == 4);
    CHECK(bench.now() < 4 * 2 + 8 * 0.1);  // a time-out and the silence after it, per dead call
}

TEST_CASE("a broadcast reaches everyone, awaits nobody and gives the meters time") {
    RtuBench bench;
    const auto meter = bench.client();
    bench.loop->run(meter->broadcast(0xC6A1, 2));
    const double sent = bench.far.requests.at(0).first;
    CHECK(bench.far.requests[0].second == Bytes{0x00, 0x06, 0xC6, 0xA1, 0x00, 0x02, 0x64, 0xB0});
    CHECK(bench.now() - sent >= 0.1);
    CHECK(bench.now() - sent <= 0.2);
    CHECK(bench.read(*meter) == right());
    CHECK(bench.far.requests.size() == 2);  // no distrust: no probe
}

TEST_CASE("who answers a broadcast is not listened to") {
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.tampers.push_back(
        [](const Bytes& request, Bytes) { return std::vector<RtuPiece>{{0, request}}; });
    bench.loop->run(meter->broadcast(0xC6A1, 2));
    CHECK(bench.read(*meter) == right());
}

TEST_CASE("one word is written by function 6, more by function 16, and read back") {
    RtuBench bench;
    const auto meter = bench.client();
    bench.loop->run(meter->write(0xC6A1, {2}));
    CHECK(bench.far.requests.at(0).second[1] == 6);
    CHECK(bench.far.requests.at(1).second[1] == 3);
    bench.loop->run(meter->write(0xE001, {5, 100}));
    CHECK(bench.far.requests.at(2).second[1] == 16);
    CHECK(bench.read(*meter, 0xE001, 2) == Words{5, 100});
}

TEST_CASE("a write that is confirmed for another register or value is a fault") {
    const auto byte = GENERATE(range<std::size_t>(1, 5));
    const auto words = GENERATE(values<Words>({{2}, {2, 3}}));
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.tampers.push_back(reframed([byte](RtuFrame& frame) { frame.pdu[byte] ^= 1; }));
    CHECK_THROWS_WITH(bench.loop->run(meter->write(0xC6A1, words)),
                      Contains("bus A, unit 5: write 0xC6A1 = 2") &&
                          Contains("the reply confirms another register or value"));
}

// -- adapters that echo
// --------------------------------------------------------------------------------------

namespace {

RtuTamper echoing() {
    return [](const Bytes& request, Bytes reply) {
        return std::vector<RtuPiece>{{0, request}, {0.02, std::move(reply)}};
    };
}

RtuBench& with_echo(RtuBench& bench, int calls) {
    for (int i = 0; i < calls; ++i) bench.far.tampers.push_back(echoing());
    return bench;
}

}  // namespace

TEST_CASE("an echo that is known of is taken off") {
    RtuBench bench{{.echoes = true}};
    const auto meter = with_echo(bench, 6).client();
    CHECK(bench.read(*meter) == right());
    bench.loop->run(meter->write(0xC6A1, {2}));
    bench.loop->run(meter->broadcast(0xC6A1, 3));
    CHECK(bench.read(*meter, 0xC6A1, 1) == Words{2});
}

TEST_CASE("an echo nobody told of is a fault that says what to set") {
    const auto apart = GENERATE(0.0, 0.02, 0.2);
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.tampers.push_back([apart](const Bytes& request, Bytes reply) {
        return std::vector<RtuPiece>{{0, request}, {apart, std::move(reply)}};
    });
    CHECK(bench.fault(*meter) ==
          "bus A, unit 5: read 0xC702 (8 registers): the adapter echoes what it sends: set echoes "
          "= true");
    bench.far.tampers.push_back(echoing());  // of the probe
    CHECK_THAT(bench.fault(*meter), Contains("set echoes = true"));
}

TEST_CASE("an echoing adapter cannot pass for a meter that confirms a write") {
    RtuBench bench;
    const auto meter = bench.client();
    bench.far.units.clear();
    with_echo(bench, 2);
    CHECK_THROWS_WITH(bench.loop->run(meter->write(0xC6A1, {2})), Contains("set echoes = true"));
}

TEST_CASE("an echo that differs in one bit is a collision or noise") {
    for (std::size_t bit = 0; bit < 64; ++bit) {
        RtuBench bench{{.echoes = true}};
        const auto meter = bench.client();
        bench.far.tampers.push_back([bit](const Bytes& request, Bytes reply) {
            Bytes heard = request;
            heard[bit / 8] = static_cast<std::uint8_t>(heard[bit / 8] ^ (0x80 >> bit % 8));
            return std::vector<RtuPiece>{{0, heard}, {0.02, std::move(reply)}};
        });
        CHECK_THAT(bench.fault(*meter),
                   Contains("the echo is not what was sent: collision, noise"));
        bench.far.tampers.push_back(echoing());
        bench.far.tampers.push_back(echoing());
        CHECK(bench.read(*meter) == right());
    }
}

TEST_CASE("no echo where one is expected is a fault that says so") {
    RtuBench bench{{.echoes = true}};
    const auto meter = bench.client();
    CHECK_THAT(bench.fault(*meter), Contains("the echo is not what was sent"));
    bench.far.units.clear();
    CHECK_THAT(bench.fault(*meter), Contains("0 of 8 bytes came back as echo"));
}

// -- the line itself
// --------------------------------------------------------------------------------------

TEST_CASE("a line that is lost is opened anew by the next call") {
    RtuBench bench;
    const auto meter = bench.client();
    CHECK(bench.read(*meter) == right());
    bench.far_links.back()->close();
    CHECK_THAT(bench.fault(*meter), Contains("line A: closed by the other side"));
    CHECK(bench.read(*meter) == right());
    CHECK(bench.connections == 2);
}

TEST_CASE("a line that cannot be opened is named with the meter that wanted it") {
    const auto loop = instruments::io::Loop::with_virtual_time();
    int attempts = 0;
    const auto connect = [&attempts]() -> Task<std::unique_ptr<ByteLink>> {
        ++attempts;
        throw LinkError("serial:/dev/ttyUSB7: no such port");
        co_return nullptr;
    };
    ModbusTarget target;
    target.name = "bus A, unit 5";
    target.bus = ModbusBus::make(loop->context(), loop->clock(), {}, "bus A", connect);
    ModbusClient meter{loop->clock(), std::move(target)};
    for (int i = 0; i < 2; ++i) {
        CHECK_THROWS_WITH(loop->run(meter.read(0xC702, 8)),
                          "bus A, unit 5: serial:/dev/ttyUSB7: no such port");
    }
    CHECK(attempts == 2);
}

TEST_CASE("a line that never falls silent is a fault, not a wait for ever") {
    RtuBench bench;
    const auto meter = bench.client();
    bench.read(*meter);
    const auto chatter = [](Clock& clock, ByteLink& link) -> Task<void> {
        for (int i = 0; i < 100; ++i) {
            co_await clock.sleep_for(std::chrono::milliseconds{400});
            co_await link.write(Bytes{0x00});
        }
    };
    bench.loop->spawn(chatter(bench.loop->clock(), *bench.far_links.back()));
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::seconds{1}));
    CHECK_THAT(bench.fault(*meter), Contains("the line does not fall silent"));
    CHECK(bench.now() < 30);
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::seconds{60}));
    CHECK(bench.read(*meter) == right());
}

TEST_CASE("a port that goes while its call waits sends nothing more") {
    RtuBench bench;
    bench.far.units = {6};
    auto dead = bench.client(5), meter = bench.client(6);
    std::string said;
    const auto call = [&said](ModbusClient& client) -> Task<void> {
        try {
            co_await client.write(0xC6A1, {2});
        } catch (const DeviceFault& error) {
            said = error.what();
        }
    };
    const auto read = [](ModbusClient& client) -> Task<void> {
        try {
            co_await client.read(0xC702, 8);
        } catch (const DeviceFault&) {
        }
    };
    bench.loop->spawn(read(*dead));
    bench.loop->spawn(call(*meter));
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::milliseconds{500}));
    meter.reset();
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::seconds{5}));
    CHECK_THAT(said, Contains("the port was closed"));
    CHECK(bench.far.written.empty());
}

namespace {

Task<void> write_slowly(Clock& clock, ByteLink& link, Bytes bytes, double from_s, double pause_s) {
    co_await clock.sleep_for(calibration::from_seconds(from_s));
    for (const std::uint8_t byte : bytes) {
        co_await link.write(Bytes{byte});
        co_await clock.sleep_for(calibration::from_seconds(pause_s));
    }
}

RtuTamper lost() {
    return [](const Bytes&, const Bytes&) { return std::vector<RtuPiece>{}; };
}

}  // namespace

TEST_CASE("a late reply that comes byte by byte costs the meter it was late for, nobody else") {
    RtuBench bench;
    bench.far.units = {5, 6};
    const auto late = bench.client(5), other = bench.client(6);
    bench.read(*late);
    bench.far.tampers.push_back(lost());
    Bytes pdu{3, 250};
    pdu.resize(252);
    bench.loop->spawn(write_slowly(bench.loop->clock(),
                                   *bench.far_links.back(),
                                   encode_rtu({5, pdu}),
                                   GENERATE(1.1, 1.9),
                                   0.00105));
    CHECK_THAT(bench.fault(*late, 0xC702, 125), Contains("no reply within 1 s"));
    CHECK(bench.read(*other, 0xC702, 125) == right(6, 0xC702, 125));
    CHECK(bench.read(*late) == right());
}

TEST_CASE("a meter that trickles on for ever is not heard for longer than any reply takes") {
    RtuBench bench;
    bench.far.units = {5, 6};
    const auto meter = bench.client(5), other = bench.client(6);
    bench.read(*meter);
    bench.far.tampers.push_back(lost());
    bench.loop->spawn(
        write_slowly(bench.loop->clock(), *bench.far_links.back(), Bytes(60, 0x00), 0.05, 0.09));
    const double begin = bench.now();
    CHECK_THAT(bench.fault(*meter), Contains("the reply broke off"));
    CHECK(bench.now() - begin < 2);
    CHECK(bench.read(*other) == right(6));  // after the noise and the silence behind it
}

TEST_CASE("a line that babbles without a pause is given up at once, for every caller") {
    RtuBench bench;
    bench.far.units = {5, 6};
    const auto meter = bench.client(5), other = bench.client(6);
    bench.read(*meter);
    bench.loop->spawn(
        write_slowly(bench.loop->clock(), *bench.far_links.back(), Bytes(6000, 0x55), 0, 0.001));
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::milliseconds{10}));
    const double begin = bench.now();
    CHECK_THAT(bench.fault(*meter), Contains("the line does not fall silent"));
    CHECK_THAT(bench.fault(*other), Contains("the line does not fall silent"));
    CHECK(bench.now() - begin < 4);
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::seconds{10}));
    CHECK(bench.read(*other) == right(6));
    CHECK(bench.read(*meter) == right());
}
