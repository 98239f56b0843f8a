#include "instruments/io/inbox.hpp"

#include <utility>

namespace instruments::io {

void Inbox::put(BytesView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    arrived_.notify();
}

void Inbox::end(std::string reason) {
    if (!ended()) {
        reason_ = std::move(reason);
        arrived_.notify();
    }
}

void Inbox::close(std::string reason) {
    bytes_.clear();
    end(std::move(reason));
}

Task<Bytes> Inbox::read(std::shared_ptr<Inbox> inbox, Clock& clock, Instant deadline) {
    bool in_time = true;
    while (inbox->empty() && !inbox->ended() && in_time) {
        in_time = co_await clock.wait(inbox->arrived_, deadline);
    }
    if (inbox->empty() && inbox->ended()) {
        throw LinkError(inbox->reason());
    }
    co_return std::exchange(inbox->bytes_, {});
}

}  // namespace instruments::io
