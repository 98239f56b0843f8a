// Real time: one steady timer, set to the earliest deadline.
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
    Instant now() const override {
        return Instant{
            std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start_)};
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
    timer_->expires_after(ahead);
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
    RealLoop() : Loop(std::make_unique<RealClock>()) {}

  private:
    void turn() override { wait_outside(); }
};

}  // namespace

std::unique_ptr<Loop> Loop::with_real_time() { return std::make_unique<RealLoop>(); }

}  // namespace instruments::io
