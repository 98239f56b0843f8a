// Fuzz target: HDLC. Frames come back or are refused, one wrong bit never passes, and neither end
// of a link is ever stuck, unbounded or out of step, whatever it hears.
#include "dut/dlms/hdlc_server.hpp"
#include "tests/fuzz/property.hpp"

#include <variant>

namespace {

using namespace dut::dlms;
using namespace std::chrono_literals;
using fuzz::property;

constexpr std::size_t most_pending = longest_frame + 2;

void check_wrong_bits(Bytes content) {
    const std::size_t bits = content.size() * 8;
    for (std::size_t bit = content[1] % 7; bit < bits; bit += 13) {
        content[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        property(!decode_frame(content), "one wrong bit is found");
        content[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
}

void check_frame(const HdlcFrame& frame) {
    const Bytes wire = encode_frame(frame);
    const BytesView content = BytesView{wire}.subspan(1, wire.size() - 2);
    property(decode_frame(content) == frame, "a frame comes back as it was");
    check_wrong_bits({content.begin(), content.end()});
    const auto parameters = decode_parameters(frame.information);
    if (parameters)
        property(decode_parameters(encode_parameters(*parameters)) == parameters,
                 "parameters come back as they were");
}

void check_reader(BytesView input) {
    HdlcReader reader;
    std::size_t asked = 0;
    const auto drain = [&] {
        for (;; ++asked) {
            const auto next = reader.next();
            if (!next) continue;
            if (!*next) return;
            check_frame(**next);
        }
    };
    fuzz::in_pieces(input, [&](BytesView piece) {
        reader.feed(piece);
        drain();
        property(reader.pending() <= most_pending, "no more waits than one frame");
    });
    reader.silence();
    drain();
    property(reader.pending() <= 1, "after a silence nothing waits");
    property(asked <= input.size() + 2, "every answer uses up bytes");
}

// A client that does not stop asking is stuck: the bound is that of its patience.
void check_client(BytesView input) {
    HdlcClientOptions options;
    options.client = client_address(1);
    options.longest_apdu = 4096;
    HdlcClient client{options};
    Instant now{};
    client.connect(now);
    const auto settle = [&] {
        client.take_output();
        while (const auto event = client.next_event()) {
            if (const auto* arrived = std::get_if<ApduArrived>(&*event))
                property(arrived->apdu.size() <= options.longest_apdu, "an APDU within its bound");
        }
        if (client.is_idle())
            client.send(input.first(std::min<std::size_t>(input.size(), 300)), now);
        property(!client.is_idle(), "a client with a request is not idle");
    };
    fuzz::in_pieces(input, [&](BytesView piece) {
        client.receive(piece, now += 1ms);
        settle();
        if (client.deadline() <= now) client.time_out(now);
    });
    while (client.next_event()) continue;
    for (int step = 0; step < 2000 && client.deadline() != calibration::never; ++step) {
        now = std::max(now, client.deadline());
        client.time_out(now);
        client.take_output();
        while (client.next_event()) continue;
    }
    property(client.deadline() == calibration::never, "left alone, a client gives up");
}

void check_server(BytesView input) {
    HdlcServerOptions options;
    options.longest_apdu = 4096;
    HdlcServer server{options};
    Instant now{};
    fuzz::in_pieces(input, [&](BytesView piece) {
        server.receive(piece, now += 1ms);
        while (const auto event = server.next_event())
            if (const auto* arrived = std::get_if<ApduArrived>(&*event))
                server.reply(arrived->apdu);
        HdlcReader reader;
        reader.feed(server.take_output());
        for (auto next = reader.next(); !next || *next; next = reader.next())
            property(next.has_value(), "a meter says frames and nothing else");
        property(reader.pending() <= 1, "and whole ones");
    });
    server.time_out(now + 200s);
    property(!server.is_up(), "left alone, a meter hangs up");
}

// Between two flags the check sequences are made right, so that what is behind them is reached.
void reseal(std::span<std::uint8_t> bytes) {
    for (std::size_t at = 0; at + 9 < bytes.size(); ++at) {
        if (bytes[at] != hdlc_flag) continue;
        const auto end = std::ranges::find(bytes.subspan(at + 1), hdlc_flag);
        const std::span<std::uint8_t> content{bytes.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                              end};
        if (content.size() < 7 || content.size() > longest_frame) continue;
        content[0] = static_cast<std::uint8_t>(0xA0 | (content[0] & 0x08) | content.size() >> 8);
        content[1] = static_cast<std::uint8_t>(content.size());
        const auto seal = [&](std::size_t covered) {
            const auto check = frame_check_sequence(content.first(covered));
            content[covered] = static_cast<std::uint8_t>(check);
            content[covered + 1] = static_cast<std::uint8_t>(check >> 8);
        };
        std::size_t header = 2;
        for (int address = 0; address < 2; ++address)
            while (header < content.size() && (content[header++] & 1) == 0) continue;
        if (++header + 2 <= content.size()) seal(header);
        if (content.size() > header + 4) seal(content.size() - 2);
        at += content.size();
    }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                               std::size_t size,
                                               std::size_t most,
                                               unsigned seed) {
    size = LLVMFuzzerMutate(data, size, most);
    if (seed % 4 != 0) reseal({data, size});
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input{data, size};
    check_reader(input);
    check_client(input);
    check_server(input);
    return 0;
}
