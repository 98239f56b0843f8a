#include "calibration/conditions.hpp"

#include "calibration/check.hpp"
#include "calibration/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace calibration {

namespace {

using Values = std::array<double, phase_count>;

// What stays below this share of its neighbours' set points on a channel that is off is crosstalk
// and noise.
constexpr double off_share = 0.01;

// Bounds belong to what they allow, as far as doubles can tell: 232.3 V is inside 230 V +- 1 %.
// What is no number is outside.
bool exceeds(double difference, double allowed) {
    constexpr double rounding = 1e-9;
    return !(std::abs(difference) <= allowed * (1 + rounding));
}

struct Channel {
    const char* name;
    const char* unit;
    Values asked, seen;
    double bound_percent, symmetry_percent;
    double off;  // what may remain on a channel that is off
};

void check_against_set_point(const Channel& channel, std::vector<std::string>& lines) {
    const double most = *std::max_element(channel.asked.begin(), channel.asked.end());
    const double remainder = std::max(most * off_share, channel.off);
    for (std::size_t i = 0; i < phase_count; ++i) {
        const double asked = channel.asked[i];
        const double seen = channel.seen[i];
        if (asked > 0 && exceeds(seen - asked, asked * channel.bound_percent / 100)) {
            lines.push_back(fmt::format("L{} {} {:.6g} {} left {:.6g} {} +- {:g} %",
                                        i + 1,
                                        channel.name,
                                        seen,
                                        channel.unit,
                                        asked,
                                        channel.unit,
                                        channel.bound_percent));
        } else if (asked <= 0 && exceeds(seen, remainder)) {
            lines.push_back(fmt::format("L{} {} {:.6g} {} is there, but the channel is off",
                                        i + 1,
                                        channel.name,
                                        seen,
                                        channel.unit));
        }
    }
}

void check_symmetry(const Channel& channel, std::vector<std::string>& lines) {
    double sum = 0;
    int on = 0;
    for (std::size_t i = 0; i < phase_count; ++i) {
        sum += channel.asked[i] > 0 ? channel.seen[i] : 0;
        on += channel.asked[i] > 0 ? 1 : 0;
    }
    for (std::size_t i = 0; i < phase_count && on > 1; ++i) {
        const double mean = sum / on;
        if (channel.asked[i] > 0 &&
            exceeds(channel.seen[i] - mean, mean * channel.symmetry_percent / 100)) {
            lines.push_back(
                fmt::format("L{} {} {:.6g} {} is not symmetrical to the mean {:.6g} {} +- {:g} %",
                            i + 1,
                            channel.name,
                            channel.seen[i],
                            channel.unit,
                            mean,
                            channel.unit,
                            channel.symmetry_percent));
        }
    }
}

double turned(double degrees) { return std::remainder(degrees, 360.0); }

void check_angles(const LoadPoint& asked,
                  const SeenLoad& seen,
                  double bound,
                  std::vector<std::string>& lines) {
    std::optional<double> least, most;
    for (std::size_t i = 0; i < phase_count; ++i) {
        if (asked.phases[i].current.value() <= 0 || asked.phases[i].voltage.value() <= 0) {
            continue;
        }
        const double off =
            turned(seen.phases[i].displacement.value() - asked.phases[i].displacement.value());
        least = std::min(least.value_or(off), off);
        most = std::max(most.value_or(off), off);
        if (exceeds(off, bound)) {
            lines.push_back(fmt::format("L{} angle {:.2f} deg left {:.2f} deg +- {:g} deg",
                                        i + 1,
                                        seen.phases[i].displacement.value(),
                                        asked.phases[i].displacement.value(),
                                        bound));
        }
    }
    if (least && exceeds(*most - *least, bound)) {
        lines.push_back(fmt::format(
            "the phase angles differ by {:.2f} deg, more than {:g} deg", *most - *least, bound));
    }
}

}  // namespace

ReferenceConditions ReferenceConditions::parse(std::string_view text, std::string_view name) {
    const Table table = parse_document(text, name);
    const Range percent{.least = 0, .most = 100};
    table.text("id");
    table.text("confidence");
    ReferenceConditions conditions{
        .title = table.text("title"),
        .source = table.text("source"),
        .voltage_percent = table.number("voltage_percent", percent),
        .voltage_symmetry_percent = table.number("voltage_symmetry_percent", percent),
        .current_percent = table.number("current_percent", percent),
        .current_symmetry_percent = table.number("current_symmetry_percent", percent),
        .frequency_percent = table.number("frequency_percent", percent),
        .angle_deg = table.number("angle_deg", {.least = 0, .most = 180}),
        .off_voltage_v = table.number("off_voltage_v", {.least = 0, .most = 1000}),
        .off_current_a = table.number("off_current_a", {.least = 0, .most = 1000})};
    table.finish();
    return conditions;
}

ReferenceConditions standard_reference_conditions() {
    const EmbeddedText& text = condition_texts().front();
    return ReferenceConditions::parse(text.text, text.name);
}

std::vector<std::string> deviations(const LoadPoint& asked,
                                    const SeenLoad& seen,
                                    PhaseSequence sequence_seen,
                                    const ReferenceConditions& conditions) {
    if (!asked.any_voltage() && !asked.any_current()) {
        return {};  // nothing is measured on a bench that is off
    }
    Channel voltage{.name = "voltage",
                    .unit = "V",
                    .bound_percent = conditions.voltage_percent,
                    .symmetry_percent = conditions.voltage_symmetry_percent,
                    .off = conditions.off_voltage_v};
    Channel current{.name = "current",
                    .unit = "A",
                    .bound_percent = conditions.current_percent,
                    .symmetry_percent = conditions.current_symmetry_percent,
                    .off = conditions.off_current_a};
    for (std::size_t i = 0; i < phase_count; ++i) {
        voltage.asked[i] = rms_voltage(asked.phases[i]).value();
        voltage.seen[i] = seen.phases[i].voltage.value();
        current.asked[i] = rms_current(asked.phases[i]).value();
        current.seen[i] = seen.phases[i].current.value();
    }
    std::vector<std::string> lines;
    for (const Channel& channel : {voltage, current}) {
        check_against_set_point(channel, lines);
        check_symmetry(channel, lines);
    }
    check_angles(asked, seen, conditions.angle_deg, lines);
    if (asked.any_voltage() &&
        exceeds((seen.frequency / asked.frequency - 1) * 100, conditions.frequency_percent)) {
        lines.push_back(fmt::format("frequency {:.3f} Hz left {:.3f} Hz +- {:g} %",
                                    seen.frequency.value(),
                                    asked.frequency.value(),
                                    conditions.frequency_percent));
    }
    const bool three =
        std::all_of(voltage.asked.begin(), voltage.asked.end(), [](double v) { return v > 0; });
    if (three && sequence_seen != asked.sequence) {
        lines.push_back(asked.sequence == PhaseSequence::l123
                            ? "the phase sequence is 132, not 123"
                            : "the phase sequence is 123, not 132");
    }
    return lines;
}

}  // namespace calibration
