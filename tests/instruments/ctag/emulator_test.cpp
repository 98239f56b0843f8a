// The whole path on virtual time: bench model, emulator, link, driver, and the error that comes
// out.
#include "instruments/ctag/emulator.hpp"

#include "calibration/gate.hpp"
#include "instruments/ctag/decoder.hpp"
#include "tests/instruments/ctag/bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace {

using namespace capture_bench;

CaptureBatch captured(const EmulatorOptions& options, Instant end) {
    Bench bench{options};
    bench.loop->run(bench.driver->start());
    return bench.run_until(end);
}

std::vector<calibration::PhasedEdge> settled_edges(const CaptureBatch& batch, int channel) {
    return channel_edges(batch, channel, 5 * 125'000'000LL);
}

calibration::GateResult gate_of(const CaptureBatch& batch, int channel) {
    const auto edges = settled_edges(batch, channel);
    const auto result = calibration::evaluate_gate(
        edges,
        {ImpulsesPerKilowattHour{dut_constant}, ImpulsesPerKilowattHour{reference_constant}});
    REQUIRE(result);
    return *result;
}

CaptureBatch with(const Faults& faults, ReferenceMode mode = ReferenceMode::bracketed) {
    EmulatorOptions options;
    options.mode = mode;
    options.faults = faults;
    return captured(options, at(mode == ReferenceMode::bracketed ? 30 : 12));
}

using Causes = std::vector<std::string>;

}  // namespace

TEST_CASE("the device introduces itself with its duts") {
    Bench bench{{}};
    const auto identity = bench.loop->run(bench.driver->start());
    CHECK(identity.tick_s == 8e-9);
    CHECK(identity.boot_id == 1);
    CHECK(identity.channels == std::vector<int>{1, 2});
    CHECK(identity.identity.serial == "calrig emulator");
}

TEST_CASE("the hidden error of a meter comes out to a hundred-thousandth of a percent") {
    const double ppm = GENERATE(0.0, -40.0);
    const ReferenceMode mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    EmulatorOptions options;
    options.mode = mode;
    options.clock_deviation_ppm = ppm;
    const CaptureBatch batch = captured(options, at(20));
    CHECK(batch.losses.empty());
    for (const int channel : {1, 2}) {
        const auto result = gate_of(batch, channel);
        CHECK(result.complete());
        CHECK(result.edges > 100);
        CHECK(result.error_pi_percent == Approx(0.1 * channel).margin(1e-5));
        CHECK(result.error_omega_percent == Approx(0.1 * channel).margin(1e-5));
    }
}

TEST_CASE("a divided reference gives the same error, because the divider is stated") {
    const ReferenceMode mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    EmulatorOptions options;
    options.mode = mode;
    options.reference_divider = 4096;
    Bench bench{options};
    const auto identity = bench.loop->run(bench.driver->start());
    CHECK(identity.reference_divider == 4096);
    const CaptureBatch batch = bench.run_until(at(20));
    for (const int channel : {1, 2}) {
        const auto edges = settled_edges(batch, channel);
        calibration::GateConstants constants{ImpulsesPerKilowattHour{dut_constant},
                                             ImpulsesPerKilowattHour{reference_constant},
                                             static_cast<double>(identity.reference_divider)};
        const auto result = calibration::evaluate_gate(edges, constants);
        calibration::GateAccumulator streamed(constants);
        for (const auto& edge : edges) streamed.add(edge);
        REQUIRE(result);
        CHECK(result->error_pi_percent == Approx(0.1 * channel).margin(1e-5));
        CHECK(streamed.result()->error_pi_percent == Approx(result->error_pi_percent));
        constants.reference_divider = 1;
        const auto undivided = calibration::evaluate_gate(edges, constants);
        CHECK(std::abs(undivided->error_pi_percent - 0.1 * channel) > 1e-5);
    }
}

