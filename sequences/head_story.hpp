// What heads and ports showed in the steps of `heads`, and what it means: the same for the run,
// which gives up what is swapped, and for the evaluation.
#pragma once

#include "sequences/head_codes.hpp"
#include "sequences/plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sequences {

// Of one position, by step.
struct HeadStory {
    std::vector<std::int64_t> impulses;
    std::vector<double> lasted_s;
    std::vector<std::optional<double>> power_w;  // as its port says; empty: no port
};

// Blinked as under load: at least half the impulses due. The one on its way when the load ended is
// fewer.
bool blinked(const TestPoint& point, std::int64_t impulses, double lasted_s);

HeadCode head_seen(const TestPoint& point, const HeadStory& story, std::size_t positions);
// Nothing for a position without a port. What was not read in a step follows nobody.
std::optional<HeadCode> port_seen(const TestPoint& point,
                                  const HeadStory& story,
                                  std::size_t positions);

// Names of the positions, for the sentences.
using PositionNames = std::vector<std::string>;
// "the head of position 1 sees the meter of position 2"; empty: its own.
std::string head_complaint(HeadCode code, std::size_t position, const PositionNames& names);
std::string port_complaint(HeadCode code, std::size_t position, const PositionNames& names);
// It follows another position's code: what is measured at this one would be another meter's.
bool is_swapped(const HeadCode& code, std::size_t position);

}  // namespace sequences
