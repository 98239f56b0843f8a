// One suite for both clocks: what a driver may rely on, whichever time it runs in.
#include "instruments/io/all.hpp"
#include "tests/instruments/io/loops.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace instruments::io;
using namespace std::chrono_literals;
using loops::Time;

using Log = std::vector<std::string>;

Task<void> sleep_and_log(Clock& clock, Instant deadline, std::string name, Log& log) {
    co_await clock.sleep_until(deadline);
    log.push_back(name);
}

Task<void> wait_and_log(Clock& clock, Event& event, Instant deadline, std::string name, Log& log) {
    const bool notified = co_await clock.wait(event, deadline);
    log.push_back(name + (notified ? " event" : " deadline"));
}

Task<void> notify_at(Clock& clock, Event& event, Instant when) {
    co_await clock.sleep_until(when);
    event.notify();
}

// However long the machine looks away: a real clock's test waits for what it is about, not for a
// time.
Task<void> until_logged(Clock& clock, const Log& log, std::size_t entries) {
    for (int look = 0; look < 2000 && log.size() < entries; ++look) {
        co_await clock.sleep_for(5ms);
    }
}

}  // namespace

TEST_CASE("sleepers wake in the order of their deadlines, not in the order in which they began") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    const Instant start = clock.now();
    Log log;
    loop->spawn(sleep_and_log(clock, start + 6ms, "third", log));
    loop->spawn(sleep_and_log(clock, start + 2ms, "first", log));
    loop->spawn(sleep_and_log(clock, start + 4ms, "second", log));
    loop->run(clock.sleep_until(start + 8ms));
    CHECK(log == Log{"first", "second", "third"});
}

TEST_CASE("sleepers with one deadline wake in the order in which they began") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    const Instant deadline = loop->clock().now() + 5ms;
    Log log, expected;
    for (int i = 0; i < 50; ++i) {
        loop->spawn(sleep_and_log(loop->clock(), deadline, std::to_string(i), log));
        expected.push_back(std::to_string(i));
    }
    loop->run(loop->clock().sleep_until(deadline + 1ms));
    CHECK(log == expected);
}

TEST_CASE("nobody wakes before the deadline") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    const Instant deadline = loop->clock().now() + 7ms;
    loop->run(loop->clock().sleep_until(deadline));
    CHECK(loop->clock().now() >= deadline);
    CHECK(loop->clock().is_virtual() == (time == Time::in_virtual_time));
}

TEST_CASE("a deadline in the past yields once to those who are ready") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    const auto past = GENERATE(Duration{0}, Duration{1s});
    CAPTURE(loops::name(time), past.count());
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    Log log;
    Event never_notified;
    const auto stepper =
        [](Clock& of, Event& event, Duration back, std::string name, Log& to) -> Task<void> {
        for (int step = 0; step < 3; ++step) {
            to.push_back(name + std::to_string(step));
            co_await of.sleep_until(of.now() - back);
            const bool notified = co_await of.wait(event, of.now() - back);
            CHECK_FALSE(notified);
        }
    };
    loop->spawn(stepper(clock, never_notified, past, "a", log));
    loop->spawn(stepper(clock, never_notified, past, "b", log));
    loop->run(clock.sleep_for(3ms));
    CHECK(log == Log{"a0", "b0", "a1", "b1", "a2", "b2"});
}

TEST_CASE("sleep_for zero and for ever neither overflow nor block the others") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    bool woke = false;
    const auto forever = [](Clock& clock, bool& flag) -> Task<void> {
        co_await clock.sleep_for(1ms);
        co_await clock.sleep_for(Duration::max());
        flag = true;
    };
    loop->spawn(forever(loop->clock(), woke));
    loop->run(loop->clock().sleep_for(0s));
    loop->run(loop->clock().sleep_for(3ms));
    CHECK_FALSE(woke);
}

TEST_CASE("an event before the deadline is an event, one after it is too late") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    const Instant start = clock.now();
    Event event;
    Log log;
    loop->spawn(notify_at(clock, event, start + 5ms));
    loop->spawn(wait_and_log(clock, event, start + 100s, "patient", log));
    loop->spawn(wait_and_log(clock, event, never, "very patient", log));
    loop->spawn(wait_and_log(clock, event, start + 2ms, "hasty", log));
    loop->run(until_logged(clock, log, 3));
    CHECK(log == Log{"hasty deadline", "patient event", "very patient event"});
}

