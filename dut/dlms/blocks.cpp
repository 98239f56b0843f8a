#include "dut/dlms/blocks.hpp"

#include <algorithm>

namespace dut::dlms {

std::expected<bool, BlockFault> BlockReceiver::take(bool is_last,
                                                    std::uint32_t number,
                                                    BytesView raw) {
    if (number != expected()) return std::unexpected(BlockFault::number);
    if (raw.empty() && !is_last) return std::unexpected(BlockFault::empty);
    if (number > limits_.most_blocks || bytes_.size() + raw.size() > limits_.longest)
        return std::unexpected(BlockFault::too_long);
    append(bytes_, raw);
    taken_ = number;
    return is_last;
}

Block BlockSender::next(std::size_t room) {
    const std::size_t size = std::min(std::max<std::size_t>(room, 1), bytes_.size() - at_);
    const BytesView raw = BytesView{bytes_}.subspan(at_, size);
    at_ += size;
    return {.is_last = at_ == bytes_.size(), .number = ++sent_, .raw = {raw.begin(), raw.end()}};
}

}  // namespace dut::dlms
