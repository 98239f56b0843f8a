// The table of faults.
#include "rig/fault_kinds.hpp"

#include <algorithm>
#include <array>

namespace rig {

namespace {

using enum FaultyDevice;

constexpr FaultKind of(FaultyDevice device, std::string_view name) {
    return {.name = name, .device = device};
}

constexpr FaultKind at_position(FaultyDevice device, std::string_view name) {
    return {.name = name, .device = device, .at_position = true};
}

constexpr FaultKind once(FaultKind kind) {
    kind.once = true;
    return kind;
}

constexpr FaultKind from_the_start(FaultKind kind) {
    kind.once = true;
    kind.timed = false;
    return kind;
}

constexpr FaultKind with(FaultKind kind, std::string_view says, double least, double most) {
    kind.amount = Amount::number;
    kind.says = says;
    kind.least = least;
    kind.most = most;
    return kind;
}

constexpr FaultKind with_other(FaultKind kind) {
    kind = with(kind, "number of the other position", 1, 80);
    kind.amount = Amount::other_position;
    return kind;
}

constexpr double most_seconds = 3600;
constexpr double most_factor = 1000;

constexpr std::array table{
    of(source, "source-nak"),
    once(of(source, "source-silent")),
    once(of(source, "source-trip")),
    once(of(source, "source-garbled")),
    with(once(of(source, "source-late")), "seconds", 0, most_seconds),
    with(of(source, "source-drift"), "percent", -100, 20),
    of(source, "swapped-phases"),
    once(of(reference, "reference-silent")),
    once(of(reference, "reference-garbled")),
    once(of(reference, "reference-range-change")),
    once(of(reference, "reference-overload")),
    once(of(reference, "reference-wrong-constant")),
    of(capture, "flipped-bit"),
    of(capture, "lost-frame"),
    at_position(capture, "lost-edge"),
    at_position(capture, "missed-edge"),
    at_position(capture, "extra-edge"),
    at_position(capture, "bounce"),
    with(at_position(capture, "flicker"), "seconds", 0, 1e6),
    at_position(capture, "dead-head"),
    with_other(at_position(capture, "swapped-heads")),
    with(of(capture, "overflow"), "edges", 0, 1e6),
    of(capture, "capture-restart"),
    once(of(capture, "capture-silent")),
    with(of(capture, "clock-step"), "ticks", -1e12, 1e12),
    at_position(output, "dead-output"),
    with(from_the_start(at_position(output, "wrong-output-weight")), "factor", 0, most_factor),
    once(at_position(meter, "meter-silent")),
    with(once(at_position(meter, "meter-exception")), "exception code", 0, 255),
    with(once(at_position(meter, "meter-late")), "seconds", 0, most_seconds),
    once(at_position(meter, "meter-wrong-unit")),
    once(at_position(meter, "meter-not-available")),
    with(from_the_start(at_position(meter, "wrong-constant")), "impulses per kWh", 0, 1e7),
    with(from_the_start(at_position(meter, "register-scale")), "factor", 0, most_factor),
    once(at_position(meter, "stuck-register")),
    with(from_the_start(at_position(meter, "wrong-reactive")), "factor", 0, most_factor),
    once(at_position(meter, "stuck-tariff")),
    once(at_position(meter, "lost-write")),
    from_the_start(at_position(meter, "wrong-checksum")),
    from_the_start(at_position(meter, "wrong-firmware")),
    once(at_position(meter, "wrong-sequence")),
    with(from_the_start(at_position(meter, "wrong-load-curve")), "factor", 0, most_factor),
    with_other(from_the_start(at_position(meter, "swapped-ports"))),
    with_other(from_the_start(at_position(line, "unit-conflict"))),
    at_position(line, "line-echo"),
    at_position(line, "line-drop-byte"),
    at_position(line, "line-double-byte"),
    at_position(line, "line-noise"),
    once(at_position(position_switch, "stuck-relay")),
    once(of(position_switch, "switch-silent")),
};

}  // namespace

std::span<const FaultKind> fault_table() { return table; }

const FaultKind* find_fault_kind(std::string_view name) {
    const auto* const found = std::ranges::find(table, name, &FaultKind::name);
    return found == table.end() ? nullptr : found;
}

}  // namespace rig
