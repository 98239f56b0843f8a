// Makes seeds of the CTAG target: streams with each kind of frame, record and interruption.
#include "tests/fuzz/seed_files.hpp"
#include "tests/instruments/ctag/device.hpp"

#include <algorithm>

namespace {

using namespace instruments::ctag;

constexpr std::int64_t quarter = 30'000'000, period = 15'000'000;

// One frame of a quarter second, in which both meters blink once.
void blink(Device& device, std::int64_t frame) {
    const std::int64_t from = frame * quarter, to = from + quarter;
    const std::int64_t rise = from + 7'000'000;
    const std::int64_t before = rise / period * period;
    if (device.hello.channels[0].role == Role::reference_bracketed) {
        device.indexed(before / period, before);
        device.pulse(3, rise, rise + 10)
            .pulse(4, rise + 20, rise + 1000)
            .reference(before + period);
    } else {
        if (before > 0) device.reference(before);
        device.pulse(3, rise, rise + 10)
            .pulse(4, rise + 20, rise + 1000)
            .reference(before + period);
    }
    device.flush(to);
}

Bytes steady(Role role) {
    Device device{role};
    device.greet().counters(0, 0, 0, 0);
    for (std::int64_t frame = 0; frame < 4; ++frame) blink(device, frame);
    device.counters(4 * quarter, 4 * quarter / period - 1, 4, 4);
    device.heartbeat(5 * quarter);
    return device.take();
}

Bytes interrupted() {
    Device device{Role::reference_explicit};
    device.greet().counters(0, 0, 0, 0);
    blink(device, 0);
    device.pulse(3, quarter + 5, quarter + 10).lost(2 * quarter);
    device.special(Special::lost_begin, 2 * quarter + 1).special(Special::lost_count, 2);
    device.special(Special::lost_end, 2 * quarter + 9).special(Special::glitch, 3);
    device.special(Special::clock_event, 1).special(Special::fence, 7).flush(3 * quarter);
    device.counters(3 * quarter, 5, 2, 1);
    device.writer.frame(FrameType::fence, 3 * quarter, {});
    device.writer.frame(FrameType::error, 3 * quarter, text_payload("counter stuck"));
    device.greet(4 * quarter);
    return device.take();
}

// Another boot of the same device, whose time begins anew.
Bytes restarted() {
    Bytes stream = steady(Role::reference_bracketed);
    Device device{Role::reference_bracketed};
    device.hello.boot_id = 10;
    device.greet().counters(0, 0, 0, 0);
    blink(device, 0);
    const Bytes second = device.take();
    stream.insert(stream.end(), second.begin(), second.end());
    return stream;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const std::filesystem::path folder = arguments[1];
    fuzz::write_seed(folder, "explicit", steady(Role::reference_explicit));
    fuzz::write_seed(folder, "bracketed", steady(Role::reference_bracketed));
    fuzz::write_seed(folder, "interrupted", interrupted());
    fuzz::write_seed(folder, "restarted", restarted());
    Bytes commands = fence_command(1);
    const Bytes second = fence_command(0x07FFFFFF);
    commands.insert(commands.end(), second.begin(), second.end());
    fuzz::write_seed(folder, "commands", commands);
    return 0;
}
