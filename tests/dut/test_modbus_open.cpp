// Addresses, and the port over real sockets: a socketpair in virtual time, TCP in real time.
#include "dut/modbus_meter.hpp"
#include "tests/dut/emulated_bench.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sys/socket.h>

using namespace dut;
using dut_test::balanced;
using dut_test::EmulatedBench;
using instruments::DeviceFault;
using instruments::io::ByteLink;
using instruments::io::Listener;
using instruments::io::Loop;

TEST_CASE("an address names host, port and unit") {
    const ModbusAddress address = parse_modbus_address("192.168.0.4:502,5");
    CHECK(address.host == "192.168.0.4");
    CHECK(address.port == 502);
    CHECK(address.unit == 5);
}

TEST_CASE("what cannot be an address is refused before anything is opened") {
    struct Row {
        const char* text;
        const char* says;
    };
    const auto row = GENERATE(values<Row>({{"", "HOST:PORT,UNIT"},
                                           {"192.168.0.4", "HOST:PORT,UNIT"},
                                           {"192.168.0.4,5:502", "HOST:PORT,UNIT"},
                                           {"192.168.0.4:0,5", "a port from 1 to 65535"},
                                           {"192.168.0.4:65536,5", "a port from 1 to 65535"},
                                           {"192.168.0.4:,5", "a port from 1 to 65535"},
                                           {"192.168.0.4:502,0", "a unit from 1 to 247"},
                                           {"192.168.0.4:502,248", "a unit from 1 to 247"},
                                           {"192.168.0.4:502,", "a unit from 1 to 247"},
                                           {"192.168.0.4:502,5 ", "a unit from 1 to 247"},
                                           {"192.168.0:502,5", "a numeric IPv4 address"},
                                           {"192.168.0.256:502,5", "a numeric IPv4 address"},
                                           {"192.168.0.4.1:502,5", "a numeric IPv4 address"},
                                           {"192.168.0.04:502,5", "a numeric IPv4 address"},
                                           {"meter3:502,5", "a numeric IPv4 address"},
                                           {":502,5", "a numeric IPv4 address"}}));
    INFO(row.text);
    CHECK_THROWS_WITH(parse_modbus_address(row.text), Catch::Contains(row.says));
    CHECK_THROWS_AS(parse_modbus_address(row.text), calibration::DataError);
}

TEST_CASE("a unit out of range and a type without a port are refused") {
    const auto loop = Loop::with_real_time();
    const MeterType type = dut_test::meter_type("countis-e48");
    for (const int unit : {-1, 0, 248, 255}) {
        CHECK_THROWS_AS(
            open_modbus_tcp(loop->context(), loop->clock(), type, {"127.0.0.1", 502, unit}),
            calibration::DataError);
    }
    MeterType portless = type;
    portless.modbus.reset();
    CHECK_THROWS_WITH(
        open_modbus_tcp(loop->context(), loop->clock(), portless, {"127.0.0.1", 502, 5}),
        "COUNTIS E48 has no Modbus port");
}

TEST_CASE("a meter on the network in virtual time is a programmer's error") {
    const auto loop = Loop::with_virtual_time();
    CHECK_THROWS_AS(open_modbus_tcp(loop->context(),
                                    loop->clock(),
                                    dut_test::meter_type("countis-e48"),
                                    {"127.0.0.1", 502, 5}),
                    std::logic_error);
}

TEST_CASE(
    "one end of a socketpair is a port: the emulated meter answers on the other while time stands "
    "still") {
    EmulatedBench bench{"countis-e48", {}, 12340};
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    auto& clock = bench.loop->clock();
    const auto meter_end =
        instruments::io::socket_link(bench.loop->context(), clock, ends[1], "meter");
    const auto port =
        open_modbus_socket(bench.loop->context(), clock, bench.type, ends[0], 5, "twin meter 1");
    bench.loop->spawn(bench.emulator.serve(*meter_end));
    bench.apply(balanced(230, 5, "1"));
    for (int hour = 0; hour < 24; ++hour) {
        const RegisterReading reading = bench.loop->run(port->read_energy());
        CHECK(reading.active_import.value() == Approx(12340 + 3450 * hour).margin(10));
        CHECK(clock.now().time_since_epoch() == std::chrono::hours{hour});
        bench.wait(3600);
    }
    bench.emulator.faults().reply_delay = std::chrono::milliseconds{1500};
    bench.emulator.faults().late_replies = 1;
    CHECK_THROWS_AS(bench.loop->run(port->identify()), DeviceFault);
    CHECK(bench.loop->run(port->identify()).extended_name == "COUNTIS E48");
}

