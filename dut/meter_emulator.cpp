// The emulated meter's side of Modbus TCP.
#include "dut/meter_emulator.hpp"

#include "dut/meter_values.hpp"
#include "dut/modbus_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace dut {
namespace {

using instruments::io::ByteLink;
using instruments::io::Task;

constexpr int broadcast_unit = 0;
constexpr int least_ct_primary = 1, most_ct_primary = 12000;

Bytes exception(std::uint8_t function, std::uint8_t code) {
    return {static_cast<std::uint8_t>(function | exception_flag), code};
}

bool is_write(std::uint8_t function) {
    return function == static_cast<std::uint8_t>(ModbusFunction::write_single_register) ||
           function == static_cast<std::uint8_t>(ModbusFunction::write_multiple_registers);
}

const Register* row_at(const RegisterMap& map, std::uint16_t address) {
    for (const auto& row : map.rows) {
        if (row.address == address) return &row;
    }
    return nullptr;
}

// A request may span several rows, but no address outside a block.
bool covered(const RegisterMap& map, int address, int count) {
    return std::any_of(map.blocks.begin(), map.blocks.end(), [&](const RegisterBlock& block) {
        return address >= block.start && address + count <= block.start + block.words;
    });
}

// Copies the words of a row that lie inside the request.
void place(int row_address, const Words& row, int address, Words& words) {
    for (std::size_t index = 0; index < row.size(); ++index) {
        const int offset = row_address + static_cast<int>(index) - address;
        if (offset < 0 || offset >= static_cast<int>(words.size())) continue;
        words[static_cast<std::size_t>(offset)] = row[index];
    }
}

// "24480001-123" into the three words of the serial number.
struct SerialParts {
    std::string year_week, line, order;
};
SerialParts split_serial(const std::string& serial) {
    const auto is_hexadecimal = [](unsigned char c) { return std::isxdigit(c) != 0; };
    const bool long_enough =
        serial.size() >= 8 && std::all_of(serial.begin(), serial.begin() + 8, is_hexadecimal);
    if (!long_enough || (serial.size() > 8 && serial[8] != '-') || serial.size() == 9) {
        throw calibration::DataError(fmt::format(
            "serial: expected 8 hexadecimal digits, or these and -ORDER, got \"{}\"", serial));
    }
    return {serial.substr(0, 4), serial.substr(4, 4), serial.size() > 8 ? serial.substr(9) : "0"};
}

// What an emulated meter says in a field the type does not fix.
std::string identification_text(const std::string& field, const MeterEmulatorOptions& options) {
    const SerialParts serial = split_serial(options.serial);
    if (field == "serial_year_week") return serial.year_week;
    if (field == "serial_line") return serial.line;
    if (field == "serial_order") return serial.order;
    if (field == "software_version") return std::to_string(options.software_version);
    if (field == "table_version") return "101";
    if (field == "product_version_major") return "1";
    if (field == "vendor") return "SOCOMEC";
    if (field == "product_name") return "COUNTIS";
    if (field == "firmware_order") return "EMULATED";
    return "0";
}

bool has_ratio(const MeterType& type) {
    return type.ratings.connection == calibration::Connection::transformer;
}

double ratio_of(const MeterType& type, const MeterEmulatorOptions& options) {
    if (!has_ratio(type)) return 1;
    return static_cast<double>(options.ct_primary_a) / options.ct_secondary_a;
}

bool ratio_possible(int primary, int secondary) {
    return primary >= least_ct_primary && primary <= most_ct_primary &&
           (secondary == 1 || secondary == 5);
}

}  // namespace

MeterEmulator::MeterEmulator(instruments::io::Clock& clock,
                             const calibration::BenchModel& model,
                             std::size_t position,
                             MeterType type,
                             MeterEmulatorOptions options)
    : clock_(clock),
      model_(model),
      position_(position),
      type_(std::move(type)),
      options_(std::move(options)),
      energies_(model.registered(position, clock.now()), ratio_of(type_, options_)) {
    if (!ratio_possible(options_.ct_primary_a, options_.ct_secondary_a)) {
        throw calibration::DataError(
            fmt::format("transformer ratio: expected 1 to 12000 A to 1 or 5 A, got {} to {} A",
                        options_.ct_primary_a,
                        options_.ct_secondary_a));
    }
    Words whole_identification(0x10000);
    fill_identification(0, whole_identification);  // throws for a serial that does not fit
}

// A request for another unit, and a broadcast that this meter executes or ignores, get no answer at
// all.
Bytes MeterEmulator::answer(BytesView request) {
    FrameReader reader;
    reader.feed(request);
    const auto frame = reader.next();
    if (!frame || !*frame || reader.pending() != 0) return {};
    const ModbusFrame& asked = **frame;
    if (clock_.now() >= options_.faults.silent_from || dead()) return {};
    const bool broadcast = asked.unit == broadcast_unit;
    if (!broadcast && asked.unit != options_.unit) return {};
    if (broadcast && !is_write(asked.pdu.front())) return {};
    Bytes pdu = respond(asked.pdu, broadcast);
    if (broadcast) return {};
    const int unit = options_.faults.reply_unit != 0 ? options_.faults.reply_unit : asked.unit;
    return encode_frame({asked.transaction, static_cast<std::uint8_t>(unit), std::move(pdu)});
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
    if (!covered(type_.registers, address, count)) return exception(pdu[0], illegal_data_address);
    Bytes reply{pdu[0], static_cast<std::uint8_t>(2 * count)};
    for (const std::uint16_t word : words(address, count)) append_word(reply, word);
    return reply;
}

