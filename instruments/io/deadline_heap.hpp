// The waits of a clock, ordered by (deadline, ticket), with removal from the middle.
#pragma once

#include "instruments/io/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace instruments::io {

// One suspended coroutine. Lives in that coroutine's own frame, so waiting allocates nothing but
// the frame.
struct Waiting {
    std::size_t place = 0;  // in the heap
    Event* event = nullptr;
    Event::Ticket event_ticket;
    std::move_only_function<void(bool)> resume;  // true: the event came
};

// A binary heap. A wait without a deadline is in it too (at `never`), so the heap knows everyone
// who waits.
class DeadlineHeap {
  public:
    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    Instant earliest() const { return entries_.empty() ? never : entries_.front().deadline; }
    std::uint64_t next_ticket() const { return next_ticket_; }

    void insert(Waiting& waiting, Instant deadline);
    void remove(Waiting& waiting);
    // The first in order when it is due at `now` and began to wait before `ticket`; it stays in the
    // heap.
    Waiting* due(Instant now, std::uint64_t ticket) const;
    Waiting& any() const { return *entries_.back().waiting; }

  private:
    struct Entry {
        Instant deadline;
        std::uint64_t ticket;
        Waiting* waiting;
        bool before(const Entry& other) const {
            return deadline != other.deadline ? deadline < other.deadline : ticket < other.ticket;
        }
    };
    void put(std::size_t place, const Entry& entry);
    void sift_up(std::size_t place, Entry entry);
    void sift_down(std::size_t place, Entry entry);

    std::vector<Entry> entries_;
    std::uint64_t next_ticket_ = 0;
};

}  // namespace instruments::io
