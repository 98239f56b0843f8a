#include "sequences/register_check.hpp"

#include <fmt/format.h>

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

void judge(RegisterCheck& check, double constant_imp_per_kwh) {
    const double apart_kwh = std::abs(check.advance_kwh - check.led_kwh);
    check.verdict = Verdict::pass;
    if (apart_kwh > check.step_kwh + 1 / constant_imp_per_kwh) {
        check.verdict = Verdict::suspect;
        check.reason = fmt::format("the registers advanced by {:.6g} kWh, the LED by {:.6g} kWh",
                                   check.advance_kwh,
                                   check.led_kwh);
    }
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
    check.advance_kwh = (advance(before->import_kwh, after->import_kwh, after->roll_over_kwh) +
                         advance(before->export_kwh, after->export_kwh, after->roll_over_kwh)) /
                        after->ratio;
    const auto lost = proven_losses(story, position, before->tick, after->tick);
    const auto seen = story.between(position, before->tick + 1, after->tick).size();
    const double constant = story.plan.ratings.constant.value();
    check.led_impulses = static_cast<std::int64_t>(seen) + lost.value_or(0);
    check.led_kwh = static_cast<double>(check.led_impulses) / constant;
    if (lost) {
        judge(check, constant);
    } else {
        check.verdict = Verdict::inconclusive;
        check.reason = fmt::format("an unknown number of impulses was lost: {}",
                                   story.lost_in(position, before->tick, after->tick));
    }
    return check;
}

}  // namespace sequences
