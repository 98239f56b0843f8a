// The loop that drives tasks on one thread, in real or in virtual time.
#pragma once

#include "instruments/io/clock.hpp"
#include "instruments/io/task.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace instruments::io {

class WaitingClock;

class Loop {
  public:
    static std::unique_ptr<Loop> with_virtual_time();
    // `speed`: bench seconds per second of the machine. Other than 1 only where everybody on the
    // wires keeps the same time, which emulated devices can.
    static std::unique_ptr<Loop> with_real_time(double speed = 1);
    // Destroys the tasks that still wait, without resuming them. Links and listeners must be gone
    // before or be owned by those tasks.
    virtual ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    boost::asio::io_context& context() { return context_; }
    Clock& clock();

    // Called at least every 100 ms of real time while a task runs; it may throw, and what it throws
    // leaves run() after nothing more than the current handler. The tasks stay alive: the caller
    // then runs one that makes the bench safe, and they go on beside it.
    void set_interrupt(std::function<void()> check) { interrupt_ = std::move(check); }

    // Starts a task that goes on beside others until it ends or the loop is destroyed. An exception
    // that leaves it is rethrown by run(), the first one when several fail at once; the other tasks
    // stay alive.
    void spawn(Task<void> task);

    // Drives everything until `task` ends; returns its value or rethrows. Throws std::logic_error
    // when every task waits for ever (virtual time only): a deadlock is a programmer's error. Not
    // to be called from inside a task.
    template <class T>
    T run(Task<T> task) {
        if constexpr (std::is_void_v<T>) {
            run_until_done(std::move(task));
        } else {
            // Shared: a task that outlives this call (see set_interrupt) must not write into a dead
            // frame.
            const auto value = std::make_shared<std::optional<T>>();
            run_until_done(store(std::move(task), value));
            return std::move(**value);
        }
    }

    // As run(), but nothing else ends it early, neither the interrupt nor a spawned task that
    // fails: for making the bench safe. A failure that came meanwhile is thrown by the next run().
    void finish(Task<void> task);

  protected:
    explicit Loop(std::unique_ptr<WaitingClock> clock);

    // Runs one handler or one wake-up, or waits a moment for the outside world.
    virtual void turn() = 0;
    // Waits for the outside world, for a handler at most or until the interrupt wants its check.
    void wait_outside();

  private:
    template <class T>
    static Task<void> store(Task<T> task, std::shared_ptr<std::optional<T>> value) {
        value->emplace(co_await std::move(task));
    }
    enum class Yielding { to_failures, to_nothing };
    void run_until_done(Task<void> task, Yielding yielding = Yielding::to_failures);
    void check_interrupt();

    // Before the context, because tasks that die with it may still hold virtual time.
    std::unique_ptr<WaitingClock> clock_;

  protected:
    boost::asio::io_context context_{1};

  private:
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        context_.get_executor()};
    std::function<void()> interrupt_;
    std::exception_ptr spawned_failure_;
    bool running_ = false;
    Instant next_check_{};      // of the interrupt, by the machine's own clock
    int turns_until_look_ = 0;  // how many more turns before that clock is read
};

}  // namespace instruments::io
