// The reference's count as the device states it: the energy between two instants without power.
#include "calibration/bench_model.hpp"
#include "tests/instruments/ctag/bench.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <utility>

namespace {

using namespace capture_bench;
using instruments::ReferenceCount;

std::string text_of(const std::optional<ReferenceCount>& count) {
    return count ? fmt::format("{} before {}", count->impulses, count->tick) : "none";
}

LoadPoint load(double current_a) {
    return LoadPoint::balanced(
        calibration::Volt{230}, calibration::Ampere{current_a}, PowerFactor::unity());
}
LoadPoint no_load() { return LoadPoint::voltage_only(calibration::Volt{230}); }

// The counts of all batches up to `end`, in order.
Task<std::vector<ReferenceCount>> counts_until(Bench& bench, Instant end) {
    std::vector<ReferenceCount> all;
    while (bench.loop->clock().now() < end) {
        const CaptureBatch batch = co_await bench.driver->next(end);
        if (batch.reference_count) all.push_back(*batch.reference_count);
    }
    co_return all;
}

// Loaded, from 5 s to 15 s at rest, and loaded again.
std::vector<ReferenceCount> counts_of(const EmulatorOptions& options) {
    Bench bench{options};
    bench.loop->run(bench.driver->start());
    std::vector<ReferenceCount> all;
    for (const auto& [end, next] : {std::pair{5, no_load()}, {15, load(5)}, {25, no_load()}}) {
        const auto more = bench.loop->run(counts_until(bench, at(end)));
        all.insert(all.end(), more.begin(), more.end());
        bench.model.set_output(at(end), next);
    }
    return all;
}

constexpr std::int64_t second = 125'000'000;

}  // namespace

TEST_CASE("COUNTERS state the reference's count with the tick they were latched at") {
    const auto role = GENERATE(Device::Role::reference_explicit, Device::Role::reference_bracketed);
    Device device{role};
    StreamDecoder decoder{{}};
    device.greet();
    CHECK(text_of(decoder.feed(device.take()).reference_count) == "none");
    device.counters(10, 1000, 0, 0);
    CHECK(text_of(decoder.feed(device.take()).reference_count) == "1000 before 10");
    device.heartbeat(20);
    CHECK(text_of(decoder.feed(device.take()).reference_count) == "none");
    device.counters(30, 1000, 0, 0).counters(40, 1000, 0, 0).heartbeat(50);  // the last one counts
    CHECK(text_of(decoder.feed(device.take()).reference_count) == "1000 before 40");
}

TEST_CASE("the count has the origin of the edges' phases, and no divider") {
    Device device{Device::Role::reference_explicit, 4};
    device.greet().counters(0, 1002, 0, 0);
    device.reference(100).edge(3, true, 150).reference(500).edge(3, false, 600).flush(700);
    device.counters(700, 1009, 1, 0);
    StreamDecoder decoder{{}};
    const CaptureBatch batch = decoder.feed(device.take());
    CHECK(texts_of(batch.edges) == std::vector<std::string>{"3@150: 1004 +100..500"});
    CHECK(text_of(batch.reference_count) == "1009 before 700");
}

TEST_CASE("a lost frame, with COUNTERS in it or before them, leaves later counts right") {
    const bool counters_lost = GENERATE(false, true);
    Device device{Device::Role::reference_explicit};
    device.greet().counters(0, 1000, 0, 0);
    device.reference(100).flush(200);
    device.writer.lose_next_frame();
    if (counters_lost) device.counters(300, 1001, 0, 0);
    if (!counters_lost) device.reference(210).flush(300);
    device.reference(310).flush(400);
    device.counters(500, counters_lost ? 1002 : 1003, 0, 0);
    StreamDecoder decoder{{}};
    const CaptureBatch batch = decoder.feed(device.take());
    CHECK(text_of(batch.reference_count) ==
          (counters_lost ? "1002 before 500" : "1003 before 500"));
    CHECK(!batch.losses.empty());
}

TEST_CASE("after a restart the count starts anew, on the time that goes on") {
    Device device{Device::Role::reference_explicit};
    device.greet().counters(300, 1000, 0, 0);
    device.writer.restart(0);
    device.hello.boot_id = 10;
    device.greet(5).counters(7, 2, 0, 0);
    StreamDecoder decoder{{}};
    const CaptureBatch batch = decoder.feed(device.take());
    CHECK(texts_of(batch.losses) == std::vector<std::string>{"[300, 301] restart, all: unknown"});
    CHECK(text_of(batch.reference_count) == "2 before 308");  // 301 is the restart
}

