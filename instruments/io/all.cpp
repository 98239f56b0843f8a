#include "instruments/io/all.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace instruments::io {

namespace {

// Shared with the tasks, which may outlive the waiter when the loop is left early.
struct Gathering {
    std::size_t running = 0;
    std::exception_ptr failure;
    Event ended;
};

Task<void> one_of(std::shared_ptr<Gathering> gathering, Task<void> task) {
    try {
        co_await std::move(task);
    } catch (...) {
        if (!gathering->failure) {
            gathering->failure = std::current_exception();
        }
    }
    --gathering->running;
    gathering->ended.notify();
}

}  // namespace

Task<void> all(Loop& loop, std::vector<Task<void>> tasks) {
    const auto gathering = std::make_shared<Gathering>();
    gathering->running = tasks.size();
    for (Task<void>& task : tasks) {
        loop.spawn(one_of(gathering, std::move(task)));
    }
    while (gathering->running > 0) {
        co_await loop.clock().wait(gathering->ended, never);
    }
    if (gathering->failure) {
        std::rethrow_exception(gathering->failure);
    }
}

}  // namespace instruments::io
