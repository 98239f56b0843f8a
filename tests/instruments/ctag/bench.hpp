// A bench in virtual time for the capture's tests: the model, the emulated device on it, and the
// driver at the other end of the link.
#pragma once

#include "calibration/bench_model.hpp"
#include "instruments/ctag/driver.hpp"
#include "instruments/ctag/emulator.hpp"
#include "instruments/io/loop.hpp"
#include "tests/instruments/ctag/device.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace capture_bench {

using namespace instruments::ctag;
using namespace std::chrono_literals;
using calibration::BenchModel;
using calibration::Duration;
using calibration::ImpulsesPerKilowattHour;
using calibration::Instant;
using calibration::LoadPoint;
using calibration::PowerFactor;
using instruments::io::Loop;
using instruments::io::Task;

inline constexpr double dut_constant = 10'000;
inline constexpr double reference_constant = 100e6;

constexpr Instant at(double second) { return Instant{calibration::from_seconds(second)}; }

inline std::vector<calibration::MeterTraits> meters(std::size_t count) {
    std::vector<calibration::MeterTraits> all(count);
    for (std::size_t i = 0; i < count; ++i) {
        all[i].ratings.constant = ImpulsesPerKilowattHour{dut_constant};
        all[i].gain_error_percent = 0.1 * static_cast<double>(i + 1);
        all[i].output_weight = calibration::WattHour{0.5};
    }
    return all;
}

// A bench at 230 V, 5 A with meters 0 and 1 on channels 1 and 2; 3450 W: 9.58 impulses per second
// each, and 1.92 of each pulse output, if the options have a channel for it.
struct Bench {
    explicit Bench(EmulatorOptions options, std::size_t count = 2)
        : model(7, calibration::SourceTraits{}, calibration::ReferenceTraits{}, meters(count)) {
        for (std::size_t i = 0; i < count; ++i)
            options.led_channels.push_back(static_cast<int>(i + 1));
        model.set_reference_constant(Instant{}, ImpulsesPerKilowattHour{reference_constant});
        model.set_output(Instant{},
                         LoadPoint::balanced(
                             calibration::Volt{230}, calibration::Ampere{5}, PowerFactor::unity()));
        emulator = std::make_unique<Emulator>(loop->clock(), model, options);
        connect();
    }

    void connect() {
        auto [host, device] = instruments::io::memory_links(loop->clock(), "twin capture");
        device_end = std::move(device);
        loop->spawn(emulator->serve(*device_end));
        driver =
            open(loop->clock(), std::move(host), {.reference_channel = 0, .silence_limit = 5s});
    }

    CaptureBatch run_until(Instant end) { return loop->run(collect(end)); }

    Task<CaptureBatch> collect(Instant end) {
        CaptureBatch all;
        while (loop->clock().now() < end) {
            const CaptureBatch batch = co_await driver->next(end);
            append(all, batch);
        }
        co_return all;
    }

    std::unique_ptr<Loop> loop = Loop::with_virtual_time();
    BenchModel model;
    std::unique_ptr<Emulator> emulator;
    std::unique_ptr<instruments::io::ByteLink> device_end;
    std::unique_ptr<instruments::EdgeCapture> driver;
};

inline std::vector<calibration::PhasedEdge> channel_edges(const CaptureBatch& batch,
                                                          int channel,
                                                          std::int64_t from = 0) {
    std::vector<calibration::PhasedEdge> edges;
    for (const CapturedEdge& captured : batch.edges) {
        if (captured.channel == channel && captured.edge.tick >= from)
            edges.push_back(captured.edge);
    }
    return edges;
}

// Each cause once.
inline std::vector<std::string> causes(const CaptureBatch& batch) {
    std::vector<std::string> all;
    for (const Loss& loss : batch.losses) {
        if (std::ranges::count(all, loss.cause) == 0) all.push_back(loss.cause);
    }
    return all;
}

}  // namespace capture_bench
