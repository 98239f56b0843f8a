// IEC 62056-21, message by message: characters with parity, identifications, data sets, commands.
#include "calibration/random.hpp"
#include "dut/iec62056/message_reader.hpp"
#include "dut/iec62056/messages.hpp"
#include "dut/iec62056/parity.hpp"
#include "dut/iec62056/readout.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace dut::iec62056;

namespace {

const std::vector<DataLine> lines{{{"F.F", "00000000", ""}},
                                  {{"1-0:1.8.0*255", "000123.45", "kWh"}},
                                  {{"1-0:1.6.0", "3.45", "kW"}, {"", "2612011030", ""}},
                                  {{"0.9.1", "123000", ""}}};

std::vector<Message> messages_of(MessageReader& reader) {
    std::vector<Message> messages;
    for (;;) {
        auto next = reader.next();
        if (!next) continue;
        if (!*next) return messages;
        messages.push_back(std::move(**next));
    }
}

}  // namespace

TEST_CASE("even parity is set and taken off; a wrong character is found by its place") {
    std::string all;
    for (char character = 0; character >= 0 && character < 127; ++character) all += character;
    const Bytes wire = with_parity(all);
    CHECK(strip_parity(wire).value() == all);
    CHECK(with_parity("/?!\r\n") == Bytes{0xAF, 0x3F, 0x21, 0x8D, 0x0A});
    for (std::size_t at = 0; at < wire.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bytes damaged = wire;
            damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 1U << bit);
            REQUIRE(strip_parity(damaged).error() == at);
        }
    }
    CHECK(without_parity("/?") == Bytes{0x2F, 0x3F});
}

TEST_CASE("requests name a meter or nobody") {
    CHECK(encode_request("") == "/?!\r\n");
    CHECK(encode_request("00123") == "/?00123!\r\n");
    CHECK(decode_request("/?!").value().empty());
    CHECK(decode_request("/?00123!").value() == "00123");
    for (const char* wrong : {"", "/", "/?", "/ABC5", "?!", "/?123"})
        CHECK_FALSE(decode_request(wrong));
    CHECK_FALSE(decode_request("/?" + std::string(33, '1') + "!"));
}

TEST_CASE("identifications are read and written") {
    struct Row {
        std::string_view line;
        Identification expected;
        Mode mode;
        bool is_fast, offers_hdlc;
    };
    for (const Row& row :
         {Row{"/ACE0\\3k260V01.18", {"ACE", '0', "3", "k260V01.18"}, Mode::c, false, false},
          Row{"/LGZ5\\2ZMD3104407.B32", {"LGZ", '5', "2", "ZMD3104407.B32"}, Mode::c, false, true},
          Row{"/APa6\\2\\@smartESOX", {"APa", '6', "2@", "smartESOX"}, Mode::c, true, true},
          Row{"/ESYB", {"ESY", 'B', "", ""}, Mode::b, false, false},
          Row{"/ABC@TEXT", {"ABC", '@', "", "TEXT"}, Mode::a, false, false}}) {
        INFO(row.line);
        const auto identification = decode_identification(row.line);
        REQUIRE(identification);
        CHECK(*identification == row.expected);
        CHECK(identification->mode() == row.mode);
        CHECK(identification->reacts_fast() == row.is_fast);
        CHECK(identification->offers_hdlc() == row.offers_hdlc);
        CHECK(encode_identification(*identification) == std::string(row.line) + "\r\n");
    }
    for (const char* wrong : {"",
                              "/",
                              "/ABC",
                              "ABC5x",
                              "/A1C5x",
                              "/ABC5\x01",
                              "/ABC5123456789012345678901234567890123"})
        CHECK(decode_identification(wrong).error().fault == Fault::identification);
}

TEST_CASE("baud rate characters are those of modes B and C") {
    const std::pair<char, int> table[]{{'0', 300},
                                       {'1', 600},
                                       {'2', 1200},
                                       {'3', 2400},
                                       {'4', 4800},
                                       {'5', 9600},
                                       {'6', 19200},
                                       {'A', 600},
                                       {'B', 1200},
                                       {'C', 2400},
                                       {'D', 4800},
                                       {'E', 9600},
                                       {'F', 19200}};
    for (const auto& [character, baud] : table) CHECK(baud_of(character) == baud);
    for (const char character : {'7', '9', 'G', '@', '/', 'a'}) CHECK_FALSE(baud_of(character));
    CHECK(baud_character(9600) == '5');
    CHECK_FALSE(baud_character(57600));
}

