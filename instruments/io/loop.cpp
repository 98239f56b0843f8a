#include "instruments/io/loop.hpp"

#include "calibration/check.hpp"
#include "instruments/io/waiting_clock.hpp"

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <utility>

namespace instruments::io {

namespace {

constexpr Duration check_period = std::chrono::milliseconds{50};
// Reading the machine's clock costs as much as a tenth of a wake-up; a handler takes far less than
// 1 ms.
constexpr int turns_per_look = 32;

Instant machine_time() { return Instant{std::chrono::steady_clock::now().time_since_epoch()}; }

struct Outcome {
    bool done = false;
    std::exception_ptr failure;
};

}  // namespace

Loop::Loop(std::unique_ptr<WaitingClock> clock) : clock_(std::move(clock)) {
    clock_->attach(context_);
}

// The coroutines that wait are handed to the context here and end with it, while the clock still
// lives.
Loop::~Loop() { clock_->abandon(); }

Clock& Loop::clock() { return *clock_; }

void Loop::spawn(Task<void> task) {
    boost::asio::co_spawn(context_, std::move(task), [this](std::exception_ptr failure) {
        if (failure && !spawned_failure_) {
            spawned_failure_ = failure;
        }
    });
}

void Loop::finish(Task<void> task) { run_until_done(std::move(task), Yielding::to_nothing); }

void Loop::run_until_done(Task<void> task, Yielding yielding) {
    calibration::check(!running_, "Loop::run() is not called from inside a task");
    struct Running {
        explicit Running(bool& flag) : flag_(flag) { flag_ = true; }
        ~Running() { flag_ = false; }
        bool& flag_;
    } running(running_);

    // Shared with the task, which goes on when an interrupt ends this call.
    const auto outcome = std::make_shared<Outcome>();
    boost::asio::co_spawn(context_, std::move(task), [outcome](std::exception_ptr failure) {
        *outcome = {true, failure};
    });
    while (!outcome->done) {
        turn();
        if (yielding == Yielding::to_nothing) {
            continue;
        }
        if (spawned_failure_) {
            std::rethrow_exception(std::exchange(spawned_failure_, nullptr));
        }
        if (--turns_until_look_ < 0) {
            check_interrupt();
        }
    }
    if (outcome->failure) {
        std::rethrow_exception(outcome->failure);
    }
}

void Loop::wait_outside() {
    context_.run_one_for(check_period);
    turns_until_look_ = 0;
}

void Loop::check_interrupt() {
    turns_until_look_ = turns_per_look;
    const Instant now = machine_time();
    if (now < next_check_) {
        return;
    }
    next_check_ = now + check_period;
    if (interrupt_) {
        interrupt_();
    }
}

}  // namespace instruments::io