TEST_CASE("COUNTERS that make no sense state nothing") {
    Device device{Device::Role::reference_explicit};
    device.greet().counters(0, 1000, 0, 0);
    const Bytes odd{1, 2, 3, 4};
    device.writer.frame(Device::FrameType::counters, 10, odd);
    device.hello.channels.erase(device.hello.channels.begin());
    StreamDecoder decoder{{}};
    const CaptureBatch batch = decoder.feed(device.take());
    CHECK(text_of(batch.reference_count) == "1000 before 0");
}

TEST_CASE("the device states a count at least every two seconds, under load and without") {
    Bench bench{{}};
    bench.loop->run(bench.driver->start());
    std::int64_t before = 0;
    for (const double end : {20.0, 40.0}) {
        for (const auto& count : bench.loop->run(counts_until(bench, at(end)))) {
            CHECK(count.tick - before <= 2 * second);
            before = count.tick;
        }
        CHECK(before > static_cast<std::int64_t>(end - 2) * second);
        bench.model.set_output(bench.loop->clock().now(), no_load());
    }
}

TEST_CASE("the count between two rests is the energy of the load between them, to one impulse") {
    EmulatorOptions options;
    options.mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    options.reference_divider = GENERATE(1U, 16U);
    options.clock_deviation_ppm = -40;
    const double current_a = GENERATE(0.01, 1.7);
    CAPTURE(options.reference_divider, current_a);
    Bench bench{options};
    bench.loop->run(bench.driver->start());
    bench.model.set_output(at(0), no_load());
    const auto first = bench.run_until(at(12)).reference_count;
    const auto energy_wh = [&] {  // meter 0 shows 0.1 % more
        return bench.model.registered(0, bench.loop->clock().now()).active_import.value() / 1.001;
    };
    const double before_wh = energy_wh();
    bench.model.set_output(at(12), load(current_a));
    bench.run_until(at(17.3));
    bench.model.set_output(at(17.3), no_load());
    const auto last = bench.run_until(at(30)).reference_count;
    REQUIRE((first && last));
    const double expected = (energy_wh() - before_wh) * 1e-3 * reference_constant;
    CHECK(expected > 500);
    CHECK(std::abs(static_cast<double>(last->impulses - first->impulses) - expected) <= 1);
}

TEST_CASE("under load the count lies on the line of the edges' phases") {
    EmulatorOptions options;
    options.mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    Bench bench{options};
    bench.loop->run(bench.driver->start());
    bench.run_until(at(10));
    const CaptureBatch batch = bench.run_until(at(13.05));
    REQUIRE(batch.reference_count);
    const auto edges = channel_edges(batch, 1, 10 * second);
    REQUIRE(edges.size() > 20);
    const auto phase_at = [](const calibration::PhasedEdge& edge) {
        return static_cast<double>(edge.reference_count) +
               static_cast<double>(edge.tick - edge.reference_before) /
                   static_cast<double>(edge.reference_after - edge.reference_before);
    };
    const auto &a = edges.front(), &b = edges.back();
    const double slope = (phase_at(b) - phase_at(a)) / static_cast<double>(b.tick - a.tick);
    const auto since = static_cast<double>(batch.reference_count->tick - a.tick);
    const double expected = phase_at(a) + slope * since;
    CHECK(std::abs(static_cast<double>(batch.reference_count->impulses) - expected) <= 1.01);
}

TEST_CASE("lost frames change no count that comes after them") {
    const auto mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    EmulatorOptions options;
    options.mode = mode;
    const auto healthy = counts_of(options);
    // Frames of both loads, and COUNTERS of the rest between them, when nothing else is sent.
    for (const double when : {3.2, 4.3, 12.5, 13.5, 17.0}) {
        options.faults.lose_frame_at.push_back(at(when));
    }
    const auto lossy = counts_of(options);
    CHECK(lossy.size() < healthy.size());
    std::size_t common = 0;
    for (const auto& count : lossy) {
        const auto same = std::ranges::find(healthy, count.tick, &ReferenceCount::tick);
        if (same == healthy.end()) continue;
        ++common;
        CHECK(same->impulses == count.impulses);
    }
    CHECK(common > 15);
}

TEST_CASE("a device that restarts counts anew, and says so") {
    EmulatorOptions options;
    options.mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    options.faults.restart_at = {at(8.2)};
    Bench bench{options};
    bench.loop->run(bench.driver->start());
    const auto before = bench.run_until(at(8)).reference_count;
    const CaptureBatch batch = bench.run_until(at(10.5));
    REQUIRE((before && batch.reference_count));
    CHECK(causes(batch) == std::vector<std::string>{"restart"});
    CHECK(before->impulses > 7 * 95'000);
    const auto since = static_cast<double>(batch.reference_count->tick - batch.losses[0].to_tick);
    CHECK(static_cast<double>(batch.reference_count->impulses) ==
          Approx(since / second * 3450 / 3600e3 * reference_constant).epsilon(1e-3));
}
