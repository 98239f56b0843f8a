// What only virtual time does: it jumps, it stands still while held, and it notices a deadlock.
#include "calibration/random.hpp"
#include "instruments/io/deadline_heap.hpp"
#include "instruments/io/loop.hpp"
#include "instruments/io/wall_clock.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>

namespace {

using namespace instruments::io;
using namespace std::chrono_literals;

}  // namespace

TEST_CASE("twelve hours of bench time pass at once, to the nanosecond") {
    const auto loop = Loop::with_virtual_time();
    CHECK(loop->clock().now() == Instant{});
    loop->run(loop->clock().sleep_for(12h + 1ns));
    CHECK(loop->clock().now() == Instant{12h + 1ns});
}

TEST_CASE("time stands still while somebody can run") {
    const auto loop = Loop::with_virtual_time();
    Clock& clock = loop->clock();
    const auto busy = [](Clock& of) -> Task<Instant> {
        for (int i = 0; i < 1000; ++i) {
            co_await of.sleep_for(0s);
        }
        co_return of.now();
    };
    loop->spawn(clock.sleep_for(1ns));
    CHECK(loop->run(busy(clock)) == Instant{});
}

TEST_CASE("while time is held, the loop waits for a worker thread and no deadline passes") {
    const auto loop = Loop::with_virtual_time();
    Clock& clock = loop->clock();
    const auto request = [](Loop& of) -> Task<Instant> {
        Event answered;
        const Clock::Hold hold{of.clock()};
        std::jthread worker([&] {
            std::this_thread::sleep_for(20ms);
            boost::asio::post(of.context(), [&] { answered.notify(); });
        });
        const bool in_time = co_await of.clock().wait(answered, of.clock().now() + 1ns);
        CHECK(in_time);
        co_return of.clock().now();
    };
    CHECK(loop->run(request(*loop)) == Instant{});
    loop->run(clock.sleep_for(1s));
    CHECK(clock.now() == Instant{1s});
}

TEST_CASE("a deadline in the past wakes even while time is held") {
    const auto loop = Loop::with_virtual_time();
    const Clock::Hold hold{loop->clock()};
    loop->run(loop->clock().sleep_for(0s));
    CHECK(loop->clock().now() == Instant{});
}

TEST_CASE("a deadlock is reported by name, with the time and the number of those who wait") {
    const auto loop = Loop::with_virtual_time();
    Clock& clock = loop->clock();
    Event event;
    const auto stuck = [](Clock& of, Event& on) -> Task<void> {
        co_await of.sleep_for(1500ms);
        co_await of.wait(on, never);
    };
    loop->spawn(stuck(clock, event));
    CHECK_THROWS_AS(loop->run(stuck(clock, event)), std::logic_error);
    CHECK_THROWS_WITH(loop->run(clock.sleep_until(never)),
                      Catch::Contains("deadlock in virtual time at 1.500000000 s: 3 waiting"));
    loop->run(clock.sleep_for(1s));
    event.notify();
    loop->run(clock.sleep_for(1s));
}

TEST_CASE("run inside a task is a programmer's error") {
    const auto loop = Loop::with_virtual_time();
    const auto nested = [](Loop& of) -> Task<void> {
        of.run(of.clock().sleep_for(1s));
        co_return;
    };
    CHECK_THROWS_AS(loop->run(nested(*loop)), std::logic_error);
    loop->run(loop->clock().sleep_for(1s));
}

TEST_CASE("waits leave the heap in order of deadline and ticket, whoever is taken out between") {
    const auto seed = GENERATE(range(1u, 40u));
    CAPTURE(seed);
    std::uint64_t draws = 0;
    const auto random = [&] { return calibration::hashed(seed, 0, ++draws); };
    DeadlineHeap heap;
    std::deque<Waiting> waits(300);
    std::map<std::pair<Instant, std::uint64_t>, Waiting*> model;
    for (Waiting& wait : waits) {
        const Instant deadline{Duration{static_cast<Duration::rep>(random() % 20)}};
        model[{deadline, heap.next_ticket()}] = &wait;
        heap.insert(wait, deadline);
        if (random() % 3 == 0) {
            const auto victim =
                std::next(model.begin(), static_cast<long>(random() % model.size()));
            heap.remove(*victim->second);
            model.erase(victim);
        }
    }
    while (!model.empty()) {
        REQUIRE(heap.earliest() == model.begin()->first.first);
        Waiting* first = heap.due(heap.earliest(), heap.next_ticket());
        REQUIRE(first == model.begin()->second);
        heap.remove(*first);
        model.erase(model.begin());
    }
    CHECK(heap.empty());
}

TEST_CASE("the stamp of a run is UTC in ISO 8601") {
    CHECK_THAT(utc_now(),
               Catch::Matches("20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z"));
}
