// Energy registers against LED impulses over the whole programme.
#pragma once

#include "sequences/journal_story.hpp"
#include "sequences/results.hpp"

#include <cstddef>
#include <optional>

namespace sequences {

// Nothing when the registers were not read both before and after. The tolerance is one step of the
// register, plus the impulse that is always on its way.
std::optional<RegisterCheck> check_registers(const JournalStory& story, std::size_t position);

}  // namespace sequences
