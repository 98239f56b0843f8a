#include "instruments/io/clock.hpp"

#include <utility>

namespace instruments::io {

Event::~Event() { notify(); }

void Event::notify() {
    // Taken out first: who waits anew because of this call is not woken by it.
    std::list<Waiter> waking;
    waking.swap(waiters_);
    for (const Waiter& waiter : waking) {
        waiter();
    }
}

Event::Ticket Event::add(Waiter waiter) {
    return waiters_.insert(waiters_.end(), std::move(waiter));
}

void Event::cancel(Ticket ticket) { waiters_.erase(ticket); }

}  // namespace instruments::io
