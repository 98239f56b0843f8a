// One point of a run as its journal tells it: every position's edges, numbers and verdict.
#pragma once

#include "sequences/journal_story.hpp"
#include "sequences/results.hpp"

namespace sequences {

PointResult evaluate_point(const JournalStory& story, const TestPoint& point);

}  // namespace sequences
