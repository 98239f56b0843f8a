// The HDLC link, client against meter: connecting, segments, windows, losses, and what goes wrong.
#include "tests/dut/dlms/frames.hpp"
#include "tests/dut/dlms/link_pair.hpp"

#include <catch2/catch.hpp>

using namespace dut::dlms;

namespace {

HdlcClientOptions client_of(HdlcParameters offer) {
    HdlcClientOptions options;
    options.client = client_address(1);
    options.offer = offer;
    return options;
}

HdlcServerOptions server_of(HdlcParameters limits) {
    HdlcServerOptions options;
    options.limits = limits;
    return options;
}

Bytes nothing(const Bytes&, int) { return {}; }

// What a meter says that the other side never did.
HdlcFrame from_server(FrameKind kind, std::uint8_t receive_number = 0, Bytes information = {}) {
    return {.destination = client_address(1),
            .source = server_address(1),
            .control = {.kind = kind, .receive_number = receive_number},
            .segmented = false,
            .information = std::move(information)};
}

// A client whose link is up, without a meter behind it.
HdlcClient connected(const HdlcClientOptions& options = client_of({})) {
    HdlcClient client{options};
    client.connect({});
    client.receive(encode_frame(from_server(FrameKind::disconnected_mode)), {});
    client.receive(encode_frame(from_server(FrameKind::acknowledge)), {});
    REQUIRE(std::holds_alternative<LinkUp>(client.next_event().value()));
    client.take_output();
    return client;
}

std::optional<HdlcFault> fault_of(HdlcClient& client) {
    std::optional<HdlcFault> fault;
    while (const auto event = client.next_event())
        if (const auto* lost = std::get_if<LinkLost>(&*event)) fault = lost->fault;
    return fault;
}

}  // namespace

TEST_CASE("a session reads as the composed frames: DISC, SNRM, AARQ with LLS, two GETs, DISC") {
    const auto information = [](std::string_view frame) {
        const Bytes wire = hex(frame);
        const auto content = decode_frame(BytesView{wire}.subspan(1, wire.size() - 2)).value();
        return Bytes(content.information.begin() + 3, content.information.end());
    };
    LinkPair pair{client_of({})};
    std::size_t answered = 0;
    pair.answer = [&](const Bytes&) {
        ++answered;
        return answered == 1 ? hex("61") : information(composed_frames[answered + 3].text);
    };
    pair.connect();
    REQUIRE(pair.last<LinkUp>());
    pair.send(information(composed_frames[3].text));
    pair.send(information(composed_frames[4].text));
    CHECK(to_hex(pair.apdu()) == "C401C1000600995986");
    pair.send(hex("C001C100030100010800FF0300"));
    CHECK(to_hex(pair.apdu()) == "C401C10002020F00161E");
    pair.client.disconnect(pair.now);
    pair.run();
    CHECK(pair.last<LinkDown>());
    const auto said = [&](std::size_t index) { return pair.transcript.at(index); };
    const auto composed = [](std::size_t index) {
        return std::string(composed_frames[index].text);
    };
    REQUIRE(pair.transcript.size() == 12);
    CHECK(said(0) == "> " + composed(2));
    CHECK(said(1) == "< " + to_hex(encode_frame(from_server(FrameKind::disconnected_mode))));
    CHECK(said(2) == "> " + composed(1));
    CHECK(said(3) == "< " + to_hex(encode_frame(
                                from_server(FrameKind::acknowledge, 0, encode_parameters({})))));
    CHECK(said(4) == "> " + composed(3));
    CHECK(said(6) == "> " + composed(4));
    CHECK(said(7) == "< " + composed(5));
    CHECK(said(9) == "< " + composed(6));
    CHECK(said(10) == "> " + composed(2));
    CHECK(said(11) == "< " + to_hex(encode_frame(from_server(FrameKind::acknowledge))));
}

TEST_CASE("the link takes the smaller of what both ends offer") {
    LinkPair pair{client_of({2030, 2030, 7, 7}), server_of({500, 600, 2, 3})};
    pair.connect();
    REQUIRE(pair.last<LinkUp>());
    CHECK(pair.last<LinkUp>()->in_force == HdlcParameters{600, 500, 3, 2});
}

