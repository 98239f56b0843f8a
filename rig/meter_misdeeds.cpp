// What faults make the twin's meters do at their ports, and its lines to what they carry: a table.
#include "calibration/document.hpp"
#include "rig/twin_meters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

namespace rig {

namespace {

using calibration::Instant;
using dut::MeterEmulator;

// The first of the totals every COUNTIS reads its energies from.
constexpr std::uint16_t first_energy_register = 0xC702;

bool is_energy(std::string_view quantity) { return quantity.find("energy") != std::string::npos; }
bool is_reactive(std::string_view quantity) {
    return is_energy(quantity) && quantity.find("reactive") != std::string::npos;
}
bool is_sequence(std::string_view quantity) { return quantity == "phase_sequence"; }
bool is_missing_phases(std::string_view quantity) { return quantity == "missing_phases"; }

// Makes every quantity of a kind wrong in the same way.
void make_wrong(MeterEmulator& meter,
                bool (*chosen)(std::string_view quantity),
                const dut::WrongRegister& how) {
    for (const dut::Register& row : meter.type().registers.rows) {
        if (chosen(row.quantity)) {
            dut::WrongRegister wrong = how;
            wrong.quantity = row.quantity;
            meter.faults().wrong_registers.push_back(std::move(wrong));
        }
    }
}

// A text that fits the field and is no healthy meter's.
std::string other_text(dut::Encoding encoding) {
    switch (encoding) {
        case dut::Encoding::number:
            return "777";
        case dut::Encoding::hundredths:
            return "7.77";
        case dut::Encoding::hexadecimal:
            return "DEAD";
        default:
            return "X7";
    }
}

// Spoils the first of these fields that the meter's type has.
void spoil_field(MeterEmulator& meter, std::initializer_list<const char*> fields) {
    for (const char* field : fields) {
        if (const auto* row = dut::find_identification(meter.type().registers, field)) {
            meter.faults().wrong_registers.push_back(
                {.quantity = field, .text = other_text(row->encoding)});
            return;
        }
    }
    throw calibration::DataError(
        fmt::format("fault: expected a meter type that shows '{}' at its port, got {}",
                    *fields.begin(),
                    meter.type().name));
}

constexpr std::array meter_table{
    MeterMisdeed{
        "meter-silent",
        0,
        [](MeterEmulator& meter, Instant from, double) { meter.faults().silent_from = from; }},
    MeterMisdeed{"meter-exception",
                 2,
                 [](MeterEmulator& meter, Instant, double code) {
                     meter.faults().exceptions[first_energy_register] =
                         static_cast<std::uint8_t>(code);
                 }},
    MeterMisdeed{"meter-late",
                 1.5,
                 [](MeterEmulator& meter, Instant, double seconds) {
                     meter.faults().reply_delay = calibration::from_seconds(seconds);
                     meter.faults().late_replies = 1;
                 }},
    MeterMisdeed{"meter-wrong-unit",
                 247,
                 [](MeterEmulator& meter, Instant, double unit) {
                     meter.faults().reply_unit = static_cast<int>(unit);
                 }},
    MeterMisdeed{"meter-not-available",
                 0,
                 [](MeterEmulator& meter, Instant, double) {
                     make_wrong(meter, is_energy, {.not_available = true});
                 }},
    MeterMisdeed{"register-scale",
                 10,
                 [](MeterEmulator& meter, Instant, double factor) {
                     make_wrong(meter, is_energy, {.scale = factor});
                 }},
    MeterMisdeed{"stuck-register",
                 0,
                 [](MeterEmulator& meter, Instant from, double) {
                     make_wrong(meter, is_energy, {.stuck_from = from});
                 }},
    MeterMisdeed{"wrong-reactive",
                 1.1,
                 [](MeterEmulator& meter, Instant, double factor) {
                     make_wrong(meter, is_reactive, {.scale = factor});
                 }},
    MeterMisdeed{"stuck-tariff",
                 0,
                 [](MeterEmulator& meter, Instant, double) { meter.faults().stuck_tariff = true; }},
    MeterMisdeed{"lost-write",
                 0,
                 [](MeterEmulator& meter, Instant, double) { meter.faults().loses_writes = true; }},
    MeterMisdeed{"wrong-checksum",
                 0,
                 [](MeterEmulator& meter, Instant, double) { spoil_field(meter, {"checksum_1"}); }},
    MeterMisdeed{"wrong-firmware",
                 0,
                 [](MeterEmulator& meter, Instant, double) {
                     spoil_field(meter, {"firmware_1", "software_version"});
                 }},
    // It says 1, which is 123, and that no phase is missing, whatever comes.
    MeterMisdeed{"wrong-sequence",
                 0,
                 [](MeterEmulator& meter, Instant, double) {
                     make_wrong(meter, is_sequence, {.value = 1});
                     make_wrong(meter, is_missing_phases, {.value = 0});
                 }},
    MeterMisdeed{"wrong-load-curve",
                 1.1,
                 [](MeterEmulator& meter, Instant, double factor) {
                     meter.faults().wrong_registers.push_back(
                         {.quantity = "load_curve", .scale = factor});
                 }},
};

constexpr std::array line_table{
    LineMisdeed{"line-echo", [](dut::LineFaults& faults, Instant) { faults.echoes = true; }},
    LineMisdeed{"line-drop-byte",
                [](dut::LineFaults& faults, Instant from) { faults.drop_byte_from = from; }},
    LineMisdeed{"line-double-byte",
                [](dut::LineFaults& faults, Instant from) { faults.double_byte_from = from; }},
    LineMisdeed{"line-noise",
                [](dut::LineFaults& faults, Instant from) { faults.flip_bit_from = from; }},
};

}  // namespace

const MeterMisdeed* find_meter_misdeed(std::string_view kind) {
    const auto* const found = std::ranges::find(meter_table, kind, &MeterMisdeed::kind);
    return found == meter_table.end() ? nullptr : found;
}

const LineMisdeed* find_line_misdeed(std::string_view kind) {
    const auto* const found = std::ranges::find(line_table, kind, &LineMisdeed::kind);
    return found == line_table.end() ? nullptr : found;
}

}  // namespace rig
