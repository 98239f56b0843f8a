// The hand-shake of IEC 62056-21, reader against meter: modes A to E, speeds, echoes, failures.
#include "dut/iec62056/sign_on_client.hpp"
#include "dut/iec62056/sign_on_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>

using namespace dut::iec62056;
using namespace std::chrono_literals;

namespace {

const std::vector<DataLine> lines{{{"1-0:1.8.0", "000123.45", "kWh"}},
                                  {{"1-0:2.8.0", "000000.00", "kWh"}}};

SignOnServerOptions meter(std::string_view identification) {
    SignOnServerOptions options;
    options.identification = decode_identification(identification).value();
    options.address = "00123";
    options.parity_in_software = true;
    return options;
}

SignOnOptions reader(Purpose purpose) {
    SignOnOptions options;
    options.purpose = purpose;
    options.parity_in_software = true;
    return options;
}

// A line that takes its time, and garbles what is said at a speed the other side does not have.
struct Line {
    SignOnClient client;
    SignOnServer server;
    bool echoes = false;
    bool is_instant = false;
    std::function<Bytes(Bytes, int)> to_client = [](Bytes bytes, int) { return bytes; };
    std::function<Bytes(Bytes, int)> to_server = [](Bytes bytes, int) { return bytes; };
    LineChange client_line{}, server_line{};
    Instant now{};
    int said_by_client = 0, said_by_server = 0;
    std::vector<SignOnAction> results;  // of the client, but Send and LineChange
    std::vector<LineChange> changes;    // of the client
    bool is_server_ready = false;
    std::vector<Command> commands;
    struct Arrival {
        Instant at;
        bool is_for_client = false;
        Bytes bytes;
        LineChange spoken;
    };
    std::vector<Arrival> arrivals;

    Line(SignOnOptions client_options, const SignOnServerOptions& server_options)
        : client(std::move(client_options)),
          server(server_options),
          is_instant(server_options.is_link_instant) {}

    void say(bool is_for_client, Bytes bytes, LineChange spoken) {
        if (is_instant) return arrivals.push_back({now, is_for_client, std::move(bytes), spoken});
        Instant at = now;
        for (const std::uint8_t byte : bytes)
            arrivals.push_back({at += line_time(1, spoken.baud), is_for_client, {byte}, spoken});
    }
    bool deliver() {
        const auto due = std::ranges::find_if(
            arrivals, [&](const Arrival& arrival) { return arrival.at <= now; });
        if (due == arrivals.end()) return false;
        Arrival arrival = std::move(*due);
        arrivals.erase(due);
        const LineChange& listener = arrival.is_for_client ? client_line : server_line;
        // The wrong parity, whatever it was.
        if (listener != arrival.spoken && !is_instant)
            std::ranges::fill(arrival.bytes, std::uint8_t{0x01});
        if (arrival.is_for_client)
            client.receive(arrival.bytes, now);
        else
            server.receive(arrival.bytes, now);
        return true;
    }
    bool serve_client() {
        bool is_anything = false;
        while (auto action = client.next_action()) {
            is_anything = true;
            if (const auto* send = std::get_if<Send>(&*action)) {
                if (echoes) say(true, send->bytes, client_line);
                say(false, to_server(send->bytes, said_by_client++), client_line);
            } else if (const auto* change = std::get_if<LineChange>(&*action)) {
                client_line = *change;
                changes.push_back(*change);
            } else {
                results.push_back(std::move(*action));
            }
        }
        return is_anything;
    }
    bool serve_server() {
        bool is_anything = false;
        while (auto action = server.next_action()) {
            is_anything = true;
            if (const auto* send = std::get_if<Send>(&*action))
                say(true, to_client(send->bytes, said_by_server++), server_line);
            if (const auto* change = std::get_if<LineChange>(&*action)) server_line = *change;
            if (std::holds_alternative<ReadoutWanted>(*action)) server.give_readout(lines, now);
            if (std::holds_alternative<HdlcReady>(*action)) is_server_ready = true;
            if (const auto* arrived = std::get_if<CommandArrived>(&*action)) {
                commands.push_back(arrived->command);
                server.answer(std::string{ack}, now);
            }
        }
        return is_anything;
    }
    Instant next_arrival() const {
        Instant next = calibration::never;
        for (const Arrival& arrival : arrivals) next = std::min(next, arrival.at);
        return next;
    }
    void run() {
        const Instant end = now + 300s;
        for (int round = 0; round < 100'000; ++round) {
            const bool by_client = serve_client();
            const bool by_server = serve_server();
            if (deliver() || by_client || by_server) continue;
            const Instant next = std::min({client.deadline(), server.deadline(), next_arrival()});
            if (next > end) return;
            now = std::max(now, next);
            if (next_arrival() <= now) continue;
            client.time_out(now);
            server.time_out(now);
        }
    }
    void begin() {
        client.begin(now);
        run();
    }
    template <class Result>
    const Result* last() const {
        return results.empty() ? nullptr : std::get_if<Result>(&results.back());
    }
    std::optional<Fault> fault() const {
        const auto* failed = last<SignOnFailed>();
        return failed ? std::optional{failed->error.fault} : std::nullopt;
    }
};

}  // namespace

