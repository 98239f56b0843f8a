// An interval of the edge stream in which edges may be missing, as the journal keeps it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct RecordedLoss {
    std::int64_t from_tick = 0, to_tick = 0;
    std::string cause;
    bool everyone =
        false;  // no channel was named, or the reference's was: every phase depends on it
    std::vector<std::size_t> positions;  // those whose LEDs are named
    std::vector<std::size_t> outputs;    // those whose pulse outputs are named
    // Lost on each channel named, where the device's counters prove it.
    std::optional<std::int64_t> edges;

    // Whether a gate of this position that overlaps the interval is spoilt. Counters that prove
    // that nothing of it was lost save it.
    bool spoils(std::size_t position) const;
    // The same of a count of its pulse output.
    bool spoils_output(std::size_t position) const;
    bool overlaps(std::int64_t from, std::int64_t to) const {
        return from_tick <= to && to_tick >= from;
    }
    bool names(std::size_t position) const;
};

std::string to_json(const RecordedLoss& loss);
RecordedLoss loss_from_json(std::string_view json);  // throws JournalError

}  // namespace rig
