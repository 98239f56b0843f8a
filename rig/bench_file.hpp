// The bench file: which devices stand on this bench, by driver and address, and what a simulated
// one really does.
#pragma once

#include "calibration/bench_model.hpp"
#include "calibration/uncertainty.hpp"
#include "dut/meter_type.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

inline constexpr std::string_view twin_link = "twin";
// Time-outs of a second must stay longer than what a busy machine keeps a process waiting.
inline constexpr double most_speed = 100;

struct DeviceEntry {
    std::string driver;  // "zera-mt"
    std::string link;    // "twin", "tcp:192.168.32.10:4001", "serial:/dev/ttyUSB0,9600,8N2"
    bool simulated() const { return link == twin_link; }
};

// What the simulated meter really does; what is not given is drawn from the seed.
struct TwinMeter {
    std::optional<double> gain_error_percent, phase_error_minutes, offset_w, starts_at_a, creep_w;
    std::optional<double> jitter_us, update_grid_ms, constant_imp_per_kwh, register_scale;
    std::optional<double> voltage_coefficient_percent, frequency_coefficient_percent;
    std::optional<double> led_remainder;           // share of an impulse in the LED's accumulator
    std::vector<double> phase_gain_error_percent;  // none or three
    std::string identifies_as;  // another meter type's id; empty: the one asked for
};

// A line that several meters share.
struct BusEntry {
    std::string name;     // "A"
    std::string link;     // "twin", "serial:/dev/ttyUSB0", "pty:PATH", "tcp:HOST:PORT"
    int baud = 9600;      // 4800, 9600, 19200, 38400
    std::string framing;  // "8N1", "8E1", "8O1", "8N2"
    bool echoes = false;  // the adapter hears itself
    // Twin: what the meters of the line are really set to, "19200,8E1"; empty: the same.
    std::string twin_line;
    bool simulated() const { return link == twin_link; }
};

struct PositionEntry {
    std::string name, serial;
    int led_channel = 0;
    std::optional<int> output_channel;  // of the capture, where the pulse output is wired
    std::optional<int> bypass_channel;  // of the position switch
    // "twin", "modbus-tcp:192.168.0.4:502,5", "modbus-rtu:A,5" (unit 5 on bus A), or "none"
    std::string port;
    // What the operator read off the display, by identification field: "checksum_1" -> "3F2A".
    // Which fields a meter has is its type's to say: Bench::assemble() refuses others.
    std::vector<std::pair<std::string, std::string>> displayed;
    TwinMeter twin;
};

// A fault the twin injects, by name; for trying out what calrig does about it.
struct FaultEntry {
    std::string kind;      // "lost-edge", "source-trip", ...: see fault_kinds()
    double at_s = 0;       // bench time
    std::string position;  // name, where the fault belongs to one
    double amount = 0;     // edges, seconds, ...: what the kind says; 0: its default
};

struct BenchFile {
    std::string name;
    bool virtual_clock = true;
    bool simulated = false;  // said of a bench whose real wires end at emulated devices
    double speed = 1;        // bench seconds per second; other than 1 only where that is so
    DeviceEntry source, reference, capture;
    std::optional<DeviceEntry> position_switch;
    std::vector<BusEntry> buses;
    std::string source_model, reference_model;  // empty: the driver's first
    int reference_channel = 0;
    bool explicit_edges =
        false;  // the twin's capture sends every reference edge instead of brackets
    calibration::Certificate certificate;
    std::optional<double> reference_ratio_error_percent,
        reference_phase_error_minutes;  // twin: else drawn
    double source_stability_percent = 0.005;
    std::vector<PositionEntry> positions;
    std::vector<FaultEntry> faults;

    const BusEntry* bus(std::string_view bus_name) const;  // null: none of that name
    // The meter's port is on the twin: by itself, or by its bus.
    bool port_simulated(const PositionEntry& position) const;
    bool all_simulated() const;
    bool any_on_twin() const;
    bool any_simulated() const;  // a device on the twin, or a bench that says so
};

// Throws calibration::DataError: unknown key, wrong type, value out of range, two positions on one
// channel, name or unit of a bus, an address that makes no sense, a virtual clock with a real
// device.
BenchFile parse_bench_file(std::string_view text, std::string_view name);

// The built-in twin as a bench file, every hidden error drawn from the seed and written down. The
// reference's are drawn from the distribution its certificate states, the meters' well inside the
// limits of their class.
std::string twin_bench_text(const dut::MeterType& meter, int positions, std::uint64_t seed);

// The fault a command line names: "KIND[:POSITION][@SECONDS][=AMOUNT]", at 0 s and with the kind's
// own amount when they are left out. Throws calibration::DataError.
FaultEntry parse_fault(std::string_view text);
std::vector<std::string_view> fault_kinds();
// Throws calibration::DataError for a fault of a position that does not exist, of a device that is
// not simulated, with an amount that makes no sense, or given more often than its device has room
// for.
void check_faults(const BenchFile& bench);

}  // namespace rig
