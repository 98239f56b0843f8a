// Pulse outputs on the capture: channels of their own that follow the meter's weight and bypass,
// with the same faults as a LED's head.
#include "calibration/bench_model.hpp"
#include "tests/instruments/ctag/bench.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace capture_bench;
using calibration::WattHour;
using Causes = std::vector<std::string>;

// Pulse outputs of meters 0 and 1 on channels 11 and 12.
EmulatorOptions with_outputs(Faults faults = {}) {
    EmulatorOptions options;
    options.output_channels = {11, 12};
    options.faults = std::move(faults);
    return options;
}

CaptureBatch captured(const EmulatorOptions& options, Instant end) {
    Bench bench{options};
    bench.loop->run(bench.driver->start());
    return bench.run_until(end);
}

std::int64_t output_tick(const Bench& bench, std::size_t position, std::int64_t number) {
    return bench.model.output_impulse(position, number).time_since_epoch().count() / 8;
}

}  // namespace

TEST_CASE("pulse outputs are dut channels beside the LEDs") {
    auto options = with_outputs();
    options.output_channels = {-1, 12};  // meter 0's is not wired
    Bench bench{options};
    const auto identity = bench.loop->run(bench.driver->start());
    CHECK(identity.channels == std::vector<int>{1, 2, 12});
    const CaptureBatch batch = bench.run_until(at(10));
    CHECK(channel_edges(batch, 12).size() > 15);
    CHECK(batch.losses.empty());
}

