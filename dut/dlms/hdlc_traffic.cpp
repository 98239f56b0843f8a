#include "dut/dlms/hdlc_traffic.hpp"

#include "calibration/check.hpp"

#include <algorithm>

namespace dut::dlms {
namespace {

constexpr std::uint8_t llc_destination = 0xE6;
constexpr std::size_t llc_size = 3;

std::uint8_t next_number(std::size_t number) { return static_cast<std::uint8_t>(number & 7); }

}  // namespace

HdlcTraffic::HdlcTraffic(HdlcEnds ends, HdlcParameters in_force, std::size_t longest_apdu)
    : ends_(ends), in_force_(in_force), longest_apdu_(longest_apdu) {}

void HdlcTraffic::queue(BytesView apdu) {
    calibration::check(segments_.empty(), "one APDU at a time goes over an HDLC link");
    Bytes whole{llc_destination, ends_.sends_llc, 0};
    append(whole, apdu);
    const std::size_t size = in_force_.transmit_size;
    for (std::size_t at = 0; at < whole.size(); at += size) {
        const BytesView part = BytesView{whole}.subspan(at, std::min(size, whole.size() - at));
        segments_.push_back({Bytes(part.begin(), part.end()), at + size < whole.size()});
    }
}

HdlcFrame HdlcTraffic::information_frame(std::size_t index) const {
    return {.destination = ends_.peer,
            .source = ends_.own,
            .control = {.kind = FrameKind::information,
                        .poll = false,
                        .receive_number = receive_number_,
                        .send_number = next_number(acknowledged_ + index)},
            .segmented = segments_[index].more,
            .information = segments_[index].information};
}

std::vector<HdlcFrame> HdlcTraffic::window() {
    const std::size_t count = std::min<std::size_t>(segments_.size(), in_force_.transmit_window);
    std::vector<HdlcFrame> frames;
    frames.reserve(count);
    for (std::size_t index = 0; index < count; ++index) frames.push_back(information_frame(index));
    if (count != 0) frames.back().control.poll = true;
    send_number_ = next_number(acknowledged_ + count);
    return frames;
}

HdlcFrame HdlcTraffic::supervisory(FrameKind kind) const {
    return {.destination = ends_.peer,
            .source = ends_.own,
            .control = {.kind = kind, .poll = true, .receive_number = receive_number_},
            .segmented = false,
            .information = {}};
}

std::expected<int, HdlcFault> HdlcTraffic::acknowledge(std::uint8_t receive_number) {
    const int sent = (send_number_ - acknowledged_) & 7;
    const int count = (receive_number - acknowledged_) & 7;
    if (count > sent) return std::unexpected(HdlcFault::acknowledgement);
    segments_.erase(segments_.begin(), segments_.begin() + count);
    acknowledged_ = receive_number;
    return count;
}

std::expected<bool, HdlcFault> HdlcTraffic::take(const HdlcFrame& frame) {
    if (frame.information.size() > in_force_.receive_size)
        return std::unexpected(HdlcFault::information_size);
    if (frame.control.send_number != receive_number_) return false;
    if (frame.information.empty()) return std::unexpected(HdlcFault::empty_segment);
    if (is_complete_) return std::unexpected(HdlcFault::unexpected);
    if (assembled_.size() + frame.information.size() > longest_apdu_ + llc_size)
        return std::unexpected(HdlcFault::apdu_too_long);
    append(assembled_, frame.information);
    receive_number_ = next_number(receive_number_ + 1U);
    is_complete_ = !frame.segmented;
    return true;
}

std::expected<Bytes, HdlcFault> HdlcTraffic::take_apdu() {
    Bytes apdu = std::move(assembled_);
    assembled_ = {};
    is_complete_ = false;
    if (apdu.size() < llc_size || apdu[0] != llc_destination || apdu[1] != ends_.expects_llc)
        return std::unexpected(HdlcFault::llc);
    apdu.erase(apdu.begin(), apdu.begin() + llc_size);
    return apdu;
}

}  // namespace dut::dlms
