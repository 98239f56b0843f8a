// What must hold for any stream: cuts change nothing, and no wrong bit passes in silence.
#include "instruments/ctag/decoder.hpp"
#include "tests/instruments/ctag/device.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace {

using namespace instruments::ctag;

// Two meters, a frame per quarter second, COUNTERS per second.
Bytes recorded(Role role) {
    Device device{role};
    device.greet().counters(0, 0, 0, 0);
    constexpr std::int64_t quarter = 30'000'000;
    constexpr std::int64_t period = 5'000'000;  // 25 Hz
    std::int64_t pulses = 0;
    for (std::int64_t frame = 0; frame < 24; ++frame) {
        const std::int64_t from = frame * quarter, to = from + quarter;
        const std::int64_t blink = from + 7'000'000 + frame * 700'000;
        const std::int64_t before = blink / period * period;
        const auto blinks = [&] {
            device.pulse(3, blink, blink + 10).pulse(4, blink + 20, blink + 1000);
        };
        if (role == Role::reference_bracketed) {
            device.indexed(before / period, before);
            blinks();
            device.reference(before + period);
        } else {
            for (std::int64_t t = std::max(from, period); t < to; t += period) {
                if (t == before + period) blinks();
                device.reference(t);
            }
        }
        ++pulses;
        device.flush(to);
        const std::int64_t count = to / period - 1;  // those before the watermark
        if (frame % 4 == 3) device.counters(to, count, pulses, pulses);
    }
    return device.take();
}

CaptureBatch in_pieces(BytesView bytes, std::size_t first) {
    StreamDecoder decoder{{}};
    CaptureBatch all = decoder.feed(bytes.first(first));
    append(all, decoder.feed(bytes.subspan(first)));
    return all;
}

bool covered(const std::vector<Loss>& losses, int channel, std::int64_t tick) {
    return std::ranges::any_of(losses, [&](const Loss& loss) {
        const bool concerns =
            loss.channels.empty() || std::ranges::count(loss.channels, channel) > 0;
        return concerns && loss.from_tick <= tick && tick <= loss.to_tick;
    });
}

}  // namespace

TEST_CASE("a stream may be cut at every byte") {
    const Role role = GENERATE(Role::reference_explicit, Role::reference_bracketed);
    const Bytes stream = recorded(role);
    const CaptureBatch whole = in_pieces(stream, stream.size());
    REQUIRE(whole.edges.size() == 48);
    REQUIRE(whole.losses.empty());
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        const CaptureBatch cut_in_two = in_pieces(stream, cut);
        REQUIRE(texts_of(cut_in_two.edges) == texts_of(whole.edges));
        REQUIRE(cut_in_two.losses.empty());
        REQUIRE(cut_in_two.watermark == whole.watermark);
    }
}

TEST_CASE("a stream may come byte by byte, damaged or not") {
    Bytes stream = recorded(Role::reference_explicit);
    const std::size_t bit = GENERATE(0U, 500U * 8, 700U * 8 + 3);
    if (bit > 0) stream[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    const CaptureBatch whole = in_pieces(stream, stream.size());
    StreamDecoder decoder{{}};
    CaptureBatch bytewise;
    for (const std::uint8_t& byte : stream) append(bytewise, decoder.feed({&byte, 1}));
    CHECK(texts_of(bytewise.edges) == texts_of(whole.edges));
    CHECK(texts_of(bytewise.losses) == texts_of(whole.losses));
}

// Each edge comes as it was, or without phase beside a loss, or not at all inside a loss. The tail
// that no good frame follows yet lies beyond the watermark and is not judged.
TEST_CASE("one wrong bit anywhere never changes an accepted edge in silence") {
    const Role role = GENERATE(Role::reference_explicit, Role::reference_bracketed);
    Bytes stream = recorded(role);
    const CaptureBatch whole = in_pieces(stream, stream.size());
    std::map<std::pair<int, std::int64_t>, std::string> truth;
    for (const CapturedEdge& captured : whole.edges)
        truth[{captured.channel, captured.edge.tick}] = text_of(captured);
    const std::size_t hello_size =
        parse_frame(stream)->size();  // without HELLO nothing is accepted at all
    for (std::size_t bit = hello_size * 8; bit < stream.size() * 8; ++bit) {
        stream[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        const CaptureBatch batch = in_pieces(stream, stream.size());
        stream[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        CAPTURE(bit, texts_of(batch.losses));
        auto missing = truth;
        for (const CapturedEdge& captured : batch.edges) {
            const auto known = missing.find({captured.channel, captured.edge.tick});
            REQUIRE(known != missing.end());
            const bool is_same = known->second == text_of(captured);
            const bool is_open = !captured.edge.has_phase() && !batch.losses.empty();
            REQUIRE((is_same || is_open));
            missing.erase(known);
        }
        for (const auto& [where, text] : missing) {
            const bool judged = where.second < batch.watermark;
            if (judged) REQUIRE(covered(batch.losses, where.first, where.second));
        }
    }
}
