// Inside the emulator: from the model's instants to records on the device's clock.
#pragma once

#include "instruments/ctag/emulator.hpp"
#include "instruments/ctag/frame_writer.hpp"
#include "instruments/ctag/pulses.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace instruments::ctag {

struct Emulator::State {
    State(io::Clock& bench_clock,
          const calibration::BenchModel& bench_model,
          EmulatorOptions given);

    // -- the connection
    void greet();
    void hang_up() { is_connected = false; }
    // Everything up to now: edges, answers to `fences`, counters or a heartbeat when due.
    void work(const std::vector<std::uint32_t>& fences);
    calibration::Instant wake_at() const;

    // -- faults
    void inject(const Faults& faults);

    io::Clock& clock;
    const calibration::BenchModel& model;
    EmulatorOptions options;
    FrameWriter writer;
    bool is_stopped = false;

  private:
    struct Channel {
        int number;
        Head head;
        std::int64_t rising = 0, falling = 0;
        int edges_to_lose = 0;
    };
    struct Edge {
        std::int64_t tick;
        calibration::Instant at;
        Channel* channel;
        bool rising;
    };
    struct ScheduledFault {
        calibration::Instant at;
        std::function<void()> strike;
    };

    std::int64_t tick_of(calibration::Instant at) const;
    std::int64_t reference_tick(std::int64_t number) const {
        return tick_of(model.reference_impulse(first_number + number));
    }
    std::int64_t reference_count(std::int64_t limit, calibration::Instant about) const;

    void connect(Train train, const std::vector<int>& numbers, calibration::Duration width);
    void advance(calibration::Instant to);
    void emit(calibration::Instant to);
    void collect(std::int64_t limit);
    void write_edges();
    void write_dut(const Edge& edge);
    void write_bracket(std::int64_t number);
    void bracket(const Edge& edge);
    void write_reference_until(std::int64_t limit);
    void write_reference_edge(std::int64_t tick);
    bool overflows(std::int64_t tick);
    void mark_overflow();
    void make_room(std::int64_t tick);
    void count_unconnected(std::int64_t limit, calibration::Instant to);

    void send_hello();
    void send_counters();
    bool is_bracketed() const { return options.mode == ReferenceMode::bracketed; }
    std::int64_t divider() const { return options.reference_divider; }
    Channel& channel(int number);
    void schedule(calibration::Instant at, std::function<void()> strike);
    void restart(calibration::Instant at);
    void stop(calibration::Instant at);
    void step_clock(calibration::Instant at, std::int64_t ticks);

    std::vector<Channel> channels;
    std::vector<Edge> edges;
    std::vector<ScheduledFault> scheduled;  // by instant
    bool is_connected = false;
    double ticks_per_ns;
    std::int64_t tick_offset = 0;
    calibration::Instant now{};  // everything before is emitted
    calibration::Instant last_sent{}, last_counters{};

    std::int64_t first_number = 0;             // of the model's reference impulses, at boot
    std::int64_t next_reference = 0;           // explicit mode: the next edge to send
    std::optional<std::int64_t> last_bracket;  // bracketed mode: the last edge sent
    bool was_announced = false;
    bool owes_after = false;  // a dut edge waits for the one after last_bracket
    int reference_edges_to_lose = 0;

    int overflow_left = 0;
    std::int64_t overflow_edges = 0, overflow_from = 0, overflow_to = 0;
};

}  // namespace instruments::ctag
