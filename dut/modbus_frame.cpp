// Modbus TCP framing, for both sides.
#include "dut/modbus_frame.hpp"

#include "calibration/check.hpp"

namespace dut {
namespace {

constexpr std::size_t header_size = 7;
constexpr std::size_t counted_before_length = 6;  // the length field counts from the unit on
constexpr std::size_t least_length = 2;
constexpr std::size_t most_length = 254;

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

}  // namespace dut
