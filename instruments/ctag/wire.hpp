// CTAG/1 on the wire, both ways: frames, records, counters, HELLO and the host's commands. Little
// endian.
#pragma once

#include "instruments/io/link.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace instruments::ctag {

using io::Bytes;
using io::BytesView;

inline constexpr std::uint32_t frame_magic = 0x31545243;    // "CRT1"
inline constexpr std::uint32_t command_magic = 0x46545243;  // "CRTF"
inline constexpr std::size_t header_size = 40;
inline constexpr std::size_t command_size = 8;
inline constexpr std::uint32_t most_records = 16384;
inline constexpr int channel_limit = 127;  // channels are 0 to 126
inline constexpr int tick_bits = 23;       // of the time in an edge record; the rest is the epoch
inline constexpr std::uint32_t tick_mask = (1U << tick_bits) - 1;
inline constexpr int argument_bits = 27;
inline constexpr std::uint32_t argument_mask = (1U << argument_bits) - 1;
inline constexpr int index_bits = 20;
inline constexpr std::uint32_t index_mask = (1U << index_bits) - 1;

enum class FrameType : std::uint8_t { data, heartbeat, counters, hello, fence, error };

namespace flags {
inline constexpr std::uint16_t overflow = 1, restart = 2, clock_locked = 4, clock_fault = 8,
                               pps_seen = 16;
}

struct FrameHeader {
    FrameType type = FrameType::data;
    std::uint16_t flags = 0;
    std::uint32_t sequence = 0;
    std::int64_t t0 = 0;     // where the frame before ended
    std::int64_t t_end = 0;  // the watermark
    std::uint32_t lost_total = 0;
};

// A whole frame with a good CRC, inside the bytes it was parsed from.
struct Frame {
    FrameHeader header;
    BytesView payload;  // a multiple of four bytes
    std::size_t size() const { return header_size + payload.size(); }
};

enum class WireFault {
    incomplete,   // so far it may be a frame
    no_magic,     // does not begin with the magic
    not_version,  // a magic, but not version 1
    too_long,     // more records than a frame may have
    crc,
    malformed,  // a payload that does not fit its frame type
};

// The frame that `bytes` begin with.
std::expected<Frame, WireFault> parse_frame(BytesView bytes);
// Where in `bytes` the next magic begins at or after `from`, or may begin when more bytes come;
// else their size.
std::size_t find_magic(BytesView bytes, std::size_t from);

void append_frame(Bytes& out, const FrameHeader& header, BytesView payload);
void append_frame(Bytes& out, const FrameHeader& header, std::span<const std::uint32_t> records);

// -- records
// ------------------------------------------------------------------------------------------------------

enum class Special : std::uint8_t {
    epoch,
    lost_begin,
    lost_end,
    lost_count,
    fence,
    clock_event,
    glitch,
    index
};

constexpr std::uint32_t edge_record(int channel, bool rising, std::int64_t tick) {
    return static_cast<std::uint32_t>(channel) << 24 |
           static_cast<std::uint32_t>(rising) << tick_bits |
           (static_cast<std::uint32_t>(tick) & tick_mask);
}
constexpr std::uint32_t special_record(Special kind, std::uint32_t argument) {
    return 1U << 31 | static_cast<std::uint32_t>(kind) << argument_bits |
           (argument & argument_mask);
}
// `number` is what the channel's hardware counter shows once it has counted its next edge: 1 for
// the first one.
constexpr std::uint32_t index_record(int channel, std::int64_t number) {
    return special_record(Special::index,
                          static_cast<std::uint32_t>(channel) << index_bits |
                              (static_cast<std::uint32_t>(number) & index_mask));
}
constexpr std::uint32_t epoch_record(std::int64_t tick) {
    return special_record(Special::epoch, static_cast<std::uint32_t>(tick >> tick_bits));
}

// The number next to `near` whose low `bits` are those of `low`.
constexpr std::int64_t nearest(std::int64_t near, std::uint32_t low, int bits) {
    const auto difference = static_cast<std::uint64_t>(low) - static_cast<std::uint64_t>(near);
    return near + (static_cast<std::int64_t>(difference << (64 - bits)) >> (64 - bits));
}

// -- payloads
// -----------------------------------------------------------------------------------------------------

// The hardware counters of one channel at t_end: every impulse, before the divider.
struct ChannelCount {
    int channel = 0;
    std::int64_t rising = 0, falling = 0;
    friend bool operator==(const ChannelCount&, const ChannelCount&) = default;
};

enum class Role : std::uint8_t {
    unused,
    dut,
    reference_explicit,   // every divided leading edge is sent
    reference_bracketed,  // the two around each dut edge, with INDEX
};

struct ChannelInfo {
    int channel = 0;
    Role role = Role::unused;
    bool both_edges = true;     // false: only leading (rising) edges are sent and counted
    std::uint32_t divider = 1;  // impulses per edge sent: those whose number it divides
    std::uint32_t dead_time_ticks = 0;
    std::uint32_t filter_ticks = 0;
    friend bool operator==(const ChannelInfo&, const ChannelInfo&) = default;
};

struct Hello {
    std::string device_id, firmware;  // at most 16 bytes each
    std::uint64_t boot_id = 0;
    std::uint32_t tick_numerator = 1, tick_denominator = 125'000'000;  // of a second
    std::vector<ChannelInfo> channels;
    double tick_s() const { return static_cast<double>(tick_numerator) / tick_denominator; }
    friend bool operator==(const Hello&, const Hello&) = default;
};

Bytes counters_payload(std::span<const ChannelCount> counts);
Bytes hello_payload(const Hello& hello);
Bytes text_payload(std::string_view text);  // of an ERROR frame: zero padded to four bytes

std::expected<std::vector<ChannelCount>, WireFault> parse_counters(BytesView payload);
std::expected<Hello, WireFault> parse_hello(BytesView payload);
std::string parse_text(BytesView payload);

// -- host to device
// -----------------------------------------------------------------------------------------------

Bytes fence_command(std::uint32_t id);

// Collects the host's bytes and gives the fence ids asked for; bytes that are no command are
// skipped.
class CommandReader {
  public:
    std::vector<std::uint32_t> feed(BytesView bytes);

  private:
    Bytes buffer_;
};

}  // namespace instruments::ctag