namespace {

struct Server {
    MeterEmulator& meter;
    std::vector<std::unique_ptr<ByteLink>> links;
    int connections = 0;
};

Task<void> serve_connections(Loop& loop, Listener& listener, Server& server) try {
    while (true) {
        server.links.push_back(co_await listener.accept());
        ++server.connections;
        loop.spawn(server.meter.serve(*server.links.back()));
    }
} catch (const instruments::io::LinkError&) {
}

// A meter on 127.0.0.1 on the real clock, with a load that has been on since the start.
struct NetworkBench {
    NetworkBench()
        : loop(Loop::with_real_time()),
          type(dut_test::meter_type("countis-e48")),
          model(1, dut_test::ideal_source(), {}, {dut_test::ideal_meter(type, 12340)}),
          emulator(loop->clock(), model, 0, type),
          listener(instruments::io::listen_tcp(loop->context(), loop->clock(), 0)) {
        loop->spawn(serve_connections(*loop, *listener, server));
        const std::string address = listener->address();
        tcp_port = std::stoi(address.substr(address.rfind(':') + 1));
    }
    std::unique_ptr<MeterPort> open() {
        return open_modbus_tcp(loop->context(), loop->clock(), type, {"127.0.0.1", tcp_port, 5});
    }
    double now() { return calibration::seconds(loop->clock().now()); }

    std::unique_ptr<Loop> loop;
    MeterType type;
    calibration::BenchModel model;
    MeterEmulator emulator;
    Server server{emulator, {}};
    std::unique_ptr<Listener> listener;
    int tcp_port = 0;
};

}  // namespace

TEST_CASE("a meter on TCP is identified and read") {
    NetworkBench bench;
    const auto port = bench.open();
    CHECK(port->name() == fmt::format("modbus-tcp:127.0.0.1:{},5", bench.tcp_port));
    CHECK(bench.server.connections == 0);
    CHECK(bench.loop->run(port->identify()).serial == "24480001");
    CHECK(bench.loop->run(port->read_energy()).active_import.value() == 12340);
    CHECK(bench.server.connections == 1);
}

TEST_CASE("after a late reply TCP connects anew, and the late reply meets nobody") {
    NetworkBench bench;
    const auto port = bench.open();
    bench.emulator.faults().reply_delay = std::chrono::milliseconds{1200};
    bench.emulator.faults().late_replies = 1;
    CHECK_THROWS_WITH(bench.loop->run(port->read_energy()), Catch::Contains("no reply within 1 s"));
    CHECK(bench.loop->run(port->read_energy()).active_import.value() == 12340);
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::milliseconds{400}));
    CHECK(bench.loop->run(port->read_energy()).active_import.value() == 12340);
    CHECK(bench.server.connections == 2);
}

TEST_CASE("a refused connection is named by the port's address, and a later call tries again") {
    NetworkBench bench;
    const auto port = bench.open();
    bench.listener->close();
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::milliseconds{1}));
    for (int attempt = 0; attempt < 2; ++attempt) {
        CHECK_THROWS_WITH(
            bench.loop->run(port->identify()),
            fmt::format("modbus-tcp:127.0.0.1:{},5: connection refused", bench.tcp_port));
    }
}

TEST_CASE("a meter that hangs up is connected anew") {
    NetworkBench bench;
    const auto port = bench.open();
    bench.loop->run(port->identify());
    bench.server.links.front()->close();
    CHECK_THROWS_AS(bench.loop->run(port->identify()), DeviceFault);
    CHECK(bench.loop->run(port->identify()).maker == "SOCO");
    CHECK(bench.server.connections == 2);
}

TEST_CASE("closing a port while the meter is silent takes no time") {
    NetworkBench bench;
    auto port = bench.open();
    bench.emulator.faults().silent_from = bench.loop->clock().now();
    std::string said;
    auto call = [](MeterPort& meter, std::string& fault) -> Task<void> {
        try {
            co_await meter.identify();
        } catch (const DeviceFault& error) {
            fault = error.what();
        }
    };
    bench.loop->spawn(call(*port, said));
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::milliseconds{50}));
    const double before = bench.now();
    port.reset();
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::milliseconds{1}));
    CHECK(bench.now() - before < 0.5);
    CHECK(said.find("closed") != std::string::npos);
}
