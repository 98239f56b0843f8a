// The wires between one host and several emulated meters: who talks when, and what is heard of it.
#include "dut/rs485_line.hpp"

#include "calibration/check.hpp"
#include "dut/modbus_frame.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace dut {
namespace {

using calibration::Duration;
using calibration::Instant;
using calibration::never;
using instruments::io::ByteLink;
using instruments::io::Bytes;
using instruments::io::BytesView;
using instruments::io::Clock;
using instruments::io::LinkError;
using instruments::io::Task;

// How long a meter takes to answer is not published; the E53 is known to answer within about 50 ms.
constexpr Duration turn_around = std::chrono::milliseconds{20};
// No two meters take the same time: their characters do not fall onto each other.
constexpr double stagger_characters = 0.3;
// A UART hands its characters over in pieces.
constexpr std::size_t piece_size = 16;

// Characters on the wires, one after the other without a pause.
struct Talk {
    Instant begin;
    Bytes bytes;
    Duration character;
    Instant end() const { return begin + static_cast<int>(bytes.size()) * character; }
};

// Two drivers on one pair: a receiver sees a mark only where neither pulls, and characters that do
// not begin together are cut from both.
void garble(Talk& talk, const Talk& other) {
    for (std::size_t index = 0; index < talk.bytes.size(); ++index) {
        const Instant from = talk.begin + static_cast<int>(index) * talk.character;
        const Instant to = from + talk.character;
        if (to <= other.begin || from >= other.end()) continue;
        const auto over = std::max(from, other.begin) - other.begin;
        const auto first = static_cast<std::size_t>(over / other.character);
        const bool both = over % other.character != Duration{0};
        talk.bytes[index] &= other.bytes[std::min(first, other.bytes.size() - 1)];
        if (both) talk.bytes[index] &= other.bytes[std::min(first + 1, other.bytes.size() - 1)];
    }
}

bool same_framing(const LineSettings& a, const LineSettings& b) {
    return a.baud == b.baud && a.parity == b.parity && a.stop_bits == b.stop_bits;
}

}  // namespace

struct Rs485Line::State {
    Clock& clock;
    LineSettings settings, host;
    std::vector<MeterEmulator*> meters;
    LineFaults faults;

    std::optional<Talk> asked;      // by the host, since the last silence
    Instant asked_until{};          // the end of its last character
    bool asked_in_vain = false;     // garbled while it was on the wires
    std::vector<Talk> coming;       // answers that have not begun yet
    std::optional<Talk> answering;  // what the host hears now
    std::size_t handed_over = 0;    // of it
    std::multimap<Instant, Bytes> echo;

    void begin_anew();
    Instant next_event() const;
    void host_talks(BytesView bytes);
    void host_ends();
    void begin_answers();
    Bytes heard_by_host();

    Instant asked_ends() const;
    Instant next_piece() const;
    void answer_with(MeterEmulator& meter, std::size_t index, const RtuFrame& request);
    void spoil(Bytes& reply);
};

void Rs485Line::State::begin_anew() {
    asked.reset();
    answering.reset();
    coming.clear();
    echo.clear();
    handed_over = 0;
    asked_in_vain = false;
}

// The silence after the host's last character.
Instant Rs485Line::State::asked_ends() const {
    return asked ? asked_until + frame_gap(settings) : never;
}

Instant Rs485Line::State::next_piece() const {
    if (!answering) return never;
    const std::size_t piece = std::min(handed_over + piece_size, answering->bytes.size());
    return answering->begin + static_cast<int>(piece) * answering->character;
}

Instant Rs485Line::State::next_event() const {
    Instant next = std::min(asked_ends(), next_piece());
    for (const Talk& talk : coming) next = std::min(next, talk.begin);
    if (!echo.empty()) next = std::min(next, echo.begin()->first);
    return next;
}

// The host's characters leave one after the other, however they came; while an answer is on the
// wires neither is heard as it was sent.
void Rs485Line::State::host_talks(BytesView bytes) {
    const Instant now = clock.now();
    const Instant from = asked ? std::max(asked_until, now) : now;
    asked_until = from + static_cast<int>(bytes.size()) * character_time(host);
    if (!asked) asked = Talk{now, {}, character_time(host)};
    asked->bytes.insert(asked->bytes.end(), bytes.begin(), bytes.end());
    if (faults.echoes) echo.emplace(asked_until, Bytes(bytes.begin(), bytes.end()));
    if (!answering) return;
    Talk rest{answering->begin + static_cast<int>(handed_over) * answering->character,
              Bytes(answering->bytes.begin() + static_cast<std::ptrdiff_t>(handed_over),
                    answering->bytes.end()),
              answering->character};
    garble(rest, *asked);
    std::copy(rest.bytes.begin(),
              rest.bytes.end(),
              answering->bytes.begin() + static_cast<std::ptrdiff_t>(handed_over));
    asked_in_vain = true;
}