TEST_CASE("mode C: the readout comes at the speed the meter offers") {
    const bool echoes = GENERATE(false, true);
    Line line{reader(Purpose::readout), meter("/LGZ5\\2ZMD")};
    line.echoes = echoes;
    line.begin();
    const auto* readout = line.last<ReadoutArrived>();
    REQUIRE(readout);
    CHECK(readout->lines == lines);
    CHECK(readout->baud == 9600);
    CHECK(readout->block == encode_readout(lines));
    CHECK(line.changes == std::vector<LineChange>{{300, false}, {9600, false}});
    CHECK(std::get<Identified>(line.results.front()).identification.text == "ZMD");
    CHECK(line.server_line == LineChange{300, false});  // ready for the next
    line.begin();
    CHECK(line.last<ReadoutArrived>());
}

TEST_CASE("over a network or a pty, which take no time, the hand-shake is the same") {
    for (const Purpose purpose : {Purpose::readout, Purpose::hdlc, Purpose::programming}) {
        SignOnServerOptions options = meter("/LGz5\\2ZMD");
        options.is_link_instant = true;
        Line line{reader(purpose), options};
        line.begin();
        CHECK(
            (line.last<ReadoutArrived>() || line.last<HdlcReady>() || line.last<CommandArrived>()));
    }
}

TEST_CASE("a slow head limits the speed") {
    SignOnOptions options = reader(Purpose::readout);
    options.fastest_baud = 2400;
    Line line{options, meter("/LGZ6ZMD")};
    line.begin();
    REQUIRE(line.last<ReadoutArrived>());
    CHECK(line.last<ReadoutArrived>()->baud == 2400);
}

TEST_CASE("mode B changes its speed without being asked, mode A never") {
    Line b{reader(Purpose::readout), meter("/ESYEB")};
    b.begin();
    REQUIRE(b.last<ReadoutArrived>());
    CHECK(b.last<ReadoutArrived>()->baud == 9600);
    Line a{reader(Purpose::readout), meter("/ESY@A")};
    a.begin();
    REQUIRE(a.last<ReadoutArrived>());
    CHECK(a.last<ReadoutArrived>()->baud == 300);
    CHECK(a.said_by_client == 1);
}

TEST_CASE("mode D only speaks, at 2400 baud") {
    SignOnOptions options = reader(Purpose::readout);
    SignOnClient client{options};
    client.listen({}, 60s);
    CHECK(std::get<LineChange>(client.next_action().value()) == LineChange{2400, false});
    const std::string push = "/ABC3D\r\n" + encode_readout(lines);
    client.receive(with_parity(push), Instant{5s});
    CHECK(std::holds_alternative<Identified>(client.next_action().value()));
    CHECK(std::get<ReadoutArrived>(client.next_action().value()).lines == lines);
    client.listen({}, 60s);
    client.next_action();
    client.time_out(client.deadline());
    CHECK(std::get<SignOnFailed>(client.next_action().value()).error.fault == Fault::silence);
}

TEST_CASE("mode E: confirmed at the new speed with parity, then HDLC without") {
    const bool echoes = GENERATE(false, true);
    Line line{reader(Purpose::hdlc), meter("/LGZ5\\2ZMD")};
    line.echoes = echoes;
    line.begin();
    REQUIRE(line.last<HdlcReady>());
    CHECK(line.last<HdlcReady>()->baud == 9600);
    CHECK(line.is_server_ready);
    CHECK(line.changes == std::vector<LineChange>{{300, false}, {9600, false}, {9600, true}});
    CHECK(line.client_line == line.server_line);
}

TEST_CASE("a meter that always speaks at 9600 baud needs no change but that of the parity") {
    SignOnOptions options = reader(Purpose::hdlc);
    options.start_baud = 9600;
    SignOnServerOptions fixed = meter("/LGZ5\\2ZMD");
    fixed.start_baud = 9600;
    Line line{options, fixed};
    line.client_line = line.server_line = {9600, false};
    line.begin();
    REQUIRE(line.last<HdlcReady>());
    CHECK(line.changes == std::vector<LineChange>{{9600, false}, {9600, true}});
}

TEST_CASE("a meter with HDLC still gives a readout to whoever wants one") {
    Line line{reader(Purpose::readout), meter("/LGZ5\\2ZMD")};
    line.begin();
    CHECK(line.last<ReadoutArrived>());
    CHECK_FALSE(line.is_server_ready);
}

