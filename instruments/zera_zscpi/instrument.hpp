// The emulated comparator behind its dialect: ranges, settings, pending writes, and what it
// measures of the bench. All clients share it; it holds nothing of a client.
#pragma once

#include "calibration/bench_model.hpp"
#include "calibration/time.hpp"
#include "instruments/zera_zscpi/models.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace instruments::zera_zscpi {

struct Parameter;

// UL1, UL2, UL3, IL1, IL2, IL3.
inline constexpr std::size_t channel_count = 6;
inline constexpr std::size_t first_current_channel = 3;
inline constexpr std::array<std::string_view, channel_count> channel_names{
    "UL1", "UL2", "UL3", "IL1", "IL2", "IL3"};

// The measuring modules, each with an integration time of its own.
inline constexpr std::array<std::string_view, 7> module_names{
    "RMS1", "DFT1", "POW1", "POW2", "POW3", "LAM1", "RNG1"};
inline constexpr std::size_t module_count = module_names.size();

// What all modules see at one instant, reading noise included.
struct Sample {
    calibration::Instant at;
    calibration::SeenLoad seen;
    calibration::Degree rotation{
        0};  // of the whole phasor picture: only differences of angles mean anything
};

class Instrument {
  public:
    Instrument(calibration::Instant now,
               calibration::BenchModel& bench,
               const Model& model,
               std::uint64_t seed);

    const Model& model() const { return model_; }

    // -- ranges --
    std::span<const std::string_view> ranges(std::size_t channel) const;
    std::string_view range(std::size_t channel) const { return ranges(channel)[range_[channel]]; }
    // By index in the catalogue; with grouping on, the other channels of the same quantity follow.
    void set_range(std::size_t channel, std::size_t index, calibration::Instant now);
    void turn_current_knob(
        calibration::Instant now);  // one range wider, or narrower when there is none
    bool automatic() const { return automatic_; }
    void set_automatic(bool on) { automatic_ = on; }
    bool grouping() const { return grouping_; }
    void set_grouping(bool on) { grouping_ = on; }

    // -- pulse output --
    calibration::Hertz nominal_frequency() const { return nominal_frequency_; }
    void set_nominal_frequency(calibration::Hertz frequency, calibration::Instant now);
    // By the law of the ranges; where the channels of a quantity differ, the widest counts.
    calibration::ImpulsesPerKilowattHour constant() const;

    // -- measuring --
    double integration_s(std::size_t module) const { return integration_s_[module]; }
    void set_integration_s(std::size_t module, double seconds) { integration_s_[module] = seconds; }
    // Periods follow one another from bench time zero on: the end of the one that runs at `now`.
    calibration::Instant period_end(std::size_t module, calibration::Instant now) const;
    // The bench at `now`, the end of a period, with a reading noise of up to 5 ppm of the range.
    // Latches an overload.
    const Sample& sample(calibration::Instant now);

    // A signal above 1.25 times its range latches. The detector looks at each sample and at each
    // watch().
    bool overload() const { return overload_; }
    void set_overload(bool on) { overload_ = on; }
    // What goes on in a real instrument without being asked, done when somebody asks: overload,
    // automatic ranging.
    void watch(calibration::Instant now);

    std::size_t session = 0;  // index in the session catalogue

    // -- parameter writes take time: they are queued, and *OPC? says so --
    void write_later(const Parameter& parameter, double value, calibration::Instant due);
    bool write_pending() const { return !pending_.empty(); }
    calibration::Instant next_write() const;  // never when none is pending
    void apply_writes(calibration::Instant now);

  private:
    struct PendingWrite {
        const Parameter* parameter;
        double value;
        calibration::Instant due;
    };

    double range_value(std::size_t channel) const;
    double widest(std::size_t first_channel) const;
    void publish_constant(calibration::Instant now);
    void detect_overload(const calibration::SeenLoad& seen);
    void range_automatically(const calibration::SeenLoad& seen, calibration::Instant now);
    double noise(std::size_t channel, calibration::Instant at) const;
    Sample measure(calibration::Instant now);

    calibration::BenchModel& bench_;
    const Model& model_;
    std::uint64_t seed_;
    std::array<std::size_t, channel_count> range_{};
    bool automatic_ = false;
    bool grouping_ = true;
    bool overload_ = false;
    calibration::Hertz nominal_frequency_;
    std::array<double, module_count> integration_s_;
    std::optional<Sample> sample_;
    std::deque<PendingWrite> pending_;
};

}  // namespace instruments::zera_zscpi
