// Virtual time: it stands still while anything can run, then jumps to the earliest deadline.
#include "instruments/io/loop.hpp"
#include "instruments/io/waiting_clock.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace instruments::io {

namespace {

class VirtualClock final : public WaitingClock {
  public:
    Instant now() const override { return now_; }
    bool is_virtual() const override { return true; }
    bool held() const { return holds_ > 0; }

    using WaitingClock::wake_next;
    bool anyone_due() const { return waiting() > 0 && earliest() <= now_; }
    void wake_due() { begin_batch(now_); }
    void jump() {
        now_ = earliest();
        wake_due();
    }

  private:
    void hold(int change) override { holds_ += change; }

    Instant now_{};
    int holds_ = 0;
};

class VirtualLoop final : public Loop {
  public:
    VirtualLoop() : VirtualLoop(std::make_unique<VirtualClock>()) {}

  private:
    explicit VirtualLoop(std::unique_ptr<VirtualClock> clock)
        : VirtualLoop(*clock, std::move(clock)) {}
    VirtualLoop(VirtualClock& clock, std::unique_ptr<WaitingClock> owned)
        : Loop(std::move(owned)), clock_(clock) {}

    void turn() override;
    [[noreturn]] void report_deadlock() const;

    VirtualClock& clock_;
};

void VirtualLoop::turn() {
    if (clock_.wake_next() || context_.poll_one() > 0) {
        return;
    }
    if (clock_.anyone_due()) {
        clock_.wake_due();
    } else if (clock_.held()) {
        wait_outside();
    } else if (clock_.earliest() < never) {
        clock_.jump();
    } else {
        report_deadlock();
    }
}

void VirtualLoop::report_deadlock() const {
    throw std::logic_error(
        fmt::format("deadlock in virtual time at {:.9f} s: {} waiting without a deadline, and "
                    "nothing left that could "
                    "wake them",
                    calibration::seconds(clock_.now()),
                    clock_.waiting()));
}

}  // namespace

std::unique_ptr<Loop> Loop::with_virtual_time() { return std::make_unique<VirtualLoop>(); }

}  // namespace instruments::io