TEST_CASE("requests and replies of any size pass in segments and windows") {
    const auto window = static_cast<std::uint8_t>(GENERATE(1, 2, 3, 7));
    const auto size = static_cast<std::uint16_t>(GENERATE(8, 50, 128, 2030));
    LinkPair pair{client_of({size, size, window, window}), server_of({size, size, window, window})};
    pair.connect();
    for (const std::size_t length : {0UL, 1UL, 5UL, 47UL, 125UL, 126UL, 1000UL, 5000UL}) {
        INFO("size " << size << ", window " << int{window} << ", length " << length);
        const Bytes apdu = random_bytes(length, length);
        pair.send(apdu);
        REQUIRE(pair.last<ApduArrived>());
        REQUIRE(pair.apdu() == apdu);
        REQUIRE(pair.client.is_idle());
    }
    CHECK(pair.client.counts().time_outs == 0);
    CHECK(pair.now == Instant{});
}

TEST_CASE("whatever single thing is lost on the line, the exchange comes to its end") {
    const auto window = static_cast<std::uint8_t>(GENERATE(1, 3));
    const bool loses_client = GENERATE(true, false);
    for (int lost = 0; lost < 14; ++lost) {
        INFO("window " << int{window} << ", lost " << lost);
        LinkPair pair{client_of({40, 40, window, window}), server_of({40, 40, window, window})};
        const auto lose = [&](const Bytes& bytes, int number) {
            return number == lost ? Bytes{} : bytes;
        };
        (loses_client ? pair.to_server : pair.to_client) = lose;
        pair.connect();
        REQUIRE(pair.client.is_up());
        for (const std::size_t length : {10UL, 150UL, 60UL}) {
            const Bytes apdu = random_bytes(length, length);
            pair.send(apdu);
            REQUIRE(pair.apdu() == apdu);
        }
    }
}

TEST_CASE("one wrong bit anywhere in what is said costs time, never the data") {
    for (std::size_t bit = 0; bit < 480; ++bit) {
        LinkPair pair{client_of({40, 40, 3, 3}), server_of({40, 40, 3, 3})};
        pair.connect();
        const int said = pair.said_by_server;
        pair.to_client = [&](Bytes bytes, int number) {
            if (number != said + 1 || bit / 8 >= bytes.size()) return bytes;
            return with_wrong_bit(std::move(bytes), bit);
        };
        const Bytes apdu = random_bytes(bit, 200);
        pair.send(apdu);
        INFO("bit " << bit);
        REQUIRE(pair.apdu() == apdu);
    }
}

TEST_CASE("a meter executes a request once, however often the line fails") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        LinkPair pair{client_of({30, 30, 2, 2}), server_of({30, 30, 2, 2})};
        int executed = 0;
        pair.answer = [&](const Bytes& request) {
            ++executed;
            return request;
        };
        pair.connect();
        const auto lossy = [&](const Bytes& bytes, int number) {
            const auto draw =
                calibration::uniform(seed, number % 2 == 0 ? 3 : 4, static_cast<unsigned>(number));
            return draw < 0.2 ? Bytes{} : bytes;
        };
        pair.to_server = pair.to_client = lossy;
        for (int exchange = 1; exchange <= 5 && pair.client.is_up(); ++exchange) {
            const Bytes apdu = random_bytes(seed, 100);
            pair.send(apdu);
            INFO("seed " << seed);
            if (!pair.client.is_up()) break;  // too many losses in a row: a fault, not wrong data
            REQUIRE(pair.apdu() == apdu);
            REQUIRE(executed == exchange);
        }
    }
}