TEST_CASE("option selects have their bytes") {
    CHECK(encode_option_select({Procedure::hdlc, '5', Wanted::binary}) ==
          "\x06"
          "252\r\n");
    CHECK(encode_option_select({Procedure::normal, '0', Wanted::readout}) ==
          "\x06"
          "000\r\n");
    CHECK(decode_option_select("252").value() ==
          OptionSelect{Procedure::hdlc, '5', Wanted::binary});
    CHECK(decode_option_select("051").value() ==
          OptionSelect{Procedure::normal, '5', Wanted::programming});
    for (const char* wrong : {"", "25", "2525", "352", "253", "\x1F\x35\x32"})
        CHECK(decode_option_select(wrong).error().fault == Fault::option_select);
}

TEST_CASE("data sets are address, value and unit, several in a line") {
    for (const DataLine& line : lines)
        CHECK(decode_data_line(encode_data_line(line)).value() == line);
    CHECK(decode_data_line("1-0:1.8.0(000123.45*kWh)").value() ==
          DataLine{{"1-0:1.8.0", "000123.45", "kWh"}});
    CHECK(decode_data_line("6.1(1.0*kW)(2612011030)").value() ==
          DataLine{{"6.1", "1.0", "kW"}, {"", "2612011030", ""}});
    CHECK(decode_data_line("0.0.0()").value() == DataLine{{"0.0.0", "", ""}});
    CHECK(decode_data_line("").value().empty());
    for (const char* wrong : {"1.8.0", "1.8.0(", "1.8.0)", "1.8.0((1)", "1!8(1)", "1.8.0(1)x"})
        CHECK(decode_data_line(wrong).error().fault == Fault::data_line);
    CHECK(find(lines, "1-0:1.6.0")->value == "3.45");
    CHECK(find(lines, "1.6.0")->value == "3.45");
    CHECK(find(lines, "9.9.9") == nullptr);
}

TEST_CASE("a readout comes back as it was; its check character finds one wrong bit anywhere") {
    const std::string block = encode_readout(lines);
    CHECK(decode_readout(block).value() == lines);
    CHECK(block.front() == stx);
    CHECK(decode_readout(encode_readout({})).value().empty());
    for (std::size_t at = 0; at < block.size(); ++at) {
        for (unsigned bit = 0; bit < 7; ++bit) {
            std::string damaged = block;
            damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1U << bit));
            REQUIRE_FALSE(decode_readout(damaged));
        }
    }
    for (std::size_t size = 0; size < block.size(); ++size)
        REQUIRE_FALSE(decode_readout(block.substr(0, size)));
    std::string wrong = block;
    wrong.back() = static_cast<char>(wrong.back() ^ 1);
    CHECK(decode_readout(wrong).error().fault == Fault::check);
    std::string endless = std::string{stx} + "1(2)\r\n" + etx;
    endless += block_check(std::string_view{endless}.substr(1));
    CHECK(described(decode_readout(endless).error()) ==
          "malformed block: expected ! after the data");
}

TEST_CASE(
    "the check character is the exclusive or after the first character, the last one included") {
    CHECK(block_check("B0\x03") == 'q');  // SOH B0 ETX q: the well-known break
    CHECK(encode_break() ==
          "\x01"
          "B0\x03"
          "q");
}

TEST_CASE("commands come back as they were, with one wrong bit anywhere they do not") {
    for (const Command& command : {Command{'P', '0', "(00000001)", false},
                                   Command{'P', '1', "(12345678)", false},
                                   Command{'R', '5', "1.8.0()", false},
                                   Command{'W', '1', "0.9.1(123000)", true},
                                   Command{'B', '0', "", false}}) {
        const std::string message = encode_command(command);
        CHECK(decode_command(message).value() == command);
        for (std::size_t at = 0; at < message.size(); ++at) {
            for (unsigned bit = 0; bit < 7; ++bit) {
                std::string damaged = message;
                damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1U << bit));
                REQUIRE_FALSE(decode_command(damaged));
            }
        }
    }
    for (const char* wrong : {"",
                              "\x01",
                              "\x01"
                              "B0",
                              "\x01"
                              "B0\x03"})
        CHECK_FALSE(decode_command(wrong));
}

