#include "dut/dlms/hdlc_frame.hpp"

#include "calibration/check.hpp"

#include <array>
#include <optional>

namespace dut::dlms {
namespace {

using calibration::check;

constexpr std::uint8_t format_type = 0xA0;
constexpr std::uint8_t segmentation_bit = 0x08;
constexpr std::uint8_t poll_bit = 0x10;
constexpr std::size_t check_size = 2;
constexpr std::size_t format_size = 2;
constexpr std::size_t longest_address = 4;

constexpr std::array<std::uint16_t, 256> crc_table() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned index = 0; index < table.size(); ++index) {
        unsigned value = index;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1) != 0 ? value >> 1 ^ 0x8408U : value >> 1;
        table[index] = static_cast<std::uint16_t>(value);
    }
    return table;
}

// Seven bits per byte, the lowest bit marks the last byte.
void append_seven_bits(Bytes& to, std::uint16_t value, int bytes, bool is_last) {
    for (int byte = bytes; byte-- > 0;) {
        const unsigned end = is_last && byte == 0 ? 1U : 0U;
        to.push_back(static_cast<std::uint8_t>((value >> (7 * byte) & 0x7FU) << 1 | end));
    }
}

void append_address(Bytes& to, const HdlcAddress& address) {
    if (address.size == 1) return append_seven_bits(to, address.upper, 1, true);
    append_seven_bits(to, address.upper, address.size / 2, false);
    append_seven_bits(to, address.lower, address.size / 2, true);
}

void append_check(Bytes& to, BytesView covered) {
    const std::uint16_t value = frame_check_sequence(covered);
    to.push_back(static_cast<std::uint8_t>(value));
    to.push_back(static_cast<std::uint8_t>(value >> 8));
}

bool check_holds(BytesView bytes, std::size_t covered) {
    return frame_check_sequence(bytes.first(covered)) == (bytes[covered] | bytes[covered + 1] << 8);
}

std::uint16_t seven_bits(BytesView bytes) {
    unsigned value = 0;
    for (const std::uint8_t byte : bytes) value = value << 7 | byte >> 1;
    return static_cast<std::uint16_t>(value);
}

// The bytes of the address that begins at `at`; 0 while its last byte has not come.
std::expected<std::size_t, HdlcFault> address_size(BytesView bytes, std::size_t at) {
    for (std::size_t size = 1; size <= longest_address && at + size <= bytes.size(); ++size) {
        if ((bytes[at + size - 1] & 1) == 0) continue;
        if (size == 3) return std::unexpected(HdlcFault::address);
        return size;
    }
    if (at + longest_address <= bytes.size()) return std::unexpected(HdlcFault::address);
    return 0U;
}

HdlcAddress address_of(BytesView bytes) {
    const std::size_t half = bytes.size() / 2;
    if (bytes.size() == 1) return {seven_bits(bytes), 0, 1};
    return {seven_bits(bytes.first(half)),
            seven_bits(bytes.subspan(half)),
            static_cast<std::uint8_t>(bytes.size())};
}

std::size_t length_field(BytesView bytes) {
    return static_cast<std::size_t>((bytes[0] & 0x07) << 8 | bytes[1]);
}

struct Header {
    std::size_t destination = 0, source = 0;  // sizes
    std::size_t size() const { return format_size + destination + source + 1; }
};

// Nothing while bytes are missing.
std::expected<std::optional<Header>, HdlcFault> header_of(BytesView bytes) {
    if (!bytes.empty() && (bytes[0] & 0xF0) != format_type)
        return std::unexpected(HdlcFault::format);
    if (bytes.size() <= format_size) return std::nullopt;
    const auto destination = address_size(bytes, format_size);
    if (!destination) return std::unexpected(destination.error());
    if (*destination == 0) return std::nullopt;
    const auto source = address_size(bytes, format_size + *destination);
    if (!source) return std::unexpected(source.error());
    if (*source == 0) return std::nullopt;
    return Header{*destination, *source};
}

std::expected<void, HdlcFault> check_frame(BytesView bytes, const Header& header) {
    const std::size_t least = header.size() + check_size;
    if (bytes.size() < least) return std::unexpected(HdlcFault::too_short);
    if (length_field(bytes) != bytes.size()) return std::unexpected(HdlcFault::length);
    if (!check_holds(bytes, header.size())) return std::unexpected(HdlcFault::header_check);
    if (bytes.size() == least) return {};
    // A header check and a frame check over nothing in between: no encoder writes that.
    if (bytes.size() < least + check_size + 1) return std::unexpected(HdlcFault::too_short);
    if (!check_holds(bytes, bytes.size() - check_size))
        return std::unexpected(HdlcFault::frame_check);
    return {};
}

}  // namespace

std::uint16_t frame_check_sequence(BytesView bytes) {
    static constexpr auto table = crc_table();
    unsigned value = 0xFFFF;
    for (const std::uint8_t byte : bytes) value = value >> 8 ^ table[(value ^ byte) & 0xFF];
    return static_cast<std::uint16_t>(value ^ 0xFFFF);
}

HdlcAddress client_address(std::uint16_t sap) { return server_address(sap); }

