// Edges in closed form: everything between two wake-ups, in the order of the device's ticks.
#include "instruments/ctag/emulator_state.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace instruments::ctag {

using calibration::Instant;
using calibration::never;

std::int64_t Emulator::State::tick_of(Instant at) const {
    const auto ns = static_cast<double>(at.time_since_epoch().count());
    return static_cast<std::int64_t>(std::floor(ns * ticks_per_ns)) + tick_offset;
}

// Reference impulses since boot with a tick before `limit`; `about` is the instant that belongs to
// it.
std::int64_t Emulator::State::reference_count(std::int64_t limit, Instant about) const {
    std::int64_t count = model.reference_phase(about).count - first_number;
    const auto is_before = [&](std::int64_t number) {
        const Instant at = model.reference_impulse(first_number + number);
        return at != never && tick_of(at) < limit;
    };
    while (is_before(count + 1)) ++count;
    while (count > 0 && !is_before(count)) --count;
    return count;
}

void Emulator::State::advance(Instant to) {
    while (!scheduled.empty() && scheduled.front().at <= to) {
        emit(std::max(scheduled.front().at, now));
        const std::function<void()> strike = std::move(scheduled.front().strike);
        scheduled.erase(scheduled.begin());
        strike();
    }
    emit(to);
}

void Emulator::State::emit(Instant to) {
    const std::int64_t limit = tick_of(to);
    now = to;
    collect(limit);
    if (!is_connected || is_stopped) {
        count_unconnected(limit, to);
    } else {
        write_edges();
        write_reference_until(limit);
    }
    edges.clear();
}

void Emulator::State::collect(std::int64_t limit) {
    for (Channel& each : channels) {
        for (Instant at = each.head.next(); at != never && tick_of(at) < limit;
             at = each.head.next()) {
            const bool rising = each.head.take().rising;
            (rising ? each.rising : each.falling) += 1;
            edges.push_back({tick_of(at), at, &each, rising});
        }
    }
    std::ranges::sort(
        edges, {}, [](const Edge& edge) { return std::tuple{edge.tick, edge.channel->number}; });
}

void Emulator::State::count_unconnected(std::int64_t limit, Instant to) {
    std::int64_t lost = std::ssize(edges);
    if (!is_bracketed()) {
        const std::int64_t next = (reference_count(limit, to) / divider() + 1) * divider();
        lost += (next - next_reference) / divider();
        next_reference = next;
    }
    writer.add_lost(lost);
}

void Emulator::State::write_edges() {
    for (const Edge& edge : edges) {
        if (!is_bracketed()) {
            write_reference_until(edge.tick + 1);
        } else if (edge.rising && overflow_left == 0) {
            bracket(edge);
        }
        write_dut(edge);
    }
}

void Emulator::State::write_dut(const Edge& edge) {
    if (overflows(edge.tick)) return;
    if (edge.rising && edge.channel->edges_to_lose > 0) {
        --edge.channel->edges_to_lose;
        return;
    }
    make_room(edge.tick);
    writer.edge(edge.channel->number, edge.rising, edge.tick);
}

// Each reference edge is sent once: it may follow one dut edge and precede the next.
void Emulator::State::bracket(const Edge& edge) {
    write_reference_until(edge.tick + 1);
    const std::int64_t count = reference_count(edge.tick + 1, edge.at) / divider() * divider();
    if (count > 0 && last_bracket != count) write_bracket(count);
    owes_after = last_bracket.has_value();
}

// INDEX goes before each edge but the direct successor of one that had it.
void Emulator::State::write_bracket(std::int64_t number) {
    const bool follows = last_bracket && *last_bracket + divider() == number && was_announced;
    const std::int64_t tick = reference_tick(number);
    if (!follows) writer.index(options.reference_channel, number, tick);
    was_announced = !follows;
    last_bracket = number;
    owes_after = false;
    write_reference_edge(tick);
}

void Emulator::State::write_reference_edge(std::int64_t tick) {
    if (reference_edges_to_lose > 0) {
        --reference_edges_to_lose;
    } else {
        writer.edge(options.reference_channel, true, tick);
    }
}

void Emulator::State::write_reference_until(std::int64_t limit) {
    const auto is_before = [&](std::int64_t number) {
        const Instant at = model.reference_impulse(first_number + number);
        return at != never && tick_of(at) < limit;
    };
    if (is_bracketed()) {
        if (owes_after && is_before(*last_bracket + divider()))
            write_bracket(*last_bracket + divider());
        return;
    }
    for (; is_before(next_reference); next_reference += divider()) {
        const std::int64_t tick = reference_tick(next_reference);
        if (overflows(tick)) continue;
        make_room(tick);
        write_reference_edge(tick);
    }
}

// True when the edge is lost; the last one lost, or the frame's end, marks the interval in the
// stream.
bool Emulator::State::overflows(std::int64_t tick) {
    if (overflow_left == 0) return false;
    if (overflow_edges == 0) overflow_from = tick;
    --overflow_left;
    ++overflow_edges;
    overflow_to = tick + 1;
    last_bracket.reset();
    owes_after = false;
    if (overflow_left == 0) mark_overflow();
    return true;
}

void Emulator::State::mark_overflow() {
    if (overflow_edges == 0) return;
    writer.special(special_record(Special::lost_begin, static_cast<std::uint32_t>(overflow_from)));
    writer.special(special_record(Special::lost_end, static_cast<std::uint32_t>(overflow_to)));
    writer.special(special_record(Special::lost_count, static_cast<std::uint32_t>(overflow_edges)));
    writer.add_flags(flags::overflow);
    writer.add_lost(overflow_edges);
    overflow_edges = 0;
}

// A full frame ends before the edge that did not fit. A recalled bracket lies before the frame and
// ends none.
void Emulator::State::make_room(std::int64_t tick) {
    if (!writer.is_full()) return;
    mark_overflow();
    writer.flush(tick);
    last_sent = now;
}

}  // namespace instruments::ctag
