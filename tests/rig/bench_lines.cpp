// The bench file: buses, ports on them, channels of pulse outputs and of the position switch.
#include "calibration/document.hpp"
#include "rig/bench_file.hpp"
#include "rig/port_address.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using calibration::DataError;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using rig::parse_bench_file;
using rig::PortKind;
using rig_test::replaced;

const std::string lines_bench = R"([bench]
name = "lines"
clock = "real"

[source]
driver = "zera-mt"
link = "twin"

[reference]
driver = "zera-zscpi"
link = "twin"
certificate = { number = "R-1", expanded_uncertainty_percent = 0.02 }

[capture]
driver = "ctag"
link = "twin"
reference_channel = 0

[position_switch]
driver = "scpi-switch"
link = "tcp:192.168.32.20:5025"

[[bus]]
name = "A"
link = "serial:/dev/ttyUSB0"
line = "19200,8E1"
echoes = true

[[bus]]
name = "B"
link = "twin"
line = "9600,8N2"
twin = { line = "4800,8O1" }

[[bus]]
name = "C"
link = "tcp:10.0.0.9:4001"
line = "38400,8N1"

[[position]]
name = "left"
led_channel = 1
output_channel = 11
bypass_channel = 101
port = "modbus-rtu:A,5"
displayed = { checksum_1 = "3F2A", checksum_2 = "0001" }

[[position]]
name = "right"
led_channel = 2
output_channel = 12
bypass_channel = 102
port = "modbus-rtu:B,5"

[[position]]
name = "third"
led_channel = 3
port = "modbus-tcp:10.0.0.7:502,1"
)";

std::string complaint(const std::string& text) {
    try {
        parse_bench_file(text, "bench.toml");
    } catch (const DataError& error) {
        return error.what();
    }
    return "(read without a complaint)";
}

}  // namespace

TEST_CASE("buses, relays and pulse outputs of a bench file arrive where they belong") {
    const rig::BenchFile bench = parse_bench_file(lines_bench, "bench.toml");
    REQUIRE(bench.position_switch);
    CHECK(bench.position_switch->driver == "scpi-switch");
    CHECK(bench.position_switch->link == "tcp:192.168.32.20:5025");
    REQUIRE(bench.buses.size() == 3);
    CHECK(bench.buses[0].name == "A");
    CHECK(bench.buses[0].baud == 19200);
    CHECK(bench.buses[0].framing == "8E1");
    CHECK(bench.buses[0].echoes);
    CHECK_FALSE(bench.buses[1].echoes);
    CHECK(bench.buses[1].simulated());
    CHECK(bench.buses[1].twin_line == "4800,8O1");
    CHECK(rig::link_address(bench.buses[0]) == "serial:/dev/ttyUSB0,19200,8E1");
    CHECK(rig::link_address(bench.buses[2]) == "tcp:10.0.0.9:4001");
    REQUIRE(bench.positions.size() == 3);
    const rig::PositionEntry& left = bench.positions[0];
    CHECK(left.output_channel == 11);
    CHECK(left.bypass_channel == 101);
    CHECK(left.port == "modbus-rtu:A,5");
    CHECK(left.displayed == std::vector<std::pair<std::string, std::string>>{
                                {"checksum_1", "3F2A"}, {"checksum_2", "0001"}});
    CHECK_FALSE(bench.positions[2].output_channel);
    CHECK_FALSE(bench.positions[2].bypass_channel);
    CHECK(bench.positions[2].displayed.empty());
}

TEST_CASE("a bus's settings are those of its line; the twin's meters may have others") {
    const rig::BenchFile bench = parse_bench_file(lines_bench, "bench.toml");
    const dut::LineSettings host = rig::line_settings(bench.buses[1]);
    CHECK(host.baud == 9600);
    CHECK(host.parity == instruments::io::Parity::none);
    CHECK(host.stop_bits == 2);
    const dut::LineSettings meters = rig::twin_line_settings(bench.buses[1]);
    CHECK(meters.baud == 4800);
    CHECK(meters.parity == instruments::io::Parity::odd);
    CHECK(rig::line_settings(bench.buses[0]).echoes);
    CHECK(rig::twin_line_settings(bench.buses[0]).baud == 19200);
}

