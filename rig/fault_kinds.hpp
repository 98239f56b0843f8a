// The faults the twin can inject, as a table: whom they befall, and what their amount means.
#pragma once

#include <span>
#include <string_view>

namespace rig {

enum class FaultyDevice { source, reference, capture, meter };

struct FaultKind {
    std::string_view name;
    FaultyDevice device = FaultyDevice::source;
    bool at_position = false;  // it befalls one position, which must be named; others name none
    bool once = false;         // the device has room for one of them
    bool timed = true;         // false: it is there from the start, and takes no time
    // The amount: what it says, and its range. No meaning: it takes none.
    std::string_view amount{};
    double least = 0, most = 0;
    bool amount_needed = false;  // no default
};

std::span<const FaultKind> fault_table();
const FaultKind* find_fault_kind(std::string_view name);  // null: none of that name

}  // namespace rig
