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
#include <vector>

namespace rig {

inline constexpr std::string_view twin_link = "twin";

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
    std::vector<double> phase_gain_error_percent;  // none or three
    std::string identifies_as;  // another meter type's id; empty: the one asked for
};

struct PositionEntry {
    std::string name, serial;
    int led_channel = 0;
    std::string port;  // "twin", "modbus-tcp:192.168.0.4:502,5", or "none"
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
    DeviceEntry source, reference, capture;
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

    bool all_simulated() const;
    bool any_on_twin() const;
    bool any_simulated() const;  // a device on the twin, or a bench that says so
};

// Throws calibration::DataError: unknown key, wrong type, value out of range, two positions on one
// channel or name, an address that makes no sense, a virtual clock with a real device.
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
