// Several tasks at the same time, and one wait for all of them.
#pragma once

#include "instruments/io/loop.hpp"
#include "instruments/io/task.hpp"

#include <vector>

namespace instruments::io {

// Returns when every task has ended; then rethrows what the first of them threw, if any did.
Task<void> all(Loop& loop, std::vector<Task<void>> tasks);

}  // namespace instruments::io
