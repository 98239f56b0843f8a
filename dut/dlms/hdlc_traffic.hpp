// The numbered frames of one end of an HDLC link: segments, windows, acknowledgements.
#pragma once

#include "dut/dlms/hdlc_frame.hpp"
#include "dut/dlms/hdlc_parameters.hpp"

#include <cstdint>
#include <deque>
#include <expected>
#include <vector>

namespace dut::dlms {

// LLC of COSEM: precedes each APDU, in its first segment only.
inline constexpr std::uint8_t llc_of_request = 0xE6;
inline constexpr std::uint8_t llc_of_response = 0xE7;

struct HdlcEnds {
    HdlcAddress own, peer;
    std::uint8_t sends_llc = llc_of_request, expects_llc = llc_of_response;
};

// Go-back-N with at most seven frames under way. The same for client and server; who may speak when
// is their affair.
class HdlcTraffic {
  public:
    HdlcTraffic(HdlcEnds ends, HdlcParameters in_force, std::size_t longest_apdu);

    // Takes an APDU apart. Nothing may be left of the one before.
    void queue(BytesView apdu);
    // The next window, from the first frame that is not acknowledged; the last frame asks (or says)
    // "your turn". Empty when everything is acknowledged.
    std::vector<HdlcFrame> window();
    bool has_unacknowledged() const { return !segments_.empty(); }
    HdlcFrame supervisory(FrameKind kind) const;  // RR or RNR, with the turn

    // The number of frames that N(R) newly acknowledges.
    std::expected<int, HdlcFault> acknowledge(std::uint8_t receive_number);
    // Takes the information of an I frame. Out of order it is left alone (false): the peer is told
    // by the next N(R).
    std::expected<bool, HdlcFault> take(const HdlcFrame& frame);
    bool has_apdu() const { return is_complete_; }
    std::expected<Bytes, HdlcFault> take_apdu();  // without the LLC bytes

    std::uint8_t send_number() const { return send_number_; }        // V(S)
    std::uint8_t receive_number() const { return receive_number_; }  // V(R)

  private:
    struct Segment {
        Bytes information;
        bool more = false;
    };
    HdlcFrame information_frame(std::size_t index) const;

    HdlcEnds ends_;
    HdlcParameters in_force_;
    std::size_t longest_apdu_;
    std::deque<Segment> segments_;  // not acknowledged; the first has the number acknowledged_
    std::uint8_t acknowledged_ = 0, send_number_ = 0, receive_number_ = 0;
    Bytes assembled_;
    bool is_complete_ = false;
};

}  // namespace dut::dlms
