#include "dut/dlms/hdlc_echo.hpp"

#include <algorithm>

namespace dut::dlms {
namespace {

constexpr std::size_t most_awaited = 16;  // two windows

bool is_command(const HdlcFrame& frame) {
    return frame.control.kind == FrameKind::disconnect ||
           frame.control.kind == FrameKind::set_normal_mode;
}

}  // namespace

void HdlcEcho::sent(const HdlcFrame& frame) {
    if (!is_present_ && !is_command(frame)) return;
    if (awaited_.size() == most_awaited) awaited_.pop_front();
    awaited_.push_back(frame);
}

bool HdlcEcho::is_own(const HdlcFrame& heard) {
    const auto found = std::ranges::find(awaited_, heard);
    if (found == awaited_.end()) return false;
    is_present_ = true;
    awaited_.erase(awaited_.begin(), found + 1);
    return true;
}

}  // namespace dut::dlms
