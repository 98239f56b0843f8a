// Block transfer, for both directions and both sides: numbers from 1, in order, bounded.
#pragma once

#include "dut/dlms/apdu.hpp"

#include <cstdint>
#include <expected>

namespace dut::dlms {

struct TransferLimits {
    std::size_t longest = 8U << 20;  // bytes of all blocks
    std::uint32_t most_blocks = 100'000;
};

enum class BlockFault {
    number,    // not the next one
    empty,     // a block without bytes that is not the last
    too_long,  // the blocks do not end within the bounds
};

class BlockReceiver {
  public:
    explicit BlockReceiver(TransferLimits limits = {}) : limits_(limits) {}
    // True with the last block.
    std::expected<bool, BlockFault> take(bool is_last, std::uint32_t number, BytesView raw);
    std::uint32_t taken() const { return taken_; }  // the number of the last block
    std::uint32_t expected() const { return taken_ + 1; }
    const Bytes& bytes() const { return bytes_; }
    Bytes release() { return std::move(bytes_); }

  private:
    TransferLimits limits_;
    std::uint32_t taken_ = 0;
    Bytes bytes_;
};

class BlockSender {
  public:
    explicit BlockSender(Bytes bytes) : bytes_(std::move(bytes)) {}
    // The next block with at most `room` bytes (at least one).
    Block next(std::size_t room);
    std::uint32_t sent() const { return sent_; }  // the number of the last block
    bool is_done() const { return at_ == bytes_.size() && sent_ != 0; }

  private:
    Bytes bytes_;
    std::size_t at_ = 0;
    std::uint32_t sent_ = 0;
};

}  // namespace dut::dlms
