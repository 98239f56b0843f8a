// A place on a bench in Python's hands: what the bench file says of it, and its meter's port.
#pragma once

#include "scripts/python/bench_handle.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace scripts::python {

struct PositionHandle {
    std::shared_ptr<BenchHandle> bench;
    std::size_t index = 0;  // in bench order

    const rig::PositionEntry& entry() const { return bench->bench().file().positions[index]; }
};

std::vector<PositionHandle> positions_of(const std::shared_ptr<BenchHandle>& bench);

}  // namespace scripts::python
