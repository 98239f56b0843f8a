// What was heard after a request, judged as one frame: every way in which it can be wrong, in
// words.
#include "dut/modbus_rtu.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dut {
namespace {

constexpr std::size_t exception_size = 5;
constexpr std::size_t written_size = 8;
constexpr std::size_t least_tail = least_rtu_frame;  // of a reply behind its own request

bool is_read(BytesView request) {
    return request[1] == static_cast<std::uint8_t>(ModbusFunction::read_holding_registers);
}

// A meter confirms a single write with the same bytes: only what comes behind them tells.
bool is_echo(BytesView request, BytesView heard) {
    if (heard.size() < request.size()) return false;
    if (!std::equal(request.begin(), request.end(), heard.begin())) return false;
    const bool looks_like_reply =
        request[1] == static_cast<std::uint8_t>(ModbusFunction::write_single_register);
    return !looks_like_reply || heard.size() >= request.size() + least_tail;
}

ModbusFailure garbled(RtuFault fault, std::size_t heard, std::size_t expected) {
    if (heard < expected) {
        return {ModbusFault::not_modbus,
                fmt::format("the reply broke off after {} of {} bytes", heard, expected),
                ""};
    }
    return {
        ModbusFault::not_modbus,
        fmt::format(
            "the reply is garbled: {} ({} bytes, expected {}): noise, or two meters with one unit",
            name(fault),
            heard,
            expected),
        ""};
}

ModbusFailure bad_reply(std::string text) { return {ModbusFault::bad_reply, std::move(text), ""}; }

std::optional<ModbusFailure> mismatch(BytesView request, const RtuFrame& reply) {
    const BytesView pdu = reply.pdu;
    const std::uint8_t function = request[1];
    if (pdu[0] == (function | exception_flag)) {
        if (pdu.size() == 2) return std::nullopt;
        return bad_reply(fmt::format("an exception of {} bytes, expected 2", pdu.size()));
    }
    if (pdu[0] != function) {
        return bad_reply(
            fmt::format("the reply is to function {}, asked was function {}", pdu[0], function));
    }
    if (is_read(request)) {
        const std::size_t asked = 2 * std::size_t{word_at(request, 4)};
        if (pdu.size() == 2 + asked && pdu[1] == asked) return std::nullopt;
        return bad_reply(fmt::format(
            "the reply carries {} bytes of registers, asked were {}", pdu.size() - 2, asked));
    }
    const BytesView confirmed = request.subspan(1, 5);  // function, address, value or count
    if (std::equal(pdu.begin(), pdu.end(), confirmed.begin(), confirmed.end())) return std::nullopt;
    return bad_reply("the reply confirms another register or value than was written");
}

}  // namespace

std::size_t rtu_reply_size_for(BytesView request, BytesView heard) {
    if (heard.size() >= 2 && heard[1] == (request[1] | exception_flag)) return exception_size;
    return is_read(request) ? 5 + 2 * std::size_t{word_at(request, 4)} : written_size;
}

std::expected<RtuFrame, ModbusFailure> judge_rtu_reply(BytesView request, BytesView heard) {
    if (is_echo(request, heard)) {
        return std::unexpected(ModbusFailure{
            ModbusFault::echo, "the adapter echoes what it sends: set echoes = true", ""});
    }
    auto frame = decode_rtu(heard);
    if (!frame) {
        return std::unexpected(
            garbled(frame.error(), heard.size(), rtu_reply_size_for(request, heard)));
    }
    if (frame->unit != request[0]) {
        return std::unexpected(ModbusFailure{ModbusFault::wrong_unit,
                                             fmt::format("the reply is from unit {}", frame->unit),
                                             "",
                                             frame->unit});
    }
    if (auto failure = mismatch(request, *frame)) return std::unexpected(*std::move(failure));
    return *std::move(frame);
}

}  // namespace dut
