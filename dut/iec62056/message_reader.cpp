#include "dut/iec62056/message_reader.hpp"

#include "dut/iec62056/messages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dut::iec62056 {
namespace {

constexpr std::string_view beginnings{"/\x01\x02\x06\x15"};
constexpr std::size_t option_size = 6;  // ACK V Z Y CR LF

MessageKind kind_of(char first) {
    switch (first) {
        case '/':
            return MessageKind::line;
        case ack:
            return MessageKind::option_select;
        case nak:
            return MessageKind::refusal;
        case stx:
            return MessageKind::readout;
        default:
            return MessageKind::command;
    }
}

}  // namespace

void MessageReader::feed(std::string_view characters) {
    buffer_.erase(0, begin_);
    scanned_ -= std::min(scanned_, begin_);
    begin_ = 0;
    buffer_ += characters;
}

void MessageReader::clear() {
    buffer_.clear();
    begin_ = scanned_ = 0;
}

// Of a line, or of an option select; an ACK that becomes none was one by itself.
std::optional<std::size_t> MessageReader::end_of_line() {
    const std::size_t found = buffer_.find(line_end, scanned_ - 1);
    const std::size_t reach = found == std::string::npos ? buffer_.size() : found + line_end.size();
    const std::size_t size = reach - begin_;
    const bool is_alone = found == std::string::npos ? size >= option_size : size > option_size;
    if (buffer_[begin_] == ack && is_alone) return begin_ + 1;
    if (found != std::string::npos) return found + line_end.size();
    scanned_ = buffer_.size();
    return std::nullopt;
}

// The position after the message at the front.
std::optional<std::size_t> MessageReader::end_of_message() {
    const char first = buffer_[begin_];
    if (first == nak) return begin_ + 1;
    scanned_ = std::max(scanned_, begin_ + 1);
    if (first == '/' || first == ack) return end_of_line();
    const std::size_t end = buffer_.find_first_of("\x03\x04", scanned_);
    scanned_ = std::min(end, buffer_.size());
    if (end == std::string::npos || end + 1 >= buffer_.size()) return std::nullopt;
    return end + 2;
}

Message MessageReader::take(std::size_t end) {
    std::string text = buffer_.substr(begin_, end - begin_);
    const char first = buffer_[begin_];
    begin_ = scanned_ = end;
    if (first == ack && text.size() == 1) return {MessageKind::acknowledge, {}};
    if (first == '/') text.resize(text.size() - line_end.size());
    if (first == ack) text = text.substr(1, text.size() - 1 - line_end.size());
    if (first == nak) text.clear();
    return {kind_of(first), std::move(text)};
}

std::expected<std::optional<Message>, Error> MessageReader::next() {
    begin_ = std::min(buffer_.find_first_of(beginnings, begin_), buffer_.size());
    if (!is_inside_message()) return std::nullopt;
    const auto end = end_of_message();
    if (end && *end - begin_ <= longest_) return take(*end);
    if (buffer_.size() - begin_ <= longest_) return std::nullopt;
    clear();
    return std::unexpected(
        Error{Fault::too_long, fmt::format("more than {} characters", longest_)});
}

std::expected<std::optional<Message>, Error> MessageReader::silence() {
    if (!is_inside_message()) return std::nullopt;
    const bool is_acknowledgement = buffer_[begin_] == ack && buffer_.size() - begin_ < option_size;
    const std::size_t size = buffer_.size() - begin_;
    clear();
    if (is_acknowledgement && size == 1) return Message{MessageKind::acknowledge, {}};
    return std::unexpected(Error{Fault::block, fmt::format("cut off after {} characters", size)});
}

}  // namespace dut::iec62056