HdlcAddress server_address(std::uint16_t logical) {
    check(logical <= 0x7F, "an HDLC address of one byte has seven bits");
    return {logical, 0, 1};
}

HdlcAddress server_address(std::uint16_t logical, std::uint16_t physical, std::uint8_t size) {
    check(size == 2 || size == 4, "an HDLC address with a physical part has 2 or 4 bytes");
    const std::uint16_t most = size == 2 ? 0x7F : 0x3FFF;
    check(logical <= most && physical <= most, "an HDLC address fits into its bytes");
    return {logical, physical, size};
}

std::uint8_t encode_control(HdlcControl control) {
    const auto fixed = [&](unsigned code) {
        return static_cast<std::uint8_t>(code | (control.poll ? poll_bit : 0U));
    };
    const unsigned receive = static_cast<unsigned>(control.receive_number & 7) << 5;
    const unsigned send = static_cast<unsigned>(control.send_number & 7) << 1;
    switch (control.kind) {
        case FrameKind::information:
            return fixed(receive | send);
        case FrameKind::receive_ready:
            return fixed(receive | 0x01);
        case FrameKind::receive_not_ready:
            return fixed(receive | 0x05);
        case FrameKind::set_normal_mode:
            return fixed(0x83);
        case FrameKind::disconnect:
            return fixed(0x43);
        case FrameKind::acknowledge:
            return fixed(0x63);
        case FrameKind::disconnected_mode:
            return fixed(0x0F);
        case FrameKind::reject:
            return fixed(0x87);
        case FrameKind::unnumbered_information:
            return fixed(0x03);
    }
    check(false, "an HDLC frame is of a known kind");
    return 0;
}

std::expected<HdlcControl, HdlcFault> decode_control(std::uint8_t byte) {
    const bool poll = (byte & poll_bit) != 0;
    const auto receive = static_cast<std::uint8_t>(byte >> 5);
    if ((byte & 0x01) == 0)
        return HdlcControl{
            FrameKind::information, poll, receive, static_cast<std::uint8_t>(byte >> 1 & 7)};
    if ((byte & 0x0F) == 0x01) return HdlcControl{FrameKind::receive_ready, poll, receive, 0};
    if ((byte & 0x0F) == 0x05) return HdlcControl{FrameKind::receive_not_ready, poll, receive, 0};
    constexpr std::array unnumbered{FrameKind::set_normal_mode,
                                    FrameKind::disconnect,
                                    FrameKind::acknowledge,
                                    FrameKind::disconnected_mode,
                                    FrameKind::reject,
                                    FrameKind::unnumbered_information};
    for (const FrameKind kind : unnumbered)
        if (encode_control({kind, poll, 0, 0}) == byte) return HdlcControl{kind, poll, 0, 0};
    return std::unexpected(HdlcFault::control);
}

Bytes encode_frame(const HdlcFrame& frame) {
    Bytes content;
    content.reserve(frame.information.size() + 16);
    content.resize(format_size);
    append_address(content, frame.destination);
    append_address(content, frame.source);
    content.push_back(encode_control(frame.control));
    const bool informs = !frame.information.empty();
    const std::size_t length =
        content.size() + check_size + (informs ? frame.information.size() + check_size : 0);
    check(length <= longest_frame, "an HDLC frame has at most 2047 bytes");
    content[0] = static_cast<std::uint8_t>(format_type | (frame.segmented ? segmentation_bit : 0) |
                                           length >> 8);
    content[1] = static_cast<std::uint8_t>(length);
    append_check(content, content);
    if (informs) {
        append(content, frame.information);
        append_check(content, content);
    }
    Bytes wire{hdlc_flag};
    wire.reserve(content.size() + 2);
    append(wire, content);
    wire.push_back(hdlc_flag);
    return wire;
}

std::expected<HdlcFrame, HdlcFault> decode_frame(BytesView bytes) {
    const auto header = header_of(bytes);
    if (!header) return std::unexpected(header.error());
    if (!*header) return std::unexpected(HdlcFault::too_short);
    const Header sizes = **header;
    if (const auto sound = check_frame(bytes, sizes); !sound) return std::unexpected(sound.error());
    const auto control = decode_control(bytes[sizes.size() - 1]);
    if (!control) return std::unexpected(control.error());
    HdlcFrame frame{
        .destination = address_of(bytes.subspan(format_size, sizes.destination)),
        .source = address_of(bytes.subspan(format_size + sizes.destination, sizes.source)),
        .control = *control,
        .segmented = (bytes[0] & segmentation_bit) != 0,
        .information = {}};
    const std::size_t begin = sizes.size() + check_size;
    if (bytes.size() > begin)
        frame.information.assign(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                                 bytes.end() - static_cast<std::ptrdiff_t>(check_size));
    return frame;
}

std::expected<std::size_t, HdlcFault> believable_length(BytesView bytes) {
    const auto header = header_of(bytes);
    if (!header) return std::unexpected(header.error());
    if (!*header || bytes.size() < (*header)->size() + check_size) return 0U;
    if (!check_holds(bytes, (*header)->size())) return std::unexpected(HdlcFault::header_check);
    if (length_field(bytes) < (*header)->size() + check_size)
        return std::unexpected(HdlcFault::length);
    return length_field(bytes);
}

}  // namespace dut::dlms
