// One position at one test over the port: from its notes to lines and a verdict.
#pragma once

#include "sequences/journal_story.hpp"
#include "sequences/results.hpp"

#include <cstddef>

namespace sequences {

// `result` has its position's name already. Pure.
void evaluate_port_test(const JournalStory& story,
                        const TestPoint& point,
                        std::size_t position,
                        PositionResult& result);

}  // namespace sequences
