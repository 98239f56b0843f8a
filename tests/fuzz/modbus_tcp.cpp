// Fuzz target: Modbus TCP with anything in the stream. Frames come back, pieces change nothing, and
// an emulated meter answers every request in kind, or not at all.
#include "dut/modbus_frame.hpp"
#include "tests/fuzz/meters.hpp"

#include <optional>
#include <string>
#include <vector>

namespace {

using namespace dut;
using namespace std::chrono_literals;
using fuzz::property;

// The frames of a stream up to the first fault, which ends a connection.
std::vector<ModbusFrame> frames_of(BytesView stream, fuzz::Feeding feeding) {
    FrameReader reader;
    std::vector<ModbusFrame> frames;
    bool lost = false;
    const auto feed = [&](BytesView piece) {
        reader.feed(piece);
        while (!lost) {
            auto frame = reader.next();
            lost = !frame;
            if (!frame || !*frame) break;
            frames.push_back(**std::move(frame));
        }
    };
    feeding == fuzz::Feeding::at_once ? feed(stream) : fuzz::in_pieces(stream, feed);
    return frames;
}

// What the meter says to a frame, which must be the same whoever asks for it.
Bytes answer_to(const ModbusFrame& frame, MeterEmulator& meter) {
    const Bytes bytes = encode_frame(frame);
    FrameReader reader;
    reader.feed(bytes);
    const auto again = reader.next();
    property(again && *again == frame && reader.pending() == 0, "a frame comes back");
    property(tcp_frame_size(bytes) == bytes.size(), "a header tells the size");
    const auto answer = meter.answer_pdu(frame.unit, frame.pdu);
    property(!answer || frame.unit == meter.unit(), "a meter answers in its own name only");
    if (answer) fuzz::check_answer(frame.pdu, *answer);
    const Bytes framed = meter.answer(bytes);
    property(framed.empty() == !answer, "whatever the frame around it");
    return framed;
}

std::string served(BytesView stream) {
    fuzz::Meters bench{1};
    auto [host, device] = fuzz::io::memory_links(bench.loop->clock(), "meter");
    bench.loop->spawn(bench.meters.front()->serve(*device));
    return fuzz::answers_to(*bench.loop, *host, stream, fuzz::Feeding::in_pieces, 5s);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView stream{data, size};
    const auto frames = frames_of(stream, fuzz::Feeding::at_once);
    property(frames == frames_of(stream, fuzz::Feeding::in_pieces), "frames may come in pieces");
    if (frames.empty()) return 0;
    fuzz::Meters bench{1};
    std::string answers;
    for (const ModbusFrame& frame : frames) {
        const Bytes answer = answer_to(frame, *bench.meters.front());
        answers.append(answer.begin(), answer.end());
    }
    fuzz::check_alive(*bench.meters.front());
    property(served(stream).starts_with(answers), "a connection brings the same answers");
    return 0;
}
