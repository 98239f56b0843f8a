// Frames and payloads of CTAG/1. The layout of HELLO is in this folder's README.
#include "instruments/ctag/wire.hpp"

#include "calibration/check.hpp"
#include "instruments/ctag/crc32.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace instruments::ctag {

namespace {

constexpr std::size_t version_offset = 4, records_offset = 12, crc_offset = 36;
constexpr std::size_t count_size = 20, hello_head_size = 52, hello_channel_size = 16,
                      text_size = 16;
constexpr std::uint8_t version = 1;

template <class T>
T load(BytesView bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

template <class T>
void store(Bytes& out, std::type_identity_t<T> value) {
    const auto* raw = reinterpret_cast<const std::uint8_t*>(&value);
    out.insert(out.end(), raw, raw + sizeof value);
}

void store_text(Bytes& out, std::string_view text) {
    calibration::check(text.size() <= text_size, "a text in HELLO has at most 16 bytes");
    out.insert(out.end(), text.begin(), text.end());
    out.resize(out.size() + text_size - text.size());
}

std::string load_text(BytesView bytes) {
    const auto end = std::ranges::find(bytes, std::uint8_t{0});
    return {bytes.begin(), end};
}

// The header's own CRC field counts as zero.
std::uint32_t frame_crc(BytesView frame) {
    static constexpr std::array<std::uint8_t, 4> zero{};
    std::uint32_t state = crc32_update(crc32_start, frame.first(crc_offset));
    state = crc32_update(state, zero);
    return ~crc32_update(state, frame.subspan(header_size));
}

FrameHeader load_header(BytesView bytes) {
    return {.type = static_cast<FrameType>(bytes[5]),
            .flags = load<std::uint16_t>(bytes, 6),
            .sequence = load<std::uint32_t>(bytes, 8),
            .t0 = load<std::int64_t>(bytes, 16),
            .t_end = load<std::int64_t>(bytes, 24),
            .lost_total = load<std::uint32_t>(bytes, 32)};
}

// Ticks and counts beyond this come from no device: even at 1 ns per tick it is 36 years, and sums
// of several must stay inside 64 bits.
constexpr std::int64_t most_count = std::int64_t{1} << 60;

bool is_count(std::int64_t value) { return value >= 0 && value <= most_count; }

bool may_begin(BytesView bytes) {
    const std::size_t size = std::min(bytes.size(), sizeof frame_magic);
    return std::memcmp(bytes.data(), &frame_magic, size) == 0;
}

}  // namespace

std::expected<Frame, WireFault> parse_frame(BytesView bytes) {
    if (!may_begin(bytes)) return std::unexpected{WireFault::no_magic};
    if (bytes.size() > version_offset && bytes[version_offset] != version) {
        return std::unexpected{WireFault::not_version};
    }
    if (bytes.size() < header_size) return std::unexpected{WireFault::incomplete};
    const auto records = load<std::uint32_t>(bytes, records_offset);
    if (records > most_records) return std::unexpected{WireFault::too_long};
    const std::size_t size = header_size + records * sizeof(std::uint32_t);
    if (bytes.size() < size) return std::unexpected{WireFault::incomplete};
    if (frame_crc(bytes.first(size)) != load<std::uint32_t>(bytes, crc_offset)) {
        return std::unexpected{WireFault::crc};
    }
    const FrameHeader header = load_header(bytes);
    if (!is_count(header.t0) || !is_count(header.t_end) || header.t_end < header.t0) {
        return std::unexpected{WireFault::malformed};
    }
    return Frame{header, bytes.subspan(header_size, size - header_size)};
}

std::size_t find_magic(BytesView bytes, std::size_t from) {
    while (from < bytes.size() && !may_begin(bytes.subspan(from))) {
        const auto* next = static_cast<const std::uint8_t*>(
            std::memchr(bytes.data() + from + 1, frame_magic & 0xFF, bytes.size() - from - 1));
        from = next ? static_cast<std::size_t>(next - bytes.data()) : bytes.size();
    }
    return std::min(from, bytes.size());
}

void append_frame(Bytes& out, const FrameHeader& header, BytesView payload) {
    const auto records = static_cast<std::uint32_t>(payload.size() / sizeof(std::uint32_t));
    calibration::check(payload.size() % sizeof(std::uint32_t) == 0 && records <= most_records,
                       "a frame's payload is at most 16384 whole records");
    const std::size_t begin = out.size();
    store<std::uint32_t>(out, frame_magic);
    store<std::uint8_t>(out, version);
    store<std::uint8_t>(out, static_cast<std::uint8_t>(header.type));
    store<std::uint16_t>(out, header.flags);
    store<std::uint32_t>(out, header.sequence);
    store<std::uint32_t>(out, records);
    store<std::int64_t>(out, header.t0);
    store<std::int64_t>(out, header.t_end);
    store<std::uint32_t>(out, header.lost_total);
    store<std::uint32_t>(out, 0);
    out.insert(out.end(), payload.begin(), payload.end());
    const std::uint32_t crc = frame_crc(BytesView{out}.subspan(begin));
    std::memcpy(out.data() + begin + crc_offset, &crc, sizeof crc);
}

void append_frame(Bytes& out, const FrameHeader& header, std::span<const std::uint32_t> records) {
    const auto* raw = reinterpret_cast<const std::uint8_t*>(records.data());
    append_frame(out, header, BytesView{raw, records.size_bytes()});
}

Bytes counters_payload(std::span<const ChannelCount> counts) {
    Bytes out;
    out.reserve(counts.size() * count_size);
    for (const ChannelCount& count : counts) {
        store<std::uint32_t>(out, static_cast<std::uint32_t>(count.channel));
        store<std::int64_t>(out, count.rising);
        store<std::int64_t>(out, count.falling);
    }
    return out;
}

std::expected<std::vector<ChannelCount>, WireFault> parse_counters(BytesView payload) {
    if (payload.size() % count_size != 0) return std::unexpected{WireFault::malformed};
    std::vector<ChannelCount> counts;
    counts.reserve(payload.size() / count_size);
    for (std::size_t at = 0; at < payload.size(); at += count_size) {
        if (payload[at] >= channel_limit) return std::unexpected{WireFault::malformed};
        const ChannelCount count{
            payload[at], load<std::int64_t>(payload, at + 4), load<std::int64_t>(payload, at + 12)};
        if (!is_count(count.rising) || !is_count(count.falling)) {
            return std::unexpected{WireFault::malformed};
        }
        counts.push_back(count);
    }
    return counts;
}

Bytes hello_payload(const Hello& hello) {
    Bytes out;
    store_text(out, hello.device_id);
    store_text(out, hello.firmware);
    store<std::uint64_t>(out, hello.boot_id);
    store<std::uint32_t>(out, hello.tick_numerator);
    store<std::uint32_t>(out, hello.tick_denominator);
    store<std::uint32_t>(out, static_cast<std::uint32_t>(hello.channels.size()));
    for (const ChannelInfo& channel : hello.channels) {
        store<std::uint8_t>(out, static_cast<std::uint8_t>(channel.channel));
        store<std::uint8_t>(out, static_cast<std::uint8_t>(channel.role));
        store<std::uint8_t>(out, channel.both_edges ? 0 : 1);
        store<std::uint8_t>(out, 0);
        store<std::uint32_t>(out, channel.divider);
        store<std::uint32_t>(out, channel.dead_time_ticks);
        store<std::uint32_t>(out, channel.filter_ticks);
    }
    return out;
}

std::expected<Hello, WireFault> parse_hello(BytesView payload) {
    if (payload.size() < hello_head_size) return std::unexpected{WireFault::malformed};
    Hello hello{.device_id = load_text(payload.first(text_size)),
                .firmware = load_text(payload.subspan(text_size, text_size)),
                .boot_id = load<std::uint64_t>(payload, 32),
                .tick_numerator = load<std::uint32_t>(payload, 40),
                .tick_denominator = load<std::uint32_t>(payload, 44),
                .channels = {}};
    const auto count = load<std::uint32_t>(payload, 48);
    const bool fits =
        count <= channel_limit && payload.size() == hello_head_size + count * hello_channel_size;
    if (!fits || hello.tick_numerator == 0 || hello.tick_denominator == 0) {
        return std::unexpected{WireFault::malformed};
    }
    for (std::size_t at = hello_head_size; at < payload.size(); at += hello_channel_size) {
        const ChannelInfo info{.channel = payload[at],
                               .role = static_cast<Role>(payload[at + 1]),
                               .both_edges = payload[at + 2] == 0,
                               .divider = load<std::uint32_t>(payload, at + 4),
                               .dead_time_ticks = load<std::uint32_t>(payload, at + 8),
                               .filter_ticks = load<std::uint32_t>(payload, at + 12)};
        if (info.channel >= channel_limit || info.role > Role::reference_bracketed ||
            info.divider == 0) {
            return std::unexpected{WireFault::malformed};
        }
        hello.channels.push_back(info);
    }
    return hello;
}

Bytes text_payload(std::string_view text) {
    Bytes out(text.begin(), text.end());
    out.resize((out.size() + 3) / 4 * 4);
    return out;
}

std::string parse_text(BytesView payload) { return load_text(payload); }

Bytes fence_command(std::uint32_t id) {
    Bytes out;
    store<std::uint32_t>(out, command_magic);
    store<std::uint32_t>(out, id);
    return out;
}

std::vector<std::uint32_t> CommandReader::feed(BytesView bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    std::vector<std::uint32_t> ids;
    std::size_t at = 0;
    while (buffer_.size() - at >= command_size) {
        const BytesView rest = BytesView{buffer_}.subspan(at);
        const bool is_command = load<std::uint32_t>(rest, 0) == command_magic;
        if (is_command) ids.push_back(load<std::uint32_t>(rest, 4));
        at += is_command ? command_size : 1;
    }
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at));
    return ids;
}

}  // namespace instruments::ctag
