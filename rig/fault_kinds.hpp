// The faults the twin can inject, as a table: whom they befall, and what their amount means.
#pragma once

#include <span>
#include <string_view>

namespace rig {

enum class FaultyDevice {
    source,
    reference,
    capture,
    meter,            // its port must be on the twin
    output,           // a pulse output, which must be wired
    line,             // the bus a position hangs on
    position_switch,  // where the fault is of a position, that position needs a relay
};

// What besides a range an amount must be.
enum class Amount {
    none,
    number,
    other_position,  // the number of another position, 1 being the first
};

struct FaultKind {
    std::string_view name;
    FaultyDevice device = FaultyDevice::source;
    bool at_position = false;  // it befalls one position, which must be named; others name none
    bool once = false;         // the device has room for one of them
    bool timed = true;         // false: it is there from the start, and takes no time
    Amount amount = Amount::none;
    std::string_view says{};  // what the amount says
    double least = 0, most = 0;
    bool amount_needed() const { return amount == Amount::other_position; }  // no default
};

std::span<const FaultKind> fault_table();
const FaultKind* find_fault_kind(std::string_view name);  // null: none of that name

}  // namespace rig
