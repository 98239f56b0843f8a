#include "sequences/head_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sequences {

namespace {

// A meter without current shows less than this share of the load's power, whatever its ratio.
constexpr double nothing_share = 0.05;

}  // namespace

bool blinked(const TestPoint& point, std::int64_t impulses, double lasted_s) {
    const double due = lasted_s / calibration::seconds(point.impulse_interval);
    return static_cast<double>(impulses) >= std::max(1.5, due / 2);
}

HeadCode head_seen(const TestPoint& point, const HeadStory& story, std::size_t positions) {
    std::vector<bool> seen;
    for (std::size_t step = 0; step < story.impulses.size(); ++step) {
        seen.push_back(blinked(point, story.impulses[step], story.lasted_s[step]));
    }
    return decode_head(seen, positions);
}

std::optional<HeadCode> port_seen(const TestPoint& point,
                                  const HeadStory& story,
                                  std::size_t positions) {
    if (story.power_w.empty()) {
        return std::nullopt;
    }
    const bool all_read = std::ranges::all_of(
        story.power_w, [](const std::optional<double>& power_w) { return power_w.has_value(); });
    if (!all_read || story.power_w.size() != story.impulses.size()) {
        return HeadCode{};
    }
    double most_w = nothing_share * std::abs(calibration::active_power(point.load).value());
    for (const std::optional<double>& power_w : story.power_w) {
        most_w = std::max(most_w, std::abs(*power_w));
    }
    std::vector<bool> seen;
    for (const std::optional<double>& power_w : story.power_w) {
        seen.push_back(std::abs(*power_w) > most_w / 2);
    }
    return decode_head(seen, positions);
}

bool is_swapped(const HeadCode& code, std::size_t position) {
    return code.kind == HeadCode::Kind::of_position && code.position != position;
}

std::string head_complaint(HeadCode code, std::size_t position, const PositionNames& names) {
    const std::string& name = names[position];
    switch (code.kind) {
        case HeadCode::Kind::never:
            return fmt::format("the head of position {} never blinks: is it in place?", name);
        case HeadCode::Kind::always:
            return fmt::format(
                "the head of position {} blinks in and out of the circuit: other light, or a relay "
                "that does not move",
                name);
        case HeadCode::Kind::nobodys:
            return fmt::format("the head of position {} follows no position's load", name);
        case HeadCode::Kind::of_position:
            break;
    }
    return code.position == position ? ""
                                     : fmt::format(
                                           "the head of position {} sees the meter of "
                                           "position {}",
                                           name,
                                           names[code.position]);
}

std::string port_complaint(HeadCode code, std::size_t position, const PositionNames& names) {
    const std::string& name = names[position];
    switch (code.kind) {
        case HeadCode::Kind::never:
            return fmt::format("the port of position {} never reads a load", name);
        case HeadCode::Kind::always:
            return fmt::format("the port of position {} reads a load in and out of the circuit",
                               name);
        case HeadCode::Kind::nobodys:
            return fmt::format("the port of position {} follows no position's load", name);
        case HeadCode::Kind::of_position:
            break;
    }
    return code.position == position ? ""
                                     : fmt::format(
                                           "the port of position {} reads the meter of "
                                           "position {}",
                                           name,
                                           names[code.position]);
}

}  // namespace sequences
