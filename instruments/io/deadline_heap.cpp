#include "instruments/io/deadline_heap.hpp"

namespace instruments::io {

void DeadlineHeap::insert(Waiting& waiting, Instant deadline) {
    const Entry entry{deadline, next_ticket_++, &waiting};
    entries_.push_back(entry);
    sift_up(entries_.size() - 1, entry);
}

void DeadlineHeap::remove(Waiting& waiting) {
    const std::size_t place = waiting.place;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (last.waiting == &waiting) {
        return;
    }
    if (place > 0 && last.before(entries_[(place - 1) / 2])) {
        sift_up(place, last);
    } else {
        sift_down(place, last);
    }
}

Waiting* DeadlineHeap::due(Instant now, std::uint64_t ticket) const {
    if (entries_.empty()) {
        return nullptr;
    }
    const Entry& first = entries_.front();
    return first.deadline <= now && first.ticket < ticket ? first.waiting : nullptr;
}

void DeadlineHeap::put(std::size_t place, const Entry& entry) {
    entries_[place] = entry;
    entry.waiting->place = place;
}

void DeadlineHeap::sift_up(std::size_t place, Entry entry) {
    while (place > 0 && entry.before(entries_[(place - 1) / 2])) {
        put(place, entries_[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(place, entry);
}

void DeadlineHeap::sift_down(std::size_t place, Entry entry) {
    for (;;) {
        std::size_t child = 2 * place + 1;
        if (child >= entries_.size()) {
            break;
        }
        if (child + 1 < entries_.size() && entries_[child + 1].before(entries_[child])) {
            ++child;
        }
        if (!entries_[child].before(entry)) {
            break;
        }
        put(place, entries_[child]);
        place = child;
    }
    put(place, entry);
}

}  // namespace instruments::io
