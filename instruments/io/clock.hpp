// Bench time and waiting. The only place in calrig where time is read.
#pragma once

#include "calibration/time.hpp"
#include "instruments/io/task.hpp"

#include <functional>
#include <list>

namespace instruments::io {

using calibration::Duration;
using calibration::Instant;
using calibration::never;

// Something that happened, to wait for. One waiter or many; notify() wakes those that wait now,
// later ones wait anew. Belongs to one executor; neither copied nor moved.
class Event {
  public:
    Event() = default;
    ~Event();  // wakes the waiters, as notify() does
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    void notify();

    // For clocks only. A waiter is called at most once; cancel() forgets it.
    using Waiter = std::function<void()>;
    using Ticket = std::list<Waiter>::iterator;
    Ticket add(Waiter waiter);
    void cancel(Ticket ticket);

  private:
    std::list<Waiter> waiters_;
};

class Clock {
  public:
    virtual ~Clock() = default;
    // Zero is the construction of the loop.
    virtual Instant now() const = 0;
    // Suspends until `event` is notified (true) or `deadline` has come (false). A deadline in the
    // past yields once. Waits with one deadline wake in the order in which they began. When both
    // happen, what came first counts.
    virtual Task<bool> wait(Event& event, Instant deadline) = 0;
    virtual Task<void> sleep_until(Instant deadline) = 0;
    Task<void> sleep_for(Duration duration) {
        const Instant start = now();
        return sleep_until(duration > never - start ? never : start + duration);
    }

    virtual bool is_virtual() const = 0;

    // While a Hold lives, virtual time stands still and the loop waits for the outside world (a
    // worker thread, a socket). On the real clock it does nothing.
    class Hold {
      public:
        explicit Hold(Clock& clock) : clock_(&clock) { clock_->hold(+1); }
        ~Hold() { clock_->hold(-1); }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

      private:
        Clock* clock_;
    };

  protected:
    virtual void hold(int change) = 0;
};

}  // namespace instruments::io
