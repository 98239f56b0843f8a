// Optical heads that send back what they are given: own frames are recognised and dropped.
#pragma once

#include "dut/dlms/hdlc_frame.hpp"

#include <deque>

namespace dut::dlms {

// A server's RR can be the same bytes as the client's, so an equal frame alone is no proof of an
// echo. DISC and SNRM are: no server sends them. Whether the line echoes is learnt from them, and
// from then on each frame sent is expected to be heard once.
class HdlcEcho {
  public:
    void sent(const HdlcFrame& frame);
    // True: the frame is our own and is to be dropped.
    bool is_own(const HdlcFrame& heard);
    // An answer has come: what was not heard by now was garbled.
    void forget() { awaited_.clear(); }
    bool is_present() const { return is_present_; }

  private:
    bool is_present_ = false;
    std::deque<HdlcFrame> awaited_;
};

}  // namespace dut::dlms
