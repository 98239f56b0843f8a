// The same line and the same meters over every kind of link, on the real clock: memory, pty, TCP.
#include "dut/rs485_line.hpp"
#include "instruments/io/all.hpp"
#include "tests/dut/emulated_bench.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace dut;
using namespace dut_test;
using instruments::io::ByteLink;
using instruments::io::Listener;
using instruments::io::Loop;

namespace {

enum class Kind { memory, pty, tcp };

// Three meters on one line whose host connects as `kind` says.
struct RealBench {
    explicit RealBench(Kind its_kind)
        : kind(its_kind),
          settings(parse_line_settings("38400,8N1")),
          loop(Loop::with_real_time()),
          type(meter_type("countis-e43")),
          model(3, ideal_source(), {}, {3, ideal_meter(type, 12340)}) {
        std::vector<MeterEmulator*> on_line;
        for (std::size_t position = 0; position < 3; ++position) {
            MeterEmulatorOptions options;
            options.unit = static_cast<int>(position) + 4;
            options.serial = fmt::format("2448000{}", options.unit);
            meters.push_back(
                std::make_unique<MeterEmulator>(loop->clock(), model, position, type, options));
            on_line.push_back(meters.back().get());
        }
        line = std::make_unique<Rs485Line>(loop->clock(), settings, on_line);
        if (kind == Kind::pty)
            listener = instruments::io::listen_pty(loop->context(), loop->clock());
        if (kind == Kind::tcp) {
            listener = instruments::io::listen_tcp(loop->context(), loop->clock(), 0);
        }
        if (listener) loop->spawn(serve());
    }

    Task<void> serve() try {
        while (true) {
            links.push_back(co_await listener->accept());
            co_await line->serve(*links.back());
        }
    } catch (const instruments::io::LinkError&) {
    }

    Task<std::unique_ptr<ByteLink>> connect() {
        if (kind == Kind::memory) {
            auto [near, far] = instruments::io::memory_links(loop->clock(), "line A");
            links.push_back(std::move(far));
            loop->spawn(line->serve(*links.back()));
            co_return std::move(near);
        }
        auto link = co_await instruments::io::open_link(
            loop->context(), loop->clock(), listener->address());
        co_return link;
    }
    std::shared_ptr<ModbusBus> bus() {
        return ModbusBus::make(
            loop->context(), loop->clock(), settings, "bus A", [this] { return connect(); });
    }

    Kind kind;
    LineSettings settings;
    std::unique_ptr<Loop> loop;
    MeterType type;
    calibration::BenchModel model;
    std::vector<std::unique_ptr<MeterEmulator>> meters;
    std::unique_ptr<Rs485Line> line;
    std::vector<std::unique_ptr<ByteLink>> links;
    std::unique_ptr<Listener> listener;
};

Task<void> identify(MeterPort& port, std::string& serial) {
    const MeterIdentity identity = co_await port.identify();
    serial = identity.serial;
}

}  // namespace

TEST_CASE("three meters of a line are identified, written to and read over any link") {
    const auto kind = GENERATE(Kind::memory, Kind::pty, Kind::tcp);
    INFO("link " << static_cast<int>(kind));
    RealBench bench{kind};
    const auto bus = bench.bus();
    std::vector<std::unique_ptr<MeterPort>> ports;
    for (int unit = 4; unit <= 6; ++unit) ports.push_back(open_modbus_rtu(bus, bench.type, unit));
    std::vector<std::string> serials(3);
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < 3; ++i) tasks.push_back(identify(*ports[i], serials[i]));
    bench.loop->run(instruments::io::all(*bench.loop, std::move(tasks)));
    CHECK(serials == std::vector<std::string>{"24480004", "24480005", "24480006"});
    bench.loop->run(ports[0]->broadcast("tariff", 2));
    for (auto& port : ports) {
        CHECK(bench.loop->run(port->read({"tariff"})).at(0).value == 2);
        CHECK(bench.loop->run(port->read_energy()).active_import.value() ==
              Approx(12340).margin(10));
    }
}

TEST_CASE("a garbled reply on a pty is a fault, and the next call reads") {
    RealBench bench{Kind::pty};
    const auto port = open_modbus_rtu(bench.bus(), bench.type, 5);
    CHECK(bench.loop->run(port->identify()).serial == "24480005");
    bench.line->faults().flip_bit_from = bench.loop->clock().now();
    CHECK_THROWS_AS(bench.loop->run(port->identify()), instruments::DeviceFault);
    CHECK(bench.loop->run(port->identify()).serial == "24480005");
}
