// libmodbus behind its socketpair: the frames it builds, and what it reads out of replies.
#include "dut/modbus_library.hpp"

#include <catch2/catch.hpp>

using namespace dut;

namespace {

const ModbusRequest read_four{ModbusFunction::read_holding_registers, 0xC350, 4, {}, 5};
const Words soco{0x53, 0x4F, 0x43, 0x4F};
const Bytes soco_pdu{0x03, 0x08, 0x00, 0x53, 0x00, 0x4F, 0x00, 0x43, 0x00, 0x4F};

}  // namespace

TEST_CASE("libmodbus builds RTU requests as the manual prints them") {
    ModbusLibrary library{ModbusTransport::rtu};
    CHECK(library.request(read_four).value() ==
          Bytes{0x05, 0x03, 0xC3, 0x50, 0x00, 0x04, 0x79, 0xD8});
    CHECK(
        library.request({ModbusFunction::write_single_register, 0x0400, 0, {0x1000}, 5}).value() ==
        Bytes{0x05, 0x06, 0x04, 0x00, 0x10, 0x00, 0x84, 0xBE});
    CHECK(library.request({ModbusFunction::write_single_register, 0xC6A1, 0, {2}, 0}).value() ==
          encode_rtu({0, {0x06, 0xC6, 0xA1, 0x00, 0x02}}));
    CHECK(library.request({ModbusFunction::write_multiple_registers, 0xE001, 0, {5, 100}, 7})
              .value() ==
          encode_rtu({7, {0x10, 0xE0, 0x01, 0x00, 0x02, 0x04, 0x00, 0x05, 0x00, 0x64}}));
}

TEST_CASE("each TCP request has a transaction number of its own, round and round") {
    ModbusLibrary library{ModbusTransport::tcp};
    for (int number = 1; number <= 0x10001; ++number) {
        const Bytes frame = library.request(read_four).value();
        REQUIRE(word_at(frame, 0) == (number & 0xFFFF));
        REQUIRE(Bytes(frame.begin() + 2, frame.end()) ==
                Bytes{0x00, 0x00, 0x00, 0x06, 0x05, 0x03, 0xC3, 0x50, 0x00, 0x04});
    }
}

TEST_CASE("replies give their words, confirmations none") {
    ModbusLibrary rtu{ModbusTransport::rtu}, tcp{ModbusTransport::tcp};
    for (int round = 0; round < 3; ++round) {
        REQUIRE(rtu.request(read_four));
        CHECK(rtu.reply(encode_rtu({5, soco_pdu})).value() == soco);
        const Bytes sent = tcp.request(read_four).value();
        CHECK(tcp.reply(encode_frame({word_at(sent, 0), 5, soco_pdu})).value() == soco);
    }
    REQUIRE(rtu.request({ModbusFunction::write_single_register, 0xC6A1, 0, {2}, 5}));
    CHECK(rtu.reply(encode_rtu({5, {0x06, 0xC6, 0xA1, 0x00, 0x02}})).value().empty());
}

TEST_CASE("the longest read and the longest write pass") {
    ModbusLibrary library{ModbusTransport::rtu};
    REQUIRE(
        library.request({ModbusFunction::read_holding_registers, 0, most_registers_read, {}, 5}));
    Bytes pdu{0x03, 2 * most_registers_read};
    for (int word = 0; word < most_registers_read; ++word) append_word(pdu, 0x1234);
    CHECK(library.reply(encode_rtu({5, pdu})).value() == Words(most_registers_read, 0x1234));
    const Words longest(most_registers_written, 0xABCD);
    CHECK(library.request({ModbusFunction::write_multiple_registers, 0, 0, longest, 5})
              .value()
              .size() == 9 + 2 * longest.size());
}

TEST_CASE("a reply libmodbus does not like leaves nothing behind") {
    ModbusLibrary library{ModbusTransport::rtu};
    REQUIRE(library.request(read_four));
    Bytes garbled = encode_rtu({5, soco_pdu});
    garbled[6] ^= 1;
    REQUIRE_FALSE(library.reply(garbled));
    REQUIRE(library.request(read_four));
    const ModbusReply of_another = library.reply(encode_rtu({6, soco_pdu}));
    REQUIRE_FALSE(of_another);
    CHECK(of_another.error().fault == ModbusFault::bad_reply);
    REQUIRE(library.request(read_four));
    CHECK(library.reply(encode_rtu({5, soco_pdu})).value() == soco);
}

TEST_CASE("an exception is a refusal with its code") {
    ModbusLibrary library{ModbusTransport::rtu};
    REQUIRE(library.request(read_four));
    const ModbusReply reply = library.reply(encode_rtu({5, {0x83, 0x02}}));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().fault == ModbusFault::exception);
    CHECK(reply.error().text == "refused: illegal data address");
    CHECK(reply.error().code == "exception 2");
}