TEST_CASE("when event and deadline coincide, the one that came first counts") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    const bool notifier_first = GENERATE(true, false);
    CAPTURE(loops::name(time), notifier_first);
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    const Instant deadline = clock.now() + 3ms;
    Event event;
    Log log;
    if (notifier_first) {
        loop->spawn(notify_at(clock, event, deadline));
    }
    loop->spawn(wait_and_log(clock, event, deadline, "waiter", log));
    if (!notifier_first) {
        loop->spawn(notify_at(clock, event, deadline));
    }
    loop->run(until_logged(clock, log, 1));
    CHECK(log == Log{notifier_first ? "waiter event" : "waiter deadline"});
}

TEST_CASE("notify wakes everyone who waits now, in order, after the notifier's own step") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    Event event;
    Log log;
    const auto again = [](Clock& of, Event& on, Log& to) -> Task<void> {
        for (int round = 0; round < 2; ++round) {
            co_await of.wait(on, never);
            to.push_back("repeater");
        }
    };
    loop->spawn(wait_and_log(clock, event, never, "one", log));
    loop->spawn(again(clock, event, log));
    loop->spawn(wait_and_log(clock, event, never, "two", log));
    const auto notifier = [](Clock& of, Event& on, Log& to) -> Task<void> {
        co_await of.sleep_for(1ms);
        on.notify();
        on.notify();  // nobody waits any more: nothing is stored
        to.push_back("notified");
        co_await of.sleep_for(1ms);
    };
    loop->run(notifier(clock, event, log));
    CHECK(log == Log{"notified", "one event", "repeater", "two event"});
}

TEST_CASE("an event that is destroyed wakes those who wait for it") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    auto event = std::make_unique<Event>();
    Log log;
    loop->spawn(wait_and_log(clock, *event, never, "with no deadline", log));
    loop->spawn(wait_and_log(clock, *event, clock.now() + 100s, "with a deadline", log));
    loop->run(clock.sleep_for(1ms));
    event.reset();
    loop->run(clock.sleep_for(1ms));
    CHECK(log == Log{"with no deadline event", "with a deadline event"});
}

TEST_CASE("run returns the value of its task and rethrows what leaves it") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    const auto answer = [](Clock& clock, bool fail) -> Task<std::string> {
        co_await clock.sleep_for(1ms);
        if (fail) {
            throw std::runtime_error("source is off");
        }
        co_return "done";
    };
    CHECK(loop->run(answer(loop->clock(), false)) == "done");
    CHECK_THROWS_WITH(loop->run(answer(loop->clock(), true)), "source is off");
    CHECK(loop->run(answer(loop->clock(), false)) == "done");
}

TEST_CASE("what leaves a spawned task leaves run once, and the other tasks go on in the next run") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    const Instant start = clock.now();
    Log log;
    const auto failing = [](Clock& of, Instant when) -> Task<void> {
        co_await of.sleep_until(when);
        throw std::runtime_error("emulator broke");
    };
    loop->spawn(failing(clock, start + 2ms));
    CHECK_THROWS_WITH(loop->run(sleep_and_log(clock, start + 4ms, "main", log)), "emulator broke");
    CHECK(log.empty());
    loop->run(sleep_and_log(clock, start + 6ms, "make safe", log));
    CHECK(log == Log{"main", "make safe"});
}

TEST_CASE("an interrupt leaves run, and a task that makes the bench safe can run after it") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    const auto busy = [](Clock& of) -> Task<int> {
        for (;;) {
            co_await of.sleep_for(1ms);
        }
    };
    loop->set_interrupt([] { throw std::runtime_error("Ctrl-C"); });
    CHECK_THROWS_WITH(loop->run(busy(clock)), "Ctrl-C");
    loop->set_interrupt(nullptr);
    loop->run(clock.sleep_for(5ms));
    SUCCEED("the bench is safe");
}

TEST_CASE(
    "making the bench safe goes on to its end, whatever else fails, and the failure is not lost") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    const Instant start = clock.now();
    Log log;
    const auto failing = [](Clock& of, Instant when) -> Task<void> {
        co_await of.sleep_until(when);
        throw std::runtime_error("capture is gone");
    };
    loop->spawn(failing(clock, start + 1ms));
    loop->spawn(failing(clock, start + 2ms));
    loop->set_interrupt([] { throw std::runtime_error("Ctrl-C"); });
    loop->finish(sleep_and_log(clock, start + 60ms, "safe", log));
    CHECK(log == Log{"safe"});
    loop->set_interrupt(nullptr);
    CHECK_THROWS_WITH(loop->run(clock.sleep_for(1ms)), "capture is gone");
    loop->run(clock.sleep_for(1ms));
    const auto refused = [](Clock& of) -> Task<void> {
        co_await of.sleep_for(1ms);
        throw std::runtime_error("source does not answer");
    };
    CHECK_THROWS_WITH(loop->finish(refused(clock)), "source does not answer");
}