TEST_CASE("bracketed and explicit mode give identical edges of the same physics") {
    const auto divider = GENERATE(1U, 16U);
    EmulatorOptions options;
    options.reference_divider = divider;
    const CaptureBatch bracketed = captured(options, at(6));
    options.mode = ReferenceMode::explicit_edges;
    const CaptureBatch explicit_edges = captured(options, at(6));
    CHECK(bracketed.losses.empty());
    CHECK(explicit_edges.losses.empty());
    for (const int channel : {1, 2}) {
        auto left = channel_edges(bracketed, channel);
        auto right = channel_edges(explicit_edges, channel);
        REQUIRE(std::min(left.size(), right.size()) > 40);
        const std::size_t common = std::min(left.size(), right.size());
        left.resize(common);
        right.resize(common);
        CHECK(left == right);
    }
}

TEST_CASE("a load step while the device sleeps moves the coming edges") {
    Bench bench{{}};
    bench.loop->run(bench.driver->start());
    CaptureBatch all = bench.run_until(at(10));
    bench.model.set_output(
        at(10),
        LoadPoint::balanced(
            calibration::Volt{230}, calibration::Ampere{0.5}, PowerFactor::unity()));
    append(all, bench.run_until(at(30)));
    bench.model.set_output(
        at(30),
        LoadPoint::balanced(calibration::Volt{230}, calibration::Ampere{20}, PowerFactor::unity()));
    append(all, bench.run_until(at(40)));
    CHECK(all.losses.empty());
    const auto edges = channel_edges(all, 1);
    for (std::size_t i = 0; i < edges.size(); ++i) {
        REQUIRE(edges[i].has_phase());
        const auto impulse = bench.model.impulse(0, static_cast<std::int64_t>(i + 1));
        REQUIRE(edges[i].tick == impulse.time_since_epoch().count() / 8);
    }
    CHECK(edges.size() > 400);
}

TEST_CASE("with no load the watermark goes on, and nothing else comes") {
    Bench bench{{}};
    bench.loop->run(bench.driver->start());
    bench.run_until(at(10));
    bench.model.set_output(at(10), LoadPoint::voltage_only(calibration::Volt{230}));
    bench.run_until(at(20));
    const CaptureBatch quiet = bench.run_until(at(3600));
    CHECK(quiet.edges.empty());
    CHECK(quiet.losses.empty());
    CHECK(quiet.watermark > 3598 * 125'000'000LL);
}

TEST_CASE("a fence is answered at once, in stream order") {
    Bench bench{{}};
    bench.loop->run(bench.driver->start());
    bench.run_until(at(3));
    bench.loop->run(bench.driver->send_fence(1234));
    const CaptureBatch batch = bench.run_until(at(3.5));
    REQUIRE(batch.fences == std::vector<std::uint32_t>{1234});
    CHECK(batch.fence_ticks[0] == 3 * 125'000'000LL);
    CHECK_THROWS_AS(bench.loop->run(bench.driver->send_fence(1U << 27)), std::logic_error);
}

TEST_CASE("a device that falls silent is a fault that names the seconds") {
    Bench bench{{.faults = {.stop_at = at(7)}}};
    bench.loop->run(bench.driver->start());
    CHECK_THROWS_WITH(bench.run_until(at(60)),
                      Catch::Contains("twin capture") && Catch::Contains("silent for 5"));
    CHECK(calibration::seconds(bench.loop->clock().now()) < 12.5);
}

TEST_CASE("a device that never says HELLO is a fault") {
    auto loop = Loop::with_virtual_time();
    auto [host, device] = instruments::io::memory_links(loop->clock(), "twin capture");
    auto driver = open(loop->clock(), std::move(host), {});
    CHECK_THROWS_WITH(loop->run(driver->start()),
                      Catch::Contains("wait for HELLO: none within 5 s"));
}

TEST_CASE("a reference channel that is none is refused by name") {
    Bench bench{{.reference_channel = 5}};
    CHECK_THROWS_WITH(bench.loop->run(bench.driver->start()),
                      Catch::Contains("channel 0 is no reference input"));
}

TEST_CASE("a caller that was away finds everything that came meanwhile") {
    Bench bench{{}};
    bench.loop->run(bench.driver->start());
    bench.loop->run(bench.loop->clock().sleep_until(at(30)));
    const CaptureBatch batch = bench.run_until(at(31));
    CHECK(batch.losses.empty());
    CHECK(gate_of(batch, 1).complete());
}

