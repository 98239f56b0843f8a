#include "instruments/io/transcript.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <utility>

namespace instruments::io {

namespace {

class TranscriptLink final : public ByteLink {
  public:
    TranscriptLink(Clock& clock, std::unique_ptr<ByteLink> link, TranscriptSink sink)
        : clock_(clock), link_(std::move(link)), sink_(std::move(sink)) {}

    Task<void> write(BytesView bytes) override {
        report(Direction::sent, bytes);
        co_await link_->write(bytes);
    }
    Task<Bytes> read(Instant deadline) override {
        Bytes bytes = co_await link_->read(deadline);
        report(Direction::received, bytes);
        co_return bytes;
    }
    void close() override { link_->close(); }
    std::string name() const override { return link_->name(); }

  private:
    void report(Direction direction, BytesView bytes) {
        if (!bytes.empty()) {
            sink_(clock_.now(), link_->name(), direction, bytes);
        }
    }

    Clock& clock_;
    std::unique_ptr<ByteLink> link_;
    TranscriptSink sink_;
};

void append_escaped(std::string& line, std::uint8_t byte) {
    switch (byte) {
        case '\r':
            line += "\\r";
            return;
        case '\n':
            line += "\\n";
            return;
        case '\t':
            line += "\\t";
            return;
        case '\\':
            line += "\\\\";
            return;
        default:
            break;
    }
    if (byte >= 0x20 && byte < 0x7F) {
        line += static_cast<char>(byte);
    } else {
        fmt::format_to(std::back_inserter(line), "\\x{:02X}", byte);
    }
}

}  // namespace

std::unique_ptr<ByteLink> with_transcript(Clock& clock,
                                          std::unique_ptr<ByteLink> link,
                                          TranscriptSink sink) {
    return std::make_unique<TranscriptLink>(clock, std::move(link), std::move(sink));
}

std::string transcript_line(Instant at,
                            std::string_view link,
                            Direction direction,
                            BytesView bytes) {
    const auto ns = at.time_since_epoch().count();
    std::string line = fmt::format("{:5}.{:09} {} {} ",
                                   ns / 1'000'000'000,
                                   ns % 1'000'000'000,
                                   link,
                                   direction == Direction::sent ? '>' : '<');
    for (const std::uint8_t byte : bytes) {
        append_escaped(line, byte);
    }
    return line;
}

TranscriptSink TranscriptTail::sink() {
    return [this](Instant at, std::string_view link, Direction direction, BytesView bytes) {
        lines_.push_back(transcript_line(at, link, direction, bytes));
        if (lines_.size() > capacity_) {
            lines_.pop_front();
        }
    };
}

std::string TranscriptTail::text() const {
    std::string text;
    for (const std::string& line : lines_) {
        text += line;
        text += '\n';
    }
    return text;
}

}  // namespace instruments::io