TEST_CASE("waiting for several tasks ends with the last of them and reports the first failure") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    const bool fail = GENERATE(true, false);
    CAPTURE(loops::name(time), fail);
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    const Instant start = clock.now();
    Log log;
    const auto failing = [](Clock& of, Instant when, std::string text) -> Task<void> {
        co_await of.sleep_until(when);
        throw std::runtime_error(text);
    };
    std::vector<Task<void>> tasks;
    tasks.push_back(sleep_and_log(clock, start + 5ms, "last", log));
    if (fail) {
        tasks.push_back(failing(clock, start + 3ms, "second failure"));
        tasks.push_back(failing(clock, start + 2ms, "first failure"));
    }
    tasks.push_back(sleep_and_log(clock, start + 1ms, "first", log));
    if (fail) {
        CHECK_THROWS_WITH(loop->run(all(*loop, std::move(tasks))), "first failure");
    } else {
        loop->run(all(*loop, std::move(tasks)));
    }
    CHECK(log == Log{"first", "last"});
    loop->run(all(*loop, {}));
}

TEST_CASE("tasks that only pass bytes to each other, or that wait for ever, are interrupted too") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    const bool idle = GENERATE(true, false);
    CAPTURE(loops::name(time), idle);
    const auto loop = loops::make(time);
    Clock& clock = loop->clock();
    const Clock::Hold hold{clock};  // idle in virtual time: waiting for the outside world
    Event ping, pong;
    const auto player = [](Clock& of, Event& mine, Event& theirs) -> Task<void> {
        for (;;) {
            theirs.notify();
            co_await of.wait(mine, never);
        }
    };
    loop->spawn(player(clock, ping, pong));
    if (!idle) {
        loop->spawn(player(clock, pong, ping));
    }
    int checks = 0;
    loop->set_interrupt([&checks] {
        if (++checks == 3) {
            throw std::runtime_error("Ctrl-C");
        }
    });
    CHECK_THROWS_WITH(loop->run(clock.sleep_until(never)), "Ctrl-C");
}

TEST_CASE("a loop destroyed while tasks wait destroys them, clock still alive") {
    const Time time = GENERATE(Time::in_virtual_time, Time::in_real_time, Time::in_fast_time);
    CAPTURE(loops::name(time));
    int destroyed = 0;
    struct Witness {
        explicit Witness(int& count) : count_(count) {}
        ~Witness() { ++count_; }
        int& count_;
    };
    Event event;
    const auto waiter = [](Clock& clock, Event* on, int& count) -> Task<void> {
        const Witness witness{count};
        Event own;
        const Clock::Hold hold{clock};
        co_await (on != nullptr ? clock.wait(*on, clock.now() + 1000s) : clock.wait(own, never));
        FAIL("nobody resumes a task of a loop that is gone");
    };
    {
        const auto loop = loops::make(time);
        for (int i = 0; i < 10; ++i) {
            loop->spawn(waiter(loop->clock(), i % 2 == 0 ? &event : nullptr, destroyed));
        }
        loop->run(loop->clock().sleep_until(Instant{}));
        loop->spawn(waiter(loop->clock(), &event, destroyed));  // never started: has no witness
        CHECK(destroyed == 0);
    }
    CHECK(destroyed == 10);
    event.notify();
}

TEST_CASE("on a fast clock bench time passes so many times as fast, neither more nor less") {
    using Machine = std::chrono::steady_clock;
    const double speed = GENERATE(1.0, 20.0, 0.5);
    const auto loop = Loop::with_real_time(speed);
    Clock& clock = loop->clock();
    const auto before_first = Machine::now();
    const Instant first = clock.now();
    const auto after_first = Machine::now();
    loop->run(clock.sleep_until(first + 40ms));
    const auto before_second = Machine::now();
    const Instant second = clock.now();
    const auto after_second = Machine::now();
    CHECK(second - first >= 40ms);
    CHECK(second - first >= (before_second - after_first) * speed - 1us);
    CHECK(second - first <= (after_second - before_first) * speed + 1us);
}