TEST_CASE("an optical head that echoes is noticed and its echoes are dropped") {
    LinkPair pair{client_of({40, 40, 2, 2}), server_of({40, 40, 2, 2})};
    pair.echoes = true;
    pair.connect();
    REQUIRE(pair.client.is_up());
    for (const std::size_t length : {5UL, 200UL}) {
        const Bytes apdu = random_bytes(length, length);
        pair.send(apdu);
        REQUIRE(pair.apdu() == apdu);
    }
    CHECK(pair.client.counts().echoes == pair.client.counts().frames_sent);
    CHECK(pair.client.counts().time_outs == 0);
    pair.client.disconnect(pair.now);
    pair.run();
    CHECK(pair.last<LinkDown>());
}

TEST_CASE("without an echo an answer that equals the question is an answer") {
    // Client 1 and server 1: RR is the same bytes in both directions.
    LinkPair pair{client_of({})};
    pair.connect();
    pair.run(200s);  // keep-alive
    CHECK(pair.client.is_up());
    CHECK(pair.client.counts().echoes == 0);
    CHECK(pair.client.counts().time_outs == 0);
}

TEST_CASE("nobody there: DISC once, SNRM three times, then silence") {
    LinkPair pair{client_of({})};
    pair.to_server = nothing;
    pair.connect();
    CHECK(pair.fault() == HdlcFault::silence);
    CHECK(pair.transcript == std::vector<std::string>{"> 7EA00703035380D77E",
                                                      "> 7EA0070303938C117E",
                                                      "> 7EA0070303938C117E",
                                                      "> 7EA0070303938C117E"});
    CHECK(pair.now == Instant{8s});
}

TEST_CASE("a meter with another address stays silent") {
    HdlcServerOptions options;
    options.server = server_address(2);
    LinkPair pair{client_of({}), options};
    pair.connect();
    CHECK(pair.fault() == HdlcFault::silence);
    CHECK(pair.said_by_server == 0);
}

TEST_CASE("a server is addressed in any form it has") {
    HdlcServerOptions options;
    options.server = server_address(1, 17, 2);
    for (const HdlcAddress& address :
         {server_address(1), server_address(1, 17, 2), server_address(1, 17, 4)}) {
        HdlcClientOptions client = client_of({});
        client.server = address;
        LinkPair pair{client, options};
        pair.connect();
        REQUIRE(pair.client.is_up());
        pair.send(hex("01"));
        CHECK(pair.last<ApduArrived>());
    }
    HdlcClientOptions other = client_of({});
    other.server = server_address(1, 18, 2);
    LinkPair pair{other, options};
    pair.connect();
    CHECK(pair.fault() == HdlcFault::silence);
}

TEST_CASE("a session left behind is cleared by DISC before SNRM") {
    LinkPair pair{client_of({})};
    pair.connect();
    pair.send(hex("0102"));
    // The client starts anew without having said goodbye.
    HdlcClient fresh{client_of({})};
    std::swap(pair.client, fresh);
    pair.connect();
    CHECK(pair.client.is_up());
    pair.send(hex("0304"));
    CHECK(pair.apdu() == hex("0304"));
}

TEST_CASE("another client takes the link over with SNRM, and is told DM before") {
    HdlcServer server{{}};
    server.receive(hex(composed_frames[1].text), {});
    server.take_output();
    const HdlcFrame question{
        server_address(1), client_address(16), {.kind = FrameKind::receive_ready}, false, {}};
    server.receive(encode_frame(question), {});
    CHECK(decode_frame(BytesView{server.take_output()}.subspan(1, 7)).value().control.kind ==
          FrameKind::disconnected_mode);
    server.receive(hex(composed_frames[0].text), {});
    CHECK(server.client() == client_address(16));
    CHECK(server.is_up());
}

TEST_CASE("a refused connection is DM") {
    HdlcClient client{client_of({})};
    client.connect({});
    client.receive(encode_frame(from_server(FrameKind::acknowledge)), {});
    client.receive(encode_frame(from_server(FrameKind::disconnected_mode)), {});
    CHECK(fault_of(client) == HdlcFault::refused);
    CHECK(client.deadline() == calibration::never);
}

TEST_CASE("a meter that drops the link in the middle is noticed at once") {
    for (const FrameKind kind : {FrameKind::disconnected_mode, FrameKind::disconnect}) {
        HdlcClient client = connected();
        client.send(hex("C0"), {});
        client.receive(encode_frame(from_server(kind)), {});
        CHECK(fault_of(client) == HdlcFault::lost);
    }
}