TEST_CASE("every impulse of a pulse output arrives with its phase, in both modes") {
    auto options = with_outputs();
    options.mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    Bench bench{options};
    bench.loop->run(bench.driver->start());
    const CaptureBatch batch = bench.run_until(at(20));
    CHECK(batch.losses.empty());
    for (const std::size_t position : {0U, 1U}) {
        const auto edges = channel_edges(batch, 11 + static_cast<int>(position));
        REQUIRE(edges.size() > 35);
        for (std::size_t i = 0; i < edges.size(); ++i) {
            CHECK(edges[i].has_phase());
            CHECK(edges[i].tick == output_tick(bench, position, static_cast<std::int64_t>(i) + 1));
        }
        // 0.5 Wh each, on the reference: without the meter's error 50 000 impulses.
        const double spacing = calibration::reference_phase(edges[10], edges[30]) / 20;
        CHECK(spacing == Approx(50'000 / (1 + 0.001 * (static_cast<double>(position) + 1))));
    }
}

TEST_CASE("a new weight moves the coming impulses of that output, and no other edge") {
    Bench bench{with_outputs()}, untouched{with_outputs()};
    CaptureBatch all, same;
    for (auto [each, batch] : {std::pair{&bench, &all}, std::pair{&untouched, &same}}) {
        each->loop->run(each->driver->start());
        append(*batch, each->run_until(at(10.1)));
        if (each == &bench) bench.model.set_output_weight(at(10.1), 0, WattHour{2});
        append(*batch, each->run_until(at(40)));
        CHECK(batch->losses.empty());
    }
    const auto edges = channel_edges(all, 11);
    for (std::size_t i = 0; i < edges.size(); ++i) {
        REQUIRE(edges[i].tick == output_tick(bench, 0, static_cast<std::int64_t>(i) + 1));
    }
    CHECK(edges.size() < channel_edges(same, 11).size() - 30);
    for (const int channel : {1, 2, 12}) {
        CHECK(channel_edges(all, channel) == channel_edges(same, channel));
    }
}

TEST_CASE("impulses that a smaller weight makes due at once come as pulses one after the other") {
    Bench bench{with_outputs()};
    bench.model.set_output_weight(at(0), 0, WattHour{20});
    bench.loop->run(bench.driver->start());
    CaptureBatch all = bench.run_until(at(10));  // 9 Wh are there
    CHECK(channel_edges(all, 11).empty());
    bench.model.set_output_weight(at(10), 0, WattHour{1});
    append(all, bench.run_until(at(20)));
    CHECK(all.losses.empty());
    const auto edges = channel_edges(all, 11);
    // 9.19 Wh at 10 s and 18.78 Wh at 20 s, of a meter that shows 0.1 % more.
    CHECK(edges.size() == 18);
    REQUIRE(edges.size() > 9);
    CHECK(edges[0].tick == 10 * 125'000'000LL);
    for (std::size_t i = 1; i < edges.size(); ++i) {
        CHECK(edges[i].tick - edges[i - 1].tick >= 50 * 125'000LL);
    }
}

TEST_CASE("LED and pulse output of a bypassed position are still, the others go on") {
    Bench bench{with_outputs()};
    bench.loop->run(bench.driver->start());
    bench.run_until(at(10));
    bench.model.set_bypassed(at(10), 0, true);
    const CaptureBatch gone = bench.run_until(at(20));
    bench.model.set_bypassed(at(20), 0, false);
    const CaptureBatch back = bench.run_until(at(30));
    for (const int channel : {1, 11}) {
        CHECK(channel_edges(gone, channel, 10 * 125'000'000LL).empty());
        CHECK(channel_edges(back, channel).size() > 15);
    }
    for (const int channel : {2, 12}) CHECK(channel_edges(gone, channel).size() > 15);
    CHECK(gone.losses.empty());
    CHECK(back.losses.empty());
}

TEST_CASE("faults strike a pulse output as they strike a head") {
    const CaptureBatch healthy = captured(with_outputs(), at(20));
    const auto count = [](const CaptureBatch& batch, int channel) {
        return std::ssize(channel_edges(batch, channel));
    };

    const CaptureBatch missed = captured(with_outputs({.missed_by_head = {{11, at(8)}}}), at(20));
    CHECK(missed.losses.empty());
    CHECK(count(missed, 11) == count(healthy, 11) - 1);

    const CaptureBatch dead = captured(with_outputs({.dead_head = {{12, at(8)}}}), at(20));
    CHECK(dead.losses.empty());
    CHECK(channel_edges(dead, 12).back().tick < 8 * 125'000'000LL);
    CHECK(count(dead, 2) == count(healthy, 2));

    const CaptureBatch lost = captured(with_outputs({.lose_edge = {{11, at(8)}}}), at(20));
    REQUIRE(lost.losses.size() == 1);
    CHECK(lost.losses[0].cause == "polarity");
    CHECK(lost.losses[0].channels == std::vector<int>{11});
    CHECK(lost.losses[0].edges == 1);

    const CaptureBatch bounce = captured(with_outputs({.bounce = {{11, at(10)}}}), at(20));
    CHECK(count(bounce, 11) >= count(healthy, 11) + 18);

    const CaptureBatch frame = captured(with_outputs({.lose_frame_at = {at(8.02)}}), at(20));
    std::int64_t proven = 0;
    for (const Loss& loss : frame.losses) proven += loss.edges.value_or(1000);
    CHECK(proven == std::ssize(healthy.edges) - std::ssize(frame.edges));
}

TEST_CASE("pulse outputs are swapped among themselves, never with a LED") {
    Bench bench{with_outputs({.swap_heads = {{at(1), 11, 12}}})};
    bench.loop->run(bench.driver->start());
    const CaptureBatch batch = bench.run_until(at(20));
    CHECK(channel_edges(batch, 11).back().tick == output_tick(bench, 1, 37));
    CHECK(channel_edges(batch, 12).back().tick == output_tick(bench, 0, 37));
    CHECK_THROWS_AS(captured(with_outputs({.swap_heads = {{at(1), 1, 11}}}), at(2)),
                    std::logic_error);
}

TEST_CASE("a channel is wired once, and only to a meter that is there") {
    auto options = with_outputs();
    options.output_channels = GENERATE(std::vector<int>{2},         // meter 1's LED
                                       std::vector<int>{0},         // the reference's
                                       std::vector<int>{11, 11},    // twice
                                       std::vector<int>{127},       // beyond the last
                                       std::vector<int>{3, 4, 5});  // two meters only
    CAPTURE(options.output_channels);
    CHECK_THROWS_AS(Bench{options}, std::logic_error);
}
