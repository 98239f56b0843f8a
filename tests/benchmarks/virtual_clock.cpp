// What one wake-up of the virtual clock costs, for sleeps and for events; budget 300 ns.
#include "instruments/io/clock.hpp"
#include "instruments/io/loop.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstdint>

namespace {

using namespace instruments::io;
using namespace std::chrono_literals;

constexpr int sleepers = 40;
constexpr std::int64_t wakes_each = 100'000;

Task<void> sleeper(Clock& clock, int number, std::int64_t& wakes) {
    for (std::int64_t i = 0; i < wakes_each; ++i) {
        co_await clock.sleep_for(1ms + std::chrono::microseconds{number});
        ++wakes;
    }
}

Task<void> notifier(Clock& clock, Event& event) {
    for (std::int64_t i = 0; i < wakes_each * 10; ++i) {
        event.notify();
        co_await clock.sleep_for(1ms);
    }
}

Task<void> listener(Clock& clock, Event& event, std::int64_t& wakes) {
    for (;;) {
        co_await clock.wait(event, clock.now() + 1s);
        ++wakes;
    }
}

// The nanoseconds per wake-up of a run that ends after a long bench time.
double measure(Loop& loop, const std::int64_t& wakes) {
    const auto start = std::chrono::steady_clock::now();
    loop.run(loop.clock().sleep_for(std::chrono::hours{24}));
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    return spent.count() / static_cast<double>(wakes);
}

double sleeping() {
    std::int64_t wakes = 0;
    const auto loop = Loop::with_virtual_time();
    for (int i = 0; i < sleepers; ++i) {
        loop->spawn(sleeper(loop->clock(), i, wakes));
    }
    return measure(*loop, wakes);
}

double listening() {
    std::int64_t wakes = 0;
    Event event;
    const auto loop = Loop::with_virtual_time();
    for (int i = 0; i < 4; ++i) {
        loop->spawn(listener(loop->clock(), event, wakes));
    }
    loop->spawn(notifier(loop->clock(), event));
    return measure(*loop, wakes);
}

}  // namespace

int main() {
    fmt::print("sleep: {:.0f} ns per wake-up\n", sleeping());
    fmt::print("event: {:.0f} ns per wake-up\n", listening());
}
