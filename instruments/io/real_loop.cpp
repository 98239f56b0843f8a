// Real time: one steady timer, set to the earliest deadline.
#include "calibration/check.hpp"
#include "instruments/io/loop.hpp"
#include "instruments/io/waiting_clock.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace instruments::io {

namespace {

class RealClock final : public WaitingClock {
  public:
    explicit RealClock(double speed) : speed_(speed) {}

    Instant now() const override {
        const auto passed = std::chrono::steady_clock::now() - start_;
        return Instant{std::chrono::duration_cast<Duration>(passed * speed_)};
    }
    bool is_virtual() const override { return false; }
    void attach(boost::asio::io_context& context) override {
        WaitingClock::attach(context);
        timer_.emplace(context);
    }
    void abandon() override {
        timer_.reset();
        WaitingClock::abandon();
    }

  private:
    void hold(int) override {}
    void entered() override {
        if (!waking_ && earliest() < armed_for_) {
            arm();
        }
    }
    void arm();
    void on_timer();

    const double speed_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::optional<boost::asio::steady_timer> timer_;
    Instant armed_for_ = never;
    bool waking_ = false;
};

void RealClock::arm() {
    armed_for_ = earliest();
    if (armed_for_ == never) {
        return;
    }
    // Very far deadlines are reached in stages, so that no sum overflows.
    const Duration ahead = std::min<Duration>(armed_for_ - now(), std::chrono::hours{24});
    // Rounded up: a timer that fires early would only be set again.
    timer_->expires_after(std::chrono::ceil<Duration>(ahead / speed_));
    timer_->async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            on_timer();
        }
    });
}

void RealClock::on_timer() {
    waking_ = true;
    begin_batch(now());
    while (wake_next()) {
    }
    waking_ = false;
    arm();
}

class RealLoop final : public Loop {
  public:
    explicit RealLoop(double speed) : Loop(std::make_unique<RealClock>(speed)) {}

  private:
    void turn() override { wait_outside(); }
};

}  // namespace

std::unique_ptr<Loop> Loop::with_real_time(double speed) {
    calibration::check(speed > 0, "time goes forward");
    return std::make_unique<RealLoop>(speed);
}

}  // namespace instruments::io
