#include "sequences/register_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

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

}  // namespace

std::optional<RegisterCheck> check_registers(const JournalStory& story, std::size_t position) {
    const auto& [before, after] = story.registers[position];
    if (!before || !after) {
        return std::nullopt;
    }
    RegisterCheck check{.before_kwh = before->import_kwh,
                        .after_kwh = after->import_kwh,
                        .step_kwh = after->step_kwh / after->ratio};
    const double import_kwh =
        advance(before->import_kwh, after->import_kwh, after->roll_over_kwh) / after->ratio;
    const double export_kwh =
        advance(before->export_kwh, after->export_kwh, after->roll_over_kwh) / after->ratio;
    check.advance_kwh = import_kwh + export_kwh;
    const auto lost = proven_losses(story, position, before->tick, after->tick);
    const auto seen = story.between(position, before->tick + 1, after->tick).size();
    const double constant = story.plan.ratings.constant.value();
    check.led_impulses = static_cast<std::int64_t>(seen) + lost.value_or(0);
    check.led_kwh = static_cast<double>(check.led_impulses) / constant;
    if (lost) {
        judge(check, constant);
        judge_direction(check, story.plan, import_kwh, export_kwh);
    } else {
        check.verdict = Verdict::inconclusive;
        check.reason = fmt::format("an unknown number of impulses was lost: {}",
                                   story.lost_in(position, before->tick, after->tick));
    }
    return check;
}

}  // namespace sequences