TEST_CASE("the deadline gives an empty batch with the old watermark") {
    Bench bench{{}};
    bench.loop->run(bench.driver->start());
    const CaptureBatch before = bench.run_until(at(5));
    const auto now = bench.loop->clock().now();
    const CaptureBatch batch = bench.loop->run(bench.driver->next(now + 1us));
    CHECK(batch.edges.empty());
    CHECK(batch.watermark == before.watermark);
}

TEST_CASE("after a disconnect the same device greets again, and a new host starts clean") {
    Bench bench{{}};
    bench.loop->run(bench.driver->start());
    bench.run_until(at(10));
    bench.driver.reset();
    bench.loop->run(bench.loop->clock().sleep_until(at(15)));
    bench.connect();
    const auto identity = bench.loop->run(bench.driver->start());
    CHECK(identity.boot_id == 1);
    const CaptureBatch batch = bench.run_until(at(30));
    CHECK(batch.losses.empty());
    CHECK(gate_of(batch, 2).error_pi_percent == Approx(0.2).margin(1e-5));
}

TEST_CASE("a host that lived through a disconnect is told what was lost meanwhile") {
    Bench bench{{}};
    bench.driver.reset();
    StreamDecoder decoder{{}};
    CaptureBatch all;
    const auto listen = [&](double from, double until) -> Task<void> {
        auto [host, device] = instruments::io::memory_links(bench.loop->clock(), "twin capture");
        co_await bench.loop->clock().sleep_until(at(from));
        bench.loop->spawn(bench.emulator->serve(*device));
        while (bench.loop->clock().now() < at(until)) {
            const auto bytes = co_await host->read(at(until));
            append(all, decoder.feed(bytes));
        }
        host->close();
        co_await bench.loop->clock().sleep_for(1s);
    };
    bench.loop->run(listen(1, 10));
    CHECK(all.losses.empty());
    bench.loop->run(listen(15, 30));
    CHECK(causes(all) == Causes{"edges lost by the device"});
    std::int64_t lost = 0;
    for (const Loss& loss : all.losses) lost += loss.edges.value_or(1000);
    CHECK(lost == gate_of(all, 1).missed + gate_of(all, 2).missed);
    CHECK(lost > 80);  // five seconds of two meters
}

// -- every injected fault is detected, by name
// -----------------------------------------------------------------------

TEST_CASE("fault: a flipped bit") {
    const auto mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    CHECK(causes(with({.flip_bit_at = {at(8)}}, mode)) == Causes{"crc"});
}

TEST_CASE("fault: a lost frame is named, and where counters prove the numbers the gate is right") {
    const CaptureBatch batch = with({.lose_frame_at = {at(8.02)}});
    REQUIRE(!batch.losses.empty());
    CHECK(batch.losses[0].cause.ends_with("missing"));
    std::int64_t lost = 0;
    for (const Loss& loss : batch.losses) {
        REQUIRE(loss.edges);
        lost += *loss.edges;
    }
    const auto one = gate_of(batch, 1), other = gate_of(batch, 2);
    CHECK(one.missed + other.missed == lost);
    CHECK(lost >= 1);
    CHECK(one.error_pi_percent == Approx(0.1).margin(1e-5));
}

TEST_CASE("fault: an explicit reference that lost a frame is put right by the counters") {
    const CaptureBatch batch = with({.lose_frame_at = {at(8)}}, ReferenceMode::explicit_edges);
    REQUIRE(!batch.losses.empty());
    CHECK(batch.losses[0].channels == std::vector<int>{0});
    CHECK(batch.losses[0].edges.value_or(0) > 400);
    CHECK(gate_of(batch, 1).error_pi_percent == Approx(0.1).margin(1e-5));
}

TEST_CASE("fault: a lost edge of a dut breaks the alternation, and is proven to be one") {
    const CaptureBatch batch = with({.lose_edge = {{1, at(8)}}});
    REQUIRE(batch.losses.size() == 1);
    CHECK(batch.losses[0].cause == "polarity");
    CHECK(batch.losses[0].channels == std::vector<int>{1});
    CHECK(batch.losses[0].edges == 1);
    CHECK(gate_of(batch, 1).missed == 1);
    CHECK(gate_of(batch, 2).complete());
}

