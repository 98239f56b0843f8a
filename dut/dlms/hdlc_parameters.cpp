#include "dut/dlms/hdlc_parameters.hpp"

#include <algorithm>

namespace dut::dlms {
namespace {

constexpr std::uint8_t format_identifier = 0x81;
constexpr std::uint8_t group_identifier = 0x80;
constexpr std::uint8_t transmit_size_id = 5, receive_size_id = 6;
constexpr std::uint8_t transmit_window_id = 7, receive_window_id = 8;

void append_size(Bytes& to, std::uint8_t id, std::uint16_t size, SizeForm form) {
    const bool one_byte = form == SizeForm::shortest && size <= 0xFF;
    to.push_back(id);
    to.push_back(one_byte ? 1 : 2);
    if (!one_byte) to.push_back(static_cast<std::uint8_t>(size >> 8));
    to.push_back(static_cast<std::uint8_t>(size));
}

void append_window(Bytes& to, std::uint8_t id, std::uint8_t window) {
    to.push_back(id);
    to.push_back(4);
    append_number(to, std::uint32_t{window});
}

std::expected<void, HdlcFault> store_size(std::uint16_t& to, std::uint64_t value) {
    if (value == 0) return std::unexpected(HdlcFault::parameters);
    to = static_cast<std::uint16_t>(std::min<std::uint64_t>(value, largest_information));
    return {};
}

std::expected<void, HdlcFault> store_window(std::uint8_t& to, std::uint64_t value) {
    if (value == 0 || value > largest_window) return std::unexpected(HdlcFault::parameters);
    to = static_cast<std::uint8_t>(value);
    return {};
}

std::expected<void, HdlcFault> store(HdlcParameters& to, std::uint8_t id, BytesView bytes) {
    if (id < transmit_size_id || id > receive_window_id) return {};
    if (bytes.empty() || bytes.size() > 4) return std::unexpected(HdlcFault::parameters);
    const std::uint64_t value = number_of(bytes);
    if (id == transmit_size_id) return store_size(to.transmit_size, value);
    if (id == receive_size_id) return store_size(to.receive_size, value);
    if (id == transmit_window_id) return store_window(to.transmit_window, value);
    return store_window(to.receive_window, value);
}

}  // namespace

Bytes encode_parameters(const HdlcParameters& parameters, SizeForm form) {
    Bytes information{format_identifier, group_identifier, 0};
    append_size(information, transmit_size_id, parameters.transmit_size, form);
    append_size(information, receive_size_id, parameters.receive_size, form);
    append_window(information, transmit_window_id, parameters.transmit_window);
    append_window(information, receive_window_id, parameters.receive_window);
    information[2] = static_cast<std::uint8_t>(information.size() - 3);
    return information;
}

std::expected<HdlcParameters, HdlcFault> decode_parameters(BytesView information) {
    HdlcParameters parameters;
    if (information.empty()) return parameters;
    if (information.size() < 3 || information[0] != format_identifier ||
        information[1] != group_identifier || information[2] != information.size() - 3)
        return std::unexpected(HdlcFault::parameters);
    BytesView rest = information.subspan(3);
    while (!rest.empty()) {
        if (rest.size() < 2 || rest.size() - 2 < rest[1])
            return std::unexpected(HdlcFault::parameters);
        const auto stored = store(parameters, rest[0], rest.subspan(2, rest[1]));
        if (!stored) return std::unexpected(stored.error());
        rest = rest.subspan(std::size_t{2} + rest[1]);
    }
    return parameters;
}

HdlcParameters agreed(const HdlcParameters& mine, const HdlcParameters& theirs) {
    return {.transmit_size = std::min(mine.transmit_size, theirs.receive_size),
            .receive_size = std::min(mine.receive_size, theirs.transmit_size),
            .transmit_window = std::min(mine.transmit_window, theirs.receive_window),
            .receive_window = std::min(mine.receive_window, theirs.transmit_window)};
}

}  // namespace dut::dlms
