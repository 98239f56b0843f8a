// Meters on the twin's RS485 lines: forty of them on four buses, mixed benches, swapped ports, and
// what a wrong line does.
#include "rig/bench.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using Catch::Matchers::Contains;
using rig::Bench;
using rig_test::meter_type;

rig::BenchFile e43_bench(int positions) {
    return rig::parse_bench_file(rig::twin_bench_text(meter_type("countis-e43"), positions, 1),
                                 "twin.toml");
}

std::unique_ptr<Bench> assemble(const rig::BenchFile& file, const char* meter = "countis-e43") {
    rig::check_faults(file);
    return Bench::assemble(file, meter_type(meter), {.seed = 1});
}

std::string serial_at(Bench& bench, std::size_t position) {
    return bench.loop().run(bench.positions()[position].port->identify()).serial;
}

rig::Task<void> identify_into(dut::MeterPort& port, std::string& serial, int& left) {
    try {
        const dut::MeterIdentity identity = co_await port.identify();
        serial = identity.serial;
    } catch (const instruments::DeviceFault& fault) {
        serial = fault.what();
    }
    --left;
}

rig::Task<void> wait_for_all(instruments::io::Clock& clock, const int& left) {
    while (left > 0) {
        co_await clock.sleep_for(std::chrono::milliseconds{1});
    }
}

// All at once; each line answers one at a time.
std::vector<std::string> identify_all(Bench& bench) {
    std::vector<std::string> serials(bench.positions().size());
    int left = static_cast<int>(serials.size());
    for (std::size_t i = 0; i < serials.size(); ++i) {
        bench.loop().spawn(identify_into(*bench.positions()[i].port, serials[i], left));
    }
    bench.loop().run(wait_for_all(bench.clock(), left));
    return serials;
}

}  // namespace

TEST_CASE("forty meters on four lines identify themselves at the same time") {
    const auto bench = assemble(e43_bench(40));
    REQUIRE(bench->file().buses.size() == 4);
    CHECK(bench->positions()[0].bus == "A");
    CHECK(bench->positions()[39].bus == "D");
    CHECK(bench->positions()[10].port->line() == bench->positions()[19].port->line());
    CHECK(bench->positions()[9].port->line() != bench->positions()[10].port->line());
    const double begin_s = calibration::seconds(bench->clock().now());
    const std::vector<std::string> serials = identify_all(*bench);
    const double four_lines_s = calibration::seconds(bench->clock().now()) - begin_s;
    for (std::size_t i = 0; i < serials.size(); ++i) {
        CHECK(serials[i] == fmt::format("2448{:04d}", i + 1));
    }
    // The lines work side by side: ten meters on one take as long.
    const auto one = assemble(e43_bench(10));
    const double one_begin_s = calibration::seconds(one->clock().now());
    identify_all(*one);
    const double one_line_s = calibration::seconds(one->clock().now()) - one_begin_s;
    CHECK(four_lines_s < 1.1 * one_line_s);
    CHECK(one_line_s > 0.1);  // bytes take their time at 9600 baud
}

TEST_CASE("a meter that is dead costs its own position only") {
    rig::BenchFile file = e43_bench(12);
    file.faults = {rig::parse_fault("meter-silent:2")};
    const auto bench = assemble(file);
    const std::vector<std::string> serials = identify_all(*bench);
    CHECK_THAT(serials[1], Contains("bus A, unit 2") && Contains("no reply"));
    for (const std::size_t i : {0U, 2U, 9U, 10U, 11U}) {
        CHECK(serials[i] == fmt::format("2448{:04d}", i + 1));
    }
}

TEST_CASE("one bench has meters on lines, on TCP lines of their own, and without a port") {
    rig::BenchFile file = rig_test::twin_bench(4);
    file.buses = {{.name = "left", .link = "twin", .baud = 38400, .framing = "8N2"}};
    file.positions[1].port = "modbus-rtu:left,17";
    file.positions[2].port = "none";
    const auto bench = assemble(file, "countis-e28");
    CHECK(serial_at(*bench, 0) == "24480001");
    CHECK(serial_at(*bench, 1) == "24480002");
    CHECK(bench->positions()[2].port == nullptr);
    CHECK(serial_at(*bench, 3) == "24480004");
    CHECK(bench->positions()[1].bus == "left");
    CHECK(bench->positions()[0].bus.empty());
}

TEST_CASE("swapped ports lead to each other's meters, whatever they hang on") {
    rig::BenchFile file = e43_bench(12);
    file.positions[5].port = "twin";
    SECTION("on one line") {
        file.faults = {rig::parse_fault("swapped-ports:1=2")};
        const auto bench = assemble(file);
        CHECK(serial_at(*bench, 0) == "24480002");
        CHECK(serial_at(*bench, 1) == "24480001");
        CHECK(serial_at(*bench, 2) == "24480003");
    }
    SECTION("on two lines") {
        file.faults = {rig::parse_fault("swapped-ports:1=12")};
        const auto bench = assemble(file);
        CHECK(serial_at(*bench, 0) == "24480012");
        CHECK(serial_at(*bench, 11) == "24480001");
    }
    SECTION("on a line and alone") {
        file.faults = {rig::parse_fault("swapped-ports:6=2")};
        const auto bench = assemble(file);
        CHECK(serial_at(*bench, 5) == "24480002");
        CHECK(serial_at(*bench, 1) == "24480006");
    }
}

TEST_CASE("two meters with one unit make their own unit useless, and no other") {
    rig::BenchFile file = e43_bench(3);
    file.faults = {rig::parse_fault("unit-conflict:1=3")};
    const auto bench = assemble(file);
    CHECK_THROWS_AS(serial_at(*bench, 0), instruments::DeviceFault);
    CHECK_THROWS_AS(serial_at(*bench, 2), instruments::DeviceFault);
    CHECK(serial_at(*bench, 1) == "24480002");
}

TEST_CASE("meters whose line is set otherwise do not answer") {
    rig::BenchFile file = e43_bench(2);
    file.buses[0].twin_line = "19200,8E1";
    const auto bench = assemble(file);
    CHECK_THROWS_AS(serial_at(*bench, 0), instruments::DeviceFault);
    file.buses[0].baud = 19200;
    CHECK(serial_at(*assemble(file), 0) == "24480001");
}

TEST_CASE("an adapter that echoes is a fault until the bench file says so") {
    rig::BenchFile file = e43_bench(1);
    SECTION("said") {
        file.buses[0].echoes = true;
        CHECK(serial_at(*assemble(file), 0) == "24480001");
    }
    SECTION("not said") {
        file.faults = {rig::parse_fault("line-echo:1")};
        const auto bench = assemble(file);
        CHECK_THROWS_AS(serial_at(*bench, 0), instruments::DeviceFault);
    }
}

TEST_CASE("a field of the display that the meter type has not is refused by name") {
    rig::BenchFile file = rig_test::twin_bench(1);
    file.positions[0].displayed = {{"checksum_1", "7A37"}};
    CHECK_NOTHROW(assemble(file, "countis-e28"));
    file.positions[0].displayed = {{"colour", "grey"}};
    CHECK_THROWS_WITH(
        assemble(file, "countis-e28"),
        Contains("position '1': displayed.colour: expected a field of the COUNTIS E28"));
}

TEST_CASE("a fault of what a meter type does not have is refused") {
    rig::BenchFile file = e43_bench(1);
    file.faults = {rig::parse_fault("wrong-checksum:1")};
    CHECK_THROWS_WITH(assemble(file), Contains("checksum_1") && Contains("COUNTIS E43"));
}
