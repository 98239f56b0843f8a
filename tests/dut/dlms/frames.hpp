// Captured and published HDLC frames, with their flags: meters and clients of several makers.
#pragma once

#include "dut/dlms/hdlc_frame.hpp"
#include "tests/dut/dlms/hex.hpp"

#include <vector>

namespace dut::dlms {

struct KnownFrame {
    std::string_view meaning;
    std::string_view text;
    FrameKind kind;
    HdlcAddress destination, source;
};

inline const HdlcAddress four_bytes{1, 17, 4}, two_bytes{1, 17, 2};
inline const HdlcAddress public_client{16, 0, 1}, one_byte{1, 0, 1};
// In the middle of the clock session the addresses are 0x95 and 0x75: SAP 74 and 58.
inline const HdlcAddress clock_server{0x4A, 0, 1}, clock_client{0x3A, 0, 1};

// A session that reads and sets a clock (published with the tests of jDLMS, there without flags).
inline const std::vector<KnownFrame> clock_session{
    {"SNRM", "7EA00A000200232193 1871 7E", FrameKind::set_normal_mode, four_bytes, public_client},
    {"UA, information sizes 128 in two bytes, windows 1",
     "7EA023210002002373F6C58180140502008006020080070400000001080400000001 CE6A 7E",
     FrameKind::acknowledge,
     public_client,
     four_bytes},
    {"AARQ without security",
     "7EA02E0002002321107ECBE6E600601DA109060760857405080101BE10040E01000000065F1F040000301DFFFF "
     "D4C5 7E",
     FrameKind::information,
     four_bytes,
     public_client},
    {"AARE, accepted",
     "7EA03A2100020023309941E6E7006129A109060760857405080101A203020100A305A103020100BE10040E0800065"
     "F"
     "1F040000301D19000007 0C52 7E",
     FrameKind::information,
     public_client,
     four_bytes},
    {"GET clock attribute 1",
     "7EA0199575546835E6E600C0018100080000010000FF0100 0DFD 7E",
     FrameKind::information,
     clock_server,
     clock_client},
    {"the logical name",
     "7EA018759574E9E8E6E700C401810009060000010000FF FD49 7E",
     FrameKind::information,
     clock_client,
     clock_server},
    {"GET clock attribute 2",
     "7EA0199575767837E6E600C0018100080000010000FF0200 65D7 7E",
     FrameKind::information,
     clock_server,
     clock_client},
    {"the time",
     "7EA01E7595966F67E6E700C4018100090C07D20C04030A060BFF007800 F330 7E",
     FrameKind::information,
     clock_client,
     clock_server},
    {"SET time",
     "7EA027957598B8DBE6E600C1018100080000010000FF0200090C07D20C04030A060BFF007800 62FB 7E",
     FrameKind::information,
     clock_server,
     clock_client},
    {"SET response, success",
     "7EA0107595B85101E6E700C5018100 36CF 7E",
     FrameKind::information,
     clock_client,
     clock_server},
    {"int16 120",
     "7EA0137595DA8864E6E700C4018100100078 563A 7E",
     FrameKind::information,
     clock_client,
     clock_server},
    {"enumeration 1",
     "7EA0127595B82738E6E700C40181001601 2D07 7E",
     FrameKind::information,
     clock_client,
     clock_server},
};

// Published with EPRI's, u9n's, Gurux' and OpenMUC's programs.
inline const std::vector<KnownFrame> single_frames{
    {"SNRM", "7EA00A00020023219318717E", FrameKind::set_normal_mode, four_bytes, public_client},
    {"SNRM to two bytes",
     "7EA00802232193BD647E",
     FrameKind::set_normal_mode,
     two_bytes,
     public_client},
    {"UA, sizes in one byte",
     "7EA01F21022373E6C781801205019A06019A070400000001080400000001CCA27E",
     FrameKind::acknowledge,
     public_client,
     two_bytes},
    {"AARQ",
     "7EA02C02232110AF9FE6E600601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFFC5E47E",
     FrameKind::information,
     two_bytes,
     public_client},
    {"AARE",
     "7EA0382102233034E7E6E7006129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0"
     "4"
     "00001E1D04C80007B86A7E",
     FrameKind::information,
     public_client,
     two_bytes},
    {"UI",
     "7EA013CEFFCD1361D5E6E6001D64001400002C667E",
     FrameKind::unnumbered_information,
     HdlcAddress{0x67, 0x7F, 2},
     HdlcAddress{0x66, 0, 1}},
    {"GET 0.0.42.0.0.255",
     "7EA0190321326FD8E6E600C001C1000100002A0000FF020012807E",
     FrameKind::information,
     one_byte,
     public_client},
    {"UA without information",
     "7EA00721037301407E",
     FrameKind::acknowledge,
     public_client,
     one_byte},
    {"UA with unequal sizes (E650)",
     "7EA01E610373B57C81801205018006013E07040000000108040000000107227E",
     FrameKind::acknowledge,
     HdlcAddress{0x30, 0, 1},
     one_byte},
    {"UA with sizes 0x74 in two bytes (Kamstrup)",
     "7EA021230201737A5B81801405020074060200740704000000010804000000016A0B7E",
     FrameKind::acknowledge,
     HdlcAddress{0x11, 0, 1},
     HdlcAddress{1, 0, 2}},
    {"AARE of a meter with short names",
     "7EA0372103306C7CE6E7006128A109060760857405080102A203020100A305A103020100BE0F040D0800065F1F040"
     "0"
     "1802200960FA000AA87E",
     FrameKind::information,
     public_client,
     one_byte},
    {"RR to four bytes",
     "7EA00A002254D361513F997E",
     FrameKind::receive_ready,
     HdlcAddress{0x11, 0x1569, 4},
     HdlcAddress{0x30, 0, 1}},
};

// Composed for calrig with the check sequences that agree with all of the above.
inline const std::vector<KnownFrame> composed_frames{
    {"SNRM of client 16",
     "7EA0070321930F017E",
     FrameKind::set_normal_mode,
     one_byte,
     public_client},
    {"SNRM of client 1", "7EA0070303938C117E", FrameKind::set_normal_mode, one_byte, one_byte},
    {"DISC", "7EA00703035380D77E", FrameKind::disconnect, one_byte, one_byte},
    {"AARQ with LLS",
     "7EA0440303106594E6E6006036A1090607608574050801018A0207808B0760857405080201AC0A800831323334353"
     "6"
     "3738BE10040E01000000065F1F0400007E1F04B0D0F57E",
     FrameKind::information,
     one_byte,
     one_byte},
    {"GET 1.0.1.8.0.255",
     "7EA019030332ECC8E6E600C001C100030100010800FF020032687E",
     FrameKind::information,
     one_byte,
     one_byte},
    {"uint32 0x00995986",
     "7EA015030352DE3CE6E700C401C1000600995986CBE87E",
     FrameKind::information,
     one_byte,
     one_byte},
    {"scaler 0, unit Wh",
     "7EA016030374275DE6E700C401C10002020F00161E61D47E",
     FrameKind::information,
     one_byte,
     one_byte},
};

inline std::vector<KnownFrame> all_frames() {
    std::vector<KnownFrame> all = clock_session;
    all.insert(all.end(), single_frames.begin(), single_frames.end());
    all.insert(all.end(), composed_frames.begin(), composed_frames.end());
    return all;
}

// The check sequence holds; the length says 11 for ten bytes.
inline const std::string_view wrong_length_frame = "7EA00B002254D36193F4E37E";
// The frame check holds; the header has one address instead of two, so its check cannot hold.
inline const std::string_view wrong_header_frame =
    "7EA03A0310DE91E6E600612DA109060760857405080101A203020100A305A10302010088020780BE10040E0800065F"
    "1F"
    "040000381F009B0007845C7E";

}  // namespace dut::dlms