TEST_CASE("a meter without HDLC is not asked for it") {
    Line line{reader(Purpose::hdlc), meter("/LGZ5ZMD")};
    line.begin();
    CHECK(line.fault() == Fault::no_mode_e);
    CHECK(line.said_by_client == 1);
}

TEST_CASE("a missing confirmation of mode E is tolerated only where the type says so") {
    SignOnServerOptions silent = meter("/LGZ5\\2ZMD");
    silent.confirms_mode_e = false;
    Line strict{reader(Purpose::hdlc), silent};
    strict.begin();
    CHECK(strict.fault() == Fault::new_speed);
    SignOnOptions options = reader(Purpose::hdlc);
    options.needs_confirmation = false;
    Line tolerant{options, silent};
    tolerant.begin();
    CHECK(tolerant.last<HdlcReady>());
}

TEST_CASE("a confirmation of mode E that confirms something else is no confirmation") {
    for (const OptionSelect& other : {OptionSelect{Procedure::normal, '5', Wanted::binary},
                                      OptionSelect{Procedure::hdlc, '4', Wanted::binary},
                                      OptionSelect{Procedure::hdlc, '5', Wanted::readout}}) {
        Line line{reader(Purpose::hdlc), meter("/LGZ5\\2ZMD")};
        line.to_client = [&](const Bytes& bytes, int number) {
            return number == 1 ? with_parity(encode_option_select(other)) : bytes;
        };
        line.begin();
        CHECK(line.fault() == Fault::new_speed);
    }
    Line damaged{reader(Purpose::hdlc), meter("/LGZ5\\2ZMD")};
    damaged.to_client = [](Bytes bytes, int number) {
        if (number == 1) bytes[1] ^= 0x80;
        return bytes;
    };
    damaged.begin();
    CHECK(damaged.fault() == Fault::new_speed);
}

TEST_CASE("a fast meter is answered and answers within 20 ms") {
    Line slow{reader(Purpose::readout), meter("/LGZ5ZMD")};
    Line fast{reader(Purpose::readout), meter("/LGz5ZMD")};
    slow.begin();
    fast.begin();
    CHECK(slow.last<ReadoutArrived>());
    CHECK(fast.last<ReadoutArrived>());
    CHECK(fast.now < slow.now);
}

TEST_CASE("nobody there, and a meter with another address, are silence after three attempts") {
    Line line{reader(Purpose::readout), meter("/LGZ5ZMD")};
    line.to_server = [](const Bytes&, int) { return Bytes{}; };
    line.begin();
    CHECK(line.fault() == Fault::silence);
    CHECK(line.said_by_client == 3);
    SignOnOptions options = reader(Purpose::readout);
    options.address = "77";
    Line other{options, meter("/LGZ5ZMD")};
    other.begin();
    CHECK(other.fault() == Fault::silence);
    options.address = "123";
    Line own{options, meter("/LGZ5ZMD")};
    own.begin();
    CHECK(own.last<ReadoutArrived>());
}

TEST_CASE("a sleeping meter is woken by NULs, which disturb nobody") {
    SignOnOptions options = reader(Purpose::readout);
    options.wake_up_characters = 40;
    Line line{options, meter("/LGZ5ZMD")};
    line.begin();
    CHECK(line.last<ReadoutArrived>());
}

TEST_CASE("a speed that is acknowledged but not changed is found out") {
    for (const Purpose purpose : {Purpose::readout, Purpose::hdlc}) {
        Line line{reader(purpose), meter("/LGZ5\\2ZMD")};
        // Everything after the identification comes as from another speed.
        line.to_client = [](Bytes bytes, int number) {
            if (number > 0) std::ranges::fill(bytes, std::uint8_t{0x01});
            return bytes;
        };
        line.begin();
        CHECK(line.fault() == Fault::new_speed);
    }
}

TEST_CASE("a meter that falls silent after its identification is found out") {
    Line line{reader(Purpose::readout), meter("/LGZ5ZMD")};
    line.to_client = [](const Bytes& bytes, int number) { return number > 0 ? Bytes{} : bytes; };
    line.begin();
    CHECK(line.fault() == Fault::new_speed);
    Line same{reader(Purpose::readout), meter("/LGZ0ZMD")};
    same.to_client = line.to_client;
    same.begin();
    CHECK(same.fault() == Fault::no_readout);
}

