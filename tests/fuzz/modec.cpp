// Fuzz target: IEC 62056-21. Messages come back or are refused, reader and meter end in a result or
// a named fault, whatever they hear.
#include "dut/iec62056/sign_on_client.hpp"
#include "dut/iec62056/sign_on_server.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace dut::iec62056;
using namespace std::chrono_literals;
using fuzz::BytesView;
using fuzz::property;

constexpr std::size_t longest = 1024;

void check_text(std::string_view text) {
    if (const auto readout = decode_readout(text))
        property(decode_readout(encode_readout(*readout)) == readout, "a readout comes back");
    if (const auto line = decode_data_line(text))
        property(decode_data_line(encode_data_line(*line)) == line, "a data line comes back");
    if (const auto command = decode_command(text))
        property(encode_command(*command) == text, "a command comes back");
    if (const auto identification = decode_identification(text))
        property(encode_identification(*identification) == std::string(text) + "\r\n",
                 "an identification comes back");
    if (const auto option = decode_option_select(text))
        property(encode_option_select(*option).substr(1, 3) == text, "an option comes back");
}

void check_reader(BytesView input) {
    MessageReader reader{longest};
    std::size_t asked = 0;
    fuzz::in_pieces(input, [&](BytesView piece) {
        reader.feed(fuzz::text_of(piece));
        for (;; ++asked) {
            const auto next = reader.next();
            if (!next) continue;
            if (!*next) break;
            property((*next)->text.size() <= longest, "a message within its bound");
            check_text((*next)->text);
        }
    });
    property(asked <= input.size() + 2, "every message uses up characters");
    static_cast<void>(reader.silence());
    property(!reader.is_inside_message(), "after a silence nothing waits");
}

void check_client(BytesView input, Purpose purpose) {
    SignOnOptions options;
    options.purpose = purpose;
    options.longest = longest;
    SignOnClient client{options};
    Instant now{};
    client.begin(now);
    fuzz::in_pieces(input, [&](BytesView piece) {
        client.receive(piece, now += 1ms);
        while (client.next_action()) continue;
        // Every fourth piece finds the reader waiting.
        if (piece.size() % 4 == 0 && client.deadline() != calibration::never)
            client.time_out(now = std::max(now, client.deadline()));
    });
    for (int step = 0; step < 100 && client.deadline() != calibration::never; ++step) {
        now = std::max(now, client.deadline());
        client.time_out(now);
        while (client.next_action()) continue;
    }
    property(client.deadline() == calibration::never, "left alone, a reader gives up");
}

void check_server(BytesView input) {
    SignOnServerOptions options;
    options.identification = {"CAL", '5', "2", "METER"};
    SignOnServer server{options};
    Instant now{};
    const auto serve = [&] {
        std::size_t sent = 0;
        while (const auto action = server.next_action()) {
            if (std::holds_alternative<ReadoutWanted>(*action)) server.give_readout({}, now);
            if (std::holds_alternative<Send>(*action)) ++sent;
        }
        return sent;
    };
    fuzz::in_pieces(input, [&](BytesView piece) {
        server.receive(piece, now += 1ms);
        serve();
    });
    for (int step = 0; step < 2000 && server.deadline() != calibration::never; ++step) {
        now = std::max(now, server.deadline());
        server.time_out(now);
        serve();
    }
    property(server.deadline() == calibration::never, "left alone, a meter comes to rest");
    server.reset(now);
    server.receive(without_parity("/?!\r\n"), now);
    std::size_t sent = 0;
    for (int step = 0; step < 3 && sent == 0; ++step) {
        now = std::max(now, server.deadline());
        server.time_out(now);
        sent = serve();
    }
    property(sent > 0, "whatever came before, a meter answers a sign-on");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input{data, size};
    check_text(fuzz::text_of(input));
    fuzz::for_each_line(fuzz::text_of(input), check_text);
    if (const auto characters = strip_parity(input))
        property(std::ranges::equal(with_parity(*characters), input), "parity comes back");
    check_reader(input);
    for (const Purpose purpose : {Purpose::readout, Purpose::hdlc, Purpose::programming})
        check_client(input, purpose);
    check_server(input);
    return 0;
}