TEST_CASE("a rebooted meter answers DM and the client can connect again") {
    LinkPair pair{client_of({})};
    pair.connect();
    pair.server = HdlcServer{{}};
    pair.send(hex("C0"));
    CHECK(pair.fault() == HdlcFault::lost);
    pair.connect();
    CHECK(pair.client.is_up());
}

TEST_CASE("FRMR ends the link") {
    HdlcClient client = connected();
    client.send(hex("C0"), {});
    client.receive(encode_frame(from_server(FrameKind::reject, 0, hex("100001"))), {});
    CHECK(fault_of(client) == HdlcFault::rejected);
}

TEST_CASE("parameters of UA that lie end the connection") {
    HdlcClient client{client_of({})};
    client.connect({});
    client.receive(encode_frame(from_server(FrameKind::disconnected_mode)), {});
    client.receive(encode_frame(from_server(FrameKind::acknowledge, 0, hex("818005"))), {});
    CHECK(fault_of(client) == HdlcFault::parameters);
}

TEST_CASE("frames acknowledged that were never sent are a fault on both sides") {
    HdlcClient client = connected();
    client.send(hex("C0"), {});
    client.receive(encode_frame(from_server(FrameKind::receive_ready, 5)), {});
    CHECK(fault_of(client) == HdlcFault::acknowledgement);

    HdlcServer server{{}};
    server.receive(hex(composed_frames[1].text), {});
    server.take_output();
    const HdlcFrame wrong{server_address(1),
                          client_address(1),
                          {.kind = FrameKind::receive_ready, .receive_number = 3},
                          false,
                          {}};
    server.receive(encode_frame(wrong), {});
    const Bytes answer = server.take_output();
    const auto frame = decode_frame(BytesView{answer}.subspan(1, answer.size() - 2));
    REQUIRE(frame);
    CHECK(frame->control.kind == FrameKind::reject);
    CHECK_FALSE(server.is_up());
}