TEST_CASE("messages may come in any two pieces, with noise around them") {
    const std::string stream = std::string(40, '\0') + "/?!\r\n\x7F/LGZ5\\2ZMD\r\n" +
                               encode_option_select({Procedure::hdlc, '5', Wanted::binary}) +
                               encode_readout(lines) + encode_break() + std::string{nak};
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        MessageReader reader;
        reader.feed(std::string_view{stream}.substr(0, cut));
        auto messages = messages_of(reader);
        reader.feed(std::string_view{stream}.substr(cut));
        for (Message& message : messages_of(reader)) messages.push_back(std::move(message));
        INFO("cut " << cut);
        REQUIRE(messages == std::vector<Message>{{MessageKind::line, "/?!"},
                                                 {MessageKind::line, "/LGZ5\\2ZMD"},
                                                 {MessageKind::option_select, "252"},
                                                 {MessageKind::readout, encode_readout(lines)},
                                                 {MessageKind::command, encode_break()},
                                                 {MessageKind::refusal, ""}});
    }
}

TEST_CASE("an ACK by itself is one when nothing follows, or something else does") {
    MessageReader reader;
    reader.feed(std::string{ack});
    CHECK(messages_of(reader).empty());
    CHECK(reader.silence().value() == Message{MessageKind::acknowledge, {}});
    reader.feed(std::string{ack} + encode_readout(lines));
    CHECK(messages_of(reader) ==
          std::vector<Message>{{MessageKind::acknowledge, {}},
                               {MessageKind::readout, encode_readout(lines)}});
    CHECK_FALSE(reader.silence().value());
}

TEST_CASE("a message that does not end is given up at the bound, one cut off at the silence") {
    MessageReader reader{1000};
    reader.feed(std::string{stx});
    int faults = 0;
    for (int step = 0; step < 200; ++step) {
        reader.feed("0123456789");
        const auto next = reader.next();
        if (!next) {
            ++faults;
            CHECK(next.error().fault == Fault::too_long);
        }
    }
    CHECK(faults == 1);
    reader.feed("/ABC5");
    CHECK_FALSE(*reader.next());
    CHECK(reader.silence().error().fault == Fault::block);
    CHECK_FALSE(reader.is_inside_message());
}

TEST_CASE("random characters end, whatever they are") {
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        constexpr std::string_view alphabet{"/\x01\x02\x03\x04\x06\x15\r\n!?()*15Ax"};
        std::string noise;
        for (std::uint64_t at = 0; at < 200; ++at)
            noise += alphabet[calibration::hashed(seed, 1, at) % alphabet.size()];
        MessageReader reader{64};
        reader.feed(noise);
        for (const Message& message : messages_of(reader)) {
            const auto readout = decode_readout(message.text);
            if (readout) CHECK(decode_readout(encode_readout(*readout)).value() == *readout);
            const auto command = decode_command(message.text);
            if (command) CHECK(encode_command(*command) == message.text);
            const auto identification = decode_identification(message.text);
            if (identification)
                CHECK(encode_identification(*identification) == message.text + "\r\n");
        }
        const auto last = reader.silence();
        CHECK_FALSE(reader.is_inside_message());
        static_cast<void>(last);
    }
}

TEST_CASE("random readouts come back as they were") {
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        std::uint64_t index = 0;
        const auto text = [&](std::size_t most) {
            constexpr std::string_view alphabet{"0123456789.:-ABFhkVW"};
            std::string word;
            for (auto left = calibration::hashed(seed, 1, index++) % (most + 1); left-- > 0;)
                word += alphabet[calibration::hashed(seed, 1, index++) % alphabet.size()];
            return word;
        };
        std::vector<DataLine> random;
        for (auto left = calibration::hashed(seed, 2, 0) % 20; left-- > 0;)
            random.push_back({{text(16), text(32), text(5)}, {text(4), text(9), text(2)}});
        REQUIRE(decode_readout(encode_readout(random)).value() == random);
    }
}

TEST_CASE("every fault has its own name") {
    std::set<std::string_view> names;
    for (int fault = 0; fault <= static_cast<int>(Fault::unexpected); ++fault)
        names.insert(name(static_cast<Fault>(fault)));
    CHECK(names.size() == static_cast<std::size_t>(Fault::unexpected) + 1);
}
