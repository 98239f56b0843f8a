// Fuzz target: Modbus RTU. Frames come back or are refused, one wrong bit never passes, and meters
// on an emulated line answer in their own name, one at a time, whatever the host sends.
#include "dut/modbus_frame.hpp"
#include "dut/rs485_line.hpp"
#include "tests/fuzz/meters.hpp"

#include <optional>
#include <span>
#include <vector>

namespace {

using namespace dut;
using namespace std::chrono_literals;
using fuzz::property;
namespace io = instruments::io;

// Between two silences stands what is between two of these in an input.
constexpr std::uint8_t silence = '^';

template <class Byte, class Use>
void for_each_burst(std::span<Byte> bytes, Use use) {
    while (!bytes.empty()) {
        const auto end = std::ranges::find(bytes, silence);
        const auto size = static_cast<std::size_t>(end - bytes.begin());
        if (size > 0) use(bytes.first(size));
        bytes = bytes.subspan(std::min(size + 1, bytes.size()));
    }
}

// What the beginning of a frame says of its size, it still says when more has come.
template <class Size>
void check_size(BytesView bytes, Size size_of) {
    std::optional<std::size_t> said;
    for (std::size_t length = 0; length <= std::min<std::size_t>(bytes.size(), 12); ++length) {
        const auto size = size_of(bytes.first(length));
        property(!said || size == said, "a size once said stays");
        property(!size || *size >= least_rtu_frame, "a frame has a unit, a function and a sum");
        said = size;
    }
}

void check_wrong_bits(Bytes frame) {
    const std::size_t bits = frame.size() * 8;
    for (std::size_t bit = frame[1] % 7; bit < bits; bit += 13) {
        frame[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        property(decode_rtu(frame) == std::unexpected(RtuFault::crc), "one wrong bit is found");
        frame[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
}

void check_burst(BytesView bytes) {
    check_size(bytes, rtu_request_size);
    check_size(bytes, rtu_reply_size);
    const auto frame = decode_rtu(bytes);
    if (!frame) return;
    property(bytes.size() >= least_rtu_frame && bytes.size() <= most_rtu_frame, "a frame's size");
    const Bytes again = encode_rtu(*frame);
    property(std::ranges::equal(again, bytes), "a frame is written as it was read");
    check_wrong_bits(again);
}

io::Task<std::vector<Bytes>> talk(io::Clock& clock, io::ByteLink& host, std::vector<Bytes> bursts) {
    std::vector<Bytes> answers;
    for (const Bytes& burst : bursts) {
        co_await host.write(burst);
        const std::string answer = co_await fuzz::collect(clock, host, 1s);
        answers.emplace_back(answer.begin(), answer.end());
    }
    co_return answers;
}

void check_answer(BytesView burst, BytesView answer) {
    if (answer.empty()) return;
    const auto asked = decode_rtu(burst);
    property(asked.has_value(), "only a frame is answered");
    const auto answered = decode_rtu(answer);
    property(answered && answered->unit == asked->unit, "in the name of who was asked");
    property(asked->unit == 5 || asked->unit == 6, "by a meter of this line");
    fuzz::check_answer(asked->pdu, answered->pdu);
}

void check_line(BytesView input) {
    fuzz::Meters bench{2};
    auto [host, device] = io::memory_links(bench.loop->clock(), "line");
    Rs485Line line{bench.loop->clock(), {}, {bench.meters[0].get(), bench.meters[1].get()}};
    bench.loop->spawn(line.serve(*device));
    std::vector<Bytes> bursts;
    for_each_burst(input,
                   [&](BytesView burst) { bursts.emplace_back(burst.begin(), burst.end()); });
    bursts.push_back(encode_rtu({6, fuzz::maker_request()}));
    const auto answers = bench.loop->run(talk(bench.loop->clock(), *host, bursts));
    for (std::size_t i = 0; i < bursts.size(); ++i) check_answer(bursts[i], answers[i]);
    property(!answers.back().empty(), "whatever came before, a meter tells its maker");
    host.reset();
    bench.loop->run(bench.loop->clock().sleep_for(1s));
}

void reseal(std::span<std::uint8_t> bytes) {
    for_each_burst(bytes, [](std::span<std::uint8_t> burst) {
        if (burst.size() < least_rtu_frame) return;
        const std::uint16_t crc = rtu_crc(burst.first(burst.size() - 2));
        burst[burst.size() - 2] = static_cast<std::uint8_t>(crc);
        burst[burst.size() - 1] = static_cast<std::uint8_t>(crc >> 8);
    });
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
    const BytesView input{data, size};
    for_each_burst(input, check_burst);
    check_line(input);
    return 0;
}