TEST_CASE("a position whose bus is on the twin is on the twin") {
    rig::BenchFile bench = parse_bench_file(lines_bench, "bench.toml");
    CHECK_FALSE(bench.port_simulated(bench.positions[0]));
    CHECK(bench.port_simulated(bench.positions[1]));
    CHECK_FALSE(bench.port_simulated(bench.positions[2]));
    CHECK(bench.any_on_twin());
    CHECK_FALSE(bench.all_simulated());
    bench.positions[2].port = "none";
    for (rig::BusEntry& bus : bench.buses) {
        bus.link = "twin";
    }
    CHECK_FALSE(bench.all_simulated());  // the position switch is not
    bench.position_switch->link = "twin";
    CHECK(bench.all_simulated());
}

TEST_CASE("a port is twin, none, a unit at a TCP address or a unit on a bus") {
    CHECK(rig::parse_port("none").kind == PortKind::none);
    CHECK(rig::parse_port("twin").kind == PortKind::twin);
    const rig::PortAddress tcp = rig::parse_port("modbus-tcp:10.0.0.7:503,9");
    CHECK(tcp.kind == PortKind::tcp);
    CHECK(tcp.tcp.port == 503);
    CHECK(tcp.tcp.unit == 9);
    const rig::PortAddress rtu = rig::parse_port("modbus-rtu:rack 2: left,247");
    CHECK(rtu.kind == PortKind::rtu);
    CHECK(rtu.bus == "rack 2: left");
    CHECK(rtu.unit == 247);
    for (const char* wrong : {"",
                              "Twin",
                              "modbus-rtu:A",
                              "modbus-rtu:,5",
                              "modbus-rtu:A,0",
                              "modbus-rtu:A,248",
                              "modbus-rtu:A,5x",
                              "modbus-rtu:A,",
                              "modbus-tcp:A,5"}) {
        INFO(wrong);
        CHECK_THROWS_AS(rig::parse_port(wrong), DataError);
        CHECK_THROWS_WITH(rig::parse_port(wrong), Contains("expected"));
    }
}

