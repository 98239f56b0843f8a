// What the two ends of an HDLC link agree on: sizes of information and windows.
#pragma once

#include "dut/dlms/bytes.hpp"
#include "dut/dlms/hdlc_fault.hpp"

#include <cstdint>
#include <expected>

namespace dut::dlms {

inline constexpr std::uint16_t largest_information = 2030;
inline constexpr std::uint8_t largest_window = 7;

// From the view of the end that says it. What is absent has these defaults (IEC 62056-46).
struct HdlcParameters {
    std::uint16_t transmit_size = 128, receive_size = 128;
    std::uint8_t transmit_window = 1, receive_window = 1;
    friend bool operator==(const HdlcParameters&, const HdlcParameters&) = default;
};

// Meters write the sizes in one or in two bytes, whatever their value.
enum class SizeForm { shortest, two_bytes };

// The information field of SNRM or UA.
Bytes encode_parameters(const HdlcParameters& parameters, SizeForm form = SizeForm::shortest);
// Sizes above 2030 count as 2030. Parameters that are not known are passed over.
std::expected<HdlcParameters, HdlcFault> decode_parameters(BytesView information);

// What holds for the end that offered `mine` when the other one says `theirs`: one end's
// transmitting is the other one's receiving.
HdlcParameters agreed(const HdlcParameters& mine, const HdlcParameters& theirs);

}  // namespace dut::dlms
