// A meter's port and an emulated meter with a line between them that can tamper with answers.
#pragma once

#include "dut/modbus_meter.hpp"
#include "instruments/fault.hpp"
#include "tests/dut/emulated_bench.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dut_test {

// What a peer makes of the right answer: the pieces it sends, with a pause before each.
struct Piece {
    double pause_s;
    dut::Bytes bytes;
};
using Tamper = std::function<std::vector<Piece>(dut::Bytes reply)>;

// A meter behind a line that tampers with the next answers, one tamper each; later answers pass.
struct Line {
    std::deque<Tamper> tampers;
    int requests = 0;
};

inline dut::Task<void> serve_over(Line& line,
                                  dut::MeterEmulator& meter,
                                  instruments::io::Clock& clock,
                                  instruments::io::ByteLink& link) try {
    dut::FrameReader reader;
    while (true) {
        reader.feed(co_await link.read(instruments::io::never));
        auto frame = reader.next();
        if (!frame || !*frame) continue;
        ++line.requests;
        std::vector<Piece> pieces{{0, meter.answer(dut::encode_frame(**frame))}};
        if (!line.tampers.empty()) {
            pieces = line.tampers.front()(pieces[0].bytes);
            line.tampers.pop_front();
        }
        for (const Piece& piece : pieces) {
            co_await clock.sleep_for(calibration::from_seconds(piece.pause_s));
            co_await link.write(piece.bytes);
        }
    }
} catch (const instruments::io::LinkError&) {
}

struct PortBench : EmulatedBench {
    explicit PortBench(std::string_view id = "countis-e48",
                       dut::MeterEmulatorOptions options = {},
                       double import_wh = 0)
        : PortBench(meter_type(id), std::move(options), import_wh) {}
    explicit PortBench(dut::MeterType its_type,
                       dut::MeterEmulatorOptions options = {},
                       double import_wh = 0)
        : EmulatedBench(std::move(its_type), std::move(options), import_wh) {
        auto [near, far] = instruments::io::memory_links(loop->clock(), "twin meter 1");
        meter_end = std::move(far);
        port = dut::open_modbus_link(
            loop->context(), loop->clock(), type, std::move(near), 5, "twin meter 1");
        loop->spawn(serve_over(line, emulator, loop->clock(), *meter_end));
    }
    dut::MeterIdentity identify() { return loop->run(port->identify()); }
    dut::RegisterReading energy() { return loop->run(port->read_energy()); }
    dut::InstantValues instant() { return loop->run(port->read_instant()); }

    dut::QuantityReading read_one(std::string quantity) {
        return loop->run(port->read({std::move(quantity)})).front();
    }
    dut::SettingOutcome set_over_port(std::string quantity, double to) {
        return loop->run(port->set(std::move(quantity), to));
    }

    template <class Call>
    std::string fault(Call call) {
        try {
            call();
        } catch (const instruments::DeviceFault& error) {
            return error.what();
        }
        return "no fault";
    }
    std::string energy_fault() {
        return fault([&] { energy(); });
    }
    std::string identify_fault() {
        return fault([&] { identify(); });
    }
    double now() const { return calibration::seconds(loop->clock().now()); }

    Line line;
    std::unique_ptr<instruments::io::ByteLink> meter_end;
    std::unique_ptr<dut::MeterPort> port;
};

}  // namespace dut_test
