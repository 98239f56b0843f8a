// Everything that crosses a link, with its time: the log format of the field and of the tests.
#pragma once

#include "instruments/io/link.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace instruments::io {

enum class Direction { sent, received };

// Called for each piece that crosses. Bytes are only valid during the call.
using TranscriptSink =
    std::function<void(Instant at, std::string_view link, Direction direction, BytesView bytes)>;

// A link that reports what crosses it; owns the link it wraps. Bytes are reported as sent before
// they are written, so that a write that fails is on record.
std::unique_ptr<ByteLink> with_transcript(Clock& clock,
                                          std::unique_ptr<ByteLink> link,
                                          TranscriptSink sink);

// One line of a transcript: "   12.345678901 source > SFR50.00\r": printable bytes as they are,
// others as
// \r, \n, \t, \\ or \x1F; ">" for sent, "<" for received.
std::string transcript_line(Instant at,
                            std::string_view link,
                            Direction direction,
                            BytesView bytes);

// The last `capacity` lines, to show with a fault.
class TranscriptTail {
  public:
    explicit TranscriptTail(std::size_t capacity = 40) : capacity_(capacity) {}
    TranscriptSink sink();  // must not outlive the tail
    std::string text() const;

  private:
    std::size_t capacity_;
    std::deque<std::string> lines_;
};

}  // namespace instruments::io
