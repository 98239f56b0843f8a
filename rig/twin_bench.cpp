// The built-in twin as a bench file: hidden errors drawn from the seed, written down so that the
// truth is on record.
#include "calibration/random.hpp"
#include "rig/bench_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rig {

namespace {

using calibration::normal;
using calibration::uniform;

// Channels of the random draws: one number per kind of secret, the index is the position.
enum Draw : std::uint64_t {
    reference_ratio = 9001,
    reference_phase,
    gain,
    phase,
    offset,
    start,
    led
};

constexpr double certificate_percent = 0.02;
constexpr double certificate_phase_minutes = 0.2;
// As an electrician would lay the lines: ten meters each, units 1 to 10.
constexpr int meters_per_line = 10;
constexpr int most_capture_channel = 126;
constexpr int first_bypass_channel = 101;

double spread(std::uint64_t seed, Draw draw, std::uint64_t index, double most) {
    return (2 * uniform(seed, draw, index) - 1) * most;
}

// How wide a healthy meter's errors may be: class C is the tightest, the others scale with their
// limit.
double class_width(const dut::MeterType& meter) {
    if (meter.accuracy_class == "C") {
        return 1;
    }
    return meter.accuracy_class == "A" || meter.accuracy_class == "2" ? 4 : 2;
}

std::string head(const dut::MeterType& meter, int positions, std::uint64_t seed) {
    return fmt::format(
        R"(# The built-in twin: {} x {}, seed {}. What the simulated devices really do is under "twin".
[bench]
name = "twin"
clock = "virtual"

[source]
driver = "zera-mt"
link = "twin"

[reference]
driver = "zera-zscpi"
link = "twin"
certificate = {{ number = "TWIN-1", expanded_uncertainty_percent = {}, expanded_phase_uncertainty_minutes = {}, due = 2099-12-31 }}
twin = {{ ratio_error_percent = {:.6f}, phase_error_minutes = {:.5f} }}

[capture]
driver = "ctag"
link = "twin"
reference_channel = 0

[position_switch]
driver = "scpi-switch"
link = "twin"
)",
        positions,
        meter.name,
        seed,
        certificate_percent,
        certificate_phase_minutes,
        normal(seed, reference_ratio, 0) * certificate_percent / 2,
        normal(seed, reference_phase, 0) * certificate_phase_minutes / 2);
}

// Lines are for meters that have no other port.
bool on_lines(const dut::MeterType& meter) {
    return meter.modbus && !meter.modbus->tcp() && meter.modbus->rtu;
}

std::string line_name(int line) { return std::string(1, static_cast<char>('A' + line)); }

std::string buses(const dut::MeterType& meter, int positions) {
    std::string text;
    for (int line = 0; on_lines(meter) && line * meters_per_line < positions; ++line) {
        text += fmt::format("\n[[bus]]\nname = \"{}\"\nlink = \"twin\"\nline = \"{},{}\"\n",
                            line_name(line),
                            meter.modbus->rtu->baud,
                            meter.modbus->rtu->framing);
    }
    return text;
}

std::string port(const dut::MeterType& meter, int number) {
    const int index = number - 1;
    return on_lines(meter) ? fmt::format("modbus-rtu:{},{}",
                                         line_name(index / meters_per_line),
                                         1 + index % meters_per_line)
                           : std::string(twin_link);
}

// The capture has room for the pulse outputs of 63 positions beside their LEDs.
std::string output_line(const dut::MeterType& meter, int number, int positions) {
    const int channel = positions + number;
    return meter.pulse_output && channel <= most_capture_channel
               ? fmt::format("output_channel = {}\n", channel)
               : "";
}

// What the operator reads off the display of a healthy meter: rEL1, rEL2, CS1 and CS2.
std::string displayed_line(const dut::MeterType& meter) {
    std::string fields;
    for (const char* field : {"firmware_1", "firmware_2", "checksum_1", "checksum_2"}) {
        const auto* row = dut::find_identification(meter.registers, field);
        if (row != nullptr && !row->emulated.empty()) {
            fields +=
                fmt::format("{}{} = \"{}\"", fields.empty() ? "" : ", ", field, row->emulated);
        }
    }
    return fields.empty() ? "" : fmt::format("displayed = {{ {} }}\n", fields);
}

std::string position(const dut::MeterType& meter, int number, int positions, std::uint64_t seed) {
    const double width = class_width(meter);
    const auto index = static_cast<std::uint64_t>(number);
    // An offset matters at Imin: a tenth of a percent of the power there at most.
    const double least_power =
        3 * meter.ratings.nominal_voltage.value() * meter.ratings.minimum.value();
    return fmt::format(R"(
[[position]]
name = "{0}"
serial = "2448{0:04d}"
led_channel = {0}
{1}bypass_channel = {2}
port = "{3}"
{4}twin = {{ gain_error_percent = {5:.5f}, phase_error_minutes = {6:.4f}, offset_w = {7:.6f}, starts_at_a = {8:.6f}, jitter_us = 50, led_remainder = {9:.6f} }}
)",
                       number,
                       output_line(meter, number, positions),
                       first_bypass_channel - 1 + number,
                       port(meter, number),
                       displayed_line(meter),
                       spread(seed, gain, index, 0.15 * width),
                       spread(seed, phase, index, 1.5 * width),
                       spread(seed, offset, index, 0.001 * width * least_power),
                       meter.ratings.starting.value() * (0.6 + 0.25 * uniform(seed, start, index)),
                       uniform(seed, led, index));
}

}  // namespace

std::string twin_bench_text(const dut::MeterType& meter, int positions, std::uint64_t seed) {
    std::string text = head(meter, positions, seed) + buses(meter, positions);
    for (int number = 1; number <= positions; ++number) {
        text += position(meter, number, positions, seed);
    }
    return text;
}

}  // namespace rig
