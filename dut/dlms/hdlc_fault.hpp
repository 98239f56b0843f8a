// What can be wrong on an HDLC link: with one frame, with the negotiation, or with the peer.
#pragma once

#include <string_view>

namespace dut::dlms {

enum class HdlcFault {
    // One frame. The reader drops it and looks for the next flag.
    too_short,     // shorter than any frame
    format,        // not frame type 3 (the first half-byte is not A)
    length,        // the length field does not lead to the closing flag
    address,       // an address of three or of more than four bytes
    header_check,  // HCS, or FCS of a frame without information
    frame_check,   // FCS
    control,       // an unknown control byte
    cut_off,       // the line fell silent inside the frame
    // Negotiation.
    parameters,  // the parameters of SNRM or UA cannot be read, or no link can have them
    // The link. It is down afterwards.
    silence,           // no answer, however often it was asked
    refused,           // DM in answer to SNRM: the peer takes no connection
    rejected,          // FRMR: the peer could not make sense of a frame
    lost,              // DM or DISC in the middle: the peer no longer knows the link
    unexpected,        // a frame that has no place in this state, such as UA inside the traffic
    acknowledgement,   // N(R) acknowledges what was never sent
    no_progress,       // the peer answers but never takes the frame that is sent again and again
    busy,              // the peer says RNR for too long
    no_reply,          // the peer takes the request and never answers it
    apdu_too_long,     // the segments do not end within the bound
    empty_segment,     // an information frame without information
    information_size,  // more information than was negotiated
    llc,               // the APDU does not begin with the LLC bytes
    inactive,          // nothing was exchanged for the inactivity time: the peer has hung up
};

std::string_view name(HdlcFault fault);

}  // namespace dut::dlms
