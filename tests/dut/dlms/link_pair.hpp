// A client and a meter on one line, with a time of their own and whatever the line does to frames.
#pragma once

#include "dut/dlms/hdlc_server.hpp"
#include "tests/dut/dlms/hex.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace dut::dlms {

using namespace std::chrono_literals;

// The APDU that answers; nothing for a meter that has no answer.
using Answer = std::function<std::optional<Bytes>(const Bytes& request)>;

struct LinkPair {
    HdlcClient client;
    HdlcServer server;
    Answer answer = [](const Bytes& request) { return request; };
    // What the line does to what a side has said; the number counts what was said on that side.
    std::function<Bytes(Bytes, int)> to_server = [](Bytes bytes, int) { return bytes; };
    std::function<Bytes(Bytes, int)> to_client = [](Bytes bytes, int) { return bytes; };
    bool echoes = false;
    Instant now{};
    std::vector<LinkEvent> events;         // of the client
    std::vector<LinkEvent> server_events;  // but those that are answered
    std::vector<std::string> transcript;
    int said_by_client = 0, said_by_server = 0;
    int rounds = 0;

    explicit LinkPair(const HdlcClientOptions& client_options = {},
                      const HdlcServerOptions& server_options = {})
        : client(client_options), server(server_options) {}

    bool exchange() {
        bool is_anything = false;
        if (Bytes said = client.take_output(); !said.empty()) {
            is_anything = true;
            transcript.push_back("> " + to_hex(said));
            if (echoes) client.receive(said, now);
            server.receive(to_server(said, said_by_client++), now);
        }
        while (auto event = server.next_event()) {
            const auto* arrived = std::get_if<ApduArrived>(&*event);
            if (arrived == nullptr) server_events.push_back(*event);
            const auto reply = arrived ? answer(arrived->apdu) : std::nullopt;
            if (reply) server.reply(*reply);
        }
        if (Bytes said = server.take_output(); !said.empty()) {
            is_anything = true;
            transcript.push_back("< " + to_hex(said));
            client.receive(to_client(said, said_by_server++), now);
        }
        while (auto event = client.next_event()) {
            is_anything = true;
            events.push_back(std::move(*event));
        }
        return is_anything;
    }

    // Until both sides rest, or the client has said something final; bounded.
    void run(Duration longest = 600s) {
        const Instant end = now + longest;
        const std::size_t before = events.size();
        while (events.size() == before && ++rounds < 100'000) {
            if (exchange()) continue;
            const Instant next = std::min(client.deadline(), server.deadline());
            if (next > end) break;
            now = std::max(now, next);
            client.time_out(now);
            server.time_out(now);
        }
        exchange();
    }

    void connect() {
        client.connect(now);
        run();
    }
    void send(BytesView apdu) {
        client.send(apdu, now);
        run();
    }
    template <class Event>
    const Event* last() const {
        return events.empty() ? nullptr : std::get_if<Event>(&events.back());
    }
    std::optional<HdlcFault> fault() const {
        const auto* lost = last<LinkLost>();
        return lost ? std::optional{lost->fault} : std::nullopt;
    }
    Bytes apdu() const { return last<ApduArrived>() ? last<ApduArrived>()->apdu : Bytes{}; }
};

}  // namespace dut::dlms