TEST_CASE("fault: a lost edge of the reference") {
    CHECK(causes(with({.lose_edge = {{0, at(8)}}})) == Causes{"index"});
    CHECK(causes(with({.lose_edge = {{0, at(8)}}}, ReferenceMode::explicit_edges)) ==
          Causes{"counter mismatch"});
}

TEST_CASE("fault: a pulse that the head missed shows in the energy domain alone") {
    const CaptureBatch batch = with({.missed_by_head = {{1, at(8)}}});
    CHECK(batch.losses.empty());
    CHECK(gate_of(batch, 1).missed == 1);
    CHECK(gate_of(batch, 1).extra == 0);
    CHECK(gate_of(batch, 2).complete());
}

TEST_CASE("fault: an extra pulse shows in the energy domain") {
    const CaptureBatch batch = with({.extra_edge = {{1, at(8.05)}}});
    CHECK(batch.losses.empty());
    CHECK(gate_of(batch, 1).extra == 1);
    CHECK(gate_of(batch, 1).missed == 0);
    CHECK(gate_of(batch, 1).error_pi_percent == Approx(0.1).margin(1e-5));
}

TEST_CASE("fault: bounce shows as one extra pulse per impulse") {
    const CaptureBatch batch = with({.bounce = {{1, at(20)}}});
    CHECK(batch.losses.empty());
    CHECK(gate_of(batch, 1).extra > 90);
    CHECK(gate_of(batch, 2).complete());
}

TEST_CASE("fault: a lamp at 100 Hz shows as extra pulses") {
    const CaptureBatch batch = with({.flicker_100hz = {{1, at(20), at(21)}}});
    CHECK(batch.losses.empty());
    CHECK(gate_of(batch, 1).extra > 10);
    CHECK(gate_of(batch, 2).complete());
}

TEST_CASE("fault: a dead head sends nothing while the watermark goes on") {
    const CaptureBatch batch = with({.dead_head = {{1, at(20)}}});
    CHECK(batch.losses.empty());
    CHECK(settled_edges(batch, 1).back().tick < 20 * 125'000'000LL);
    CHECK(settled_edges(batch, 2).back().tick > 29 * 125'000'000LL);
    CHECK(batch.watermark > 29 * 125'000'000LL);
}

TEST_CASE("fault: an overflow is named, with the number the counters prove") {
    const CaptureBatch batch = with({.overflow_at = {{at(8), 5}}});
    CHECK(causes(batch) == Causes{"device overflow"});
    std::int64_t lost = 0;
    for (const Loss& loss : batch.losses) lost += loss.edges.value_or(1000);
    CHECK(lost >= 2);
    CHECK(lost <= 3);  // leading ones of five
    CHECK(causes(with({.overflow_at = {{at(8), 5}}}, ReferenceMode::explicit_edges)) ==
          Causes{"device overflow"});
}

TEST_CASE("fault: a restart") {
    const auto mode = GENERATE(ReferenceMode::bracketed, ReferenceMode::explicit_edges);
    const CaptureBatch batch = with({.restart_at = {at(8)}}, mode);
    CHECK(causes(batch) == Causes{"restart"});
    CHECK_FALSE(batch.losses[0].edges);
    CHECK(batch.losses[0].channels.empty());
}

TEST_CASE("fault: a clock step, forwards or backwards") {
    const std::int64_t ticks = GENERATE(1000, -1000, 125'000'000, -125'000'000);
    const CaptureBatch batch = with({.clock_step_at = {{at(8), ticks}}});
    CHECK(causes(batch) == Causes{"clock step"});
}

TEST_CASE("fault: swapped heads show each meter's error at the other's place") {
    const CaptureBatch batch = with({.swap_heads = {{at(1), 1, 2}}});
    CHECK(batch.losses.empty());
    CHECK(gate_of(batch, 1).error_pi_percent == Approx(0.2).margin(1e-5));
    CHECK(gate_of(batch, 2).error_pi_percent == Approx(0.1).margin(1e-5));
}
