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
enum Draw : std::uint64_t { reference_ratio = 9001, reference_phase, gain, phase, offset, start };

constexpr double certificate_percent = 0.02;
constexpr double certificate_phase_minutes = 0.2;

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
)",
        positions,
        meter.name,
        seed,
        certificate_percent,
        certificate_phase_minutes,
        normal(seed, reference_ratio, 0) * certificate_percent / 2,
        normal(seed, reference_phase, 0) * certificate_phase_minutes / 2);
}

std::string position(const dut::MeterType& meter, int number, std::uint64_t seed) {
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
port = "twin"
twin = {{ gain_error_percent = {1:.5f}, phase_error_minutes = {2:.4f}, offset_w = {3:.6f}, starts_at_a = {4:.6f}, jitter_us = 50 }}
)",
                       number,
                       spread(seed, gain, index, 0.15 * width),
                       spread(seed, phase, index, 1.5 * width),
                       spread(seed, offset, index, 0.001 * width * least_power),
                       meter.ratings.starting.value() * (0.6 + 0.25 * uniform(seed, start, index)));
}

}  // namespace

std::string twin_bench_text(const dut::MeterType& meter, int positions, std::uint64_t seed) {
    std::string text = head(meter, positions, seed);
    for (int number = 1; number <= positions; ++number) {
        text += position(meter, number, seed);
    }
    return text;
}

}  // namespace rig
