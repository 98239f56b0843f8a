// HDLC frames of type 3 (IEC 62056-46): addresses, control byte, check sequences; for both sides.
#pragma once

#include "dut/dlms/bytes.hpp"
#include "dut/dlms/hdlc_fault.hpp"

#include <cstdint>
#include <expected>

namespace dut::dlms {

inline constexpr std::uint8_t hdlc_flag = 0x7E;
inline constexpr std::size_t longest_frame = 0x7FF;  // what 11 bits of length can say

// CRC-16/X-25; on the wire low byte first.
std::uint16_t frame_check_sequence(BytesView bytes);

// A client has one byte (its SAP); a server one (logical), two or four (logical, physical).
struct HdlcAddress {
    std::uint16_t upper = 0;  // logical device, or the client's SAP
    std::uint16_t lower = 0;  // physical device; 0 in an address of one byte
    std::uint8_t size = 1;    // bytes: 1, 2 or 4
    friend bool operator==(const HdlcAddress&, const HdlcAddress&) = default;
};
// The checks that stay on refuse numbers the size has no bits for.
HdlcAddress client_address(std::uint16_t sap);
HdlcAddress server_address(std::uint16_t logical);
HdlcAddress server_address(std::uint16_t logical, std::uint16_t physical, std::uint8_t size);

enum class FrameKind : std::uint8_t {
    information,             // I
    receive_ready,           // RR
    receive_not_ready,       // RNR
    set_normal_mode,         // SNRM
    disconnect,              // DISC
    acknowledge,             // UA
    disconnected_mode,       // DM
    reject,                  // FRMR
    unnumbered_information,  // UI
};

struct HdlcControl {
    FrameKind kind = FrameKind::receive_ready;
    bool poll = true;                 // P of a command, F of a response
    std::uint8_t receive_number = 0;  // N(R) of I, RR and RNR
    std::uint8_t send_number = 0;     // N(S) of I
    friend bool operator==(const HdlcControl&, const HdlcControl&) = default;
};
std::uint8_t encode_control(HdlcControl control);
std::expected<HdlcControl, HdlcFault> decode_control(std::uint8_t byte);

struct HdlcFrame {
    HdlcAddress destination, source;
    HdlcControl control;
    bool segmented = false;  // more segments of the APDU follow
    Bytes information;
    friend bool operator==(const HdlcFrame&, const HdlcFrame&) = default;
};

// With its opening and closing flag. The information must leave room for the header in 2047 bytes.
Bytes encode_frame(const HdlcFrame& frame);
// What stands between two flags.
std::expected<HdlcFrame, HdlcFault> decode_frame(BytesView bytes);

// The first bytes of a frame are enough to know whether its length can be believed: the header
// check covers it. Nothing (0) while there are too few.
std::expected<std::size_t, HdlcFault> believable_length(BytesView bytes);

}  // namespace dut::dlms