TEST_CASE("a segmented reply that never ends is given up at the bound") {
    HdlcClientOptions options = client_of({});
    options.longest_apdu = 10'000;
    HdlcClient client = connected(options);
    client.send(hex("C0"), {});
    std::optional<HdlcFault> fault;
    int segments = 0;
    for (; !fault && segments < 1000; ++segments) {
        HdlcFrame segment = from_server(FrameKind::information, 1, Bytes(128, 0xE6));
        segment.segmented = true;
        segment.control.send_number = static_cast<std::uint8_t>(segments % 8);
        client.receive(encode_frame(segment), {});
        client.take_output();
        fault = fault_of(client);
    }
    CHECK(fault == HdlcFault::apdu_too_long);
    CHECK(segments == 10'003 / 128 + 1);
}

TEST_CASE("segments without information, too large ones and replies without LLC are faults") {
    struct Row {
        Bytes information;
        HdlcFault fault;
    };
    for (const Row& row : {Row{{}, HdlcFault::empty_segment},
                           Row{Bytes(129, 1), HdlcFault::information_size},
                           Row{hex("E6E600C4"), HdlcFault::llc},
                           Row{hex("E6E7"), HdlcFault::llc}}) {
        HdlcClient client = connected();
        client.send(hex("C0"), {});
        client.receive(encode_frame(from_server(FrameKind::information, 1, row.information)), {});
        CHECK(fault_of(client) == row.fault);
    }
}

TEST_CASE("a reply nobody asked for, and one to half a request, are faults") {
    HdlcClient idle = connected();
    idle.receive(encode_frame(from_server(FrameKind::information, 0, hex("E6E700C4"))), {});
    CHECK(fault_of(idle) == HdlcFault::unexpected);

    HdlcClient client = connected();
    client.send(Bytes(300, 1), {});
    client.receive(encode_frame(from_server(FrameKind::information, 1, hex("E6E700C4"))), {});
    CHECK(fault_of(client) == HdlcFault::unexpected);
}

TEST_CASE("a peer that answers without ever taking the frame is given up") {
    HdlcClient client = connected();
    client.send(hex("C0"), {});
    int answers = 0;
    std::optional<HdlcFault> fault;
    for (; !fault && answers < 100; ++answers) {
        client.receive(encode_frame(from_server(FrameKind::receive_ready, 0)), {});
        client.take_output();
        fault = fault_of(client);
    }
    CHECK(fault == HdlcFault::no_progress);
    CHECK(answers == 3);
}

TEST_CASE("a peer that repeats the same segment for ever is given up") {
    HdlcClient client = connected();
    client.send(hex("C0"), {});
    HdlcFrame segment = from_server(FrameKind::information, 1, hex("E6E700"));
    segment.segmented = true;
    std::optional<HdlcFault> fault;
    int answers = 0;
    for (; !fault && answers < 100; ++answers) {
        client.receive(encode_frame(segment), {});
        client.take_output();
        fault = fault_of(client);
    }
    CHECK(fault == HdlcFault::no_progress);
}

TEST_CASE("a busy meter is waited for, but not for ever") {
    LinkPair pair{client_of({40, 40, 2, 2}), server_of({40, 40, 2, 2})};
    pair.connect();
    pair.server.set_busy(true);
    pair.client.send(random_bytes(1, 100), pair.now);
    pair.run(10s);
    CHECK(pair.events.size() == 1);
    pair.server.set_busy(false);
    pair.run();
    CHECK(pair.apdu() == random_bytes(1, 100));
    pair.server.set_busy(true);
    pair.send(hex("C0"));
    CHECK(pair.fault() == HdlcFault::busy);
}

TEST_CASE("a meter that takes a request and never answers is a fault of its own") {
    LinkPair pair{client_of({})};
    pair.answer = [](const Bytes&) { return std::nullopt; };
    pair.connect();
    const Instant asked = pair.now;
    pair.to_client = [](Bytes bytes, int) { return bytes; };
    pair.client.send(hex("C0"), pair.now);
    pair.run();
    CHECK(pair.fault() == HdlcFault::no_reply);
    CHECK(pair.now - asked < 60s);
}

TEST_CASE("an answer that takes its time comes with the next question") {
    LinkPair pair{client_of({})};
    std::optional<Bytes> late;
    pair.answer = [&](const Bytes&) { return late; };
    pair.connect();
    pair.client.send(hex("C0"), pair.now);
    pair.run(5s);
    pair.server.reply(hex("C4"));
    pair.run();
    CHECK(pair.apdu() == hex("C4"));
}

TEST_CASE("an idle link is kept alive, and without that ends by inactivity on both sides") {
    LinkPair kept{client_of({})};
    kept.connect();
    kept.run(1000s);
    CHECK(kept.client.is_up());
    CHECK(kept.server.is_up());

    HdlcClientOptions options = client_of({});
    options.times.keep_alive = Duration::zero();
    LinkPair left{options};
    left.connect();
    left.run(1000s);
    CHECK(left.fault() == HdlcFault::inactive);
    CHECK_FALSE(left.server.is_up());
    CHECK(left.now - Instant{} >= 120s);
}

TEST_CASE("a meter that dies while the link is idle is noticed by the keep-alive") {
    LinkPair pair{client_of({})};
    pair.connect();
    pair.to_server = nothing;
    pair.run(1000s);
    CHECK(pair.fault() == HdlcFault::silence);
    CHECK(pair.now - Instant{} < 60s);
}

TEST_CASE("a frame that pauses longer than the inter-octet time is given up, the next one read") {
    HdlcClient client = connected();
    client.send(hex("C0"), {});
    const Bytes answer = encode_frame(from_server(FrameKind::information, 1, hex("E6E700C4")));
    client.receive(BytesView{answer}.first(8), Instant{10ms});
    CHECK(client.deadline() == Instant{35ms});
    client.time_out(Instant{35ms});
    CHECK(client.counts().damaged > 0);
    client.receive(answer, Instant{40ms});
    CHECK(std::holds_alternative<ApduArrived>(client.next_event().value()));
}

TEST_CASE("the time-out of an answer counts from when the question has left the line") {
    HdlcClientOptions options = client_of({});
    options.times.octet = 10ms;
    HdlcClient client = connected(options);
    client.send(Bytes(87, 0), Instant{100s});
    const auto sent = client.take_output().size();
    CHECK(client.deadline() >= Instant{100s} + static_cast<std::int64_t>(sent) * 10ms + 2s);
}

TEST_CASE("a line full of noise does not hold the client") {
    HdlcClientOptions options = client_of({});
    options.times.octet = 1ms;
    HdlcClient client = connected(options);
    client.send(hex("C0"), {});
    Instant now{};
    std::optional<HdlcFault> fault;
    for (int step = 0; step < 100'000 && !fault; ++step) {
        now += 10ms;
        client.receive(hex("7EA7FF03"), now);
        if (client.deadline() <= now) client.time_out(now);
        client.take_output();
        fault = fault_of(client);
    }
    CHECK(fault == HdlcFault::silence);
    CHECK(now < Instant{30s});
}

TEST_CASE("frames of others are counted and left alone") {
    HdlcClient client = connected();
    client.send(hex("C0"), {});
    HdlcFrame other = from_server(FrameKind::disconnected_mode);
    other.source = server_address(9);
    client.receive(encode_frame(other), {});
    other = from_server(FrameKind::disconnected_mode);
    other.destination = client_address(2);
    client.receive(encode_frame(other), {});
    CHECK_FALSE(fault_of(client));
    CHECK(client.counts().foreign == 2);
}

TEST_CASE("a push in the middle of an exchange is handed over and disturbs nothing") {
    HdlcClient client = connected();
    client.send(hex("C0"), {});
    client.receive(
        encode_frame(from_server(FrameKind::unnumbered_information, 0, hex("E6E7000F01"))), {});
    CHECK(std::get<NotificationArrived>(client.next_event().value()).apdu == hex("0F01"));
    client.receive(encode_frame(from_server(FrameKind::information, 1, hex("E6E700C4"))), {});
    CHECK(std::get<ApduArrived>(client.next_event().value()).apdu == hex("C4"));
}

TEST_CASE("a frame found behind a broken one counts as heard when it came") {
    HdlcServer server{{}};
    server.receive(joined(hex("7EA7FF0321"), hex(composed_frames[1].text)), {});
    server.time_out(Instant{200s});
    CHECK_FALSE(server.is_up());
    CHECK(server.deadline() == calibration::never);
}

TEST_CASE("a meter survives a client that talks out of turn") {
    HdlcServer server{{}};
    server.receive(hex(composed_frames[1].text), {});
    HdlcFrame request{server_address(1),
                      client_address(1),
                      {.kind = FrameKind::information},
                      false,
                      hex("E6E600C0")};
    server.receive(encode_frame(request), {});
    request.control.send_number = 1;
    server.receive(encode_frame(request), {});  // before the answer to the first
    CHECK_FALSE(server.is_up());
    server.reply(hex("C4"));  // too late, and harmless
    server.take_output();
    server.receive(hex(composed_frames[1].text), {});
    CHECK(server.is_up());
}

TEST_CASE("random bytes never break a client or a meter") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        HdlcClient client = connected();
        client.send(hex("C0"), {});
        HdlcServer server{{}};
        server.receive(hex(composed_frames[1].text), {});
        Instant now{};
        for (std::uint64_t step = 0; step < 20; ++step) {
            const auto control = static_cast<std::uint8_t>(calibration::hashed(seed, 5, step));
            const auto kind = decode_control(control);
            if (!kind) continue;
            HdlcFrame frame =
                from_server(FrameKind::information, 0, random_bytes(seed + step, step));
            frame.control = *kind;
            client.receive(encode_frame(frame), now);
            server.receive(encode_frame(frame), now);
            client.time_out(now += 100ms);
            server.time_out(now);
            client.take_output();
        }
    }
    SUCCEED();
}
