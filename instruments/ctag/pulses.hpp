// The pulses one input sees: those of a meter's LED, or of its pulse output, changed by what is
// wrong with head or wire.
#pragma once

#include "calibration/bench_model.hpp"
#include "calibration/time.hpp"

#include <cstdint>
#include <deque>

namespace instruments::ctag {

struct HeadEdge {
    calibration::Instant at;
    bool rising;
};

enum class Train { led, pulse_output };

class Head {
  public:
    Head(const calibration::BenchModel& model,
         Train train,
         std::size_t position,
         calibration::Duration width);

    // The next edge, and the next leading edge, as far as is known at this epoch of the model;
    // never if none.
    calibration::Instant next() const { return is_high_ ? fall_ : next_rise(); }
    calibration::Instant next_rise() const;
    HeadEdge take();  // the edge at next()

    void miss_next() {
        ++missed_;
        is_known_ = false;
    }
    void add_pulse(calibration::Instant at);  // not before any edge taken so far
    void set_bouncing() { is_bouncing_ = true; }
    void set_dead() { is_dead_ = true; }
    void flicker(calibration::Instant from, calibration::Instant until);
    void swap_meters(Head& other);  // both at a LED, or both at a pulse output

  private:
    calibration::Instant own_rise() const;

    const calibration::BenchModel* model_;
    Train train_;
    std::size_t position_;
    calibration::Duration width_;
    std::int64_t number_ = 1;  // of the meter's next impulse
    bool is_high_ = false, is_bouncing_ = false, is_dead_ = false;
    int missed_ = 0;
    calibration::Instant fall_{};
    calibration::Instant free_{};  // the LED has been dark long enough to rise again
    std::deque<calibration::Instant> extras_;
    calibration::Instant flicker_next_ = calibration::never, flicker_until_{};
    mutable std::uint64_t epoch_ = 0;  // of the model, when `rise_` was computed
    mutable bool is_known_ = false;
    mutable calibration::Instant rise_{};
};

}  // namespace instruments::ctag
