#include "dut/dlms/hdlc_fault.hpp"

namespace dut::dlms {
namespace {

std::string_view frame_fault_name(HdlcFault fault) {
    switch (fault) {
        case HdlcFault::too_short:
            return "frame too short";
        case HdlcFault::format:
            return "not an HDLC frame of type 3";
        case HdlcFault::length:
            return "frame length does not lead to the closing flag";
        case HdlcFault::address:
            return "address is not of 1, 2 or 4 bytes";
        case HdlcFault::header_check:
            return "header check sequence is wrong";
        case HdlcFault::frame_check:
            return "frame check sequence is wrong";
        case HdlcFault::control:
            return "unknown control byte";
        case HdlcFault::cut_off:
            return "frame is cut off";
        case HdlcFault::parameters:
            return "link parameters cannot be read";
        default:
            return "";
    }
}

}  // namespace

std::string_view name(HdlcFault fault) {
    switch (fault) {
        case HdlcFault::silence:
            return "no answer";
        case HdlcFault::refused:
            return "connection refused (DM)";
        case HdlcFault::rejected:
            return "frame rejected (FRMR)";
        case HdlcFault::lost:
            return "link lost: the peer disconnected";
        case HdlcFault::unexpected:
            return "frame out of place";
        case HdlcFault::acknowledgement:
            return "frames acknowledged that were never sent";
        case HdlcFault::no_progress:
            return "the peer does not take the frame sent again";
        case HdlcFault::busy:
            return "the peer stays busy (RNR)";
        case HdlcFault::no_reply:
            return "the request was taken but never answered";
        case HdlcFault::apdu_too_long:
            return "segmented reply does not end";
        case HdlcFault::empty_segment:
            return "information frame without information";
        case HdlcFault::information_size:
            return "more information than negotiated";
        case HdlcFault::llc:
            return "LLC bytes are missing";
        case HdlcFault::inactive:
            return "link lost by inactivity";
        default:
            return frame_fault_name(fault);
    }
}

}  // namespace dut::dlms
