// Whole HDLC frames out of a stream that may cut, join and damage them anywhere.
#pragma once

#include "dut/dlms/hdlc_frame.hpp"

#include <optional>

namespace dut::dlms {

// There is no byte stuffing in frames of type 3: a flag byte may stand inside a frame, so only the
// length says where it ends, and the length may be wrong. The reader believes a length only after
// the header check that covers it, and expects the closing flag where it leads; otherwise it starts
// anew at the next flag byte, so that a good frame is never lost to a bad one before it.
class HdlcReader {
  public:
    void feed(BytesView bytes);
    // The line has been silent for longer than a frame may pause: what is unfinished stays so.
    void silence() { is_silent_ = true; }
    // The next frame; nothing while it is incomplete; a fault for each damaged candidate, after
    // which the caller asks again. Every call that returns something uses up bytes.
    std::expected<std::optional<HdlcFrame>, HdlcFault> next();
    // A frame has begun and is not complete.
    bool is_inside_frame() const { return pending() > 1; }
    std::size_t pending() const { return buffer_.size() - begin_; }
    void clear();

  private:
    // The bytes between the flags of the candidate at the front; 0 while they are missing.
    std::expected<std::size_t, HdlcFault> candidate_length() const;
    void drop_to_flag();

    Bytes buffer_;
    std::size_t begin_ = 0;  // what is before is used up; a flag whenever next() has returned
    bool is_silent_ = false;
};

}  // namespace dut::dlms
