#include "instruments/io/waiting_clock.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace instruments::io {

// Deferred instead of use_awaitable: the same initiation with one coroutine frame less per wait.
Task<bool> WaitingClock::wait(Event& event, Instant deadline) {
    Waiting waiting;
    const bool notified =
        co_await boost::asio::async_initiate<const boost::asio::deferred_t, void(bool)>(
            [&](auto handler) {
                waiting.resume = std::move(handler);
                enter(waiting, deadline, event);
            },
            boost::asio::deferred);
    co_return notified;
}

Task<void> WaitingClock::sleep_until(Instant deadline) {
    Waiting waiting;
    co_await boost::asio::async_initiate<const boost::asio::deferred_t, void(bool)>(
        [&](auto handler) {
            waiting.resume = std::move(handler);
            enter(waiting, deadline);
        },
        boost::asio::deferred);
}

void WaitingClock::enter(Waiting& waiting, Instant deadline) {
    heap_.insert(waiting, std::max(deadline, now()));
    entered();
}

void WaitingClock::enter(Waiting& waiting, Instant deadline, Event& event) {
    waiting.event = &event;
    waiting.event_ticket = event.add([this, &waiting] { on_notified(waiting); });
    enter(waiting, deadline);
}

// Posted, never resumed from inside notify(): the notifier finishes its own step first.
void WaitingClock::on_notified(Waiting& waiting) {
    heap_.remove(waiting);
    waiting.event = nullptr;
    boost::asio::post(*context_, [resume = std::move(waiting.resume)]() mutable { resume(true); });
}

void WaitingClock::begin_batch(Instant now) {
    batch_time_ = now;
    batch_end_ = heap_.next_ticket();
}

bool WaitingClock::wake_next() {
    Waiting* waiting = heap_.due(batch_time_, batch_end_);
    if (waiting == nullptr) {
        return false;
    }
    heap_.remove(*waiting);
    if (waiting->event != nullptr) {
        waiting->event->cancel(waiting->event_ticket);
    }
    // Out of the frame before it goes on: the frame may end during the call.
    auto resume = std::move(waiting->resume);
    resume(false);
    return true;
}

void WaitingClock::abandon() {
    while (!heap_.empty()) {
        Waiting& waiting = heap_.any();
        heap_.remove(waiting);
        if (waiting.event != nullptr) {
            waiting.event->cancel(waiting.event_ticket);
        }
        auto resume = std::move(waiting.resume);  // dies here; Asio then posts the end of the frame
    }
}

}  // namespace instruments::io
