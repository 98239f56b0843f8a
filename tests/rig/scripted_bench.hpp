// Source, reference and capture that obey a script and write down what they were asked.
#pragma once

#include "instruments/edge_capture.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/reference.hpp"
#include "instruments/source.hpp"

#include <fmt/format.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rig_test {

using calibration::Ampere;
using calibration::Hertz;
using calibration::LoadPoint;
using calibration::Volt;
using instruments::Task;

// What every device of the bench was asked, in order, and the call that fails, if any.
struct Script {
    std::vector<std::string> calls;
    std::optional<std::size_t> fails_at;
    std::function<void(const std::string&)> on_call;

    void call(const std::string& what) {
        calls.push_back(what);
        if (on_call) {
            on_call(what);
        }
        if (fails_at && calls.size() == *fails_at + 1) {
            throw instruments::DeviceFault(
                {.device = "script", .operation = what, .problem = "failed as told", .code = ""});
        }
    }
};

inline double top_voltage(const LoadPoint& load) {
    double most = 0;
    for (const auto& phase : load.phases) {
        most = std::max(most, phase.voltage.value());
    }
    return most;
}

inline double top_current(const LoadPoint& load) {
    double most = 0;
    for (const auto& phase : load.phases) {
        most = std::max(most, phase.current.value());
    }
    return most;
}

inline std::string text_of(const LoadPoint& load) {
    return fmt::format("{:g} V {:g} A", top_voltage(load), top_current(load));
}

class ScriptedSource final : public instruments::Source {
  public:
    explicit ScriptedSource(Script& script) : script_(script) {}

    instruments::SourceCapabilities can{.least_voltage = Volt{20},
                                        .most_voltage = Volt{500},
                                        .least_current = Ampere{0.001},
                                        .most_current = Ampere{120},
                                        .least_frequency = Hertz{45},
                                        .most_frequency = Hertz{65},
                                        .highest_harmonic = 1,
                                        .phantom_current = true,
                                        .settling = std::chrono::seconds{8}};
    LoadPoint output;                // what stands on the terminals
    std::vector<LoadPoint> outputs;  // every one that stood there
    std::vector<std::string> trips;  // what faults() says
    bool never_goes_off = false;
    bool only_emergency = false;

    const instruments::SourceCapabilities& capabilities() const override { return can; }
    Task<instruments::Identity> identify() override { co_return instruments::Identity{}; }
    Task<void> stage(LoadPoint load) override {
        staged_ = load;
        script_.call("stage " + text_of(load));
        co_return;
    }
    Task<void> commit() override {
        // The worst kind of failure: the output changed before the answer got lost.
        output = staged_;
        outputs.push_back(output);
        script_.call("commit");
        co_return;
    }
    Task<void> switch_off(instruments::OffMode mode) override {
        const bool emergency = mode == instruments::OffMode::emergency;
        script_.call(emergency ? "off, emergency" : "off");
        if (never_goes_off || (only_emergency && !emergency)) {
            throw instruments::DeviceFault(
                {.device = "script", .operation = "off", .problem = "stays on", .code = ""});
        }
        output = LoadPoint::off();
        co_return;
    }
    Task<std::vector<std::string>> faults() override {
        script_.call("faults?");
        co_return trips;
    }

  private:
    Script& script_;
    LoadPoint staged_;
};

class ScriptedReference final : public instruments::Reference {
  public:
    ScriptedReference(Script& script, const ScriptedSource& source)
        : script_(script), source_(source) {}

    instruments::ReferenceCapabilities can{.most_voltage = Volt{480},
                                           .most_current = Ampere{200},
                                           .most_impulse_frequency = Hertz{200000}};
    LoadPoint range;  // the load whose ranges are selected
    std::uint32_t epoch = 0;
    bool overload = false;

    const instruments::ReferenceCapabilities& capabilities() const override { return can; }
    Task<instruments::Identity> identify() override { co_return instruments::Identity{}; }
    Task<instruments::PulseConstant> select_ranges(LoadPoint load) override {
        script_.call("ranges " + text_of(load));
        epoch += load == range ? 0 : 1;
        range = load;
        co_return constant();
    }
    Task<instruments::PulseConstant> pulse_constant() override {
        script_.call("constant?");
        co_return constant();
    }
    Task<instruments::ReferenceReading> read() override {
        script_.call("read");
        instruments::ReferenceReading reading;
        for (std::size_t i = 0; i < calibration::phase_count; ++i) {
            const auto& phase = source_.output.phases[i];
            reading.load.phases[i] = {.voltage = phase.voltage,
                                      .current = phase.current,
                                      .voltage_angle = phase.voltage_angle,
                                      .displacement = phase.displacement};
        }
        reading.load.frequency = source_.output.frequency;
        reading.sequence = source_.output.sequence;
        reading.overload = overload;
        co_return reading;
    }

  private:
    instruments::PulseConstant constant() const {
        return {.value = calibration::ImpulsesPerKilowattHour{1000.0 * (epoch + 1)},
                .epoch = epoch};
    }
    Script& script_;
    const ScriptedSource& source_;
};

// Hands out the batches it was given, then waits.
class ScriptedCapture final : public instruments::EdgeCapture {
  public:
    explicit ScriptedCapture(instruments::io::Clock& clock) : clock_(clock) {}

    std::deque<instruments::CaptureBatch> batches;
    std::vector<int> channels{1, 2, 3, 5};
    std::vector<std::uint32_t> fences;
    bool echoes = true;
    std::optional<std::string> dies_of;
    instruments::io::Event more;
    std::int64_t tick = 0;

    Task<instruments::CaptureIdentity> start() override {
        co_return instruments::CaptureIdentity{.boot_id = 1, .tick_s = 8e-9, .channels = channels};
    }
    Task<instruments::CaptureBatch> next(calibration::Instant deadline) override {
        if (batches.empty() && !dies_of) {
            co_await clock_.wait(more, deadline);
        }
        if (batches.empty() && dies_of) {
            throw instruments::DeviceFault(
                {.device = "capture", .operation = "stream", .problem = *dies_of, .code = ""});
        }
        instruments::CaptureBatch batch{.watermark = tick};
        if (!batches.empty()) {
            batch = std::move(batches.front());
            batches.pop_front();
        }
        tick = batch.watermark;
        co_return batch;
    }
    Task<void> send_fence(std::uint32_t id) override {
        fences.push_back(id);
        if (echoes) {
            batches.push_back({.watermark = tick, .fences = {id}, .fence_ticks = {tick + 5}});
            more.notify();
        }
        co_return;
    }

  private:
    instruments::io::Clock& clock_;
};

}  // namespace rig_test
