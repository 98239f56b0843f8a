// CTAG: the whole error engine against a bare parse-and-count loop over the same recorded stream,
// in one run. 100 kHz reference and 40 duts in explicit mode. Budget: at least 0.4 of the bare
// loop.
#include "calibration/gate.hpp"
#include "instruments/ctag/decoder.hpp"
#include "instruments/ctag/frame_writer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

using namespace instruments::ctag;

constexpr int duts = 40;
constexpr std::int64_t reference_period = 1250;  // ticks of 8 ns: 100 kHz
constexpr std::int64_t second = 125'000'000;
constexpr std::int64_t recorded_seconds = 220;
constexpr std::size_t read_size = 65536;

struct Recording {
    Bytes bytes;
    std::int64_t records = 0;
    std::int64_t impulses = 0;
};

struct Blinker {
    std::int64_t period, next;
    bool is_high = false;
    std::int64_t rising = 0, falling = 0;
};

Hello hello() {
    Hello hello{.device_id = "benchmark", .firmware = "1", .boot_id = 1, .channels = {}};
    hello.channels.push_back({.channel = 0, .role = Role::reference_explicit, .both_edges = false});
    for (int dut = 1; dut <= duts; ++dut)
        hello.channels.push_back({.channel = dut, .role = Role::dut});
    return hello;
}

void write_counters(FrameWriter& writer,
                    std::int64_t t,
                    std::int64_t reference,
                    const std::vector<Blinker>& blinkers) {
    std::vector<ChannelCount> counts{{0, reference, 0}};
    for (int dut = 0; dut < duts; ++dut) {
        const Blinker& at = blinkers[static_cast<std::size_t>(dut)];
        counts.push_back({dut + 1, at.rising, at.falling});
    }
    writer.flush(t);
    writer.frame(FrameType::counters, t, counters_payload(counts));
}

// Meters between 5 and 10 impulses per second, each with its own period; a frame per 512 records,
// COUNTERS per second.
Recording record() {
    std::vector<Blinker> blinkers;
    for (std::int64_t dut = 0; dut < duts; ++dut)
        blinkers.push_back({12'500'000 + dut * 311'137, 1'000'000 + dut * 77'777});
    Recording recording;
    FrameWriter writer;
    writer.frame(FrameType::hello, 0, hello_payload(hello()));
    write_counters(writer, 0, 0, blinkers);
    std::int64_t reference = 0, last = 0;
    for (std::int64_t t = reference_period; t < recorded_seconds * second; t += reference_period) {
        for (int dut = 0; dut < duts; ++dut) {
            Blinker& at = blinkers[static_cast<std::size_t>(dut)];
            if (at.next >= t) continue;
            at.is_high = !at.is_high;
            (at.is_high ? at.rising : at.falling) += 1;
            last = std::max(at.next,
                            last);  // those of one reference period go in the order of the channels
            writer.edge(dut + 1, at.is_high, last);
            at.next += at.is_high ? at.period / 3 : at.period - at.period / 3;
            ++recording.records;
            recording.impulses += at.is_high;
        }
        if (writer.is_full()) writer.flush(t);
        writer.edge(0, true, t);
        last = t;
        ++reference;
        ++recording.records;
        if (t % second == 0) write_counters(writer, t + 1, reference, blinkers);
    }
    writer.flush(recorded_seconds * second);
    recording.bytes = writer.take();
    return recording;
}

// What no program can do without: walk the frames, count the edges of each channel.
std::int64_t bare_loop(BytesView bytes) {
    std::array<std::int64_t, 128> counts{};
    for (std::size_t at = 0; at < bytes.size();) {
        std::uint32_t records = 0;
        std::memcpy(&records, bytes.data() + at + 12, sizeof records);
        const bool is_data = bytes[at + 5] == 0;
        const std::uint8_t* word = bytes.data() + at + header_size;
        const std::uint8_t* const end = word + records * sizeof(std::uint32_t);
        for (; is_data && word != end; word += sizeof(std::uint32_t)) {
            std::uint32_t record = 0;
            std::memcpy(&record, word, sizeof record);
            if (record >> 31 == 0) ++counts[record >> 24];
        }
        at += header_size + records * sizeof(std::uint32_t);
    }
    std::int64_t sum = 0;
    for (const std::int64_t count : counts) sum += count;
    return sum;
}

struct EngineResult {
    std::int64_t edges = 0;
    std::size_t losses = 0;
    double error_sum = 0;
};

EngineResult engine(BytesView bytes) {
    using calibration::ImpulsesPerKilowattHour;
    std::vector<calibration::GateAccumulator> gates;
    for (std::int64_t dut = 0; dut < duts; ++dut) {
        // Constants that make every meter's error near zero: the reference impulses per period of
        // this dut.
        const double spacing =
            static_cast<double>(12'500'000 + dut * 311'137) / static_cast<double>(reference_period);
        gates.emplace_back(calibration::GateConstants{ImpulsesPerKilowattHour{1000},
                                                      ImpulsesPerKilowattHour{1000 * spacing}});
    }
    StreamDecoder decoder{{}};
    EngineResult result;
    for (std::size_t at = 0; at < bytes.size(); at += read_size) {
        const auto batch = decoder.feed(bytes.subspan(at, std::min(read_size, bytes.size() - at)));
        for (const auto& captured : batch.edges)
            gates[static_cast<std::size_t>(captured.channel - 1)].add(captured.edge);
        result.edges += std::ssize(batch.edges);
        result.losses += batch.losses.size();
    }
    for (const auto& gate : gates) result.error_sum += gate.result()->error_omega_percent;
    return result;
}

// Fastest of several runs: what the machine can do, not what else it did.
template <class Function>
double seconds_of(Function&& function) {
    double best = 1e9;
    for (int round = 0; round < 7; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        function();
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
        best = std::min(best, taken.count());
    }
    return best;
}

}  // namespace

int main() {
    const Recording recording = record();
    std::int64_t counted = 0;
    EngineResult result;
    const double bare = seconds_of([&] { counted = bare_loop(recording.bytes); });
    const double full = seconds_of([&] { result = engine(recording.bytes); });
    const auto records = static_cast<double>(recording.records);
    if (counted != recording.records || result.losses != 0 ||
        result.edges + 1 < recording.impulses) {
        std::printf("wrong: counted %lld of %lld, %lld edges of %lld, %zu losses\n",
                    static_cast<long long>(counted),
                    static_cast<long long>(recording.records),
                    static_cast<long long>(result.edges),
                    static_cast<long long>(recording.impulses),
                    result.losses);
        return 1;
    }
    std::printf("%lld records, %lld dut impulses, mean error %.6f %%\n",
                static_cast<long long>(recording.records),
                static_cast<long long>(result.edges),
                result.error_sum / duts);
    std::printf("bare loop %.0f M records/s, engine %.0f M records/s\n",
                records / bare * 1e-6,
                records / full * 1e-6);
    std::printf("ratio %.2f (budget 0.40)\n", bare / full);
    return bare / full >= 0.4 ? 0 : 1;
}
