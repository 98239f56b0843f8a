// The emulated meter's side of Modbus.
#include "dut/meter_emulator.hpp"

#include "dut/modbus_frame.hpp"

namespace dut {
namespace {

using instruments::io::ByteLink;
using instruments::io::Task;

constexpr int broadcast_unit = 0;
Bytes exception(std::uint8_t function, std::uint8_t code) {
    return {static_cast<std::uint8_t>(function | exception_flag), code};
}

bool is_write(std::uint8_t function) {
    return function == static_cast<std::uint8_t>(ModbusFunction::write_single_register) ||
           function == static_cast<std::uint8_t>(ModbusFunction::write_multiple_registers);
}

}  // namespace

MeterEmulator::MeterEmulator(instruments::io::Clock& clock,
                             calibration::BenchModel& model,
                             std::size_t position,
                             MeterType type,
                             MeterEmulatorOptions options)
    : clock_(clock),
      model_(model),
      position_(position),
      type_(std::move(type)),
      options_(std::move(options)),
      memory_(clock, model, position, type_, options_) {}

// A request for another unit, and a broadcast that this meter executes or ignores, get no answer at
// all.
std::optional<Bytes> MeterEmulator::answer_pdu(std::uint8_t unit, BytesView pdu) {
    if (pdu.empty() || clock_.now() >= options_.faults.silent_from || dead()) return std::nullopt;
    const bool broadcast = unit == broadcast_unit;
    if (!broadcast && unit != options_.unit) return std::nullopt;
    if (broadcast && !is_write(pdu.front())) return std::nullopt;
    Bytes reply = respond(pdu, broadcast);
    if (broadcast) return std::nullopt;
    return reply;
}

Bytes MeterEmulator::answer(BytesView request) {
    FrameReader reader;
    reader.feed(request);
    const auto frame = reader.next();
    if (!frame || !*frame || reader.pending() != 0) return {};
    const ModbusFrame& asked = **frame;
    auto pdu = answer_pdu(asked.unit, asked.pdu);
    if (!pdu) return {};
    const int unit = options_.faults.reply_unit != 0 ? options_.faults.reply_unit : asked.unit;
    return encode_frame({asked.transaction, static_cast<std::uint8_t>(unit), std::move(*pdu)});
}

// A peer that does not speak Modbus has lost its frame limits: what it sent is dropped, and it gets
// no answer.
Task<void> MeterEmulator::serve(ByteLink& link) try {
    FrameReader reader;
    while (true) {
        const Bytes bytes = co_await link.read(instruments::io::never);
        reader.feed(bytes);
        while (true) {
            const auto frame = reader.next();
            if (!frame || !*frame) break;
            const Bytes reply = answer(encode_frame(**frame));
            if (!reply.empty() && options_.faults.late_replies > 0) {
                --options_.faults.late_replies;
                co_await clock_.sleep_for(options_.faults.reply_delay);
            }
            if (!reply.empty()) co_await link.write(reply);
        }
    }
} catch (const instruments::io::LinkError&) {
    co_return;
}

Bytes MeterEmulator::respond(BytesView pdu, bool broadcast) {
    switch (pdu[0]) {
        case static_cast<std::uint8_t>(ModbusFunction::read_holding_registers):
            return read_registers(pdu);
        case static_cast<std::uint8_t>(ModbusFunction::write_single_register):
            return write_one(pdu, broadcast);
        case static_cast<std::uint8_t>(ModbusFunction::write_multiple_registers):
            return write_many(pdu, broadcast);
        default:
            return exception(pdu[0], illegal_function);
    }
}

Bytes MeterEmulator::read_registers(BytesView pdu) {
    if (pdu.size() != 5) return exception(pdu[0], illegal_data_value);
    const std::uint16_t address = word_at(pdu, 1);
    const int count = word_at(pdu, 3);
    if (count < 1 || count > most_registers_read) return exception(pdu[0], illegal_data_value);
    if (const auto code = injected_exception(address, count)) return exception(pdu[0], *code);
    if (!memory_.covers(address, count)) return exception(pdu[0], illegal_data_address);
    Bytes reply{pdu[0], static_cast<std::uint8_t>(2 * count)};
    for (const std::uint16_t word : memory_.read(address, count)) append_word(reply, word);
    return reply;
}

Bytes MeterEmulator::write_one(BytesView pdu, bool broadcast) {
    if (pdu.size() != 5) return exception(pdu[0], illegal_data_value);
    const std::uint16_t address = word_at(pdu, 1);
    const Words values{word_at(pdu, 3)};
    if (const auto code = injected_exception(address, 1)) return exception(pdu[0], *code);
    if (const auto code = memory_.refusal(address, values, broadcast)) {
        return exception(pdu[0], *code);
    }
    memory_.store(address, values);
    return {pdu.begin(), pdu.end()};
}

Bytes MeterEmulator::write_many(BytesView pdu, bool broadcast) {
    if (pdu.size() < 6) return exception(pdu[0], illegal_data_value);
    const std::uint16_t address = word_at(pdu, 1);
    const int count = word_at(pdu, 3);
    const bool sound = count >= 1 && count <= most_registers_written && pdu[5] == 2 * count &&
                       pdu.size() == 6 + static_cast<std::size_t>(2 * count);
    if (!sound) return exception(pdu[0], illegal_data_value);
    if (const auto code = injected_exception(address, count)) return exception(pdu[0], *code);
    Words values;
    for (std::size_t at = 6; at < pdu.size(); at += 2) values.push_back(word_at(pdu, at));
    if (const auto code = memory_.refusal(address, values, broadcast)) {
        return exception(pdu[0], *code);
    }
    memory_.store(address, values);
    return {pdu.begin(), pdu.begin() + 5};
}

bool MeterEmulator::dead() const {
    return options_.dead_without_voltage && type_.self_supplied &&
           !model_.meter_load(position_, clock_.now()).any_voltage();
}

std::optional<std::uint8_t> MeterEmulator::injected_exception(std::uint16_t address,
                                                              int count) const {
    const auto found = options_.faults.exceptions.lower_bound(address);
    if (found == options_.faults.exceptions.end() || found->first >= address + count) {
        return std::nullopt;
    }
    return found->second;
}

}  // namespace dut
