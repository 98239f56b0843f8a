// Modbus frames, TCP and RTU: headers, checksums, whole frames out of a stream, and the names of
// exceptions.
#pragma once

#include "instruments/io/link.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace dut {

using instruments::io::Bytes;
using instruments::io::BytesView;

// Function codes and exceptions of the Modbus application protocol 1.1b3 that the meters know.
enum class ModbusFunction : std::uint8_t {
    read_holding_registers = 3,
    write_single_register = 6,
    write_multiple_registers = 16,
};
inline constexpr std::uint8_t illegal_function = 1;
inline constexpr std::uint8_t illegal_data_address = 2;
inline constexpr std::uint8_t illegal_data_value = 3;
inline constexpr std::uint8_t exception_flag = 0x80;
inline constexpr int most_registers_read = 125;
inline constexpr int most_registers_written = 123;

std::string_view exception_name(
    int code);  // "illegal data address"; "unknown exception" for others

// Modbus TCP: transaction, protocol (always 0), length of what follows, unit, then the PDU. All
// big-endian.
struct ModbusFrame {
    std::uint16_t transaction = 0;
    std::uint8_t unit = 0;
    Bytes pdu;  // function code and data: 1 to 253 bytes
    friend bool operator==(const ModbusFrame&, const ModbusFrame&) = default;
};

Bytes encode_frame(const ModbusFrame& frame);
// What the header says the whole frame has; nothing while it is incomplete.
std::optional<std::size_t> tcp_frame_size(BytesView beginning);

enum class FrameFault {
    protocol,  // the protocol id is not 0: the peer does not speak Modbus
    length,    // the length is not 2 to 254: the frame's end is unknown
};
std::string_view name(FrameFault fault);

// Whole frames out of a stream that may cut them anywhere. After a fault the stream's frame limits
// are lost: what was received so far is dropped, and the caller has to find silence or connect
// anew.
class FrameReader {
  public:
    void feed(BytesView bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
    // The next whole frame; nothing while it is incomplete.
    std::expected<std::optional<ModbusFrame>, FrameFault> next();
    std::size_t pending() const { return buffer_.size(); }
    void clear() { buffer_.clear(); }

  private:
    Bytes buffer_;
};

// -- Modbus RTU: unit, PDU, CRC-16 with its low byte first
// --------------------------------------------------------------------------------------

inline constexpr std::size_t least_rtu_frame = 4;
inline constexpr std::size_t most_rtu_frame = 256;

struct RtuFrame {
    std::uint8_t unit = 0;  // 0 is everyone
    Bytes pdu;              // function code and data: 1 to 253 bytes
    friend bool operator==(const RtuFrame&, const RtuFrame&) = default;
};

// CRC-16 of the Modbus serial line specification 1.02, 6.2.2; its low byte is sent first.
std::uint16_t rtu_crc(BytesView bytes);
Bytes encode_rtu(const RtuFrame& frame);

enum class RtuFault {
    size,  // shorter or longer than any frame
    crc,   // the checksum is wrong
};
std::string_view name(RtuFault fault);

// What stood between two silences, as one frame.
std::expected<RtuFrame, RtuFault> decode_rtu(BytesView bytes);

// How long a frame becomes that begins so, checksum included. Nothing while the beginning is too
// short to say, and for functions whose length only silence tells. A length is a claim of the
// sender's: the checksum decides.
std::optional<std::size_t> rtu_request_size(BytesView beginning);
std::optional<std::size_t> rtu_reply_size(BytesView beginning);

// -- big-endian words in a PDU
// --------------------------------------------------------------------------------------

std::uint16_t word_at(BytesView bytes, std::size_t offset);  // the bytes must be there
void append_word(Bytes& bytes, std::uint16_t word);

}  // namespace dut
