// Fuzz target: a CTAG stream with anything in it. Pieces change nothing, time never goes back, and
// what is read is what would be written.
#include "instruments/ctag/crc32.hpp"
#include "instruments/ctag/decoder.hpp"
#include "instruments/ctag/wire.hpp"
#include "tests/fuzz/property.hpp"

#include <cstring>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

namespace {

using namespace instruments;
using namespace instruments::ctag;
using fuzz::property;

constexpr std::size_t records_offset = 12, crc_offset = 36;

auto content(const CapturedEdge& captured) {
    const auto& edge = captured.edge;
    return std::tuple{captured.channel,
                      edge.tick,
                      edge.reference_count,
                      edge.reference_before,
                      edge.reference_after};
}
auto content(const Loss& loss) {
    return std::tuple{loss.from_tick, loss.to_tick, loss.cause, loss.channels, loss.edges};
}

template <class T>
bool alike(const std::vector<T>& a, const std::vector<T>& b) {
    return std::ranges::equal(
        a, b, [](const T& x, const T& y) { return content(x) == content(y); });
}

// All that a decoder gave, with what must hold of each batch.
class Given {
  public:
    void take(const CaptureBatch& batch) {
        check(batch);
        const auto add = [](auto& to, const auto& from) {
            to.insert(to.end(), from.begin(), from.end());
        };
        add(all_.edges, batch.edges);
        add(all_.losses, batch.losses);
        add(all_.remarks, batch.remarks);
        add(all_.fences, batch.fences);
        add(all_.fence_ticks, batch.fence_ticks);
        if (batch.reference_count) all_.reference_count = batch.reference_count;
        all_.watermark = batch.watermark;
    }

    bool same_as(const Given& other) const {
        const CaptureBatch &a = all_, &b = other.all_;
        return alike(a.edges, b.edges) && alike(a.losses, b.losses) && a.remarks == b.remarks &&
               a.fences == b.fences && a.fence_ticks == b.fence_ticks && a.watermark == b.watermark;
    }

  private:
    void check(const CaptureBatch& batch) const {
        property(batch.watermark >= all_.watermark, "the watermark never goes back");
        property(batch.fences.size() == batch.fence_ticks.size(), "a fence has its tick");
        for (const CapturedEdge& captured : batch.edges) {
            const auto& edge = captured.edge;
            property(edge.tick >= all_.watermark, "no edge comes from before the watermark");
            if (!edge.has_phase()) continue;
            property(edge.reference_before <= edge.tick && edge.tick <= edge.reference_after,
                     "an edge lies between its reference edges");
        }
        for (const Loss& loss : batch.losses) {
            property(loss.from_tick <= loss.to_tick, "a loss begins before it ends");
            property(!loss.cause.empty(), "a loss has a cause");
            property(!loss.edges || *loss.edges >= 0, "as many edges as were lost");
        }
    }

    CaptureBatch all_;
};

void check_payload(const Frame& frame) {
    if (frame.header.type == FrameType::counters) {
        const auto counts = parse_counters(frame.payload);
        if (counts) {
            property(parse_counters(counters_payload(*counts)) == counts, "counters come back");
        }
    } else if (frame.header.type == FrameType::hello) {
        const auto hello = parse_hello(frame.payload);
        if (hello) property(parse_hello(hello_payload(*hello)) == hello, "a HELLO comes back");
    } else if (frame.header.type == FrameType::error) {
        const std::string text = parse_text(frame.payload);
        property(parse_text(text_payload(text)) == text, "an error's text comes back");
    }
}

void check_frames(BytesView stream) {
    for (std::size_t at = find_magic(stream, 0); at < stream.size();
         at = find_magic(stream, at + 1)) {
        const auto frame = parse_frame(stream.subspan(at));
        if (!frame) continue;
        Bytes again;
        append_frame(again, frame->header, frame->payload);
        property(std::ranges::equal(again, stream.subspan(at, frame->size())),
                 "a frame is written as it was read");
        check_payload(*frame);
    }
}

void check_commands(BytesView bytes) {
    CommandReader whole, pieced;
    const auto expected = whole.feed(bytes);
    std::vector<std::uint32_t> ids;
    fuzz::in_pieces(bytes, [&](BytesView piece) {
        const auto more = pieced.feed(piece);
        ids.insert(ids.end(), more.begin(), more.end());
    });
    property(ids == expected, "commands may come in pieces");
}

// A whole frame inside a whole frame means one thing to whom the inner one reaches first and
// another to whom gets both at once. No device sends it, and no accident makes two sums match.
bool has_frame_in_frame(BytesView stream) {
    std::size_t end = 0;
    for (std::size_t at = find_magic(stream, 0); at < stream.size();
         at = find_magic(stream, at + 1)) {
        const auto frame = parse_frame(stream.subspan(at));
        if (frame && at < end) return true;
        if (frame) end = at + frame->size();
    }
    return false;
}

// Puts right the CRC of every frame whose head is whole: no mutation would find one by itself.
void reseal(std::span<std::uint8_t> stream) {
    std::size_t at = find_magic(stream, 0);
    while (at + header_size <= stream.size()) {
        std::uint32_t records = 0;
        std::memcpy(&records, &stream[at + records_offset], sizeof records);
        const std::size_t size = header_size + std::size_t{records} * 4;
        if (records > most_records || at + size > stream.size()) {
            at = find_magic(stream, at + 1);
            continue;
        }
        const auto frame = stream.subspan(at, size);
        std::memset(&frame[crc_offset], 0, sizeof(std::uint32_t));
        const std::uint32_t crc = crc32(frame);
        std::memcpy(&frame[crc_offset], &crc, sizeof crc);
        at = find_magic(stream, at + size);
    }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                               std::size_t size,
                                               std::size_t most,
                                               unsigned seed) {
    size = LLVMFuzzerMutate(data, size, most);
    if (seed % 4 != 0) reseal({data, size});
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView stream{data, size};
    if (has_frame_in_frame(stream)) return -1;  // not kept
    StreamDecoder whole{{}}, pieced{{}};
    Given at_once, in_pieces;
    at_once.take(whole.feed(stream));
    fuzz::in_pieces(stream, [&](BytesView piece) { in_pieces.take(pieced.feed(piece)); });
    in_pieces.take(pieced.feed({}));
    property(in_pieces.same_as(at_once), "a stream may come in pieces");
    property(whole.frames() == pieced.frames() && whole.hello() == pieced.hello() &&
                 whole.take_device_error() == pieced.take_device_error(),
             "so may what it says of itself");
    check_frames(stream);
    check_commands(stream);
    return 0;
}
