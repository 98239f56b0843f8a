// What the virtual and the real clock share: who waits, for which event, until when. For loops
// only.
#pragma once

#include "instruments/io/clock.hpp"
#include "instruments/io/deadline_heap.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>

namespace instruments::io {

class WaitingClock : public Clock {
  public:
    Task<bool> wait(Event& event, Instant deadline) override;
    Task<void> sleep_until(Instant deadline) override;

    // The context in which notified waits resume. Set once, before the first wait.
    virtual void attach(boost::asio::io_context& context) { context_ = &context; }
    // Destroys the coroutines that wait, without resuming them; needs a living context.
    virtual void abandon();

    std::size_t waiting() const { return heap_.size(); }
    Instant earliest() const { return heap_.earliest(); }

  protected:
    // Everyone whose deadline has come at `now` and who waits already, in order: call wake_next()
    // until it is false. Who begins to wait meanwhile belongs to the next batch, so a deadline in
    // the past yields.
    void begin_batch(Instant now);
    bool wake_next();
    // A wait was entered; its deadline may be the earliest.
    virtual void entered() {}

  private:
    void enter(Waiting& waiting, Instant deadline);
    void enter(Waiting& waiting, Instant deadline, Event& event);
    void on_notified(Waiting& waiting);

    DeadlineHeap heap_;
    boost::asio::io_context* context_ = nullptr;
    Instant batch_time_{};
    std::uint64_t batch_end_ = 0;  // the first ticket that is not of the batch
};

}  // namespace instruments::io