// A frame of other settings, a garbled one and one for nobody here stay without an answer.
void Rs485Line::State::host_ends() {
    const auto frame = decode_rtu(asked->bytes);
    const bool understood = frame && !asked_in_vain && same_framing(settings, host);
    if (understood) {
        for (std::size_t index = 0; index < meters.size(); ++index) {
            answer_with(*meters[index], index, *frame);
        }
    }
    asked.reset();
    asked_in_vain = false;
}

void Rs485Line::State::answer_with(MeterEmulator& meter,
                                   std::size_t index,
                                   const RtuFrame& request) {
    auto pdu = meter.answer_pdu(request.unit, request.pdu);
    if (!pdu || pdu->empty() || request.unit == 0) return;
    MeterFaults& wrong = meter.faults();
    const int unit = wrong.reply_unit != 0 ? wrong.reply_unit : request.unit;
    Duration delay =
        turn_around + calibration::from_seconds(static_cast<double>(index) * stagger_characters *
                                                calibration::seconds(character_time(settings)));
    if (wrong.late_replies > 0) {
        --wrong.late_replies;
        delay += wrong.reply_delay;
    }
    Bytes reply = encode_rtu({static_cast<std::uint8_t>(unit), *std::move(pdu)});
    spoil(reply);
    coming.push_back({clock.now() + delay, std::move(reply), character_time(settings)});
}

// Each fault strikes once, in the middle of a reply.
void Rs485Line::State::spoil(Bytes& reply) {
    const auto strikes = [&](Instant& from) {
        const bool now = clock.now() >= from;
        if (now) from = never;
        return now;
    };
    const auto middle = reply.begin() + static_cast<std::ptrdiff_t>(reply.size() / 2);
    if (strikes(faults.flip_bit_from)) *middle ^= 0x10;
    if (strikes(faults.drop_byte_from)) {
        reply.erase(middle);
    } else if (strikes(faults.double_byte_from)) {
        reply.insert(middle, *middle);
    }
}

// Whoever begins while another talks spoils both.
void Rs485Line::State::begin_answers() {
    const Instant now = clock.now();
    for (auto talk = coming.begin(); talk != coming.end();) {
        if (talk->begin > now) {
            ++talk;
            continue;
        }
        Talk next = std::move(*talk);
        talk = coming.erase(talk);
        if (asked && asked_until > now) {
            garble(next, *asked);
            asked_in_vain = true;
        }
        if (!answering) {
            answering = std::move(next);
            handed_over = 0;
            continue;
        }
        const Talk before = *answering;
        garble(*answering, next);
        garble(next, before);
        while (answering->end() < next.end()) {  // what of it comes behind
            const auto over =
                static_cast<std::size_t>((answering->end() - next.begin) / next.character);
            answering->bytes.push_back(next.bytes[std::min(over, next.bytes.size() - 1)]);
        }
    }
}

Bytes Rs485Line::State::heard_by_host() {
    const Instant now = clock.now();
    Bytes heard;
    while (!echo.empty() && echo.begin()->first <= now) {
        const Bytes& bytes = echo.begin()->second;
        heard.insert(heard.end(), bytes.begin(), bytes.end());
        echo.erase(echo.begin());
    }
    while (next_piece() <= now) {
        const std::size_t end = std::min(handed_over + piece_size, answering->bytes.size());
        heard.insert(heard.end(),
                     answering->bytes.begin() + static_cast<std::ptrdiff_t>(handed_over),
                     answering->bytes.begin() + static_cast<std::ptrdiff_t>(end));
        handed_over = end;
        if (end == answering->bytes.size()) answering.reset();
    }
    return heard;
}

Rs485Line::Rs485Line(Clock& clock, LineSettings settings, std::vector<MeterEmulator*> meters)
    : state_(new State{.clock = clock,
                       .settings = settings,
                       .host = settings,
                       .meters = std::move(meters),
                       .faults = {},
                       .asked = {},
                       .coming = {},
                       .answering = {},
                       .echo = {}}) {
    parse_line_settings(line_settings_text(settings));
    const bool all = std::ranges::none_of(state_->meters, [](auto* meter) { return !meter; });
    calibration::check(all, "a line has meters, not holes");
}

Rs485Line::~Rs485Line() = default;

void Rs485Line::host_uses(const LineSettings& settings) { state_->host = settings; }
LineFaults& Rs485Line::faults() { return state_->faults; }

Task<void> Rs485Line::serve(ByteLink& link) try {
    State& state = *state_;
    state.begin_anew();
    while (true) {
        const Bytes bytes = co_await link.read(state.next_event());
        if (!bytes.empty()) {
            state.host_talks(bytes);
            continue;
        }
        if (state.asked_ends() <= state.clock.now()) state.host_ends();
        state.begin_answers();
        const Bytes heard = state.heard_by_host();
        if (!heard.empty()) co_await link.write(heard);
    }
} catch (const LinkError&) {
    co_return;
}

}  // namespace dut
