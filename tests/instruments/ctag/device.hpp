// A device made by hand for tests: every frame and record as told, right or wrong.
#pragma once

#include "instruments/ctag/decoder.hpp"
#include "instruments/ctag/frame_writer.hpp"

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

using instruments::CaptureBatch;
using instruments::CapturedEdge;
using instruments::Loss;
using instruments::ctag::Bytes;
using instruments::ctag::BytesView;

inline std::string to_hex(BytesView bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

inline Bytes from_hex(std::string_view text) {
    Bytes bytes;
    for (std::size_t at = 0; at < text.size(); at += 2) {
        bytes.push_back(
            static_cast<std::uint8_t>(std::stoi(std::string{text.substr(at, 2)}, nullptr, 16)));
    }
    return bytes;
}

// "3@150: 7 +100..200" is an edge of channel 3 at tick 150, between reference impulse 7 at 100 and
// the next at 200.
inline std::string text_of(const CapturedEdge& captured) {
    const auto& edge = captured.edge;
    if (!edge.has_phase()) return fmt::format("{}@{}: no phase", captured.channel, edge.tick);
    return fmt::format("{}@{}: {} +{}..{}",
                       captured.channel,
                       edge.tick,
                       edge.reference_count,
                       edge.reference_before,
                       edge.reference_after);
}

// "[100, 200] crc, channels 3 4: 2 edges"
inline std::string text_of(const Loss& loss) {
    std::string text = fmt::format("[{}, {}] {}, ", loss.from_tick, loss.to_tick, loss.cause);
    if (loss.channels.empty()) {
        text += "all";
    } else {
        text += "channels";
        for (const int channel : loss.channels) text += fmt::format(" {}", channel);
    }
    return text + (loss.edges ? fmt::format(": {} edges", *loss.edges) : ": unknown");
}

template <class T>
std::vector<std::string> texts_of(const std::vector<T>& items) {
    std::vector<std::string> texts;
    for (const T& item : items) texts.push_back(text_of(item));
    return texts;
}

// Everything of `more` behind what `all` has.
inline void append(CaptureBatch& all, const CaptureBatch& more) {
    const auto add = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    add(all.edges, more.edges);
    add(all.losses, more.losses);
    add(all.remarks, more.remarks);
    add(all.fences, more.fences);
    add(all.fence_ticks, more.fence_ticks);
    all.watermark = more.watermark;
    if (more.reference_count) all.reference_count = more.reference_count;
}

// Reference on channel 0, duts on 3 and 4, ticks of 8 ns.
class Device {
  public:
    using Role = instruments::ctag::Role;
    using FrameType = instruments::ctag::FrameType;

    explicit Device(Role reference, std::uint32_t divider = 1)
        : hello{.device_id = "device",
                .firmware = "1",
                .boot_id = 9,
                .tick_numerator = 1,
                .tick_denominator = 125'000'000,
                .channels = {{0, reference, false, divider, 0, 0},
                             {3, Role::dut, true, 1, 0, 0},
                             {4, Role::dut, true, 1, 0, 0}}} {}

    Device& greet(std::int64_t t_end = 0) {
        writer.frame(FrameType::hello, t_end, instruments::ctag::hello_payload(hello));
        return *this;
    }
    Device& reference(std::int64_t tick) { return edge(0, true, tick); }
    Device& indexed(std::int64_t number, std::int64_t tick) {
        writer.index(0, number, tick);
        return edge(0, true, tick);
    }
    Device& edge(int channel, bool rising, std::int64_t tick) {
        writer.edge(channel, rising, tick);
        return *this;
    }
    Device& pulse(int channel, std::int64_t tick, std::int64_t fall) {
        return edge(channel, true, tick).edge(channel, false, fall);
    }
    Device& special(instruments::ctag::Special kind, std::uint32_t argument) {
        writer.special(instruments::ctag::special_record(kind, argument));
        return *this;
    }
    Device& flush(std::int64_t t_end) {
        writer.flush(t_end);
        return *this;
    }
    Device& lost(std::int64_t t_end) {
        writer.lose_next_frame();
        return flush(t_end);
    }
    Device& heartbeat(std::int64_t t_end) {
        writer.frame(FrameType::heartbeat, t_end, {});
        return *this;
    }
    // Rising edges of 0, 3 and 4; as many falling ones on 3 and 4.
    Device& counters(std::int64_t t_end,
                     std::int64_t reference,
                     std::int64_t three,
                     std::int64_t four) {
        const std::vector<instruments::ctag::ChannelCount> counts{
            {0, reference, 0}, {3, three, three}, {4, four, four}};
        writer.frame(FrameType::counters, t_end, instruments::ctag::counters_payload(counts));
        return *this;
    }
    Bytes take() { return writer.take(); }

    instruments::ctag::Hello hello;
    instruments::ctag::FrameWriter writer;
};
