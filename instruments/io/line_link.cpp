#include "instruments/io/line_link.hpp"

#include <fmt/format.h>

#include <utility>

namespace instruments::io {

LineLink::LineLink(std::unique_ptr<ByteLink> link, std::string terminator, std::size_t longest)
    : link_(std::move(link)), terminator_(std::move(terminator)), longest_(longest) {}

Task<void> LineLink::write_line(std::string_view line) {
    const std::string text = std::string{line} + terminator_;
    co_await link_->write(bytes_of(text));
}

Task<std::optional<std::string>> LineLink::read_line(Instant deadline) {
    // What waits in a link is read whatever the time: a peer that never pauses is bounded by this.
    std::size_t without_a_line = 0;
    for (;;) {
        auto line = take_line();
        const std::size_t length = line ? line->size() : buffer_.size();
        if (length > longest_) {
            throw LinkError(fmt::format(
                "{}: a line of more than {} bytes; expected lines", link_->name(), longest_));
        }
        if (line) {
            co_return line;
        }
        if (without_a_line > longest_) {
            throw LinkError(link_->name() + ": ends of lines without end; expected lines");
        }
        const Bytes bytes = co_await link_->read(deadline);
        if (bytes.empty()) {
            co_return std::nullopt;
        }
        without_a_line += bytes.size();
        buffer_.append(bytes.begin(), bytes.end());
    }
}

void LineLink::discard_input() {
    buffer_.clear();
    scanned_ = 0;
}

Task<void> LineLink::drain() {
    constexpr int most_pieces = 1000;
    const Instant long_past{};
    for (int piece = 0; piece < most_pieces; ++piece) {
        const Bytes bytes = co_await link_->read(long_past);
        if (bytes.empty()) {
            discard_input();
            co_return;
        }
    }
    throw LinkError(link_->name() + ": does not stop sending");
}

std::optional<std::string> LineLink::take_line() {
    std::size_t begin = 0;  // of the line, behind the empty ones
    std::size_t end = buffer_.find_first_of("\r\n", scanned_);
    while (end == begin) {
        ++begin;
        end = buffer_.find_first_of("\r\n", begin);
    }
    std::optional<std::string> line;
    if (end != std::string::npos) {
        line = buffer_.substr(begin, end - begin);
        begin = end + 1;
    }
    buffer_.erase(0, begin);
    scanned_ = line ? 0 : buffer_.size();
    return line;
}

}  // namespace instruments::io