TEST_CASE("one thing wrong with lines, relays or channels is one line that says where and what") {
    struct Wrong {
        const char* what;
        const char* by;
        const char* at;  // the text whose line is named
        const char* says;
    };
    const auto wrong = GENERATE(values<Wrong>({
        // buses
        {"line = \"19200,8E1\"", "line = \"19201,8E1\"", "19201", "19201"},
        {"line = \"19200,8E1\"", "line = \"19200,7E1\"", "7E1", "7E1"},
        {"line = \"19200,8E1\"", "line = \"19200\"", "line = \"19200\"", "19200"},
        {"line = \"19200,8E1\"", "line = 19200", "line = 19200", "line"},
        {"line = \"19200,8E1\"\n", "", "[[bus]]\nname = \"A\"", "line"},
        {"name = \"B\"", "name = \"A\"", "name = \"A\"\nlink = \"twin\"", "twice"},
        {"name = \"B\"", "name = \"\"", "name = \"\"", "without commas"},
        {"name = \"B\"", "name = \"B,2\"", "B,2", "without commas"},
        {"link = \"tcp:10.0.0.9:4001\"",
         "link = \"serial:/dev/ttyUSB0\"",
         "link = \"serial:/dev/ttyUSB0\"\nline = \"38400",
         "twice"},
        {"serial:/dev/ttyUSB0", "serial:/dev/ttyUSB0,9600,8N1", "serial:", "serial:DEVICE"},
        {"tcp:10.0.0.9:4001", "tcp:10.0.0.9", "tcp:10.0.0.9", "tcp:HOST:PORT"},
        {"tcp:10.0.0.9:4001", "usb", "\"usb\"", "pty:PATH"},
        {"echoes = true", "echoes = 1", "echoes", "echoes"},
        {"echoes = true", "echo = true", "echo = true", "echo"},
        {"line = \"4800,8O1\"", "line = \"300,8O1\"", "300,8O1", "300"},
        {"line = \"38400,8N1\"",
         "line = \"38400,8N1\"\ntwin = { line = \"9600,8N1\" }",
         "twin = { line = \"9600",
         "a bus on the twin"},
        // ports
        {"port = \"modbus-rtu:B,5\"", "port = \"modbus-rtu:D,5\"", "modbus-rtu:D", "A, B, C"},
        {"port = \"modbus-rtu:B,5\"",
         "port = \"modbus-rtu:A,5\"",
         "modbus-rtu:A,5\"\n\n",
         "unit 5 on bus A for positions 'left' and 'right'"},
        {"port = \"modbus-rtu:B,5\"",
         "port = \"modbus-tcp:10.0.0.7:502,1\"",
         "modbus-tcp:10.0.0.7:502,1\"\n",
         "positions 'right' and 'third'"},
        {"port = \"modbus-rtu:B,5\"", "port = \"modbus-rtu:B,0\"", "modbus-rtu:B,0", "1 to 247"},
        // channels
        {"output_channel = 12", "output_channel = 1", "output_channel = 1\n", "got 1 twice"},
        {"output_channel = 12",
         "output_channel = 11",
         "output_channel = 11\nbypass_channel = 102",
         "got 11 twice"},
        {"output_channel = 12", "output_channel = 0", "output_channel = 0", "the reference's"},
        {"output_channel = 12", "output_channel = 127", "output_channel = 127", "0 to 126"},
        {"led_channel = 3", "led_channel = 12", "led_channel = 12", "got 12 twice"},
        {"bypass_channel = 102",
         "bypass_channel = 101",
         "bypass_channel = 101\nport = \"modbus-rtu:B",
         "got 101 twice"},
        {"bypass_channel = 102", "bypass_channel = -1", "bypass_channel = -1", "1 to 99999"},
        {"[position_switch]\ndriver = \"scpi-switch\"\nlink = \"tcp:192.168.32.20:5025\"\n",
         "",
         "bypass_channel = 101",
         "[position_switch]"},
        // the position switch
        {"link = \"tcp:192.168.32.20:5025\"",
         "link = \"tcp:192.168.32.20\"",
         "tcp:192.168.32.20",
         "HOST:PORT"},
        {"driver = \"scpi-switch\"", "driver = \"scpi-switch\"\nmodel = \"X\"", "model", "model"},
        // displays
        {"checksum_2 = \"0001\"", "checksum_2 = 1", "displayed", "checksum_2"},
        // virtual time
        {"clock = \"real\"", "clock = \"virtual\"", "clock", "\"real\""},
    }));
    std::string text = replaced(lines_bench, wrong.what, wrong.by);
    INFO(wrong.what << " -> " << wrong.by);
    // The line that is named is that of the last place, where two are in conflict.
    const auto at = text.rfind(wrong.at);
    REQUIRE(at != std::string::npos);
    const auto line_number =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const std::string line = complaint(text);
    CHECK_THAT(line, StartsWith(fmt::format("bench.toml:{}:", line_number)));
    CHECK_THAT(line, Contains(wrong.says));
    CHECK_THAT(line, Contains("expected") || Contains("unknown"));
    CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("virtual time wants the position switch and every bus on the twin") {
    std::string text = replaced(lines_bench, "clock = \"real\"", "clock = \"virtual\"");
    text = replaced(text, "link = \"serial:/dev/ttyUSB0\"", "link = \"twin\"");
    text = replaced(text, "link = \"tcp:10.0.0.9:4001\"", "link = \"twin\"");
    text = replaced(text, "port = \"modbus-tcp:10.0.0.7:502,1\"", "port = \"twin\"");
    CHECK_THAT(complaint(text), Contains("virtual time needs every device and port on the twin"));
    CHECK(parse_bench_file(replaced(text, "link = \"tcp:192.168.32.20:5025\"", "link = \"twin\""),
                           "b")
              .all_simulated());
}
