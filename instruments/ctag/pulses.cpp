// Merges a meter's impulses with the extra ones of faults; never two edges at once.
#include "instruments/ctag/pulses.hpp"

#include "calibration/check.hpp"

#include <algorithm>
#include <utility>

namespace instruments::ctag {

namespace {

using calibration::Duration;
using calibration::Instant;
using calibration::never;

constexpr Duration darkness =
    std::chrono::microseconds{1};  // least time between two pulses, and least width
constexpr Duration bounce_width = std::chrono::microseconds{50};
constexpr Duration flicker_period = std::chrono::milliseconds{10};

}  // namespace

Head::Head(const calibration::BenchModel& model, Train train, std::size_t position, Duration width)
    : model_(&model), train_(train), position_(position), width_(std::max(width, darkness)) {}

// The meter's own next impulse; asked of the model only when its predictions have changed.
Instant Head::own_rise() const {
    if (!is_known_ || epoch_ != model_->epoch()) {
        const std::int64_t number = number_ + missed_;
        rise_ = train_ == Train::led ? model_->impulse(position_, number)
                                     : model_->output_impulse(position_, number);
        epoch_ = model_->epoch();
        is_known_ = true;
    }
    return rise_;
}

Instant Head::next_rise() const {
    if (is_dead_) return never;
    Instant rise = std::min(own_rise(), flicker_next_);
    if (!extras_.empty()) rise = std::min(rise, extras_.front());
    return std::max(rise, free_);
}

HeadEdge Head::take() {
    if (is_high_) {
        is_high_ = false;
        free_ = fall_ + darkness;
        return {fall_, false};
    }
    const Instant at = next_rise();
    Duration width = width_;
    if (own_rise() <= at) {
        number_ += 1 + std::exchange(missed_, 0);
        is_known_ = false;
        if (is_bouncing_) {
            add_pulse(at + 2 * bounce_width);
            width = bounce_width;
        }
    } else if (!extras_.empty() && extras_.front() <= at) {
        extras_.pop_front();
    } else {
        flicker_next_ += flicker_period;
        if (flicker_next_ >= flicker_until_) flicker_next_ = never;
    }
    is_high_ = true;
    const Instant after = next_rise();
    if (after != never && after > at) width = std::min(width, (after - at) / 2);
    fall_ = at + std::max(width, darkness);
    return {at, true};
}

void Head::add_pulse(Instant at) { extras_.insert(std::ranges::upper_bound(extras_, at), at); }

void Head::flicker(Instant from, Instant until) {
    flicker_next_ = from;
    flicker_until_ = until;
}

void Head::swap_meters(Head& other) {
    calibration::check(train_ == other.train_, "a LED's head changes places with another LED's");
    std::swap(position_, other.position_);
    std::swap(number_, other.number_);
    is_known_ = other.is_known_ = false;
}

}  // namespace instruments::ctag
