// Modbus framing, TCP and RTU, for both sides.
#include "dut/modbus_frame.hpp"

#include "calibration/check.hpp"

#include <array>

namespace dut {
namespace {

constexpr std::size_t header_size = 7;
constexpr std::size_t counted_before_length = 6;  // the length field counts from the unit on
constexpr std::size_t least_length = 2;
constexpr std::size_t most_length = 254;

constexpr std::size_t crc_size = 2;
constexpr std::uint16_t crc_start = 0xFFFF;

constexpr std::array<std::uint16_t, 256> crc_table() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned value = 0; value < table.size(); ++value) {
        unsigned crc = value;
        for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
        table[value] = static_cast<std::uint16_t>(crc);
    }
    return table;
}

}  // namespace

std::uint16_t word_at(BytesView bytes, std::size_t offset) {
    return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

void append_word(Bytes& bytes, std::uint16_t word) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word));
}

std::string_view exception_name(int code) {
    switch (code) {
        case 1:
            return "illegal function";
        case 2:
            return "illegal data address";
        case 3:
            return "illegal data value";
        case 4:
            return "server device failure";
        case 5:
            return "acknowledge";
        case 6:
            return "server device busy";
        case 7:
            return "negative acknowledge";
        case 8:
            return "memory parity error";
        case 10:
            return "gateway path unavailable";
        case 11:
            return "gateway target failed to respond";
        default:
            return "unknown exception";
    }
}

std::string_view name(FrameFault fault) {
    return fault == FrameFault::protocol ? "protocol id is not 0" : "length is not 2 to 254";
}

Bytes encode_frame(const ModbusFrame& frame) {
    calibration::check(!frame.pdu.empty() && frame.pdu.size() < most_length,
                       "a Modbus PDU has 1 to 253 bytes");
    Bytes bytes;
    bytes.reserve(header_size + frame.pdu.size());
    append_word(bytes, frame.transaction);
    append_word(bytes, 0);
    append_word(bytes, static_cast<std::uint16_t>(frame.pdu.size() + 1));
    bytes.push_back(frame.unit);
    bytes.insert(bytes.end(), frame.pdu.begin(), frame.pdu.end());
    return bytes;
}

std::optional<std::size_t> tcp_frame_size(BytesView beginning) {
    if (beginning.size() < counted_before_length) return std::nullopt;
    return counted_before_length + std::size_t{word_at(beginning, 4)};
}

std::expected<std::optional<ModbusFrame>, FrameFault> FrameReader::next() {
    const auto refuse = [&](FrameFault fault) {
        buffer_.clear();
        return std::unexpected(fault);
    };
    if (buffer_.size() < counted_before_length) return std::optional<ModbusFrame>{};
    if (word_at(buffer_, 2) != 0) return refuse(FrameFault::protocol);
    const std::size_t length = word_at(buffer_, 4);
    if (length < least_length || length > most_length) return refuse(FrameFault::length);
    const std::size_t total = counted_before_length + length;
    if (buffer_.size() < total) return std::optional<ModbusFrame>{};
    const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(total);
    ModbusFrame frame{word_at(buffer_, 0), buffer_[6], Bytes(buffer_.begin() + header_size, end)};
    buffer_.erase(buffer_.begin(), end);
    return std::optional{std::move(frame)};
}

std::uint16_t rtu_crc(BytesView bytes) {
    static constexpr auto table = crc_table();
    unsigned crc = crc_start;
    for (const std::uint8_t byte : bytes) crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF];
    return static_cast<std::uint16_t>(crc);
}

std::string_view name(RtuFault fault) {
    return fault == RtuFault::crc ? "the checksum is wrong" : "no frame has this length";
}

Bytes encode_rtu(const RtuFrame& frame) {
    calibration::check(!frame.pdu.empty() && frame.pdu.size() < most_length,
                       "a Modbus PDU has 1 to 253 bytes");
    Bytes bytes;
    bytes.reserve(1 + frame.pdu.size() + crc_size);
    bytes.push_back(frame.unit);
    bytes.insert(bytes.end(), frame.pdu.begin(), frame.pdu.end());
    const std::uint16_t crc = rtu_crc(bytes);
    bytes.push_back(static_cast<std::uint8_t>(crc));
    bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
    return bytes;
}

std::expected<RtuFrame, RtuFault> decode_rtu(BytesView bytes) {
    if (bytes.size() < least_rtu_frame || bytes.size() > most_rtu_frame) {
        return std::unexpected(RtuFault::size);
    }
    const BytesView covered = bytes.first(bytes.size() - crc_size);
    const std::uint16_t crc = rtu_crc(covered);
    const bool right = bytes[covered.size()] == (crc & 0xFF) && bytes.back() == crc >> 8;
    if (!right) return std::unexpected(RtuFault::crc);
    return RtuFrame{covered[0], Bytes(covered.begin() + 1, covered.end())};
}

std::optional<std::size_t> rtu_request_size(BytesView beginning) {
    if (beginning.size() < 2) return std::nullopt;
    switch (beginning[1]) {
        case 1:
        case 2:
        case 3:
        case 4:
        case 5:
        case 6:
            return 8;  // unit, function, two words
        case 15:
        case 16:  // unit, function, address, count, bytes
            return beginning.size() < 7 ? std::nullopt
                                        : std::optional{9 + std::size_t{beginning[6]}};
        default:
            return std::nullopt;
    }
}

std::optional<std::size_t> rtu_reply_size(BytesView beginning) {
    if (beginning.size() < 2) return std::nullopt;
    if (beginning[1] & exception_flag) return 5;
    switch (beginning[1]) {
        case 1:
        case 2:
        case 3:
        case 4:
            return beginning.size() < 3 ? std::nullopt
                                        : std::optional{5 + std::size_t{beginning[2]}};
        case 5:
        case 6:
        case 15:
        case 16:
            return 8;
        default:
            return std::nullopt;
    }
}

}  // namespace dut
