#include "dut/dlms/hdlc_reader.hpp"

namespace dut::dlms {

void HdlcReader::feed(BytesView bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    append(buffer_, bytes);
}

void HdlcReader::clear() {
    buffer_.clear();
    begin_ = 0;
    is_silent_ = false;
}

// Noise before a flag goes; of several flags in a row the last one opens the frame.
void HdlcReader::drop_to_flag() {
    while (begin_ < buffer_.size() && buffer_[begin_] != hdlc_flag) ++begin_;
    while (begin_ + 1 < buffer_.size() && buffer_[begin_ + 1] == hdlc_flag) ++begin_;
}

std::expected<std::size_t, HdlcFault> HdlcReader::candidate_length() const {
    const BytesView content = BytesView{buffer_}.subspan(begin_ + 1);
    const auto length = believable_length(content);
    if (!length || *length == 0) return length;
    if (content.size() <= *length) return 0U;
    if (content[*length] != hdlc_flag) return std::unexpected(HdlcFault::length);
    return length;
}

std::expected<std::optional<HdlcFrame>, HdlcFault> HdlcReader::next() {
    drop_to_flag();
    if (!is_inside_frame()) {
        is_silent_ = false;
        return std::nullopt;
    }
    auto length = candidate_length();
    if (length && *length == 0) {
        if (!is_silent_) return std::nullopt;
        length = std::unexpected(HdlcFault::cut_off);
    }
    if (!length) {
        ++begin_;
        return std::unexpected(length.error());
    }
    auto frame = decode_frame(BytesView{buffer_}.subspan(begin_ + 1, *length));
    if (!frame) {
        ++begin_;
        return std::unexpected(frame.error());
    }
    begin_ += *length + 1;  // the closing flag stays: it may open the next frame
    return std::optional{std::move(*frame)};
}

}  // namespace dut::dlms