TEST_CASE("a wrong check character or parity is asked for again, three times at most") {
    const int wrong_times = GENERATE(1, 2, 3);
    const std::uint8_t pattern = GENERATE(std::uint8_t{0x03}, std::uint8_t{0x01});
    Line line{reader(Purpose::readout), meter("/LGZ5ZMD")};
    line.to_client = [&](Bytes bytes, int number) {
        if (number >= 1 && number <= wrong_times) bytes[10] ^= pattern;
        return bytes;
    };
    line.begin();
    if (wrong_times < 3) {
        REQUIRE(line.last<ReadoutArrived>());
        CHECK(line.last<ReadoutArrived>()->lines == lines);
        CHECK(line.server_line.baud == 300);
    } else {
        CHECK(line.fault() == (pattern == 0x03 ? Fault::check : Fault::parity));
    }
}

TEST_CASE("one wrong bit anywhere in the identification costs an attempt, never the meter") {
    const Bytes identification = with_parity("/LGZ5\\2ZMD\r\n");
    for (std::size_t bit = 0; bit < identification.size() * 8; ++bit) {
        Line line{reader(Purpose::hdlc), meter("/LGZ5\\2ZMD")};
        line.to_client = [&](Bytes bytes, int number) {
            if (number == 0) bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
            return bytes;
        };
        line.begin();
        INFO("bit " << bit);
        REQUIRE(line.last<HdlcReady>());
        CHECK(std::get<Identified>(line.results.front()).identification.text == "ZMD");
    }
}

TEST_CASE("whatever single message is lost, the reader gets its data or a fault") {
    for (int lost = 0; lost < 3; ++lost) {
        for (const bool loses_client : {true, false}) {
            Line line{reader(Purpose::readout), meter("/LGZ5ZMD")};
            const auto lose = [&](const Bytes& bytes, int number) {
                return number == lost ? Bytes{} : bytes;
            };
            (loses_client ? line.to_server : line.to_client) = lose;
            line.begin();
            CHECK((line.last<ReadoutArrived>() || line.last<SignOnFailed>()));
            CHECK(line.now < Instant{60s});
        }
    }
}

TEST_CASE("without an option select the meter reads out at its starting speed") {
    SignOnServer server{meter("/LGZ5ZMD")};
    server.receive(with_parity("/?!\r\n"), {});
    bool is_wanted = false;
    for (int step = 0; step < 10 && !is_wanted; ++step) {
        server.time_out(server.deadline());
        while (const auto action = server.next_action())
            is_wanted = is_wanted || std::holds_alternative<ReadoutWanted>(*action);
    }
    CHECK(is_wanted);
}

TEST_CASE("programming mode: greeting, commands, break") {
    Line line{reader(Purpose::programming), meter("/LGZ5ZMD")};
    line.begin();
    const auto* greeting = line.last<CommandArrived>();
    REQUIRE(greeting);
    CHECK(greeting->command == Command{'P', '0', "()", false});
    line.client.send_command({'P', '1', "(12345678)", false}, line.now);
    line.run();
    REQUIRE(line.last<CommandArrived>());
    CHECK(line.last<CommandArrived>()->command.letter == ack);
    CHECK(line.commands == std::vector<Command>{{'P', '1', "(12345678)", false}});
    line.client.send_command({}, line.now);
    line.run();
    CHECK(line.client_line == LineChange{300, false});
    CHECK(line.server_line == LineChange{300, false});
    line.begin();
    CHECK(line.last<CommandArrived>());
}

TEST_CASE("a readout that never ends is given up at the bound") {
    SignOnOptions options = reader(Purpose::readout);
    options.longest = 5000;
    Line line{options, meter("/LGZ5ZMD")};
    line.to_client = [](Bytes bytes, int number) {
        if (number > 0) bytes = with_parity(std::string{stx} + std::string(10'000, '1'));
        return bytes;
    };
    line.begin();
    CHECK(line.fault() == Fault::too_long);
}

TEST_CASE("a line that babbles for ever between messages does not hold the reader") {
    SignOnClient client{reader(Purpose::readout)};
    client.begin({});
    while (client.next_action()) continue;
    Instant now{};
    bool has_failed = false;
    for (int step = 0; step < 10'000 && !has_failed; ++step) {
        now += 100ms;
        client.receive(with_parity("xyz"), now);
        if (client.deadline() <= now) client.time_out(now);
        while (const auto action = client.next_action())
            has_failed = has_failed || std::holds_alternative<SignOnFailed>(*action);
    }
    CHECK(has_failed);
}

TEST_CASE("plain seven-bit ports and networks need no parity") {
    SignOnOptions options = reader(Purpose::readout);
    options.parity_in_software = false;
    SignOnServerOptions plain = meter("/LGZ5ZMD");
    plain.parity_in_software = false;
    Line line{options, plain};
    line.begin();
    CHECK(line.last<ReadoutArrived>());
}

TEST_CASE("the line time counts ten bits a character") {
    CHECK(line_time(30, 300) == 1s);
    CHECK(line_time(960, 9600) == 1s);
}
