// The emulator's connection and its calendar: when to wake, what to send, which fault strikes.
#include "instruments/ctag/emulator.hpp"

#include "calibration/check.hpp"
#include "instruments/ctag/emulator_state.hpp"

#include <algorithm>

namespace instruments::ctag {

using calibration::Duration;
using calibration::Instant;
using calibration::never;

Emulator::State::State(io::Clock& bench_clock,
                       const calibration::BenchModel& bench_model,
                       EmulatorOptions given)
    : clock(bench_clock), model(bench_model), options(std::move(given)) {
    ticks_per_ns =
        (1 + options.clock_deviation_ppm * 1e-6) / static_cast<double>(options.tick.count());
    connect(Train::led, options.led_channels, options.led_pulse_width);
    connect(Train::pulse_output, options.output_channels, options.output_pulse_width);
    now = last_sent = last_counters = clock.now();
    first_number = model.reference_phase(now).count;
    next_reference = divider();
    inject(options.faults);
}

void Emulator::State::connect(Train train, const std::vector<int>& numbers, Duration width) {
    calibration::check(numbers.size() <= model.meter_count(), "more channels than meters");
    for (std::size_t position = 0; position < numbers.size(); ++position) {
        const int number = numbers[position];
        if (number < 0) continue;
        calibration::check(number < channel_limit && number != options.reference_channel,
                           "a meter's channel is 0 to 126 and not the reference's");
        calibration::check(std::ranges::count(channels, number, &Channel::number) == 0,
                           "a channel belongs to one LED or one pulse output");
        channels.push_back({number, Head{model, train, position, width}});
    }
}

void Emulator::State::greet() {
    advance(clock.now());
    is_connected = true;
    is_stopped = false;
    last_bracket.reset();
    owes_after = false;
    send_hello();
    send_counters();
}

void Emulator::State::work(const std::vector<std::uint32_t>& fences) {
    advance(clock.now());
    if (is_stopped) return;
    const std::int64_t t_end = tick_of(now);
    mark_overflow();
    const std::int64_t before = writer.last_end();
    writer.flush(t_end);
    for (const std::uint32_t id : fences) {
        const std::uint32_t record = special_record(Special::fence, id);
        const auto* raw = reinterpret_cast<const std::uint8_t*>(&record);
        writer.frame(FrameType::fence, t_end, {raw, sizeof record});
    }
    if (writer.last_end() != before) last_sent = now;
    if (now - last_counters >= options.counters) send_counters();
    if (now - last_sent < options.heartbeat) return;
    writer.frame(FrameType::heartbeat, t_end, {});
    last_sent = now;
}

// Not for falling edges and faults: they travel with what comes next, under the same watermark.
Instant Emulator::State::wake_at() const {
    if (is_stopped) return never;
    Instant rise = never;
    for (const Channel& at : channels) rise = std::min(rise, at.head.next_rise());
    Instant edge = rise;
    const std::int64_t step = divider();
    if (!is_bracketed()) {
        edge = std::min(edge, model.reference_impulse(first_number + next_reference));
    } else if (owes_after) {
        edge = std::min(edge, model.reference_impulse(first_number + *last_bracket + step));
    } else if (rise != never) {
        const std::int64_t count = model.reference_phase(rise).count - first_number;
        const Instant after = model.reference_impulse(first_number + (count / step + 1) * step);
        if (after != never) edge = after;
    }
    const Instant due = std::min(last_sent + options.heartbeat, last_counters + options.counters);
    // Two ticks later, so that the edge lies before the watermark.
    const Instant seen = edge < due ? edge + 2 * options.tick : due;
    return std::max(now + options.flush, std::min(seen, due));
}

void Emulator::State::send_hello() {
    const Role role = is_bracketed() ? Role::reference_bracketed : Role::reference_explicit;
    Hello hello{.device_id = "calrig emulator",
                .firmware = "1",
                .boot_id = options.boot_id,
                .tick_numerator = static_cast<std::uint32_t>(options.tick.count()),
                .tick_denominator = 1'000'000'000,
                .channels = {{.channel = options.reference_channel,
                              .role = role,
                              .both_edges = false,
                              .divider = options.reference_divider}}};
    for (const Channel& at : channels)
        hello.channels.push_back({.channel = at.number, .role = Role::dut});
    writer.frame(FrameType::hello, tick_of(now), hello_payload(hello));
    last_sent = now;
}

void Emulator::State::send_counters() {
    const std::int64_t t_end = tick_of(now);
    std::vector<ChannelCount> counts;
    counts.push_back({options.reference_channel, reference_count(t_end, now), 0});
    for (const Channel& at : channels) counts.push_back({at.number, at.rising, at.falling});
    writer.frame(FrameType::counters, t_end, counters_payload(counts));
    last_sent = last_counters = now;
}

Emulator::State::Channel& Emulator::State::channel(int number) {
    const auto found = std::ranges::find(channels, number, &Channel::number);
    calibration::check(found != channels.end(), "a fault on a channel that has no head");
    return *found;
}

void Emulator::State::schedule(Instant at, std::function<void()> strike) {
    const auto after = std::ranges::upper_bound(scheduled, at, {}, &ScheduledFault::at);
    scheduled.insert(after, {at, std::move(strike)});
}

void Emulator::State::inject(const Faults& faults) {
    for (const Instant at : faults.flip_bit_at)
        schedule(at, [this] { writer.flip_bit_in_next_frame(); });
    for (const Instant at : faults.lose_frame_at)
        schedule(at, [this] { writer.lose_next_frame(); });
    for (const auto& [number, at] : faults.lose_edge) {
        int& left = number == options.reference_channel ? reference_edges_to_lose
                                                        : channel(number).edges_to_lose;
        schedule(at, [&left] { ++left; });
    }
    for (const auto& [number, at] : faults.missed_by_head) {
        schedule(at, [&head = channel(number).head] { head.miss_next(); });
    }
    for (const auto& [number, at] : faults.extra_edge) {
        schedule(at, [&head = channel(number).head, at] { head.add_pulse(at); });
    }
    for (const auto& [number, at] : faults.bounce) {
        schedule(at, [&head = channel(number).head] { head.set_bouncing(); });
    }
    for (const auto& [number, at] : faults.dead_head) {
        schedule(at, [&head = channel(number).head] { head.set_dead(); });
    }
    for (const auto& [number, from, until] : faults.flicker_100hz) {
        schedule(from, [&head = channel(number).head, from, until] { head.flicker(from, until); });
    }
    for (const auto& [at, count] : faults.overflow_at) {
        schedule(at, [this, count] { overflow_left += count; });
    }
    for (const Instant at : faults.restart_at) schedule(at, [this, at] { restart(at); });
    for (const auto& [at, a, b] : faults.swap_heads) {
        schedule(at,
                 [&one = channel(a).head, &other = channel(b).head] { one.swap_meters(other); });
    }
    for (const auto& [at, ticks] : faults.clock_step_at) {
        schedule(at, [this, at, ticks] { step_clock(at, ticks); });
    }
    if (faults.stop_at) schedule(*faults.stop_at, [this, at = *faults.stop_at] { stop(at); });
}

void Emulator::State::restart(Instant at) {
    mark_overflow();
    writer.flush(tick_of(at));
    tick_offset -= tick_of(at);
    ++options.boot_id;
    for (Channel& each : channels) each.rising = each.falling = 0;
    first_number = model.reference_phase(at).count;
    next_reference = divider();
    last_bracket.reset();
    owes_after = false;
    writer.restart(tick_of(at));
    if (!is_connected) return;
    send_hello();
    send_counters();
}

void Emulator::State::step_clock(Instant at, std::int64_t ticks) {
    mark_overflow();
    writer.flush(tick_of(at));
    tick_offset += ticks;
    last_bracket.reset();
    owes_after = false;
    writer.step_time(tick_of(at));
}

// What was before still goes out.
void Emulator::State::stop(Instant at) {
    mark_overflow();
    writer.flush(tick_of(at));
    is_stopped = true;
}

Emulator::Emulator(io::Clock& clock, const calibration::BenchModel& model, EmulatorOptions options)
    : state_(std::make_unique<State>(clock, model, std::move(options))) {}
Emulator::~Emulator() = default;

void Emulator::inject(const Faults& faults) { state_->inject(faults); }

io::Task<void> Emulator::serve(io::ByteLink& link) {
    State& state = *state_;
    CommandReader commands;
    state.writer.discard();
    state.greet();
    try {
        for (;;) {
            const Bytes bytes = state.writer.take();
            if (!bytes.empty()) co_await link.write(bytes);
            const Instant wake = state.wake_at();
            const Bytes received = co_await link.read(wake);
            if (!state.is_stopped) state.work(commands.feed(received));
        }
    } catch (const io::LinkError&) {
        state.hang_up();
    }
}

}  // namespace instruments::ctag
