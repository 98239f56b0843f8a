#include "rig/circuit.hpp"

#include "calibration/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rig {

using instruments::Task;

Circuit::Circuit(instruments::PositionSwitch* device, std::vector<CircuitPosition> positions)
    : device_(device), positions_(std::move(positions)) {}

bool Circuit::all_in() const {
    return !has_switch() || (in_ && std::ranges::find(*in_, false) == in_->end());
}

void Circuit::check(const std::vector<bool>& in) const {
    calibration::check(in.size() == positions_.size(), "every position is either in or out");
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (!in[i] && (!has_switch() || !positions_[i].bypass_channel)) {
            throw instruments::DeviceFault(
                {.device = "position switch",
                 .operation = fmt::format("bypass position {}", positions_[i].name),
                 .problem = has_switch() ? "the position has no bypass channel"
                                         : "the bench has no position switch",
                 .code = ""});
        }
    }
}

Task<void> Circuit::move(std::vector<bool> in) {
    check(in);
    if (!has_switch()) {
        co_return;
    }
    std::vector<int> closed;
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (!in[i]) {
            closed.push_back(*positions_[i].bypass_channel);
        }
    }
    in_.reset();
    co_await device_->close_only(std::move(closed));
    in_ = std::move(in);
}

Task<void> Circuit::take_all_in() { return move(std::vector<bool>(positions_.size(), true)); }

}  // namespace rig