Bytes MeterEmulator::write_one(BytesView pdu, bool broadcast) {
    if (pdu.size() != 5) return exception(pdu[0], illegal_data_value);
    const std::uint16_t address = word_at(pdu, 1);
    const std::uint16_t value = word_at(pdu, 3);
    if (const auto code = injected_exception(address, 1)) return exception(pdu[0], *code);
    if (const auto code = refusal(address, value, broadcast)) return exception(pdu[0], *code);
    store(address, value);
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
    const auto value = [&](int index) {
        return word_at(pdu, static_cast<std::size_t>(6 + 2 * index));
    };
    const auto at = [&](int index) { return static_cast<std::uint16_t>(address + index); };
    for (int index = 0; index < count; ++index) {
        const auto code = refusal(at(index), value(index), broadcast);
        if (code) return exception(pdu[0], *code);
    }
    for (int index = 0; index < count; ++index) store(at(index), value(index));
    return {pdu.begin(), pdu.begin() + 5};
}

bool MeterEmulator::dead() const {
    return options_.dead_without_voltage && type_.self_supplied &&
           !model_.actual_load(clock_.now()).any_voltage();
}

std::optional<std::uint8_t> MeterEmulator::injected_exception(std::uint16_t address,
                                                              int count) const {
    const auto found = options_.faults.exceptions.lower_bound(address);
    if (found == options_.faults.exceptions.end() || found->first >= address + count) {
        return std::nullopt;
    }
    return found->second;
}

// The maker says neither which code a read-only nor which a sealed register answers; these two are
// the customary ones.
std::optional<std::uint8_t> MeterEmulator::refusal(std::uint16_t address,
                                                   std::uint16_t value,
                                                   bool broadcast) const {
    const Register* row = row_at(type_.registers, address);
    if (row == nullptr || row->access == Access::read) return illegal_data_address;
    if (broadcast && row->access != Access::broadcast) return illegal_data_address;
    if (row->access == Access::sealed) return illegal_data_value;
    const bool possible = row->quantity == "tariff" ? value >= 1 && value <= type_.tariffs
                          : row->quantity == "ct_primary"
                              ? ratio_possible(value, options_.ct_secondary_a)
                              : ratio_possible(options_.ct_primary_a, value);
    return possible ? std::nullopt : std::optional{illegal_data_value};
}

void MeterEmulator::store(std::uint16_t address, std::uint16_t value) {
    if (options_.faults.loses_writes) return;
    const Register* row = row_at(type_.registers, address);
    const auto registered = model_.registered(position_, clock_.now());
    if (row->quantity == "tariff") {
        energies_.set_tariff(value, registered);
        return;
    }
    (row->quantity == "ct_primary" ? options_.ct_primary_a : options_.ct_secondary_a) = value;
    energies_.set_ratio(ratio_of(type_, options_), registered);
}

Words MeterEmulator::words(std::uint16_t address, int count) const {
    Words words(static_cast<std::size_t>(count), 0xFFFF);  // holes are "not available"
    fill_rows(address, words);
    fill_identification(address, words);
    return words;
}

void MeterEmulator::fill_rows(std::uint16_t address, Words& words) const {
    const auto now = clock_.now();
    MeterView view;
    view.load = model_.actual_load(now);
    view.registered = model_.registered(position_, now);
    view.energies = &energies_;
    view.ratio = energies_.ratio();
    view.energy_scale = options_.faults.energy_scale;
    view.roll_over_wh = type_.roll_over.value();
    view.ct_primary_a = options_.ct_primary_a;
    view.ct_secondary_a = options_.ct_secondary_a;
    view.tariffs = type_.tariffs;
    view.sealed = std::any_of(type_.registers.rows.begin(),
                              type_.registers.rows.end(),
                              [](const Register& row) { return row.access == Access::sealed; });
    for (const Register& row : type_.registers.rows) {
        const int end = address + static_cast<int>(words.size());
        if (row.address + row.words <= address || row.address >= end) continue;
        place(row.address, encode(row, meter_value(row.quantity, view)), address, words);
    }
}

void MeterEmulator::fill_identification(std::uint16_t address, Words& words) const {
    for (const IdentificationRow& row : type_.registers.identification) {
        std::string text = row.expected;
        const std::string& other = options_.faults.extended_name;
        if (row.field == "extended_name" && !other.empty()) text = other;
        if (text.empty()) text = identification_text(row.field, options_);
        place(row.address, encode_text(row, text), address, words);
    }
}

}  // namespace dut
