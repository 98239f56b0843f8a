// Who blinks when loaded: every position is taken in and out of the circuit by its code.
#include "sequences/head_story.hpp"
#include "sequences/port_plan.hpp"
#include "sequences/step_course.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sequences {

namespace {

using rig::Task;
using Records = std::vector<Record>;
using Stories = std::vector<HeadStory>;  // by position

std::vector<NamedValue> power_value(const dut::InstantValues& values) {
    std::optional<double> power_w;
    if (values.active) {
        power_w = values.active->value();
    }
    return {{.quantity = "active_power", .value = power_w, .unit = "W"}};
}

Task<void> read_powers(StepCourse& course, std::string label, Stories& stories) {
    co_await course.ask_all(
        label, [&course, &label, &stories](std::size_t position) -> Task<Records> {
            const dut::InstantValues values = co_await course.port(position).read_instant();
            PortReadingRecord reading{.place = course.place(label),
                                      .position = position,
                                      .at_s = course.now_s(),
                                      .values = power_value(values)};
            stories[position].power_w.push_back(reading.values[0].value);
            Records answers{std::move(reading)};
            co_return answers;
        });
}

void count_impulses(StepCourse& course,
                    const MarkRecord& from,
                    const MarkRecord& to,
                    Stories& stories) {
    const double tick_s = course.bench().capture_identity().tick_s;
    for (const std::size_t position : course.positions()) {
        const auto& edges = course.bench().recorder().edges(position);
        const auto inside = std::ranges::count_if(edges, [&](const auto& edge) {
            return edge.tick >= from.tick && edge.tick <= to.tick;
        });
        stories[position].impulses.push_back(inside);
        stories[position].lasted_s.push_back(static_cast<double>(to.tick - from.tick) * tick_s);
    }
}

// Relays move without current only.
Task<void> move_relays(StepCourse& course, std::size_t step) {
    co_await course.voltages_only();
    std::vector<bool> in(course.plan().positions);
    course.bypassed.clear();
    for (std::size_t position = 0; position < in.size(); ++position) {
        in[position] = in_circuit(position, step);
        if (!in[position]) {
            course.bypassed.push_back(position);
        }
    }
    co_await course.bench().supervisor().take_into_circuit(in);
}

Task<void> show_step(StepCourse& course, std::size_t step, Stories& stories) {
    co_await move_relays(course, step);
    co_await course.apply(course.point().load);
    course.bench().recorder().forget();
    const std::string label = fmt::format("step {}", step + 1);
    const MarkRecord from = co_await course.mark(label + " begins");
    co_await course.hold(heads_step_s(course.point()));
    const MarkRecord to = co_await course.mark(label + " ends");
    count_impulses(course, from, to, stories);
    co_await read_powers(course, label, stories);
}

Task<void> all_into_circuit(StepCourse& course) {
    co_await course.voltages_only();
    co_await course.bench().supervisor().take_into_circuit(
        std::vector<bool>(course.plan().positions, true));
    course.bypassed.clear();
}

void give_up_swapped(StepCourse& course, const Stories& stories) {
    PositionNames names;
    for (const rig::Position& position : course.bench().positions()) {
        names.push_back(position.name);
    }
    for (const std::size_t position : course.positions()) {
        const HeadStory& story = stories[position];
        const HeadCode head = head_seen(course.point(), story, names.size());
        const auto port = port_seen(course.point(), story, names.size());
        if (is_swapped(head, position)) {
            course.give_up(position, head_complaint(head, position, names));
        } else if (port && is_swapped(*port, position)) {
            course.give_up(position, port_complaint(*port, position, names));
        }
    }
}

}  // namespace

Task<void> heads_step(StepCourse& course) {
    Stories stories(course.plan().positions);
    for (std::size_t step = 0; step < head_steps(course.plan().positions); ++step) {
        co_await show_step(course, step, stories);
    }
    co_await all_into_circuit(course);
    give_up_swapped(course, stories);
}

}  // namespace sequences
