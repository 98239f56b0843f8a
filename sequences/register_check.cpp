#include "sequences/register_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace sequences {

namespace {

using calibration::Verdict;

double advance(double from, double to, double roll_over) {
    return to >= from || roll_over <= 0 ? to - from : to + roll_over - from;
}

// Impulses that counters prove to be missing in the stream; nothing when they may be any number.
std::optional<std::int64_t> proven_losses(const JournalStory& story,
                                          std::size_t position,
                                          std::int64_t from,
                                          std::int64_t to) {
    std::int64_t sum = 0;
    for (const rig::RecordedLoss& loss : story.losses) {
        if (!loss.overlaps(from, to) || !(loss.everyone || loss.names(position))) {
            continue;
        }
        if (!loss.edges || !loss.names(position)) {
            return std::nullopt;
        }
        sum += *loss.edges;
    }
    return sum;
}

// A number that is none agrees with nothing.
void judge(RegisterCheck& check, double constant_imp_per_kwh) {
    const double apart_kwh = std::abs(check.advance_kwh - check.led_kwh);
    check.verdict = Verdict::pass;
    if (!(apart_kwh <= check.step_kwh + 1 / constant_imp_per_kwh)) {
        check.verdict = Verdict::suspect;
        check.reason = fmt::format("the registers advanced by {:.6g} kWh, the LED by {:.6g} kWh",
                                   check.advance_kwh,
                                   check.led_kwh);
    }
}

// The LED blinks for both directions: only the registers tell which one the meter has seen. Judged
// where the whole plan has one direction.
void judge_direction(RegisterCheck& check, const Plan& plan, double import_kwh, double export_kwh) {
    const auto power_w = [](const TestPoint& point) {
        return calibration::active_power(point.load).value();
    };
    const bool any_import =
        std::ranges::any_of(plan.points, [&](const TestPoint& p) { return power_w(p) > 0; });
    const bool any_export =
        std::ranges::any_of(plan.points, [&](const TestPoint& p) { return power_w(p) < 0; });
    const double wrong_kwh = any_import ? export_kwh : import_kwh;
    if (any_import == any_export || wrong_kwh <= check.step_kwh) {
        return;
    }
    check.verdict = Verdict::suspect;
    check.reason =
        fmt::format("{:.6g} kWh were registered as {}: are the meter's currents reversed?",
                    wrong_kwh,
                    any_import ? "export" : "import");
}

// What all stretches together say. A ratio that was changed between two of them is in neither.
struct Sums {
    RegisterCheck check;
    double import_kwh = 0, export_kwh = 0;
    bool all_known = true;  // how many impulses were lost
    std::string lost;
};

void add_stretch(const JournalStory& story,
                 std::size_t position,
                 const RegisterStretch& stretch,
                 Sums& sums) {
    const auto& before = *stretch.before;
    const auto& after = *stretch.after;
    sums.check.step_kwh += after.step_kwh / after.ratio;
    sums.import_kwh +=
        advance(before.import_kwh, after.import_kwh, after.roll_over_kwh) / after.ratio;
    sums.export_kwh +=
        advance(before.export_kwh, after.export_kwh, after.roll_over_kwh) / after.ratio;
    const auto lost = proven_losses(story, position, before.tick, after.tick);
    const auto seen = story.between(position, before.tick + 1, after.tick).size();
    sums.check.led_impulses += static_cast<std::int64_t>(seen) + lost.value_or(0);
    if (!lost && sums.all_known) {
        sums.all_known = false;
        sums.lost = story.lost_in(position, before.tick, after.tick);
    }
}

bool complete(const RegisterStory& stretches) {
    return !stretches.empty() && std::ranges::all_of(stretches, [](const auto& entry) {
        return entry.second.before && entry.second.after;
    });
}

}  // namespace

std::optional<RegisterCheck> check_registers(const JournalStory& story, std::size_t position) {
    const RegisterStory& stretches = story.registers[position];
    if (!complete(stretches)) {
        return std::nullopt;
    }
    Sums sums{.check = {.before_kwh = stretches.begin()->second.before->import_kwh,
                        .after_kwh = stretches.rbegin()->second.after->import_kwh}};
    for (const auto& [number, stretch] : stretches) {
        add_stretch(story, position, stretch, sums);
    }
    RegisterCheck& check = sums.check;
    check.advance_kwh = sums.import_kwh + sums.export_kwh;
    const double constant = story.plan.ratings.constant.value();
    check.led_kwh = static_cast<double>(check.led_impulses) / constant;
    if (sums.all_known) {
        judge(check, constant);
        judge_direction(check, story.plan, sums.import_kwh, sums.export_kwh);
    } else {
        check.verdict = Verdict::inconclusive;
        check.reason = fmt::format("an unknown number of impulses was lost: {}", sums.lost);
    }
    return check;
}

}  // namespace sequences
