// Frames as the device sends them.
#include "instruments/ctag/frame_writer.hpp"

namespace instruments::ctag {

void FrameWriter::enter_epoch(std::int64_t tick) {
    const std::int64_t epoch = tick >> tick_bits;
    if (records_.empty() || epoch != epoch_) records_.push_back(epoch_record(tick));
    epoch_ = epoch;
}

void FrameWriter::edge(int channel, bool rising, std::int64_t tick) {
    enter_epoch(tick);
    records_.push_back(edge_record(channel, rising, tick));
}

void FrameWriter::special(std::uint32_t record) {
    if (records_.empty()) enter_epoch(last_end_);
    records_.push_back(record);
}

void FrameWriter::index(int channel, std::int64_t number, std::int64_t tick) {
    enter_epoch(tick);
    records_.push_back(index_record(channel, number));
}

void FrameWriter::flush(std::int64_t t_end) {
    if (records_.empty()) return;
    const auto* raw = reinterpret_cast<const std::uint8_t*>(records_.data());
    frame(FrameType::data, t_end, {raw, records_.size() * sizeof(std::uint32_t)});
    records_.clear();
    epoch_ = -1;
}

void FrameWriter::frame(FrameType type, std::int64_t t_end, BytesView payload) {
    const FrameHeader header{.type = type,
                             .flags = std::exchange(flags_, std::uint16_t{0}),
                             .sequence = sequence_++,
                             .t0 = std::exchange(last_end_, t_end),
                             .t_end = t_end,
                             .lost_total = lost_total_};
    if (std::exchange(loses_next_, false)) return;
    const std::size_t begin = bytes_.size();
    append_frame(bytes_, header, payload);
    // Somewhere in the frame, another place each time.
    if (std::exchange(flips_next_, false)) {
        const std::size_t bit = header.sequence * 2654435761U % ((bytes_.size() - begin) * 8);
        bytes_[begin + bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
}

void FrameWriter::restart(std::int64_t tick) {
    records_.clear();
    epoch_ = -1;
    sequence_ = 0;
    lost_total_ = 0;
    last_end_ = tick;
    flags_ = flags::restart;
}

}  // namespace instruments::ctag
