// The bench file: every key is read, and every way to get it wrong is one line that says where and
// what was expected.
#include "rig/bench_file.hpp"

#include "calibration/document.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace {

using calibration::DataError;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using rig::parse_bench_file;
using rig_test::replaced;
using rig_test::whole_bench;

std::string complaint(const std::string& text) {
    try {
        parse_bench_file(text, "bench.toml");
    } catch (const DataError& error) {
        return error.what();
    }
    return "(read without a complaint)";
}

int line_of(const std::string& text, std::string_view what) {
    const auto at = static_cast<std::ptrdiff_t>(text.find(what));
    return 1 + static_cast<int>(std::count(text.begin(), text.begin() + at, '\n'));
}

}  // namespace

TEST_CASE("every key of a bench file arrives where it belongs") {
    const rig::BenchFile bench = parse_bench_file(whole_bench, "bench.toml");
    CHECK(bench.name == "line 3");
    CHECK(bench.virtual_clock);
    CHECK_FALSE(bench.simulated);
    CHECK(bench.source.driver == "zera-mt");
    CHECK(bench.source.link == "twin");
    CHECK(bench.source_model == "VU211");
    CHECK(bench.source_stability_percent == 0.01);
    CHECK(bench.reference.driver == "zera-zscpi");
    CHECK(bench.reference_model == "MT310s2");
    CHECK(bench.certificate.number == "R-1234");
    CHECK(bench.certificate.due == "2027-05-01");
    CHECK(bench.certificate.expanded_uncertainty_percent == 0.02);
    CHECK(bench.certificate.expanded_phase_uncertainty_minutes == 0.3);
    CHECK(bench.reference_ratio_error_percent == 0.004);
    CHECK(bench.reference_phase_error_minutes == -0.1);
    CHECK(bench.capture.driver == "ctag");
    CHECK(bench.reference_channel == 7);
    CHECK(bench.explicit_edges);
    REQUIRE(bench.positions.size() == 2);
    REQUIRE(bench.faults.size() == 1);
    CHECK(bench.faults[0].kind == "overflow");
    CHECK(bench.faults[0].at_s == 12.5);
    CHECK(bench.faults[0].amount == 3);
}

TEST_CASE("what a simulated meter really does is read key by key") {
    const rig::BenchFile bench = parse_bench_file(whole_bench, "bench.toml");
    const rig::PositionEntry& left = bench.positions[0];
    CHECK(left.name == "left");
    CHECK(left.serial == "24480001");
    CHECK(left.led_channel == 1);
    CHECK(left.port == "twin");
    CHECK(left.twin.gain_error_percent == 0.12);
    CHECK(left.twin.phase_error_minutes == 1.5);
    CHECK(left.twin.offset_w == 0.002);
    CHECK(left.twin.starts_at_a == 0.0007);
    CHECK(left.twin.creep_w == 0.1);
    CHECK(left.twin.jitter_us == 40);
    CHECK(left.twin.update_grid_ms == 20);
    CHECK(left.twin.constant_imp_per_kwh == 500);
    CHECK(left.twin.register_scale == 1.01);
    CHECK(left.twin.voltage_coefficient_percent == 0.2);
    CHECK(left.twin.frequency_coefficient_percent == -0.3);
    CHECK(left.twin.phase_gain_error_percent == std::vector{0.1, 0.2, 0.3});
    CHECK(left.twin.identifies_as == "countis-e27");
    const rig::PositionEntry& right = bench.positions[1];
    CHECK(right.led_channel == 126);
    CHECK(right.port == "none");
    CHECK(right.serial.empty());
    CHECK_FALSE(right.twin.gain_error_percent);
}

TEST_CASE(
    "one thing wrong in a bench file is one line with file, line, key and what was expected") {
    struct Wrong {
        const char* what;
        const char* by;
        const char* at;  // the text whose line is named
        const char* says;
    };
    const auto wrong = GENERATE(values<Wrong>({
        // unknown keys, in every table
        {"name = \"line 3\"", "name = \"line 3\"\ncolour = 1", "colour", "colour"},
        {"model = \"VU211\"", "modell = \"VU211\"", "modell", "modell"},
        {"stability_percent", "stability", "twin = { stability", "stability"},
        {"due = 2027-05-01", "until = 2027-05-01", "certificate", "until"},
        {"ratio_error_percent", "ratio", "twin = { ratio", "ratio"},
        {"reference_channel = 7",
         "reference_channel = 7\nchannel = 7",
         "channel = 7\ntwin",
         "channel"},
        {"creep_w", "creep", "gain_error", "creep"},
        {"[[fault]]", "[extra]\na = 1\n[[fault]]", "[extra]", "extra"},
        {"at_s = 12.5", "at = 12.5", "at = 12.5", "at"},
        // wrong types
        {"name = \"line 3\"", "name = 3", "name = 3", "name"},
        {"clock = \"virtual\"", "clock = \"fast\"", "clock = \"fast\"", "virtual"},
        {"clock = \"virtual\"", "clock = \"virtual\"\nsimulated = 1", "simulated", "simulated"},
        {"clock = \"virtual\"", "clock = \"virtual\"\nspeed = 20", "speed", "simulated = true"},
        {"clock = \"virtual\"", "clock = \"real\"\nspeed = 20", "speed", "simulated = true"},
        {"clock = \"virtual\"", "clock = \"real\"\nspeed = 0.5", "speed", "1 to 100"},
        {"reference_channel = 7", "reference_channel = 7.5", "reference_channel", "integer"},
        {"mode = \"explicit\"", "mode = \"loud\"", "mode =", "bracketed"},
        {"due = 2027-05-01", "due = \"2027-05-01\"", "due", "date"},
        {"led_channel = 1\n", "led_channel = \"1\"\n", "led_channel = \"1\"", "led_channel"},
        {"[0.1, 0.2, 0.3]", "[0.1, 0.2]", "[0.1, 0.2]", "three"},
        {"amount = 3", "amount = \"3\"", "amount", "amount"},
        // out of range
        {"reference_channel = 7", "reference_channel = 127", "reference_channel", "0 to 126"},
        {"led_channel = 126", "led_channel = 127", "led_channel = 127", "0 to 126"},
        {"led_channel = 126", "led_channel = -1", "led_channel = -1", "0 to 126"},
        {"stability_percent = 0.01",
         "stability_percent = 1.1",
         "stability_percent",
         "stability_percent"},
        {"expanded_uncertainty_percent = 0.02",
         "expanded_uncertainty_percent = 0",
         "expanded_uncertainty",
         "expanded_uncertainty_percent"},
        {"gain_error_percent = 0.12",
         "gain_error_percent = -91",
         "gain_error_percent",
         "gain_error_percent"},
        {"jitter_us = 40", "jitter_us = nan", "jitter_us", "jitter_us"},
        {"at_s = 12.5", "at_s = -1", "at_s = -1", "at_s"},
        // what must differ
        {"name = \"right\"", "name = \"left\"", "name = \"left\"\nled_channel = 126", "twice"},
        {"led_channel = 126", "led_channel = 1", "led_channel = 1\n\n[[fault", "twice"},
        {"led_channel = 126", "led_channel = 7", "led_channel = 7", "reference"},
        // addresses
        {"link = \"twin\"\nmodel = \"VU211\"",
         "link = \"tcp:10.0.0.1\"\nmodel = \"VU211\"",
         "tcp:10",
         "HOST:PORT"},
        {"link = \"twin\"\nmodel = \"VU211\"",
         "link = \"serial:/dev/ttyS0,9601,8N1\"",
         "serial:",
         "baud"},
        {"link = \"twin\"\nreference", "link = \"usb:1\"\nreference", "usb:1", "tcp:HOST:PORT"},
        {"port = \"twin\"", "port = \"modbus-tcp:10.0.0.1:502\"", "modbus-tcp", "HOST:PORT,UNIT"},
        {"port = \"twin\"", "port = \"modbus-tcp:10.0.0.1:502,248\"", "modbus-tcp", "1 to 247"},
        {"port = \"twin\"",
         "port = \"serial:/dev/ttyS0\"",
         "port = \"serial",
         "modbus-tcp:HOST:PORT,UNIT"},
        // faults
        {"kind = \"overflow\"", "kind = \"meteorite\"", "kind = \"meteorite\"", "lost-edge"},
        // virtual time with something real
        {"link = \"twin\"\nreference", "link = \"tcp:10.0.0.1:9\"\nreference", "clock", "\"real\""},
        {"port = \"twin\"", "port = \"modbus-tcp:10.0.0.1:502,5\"", "clock", "\"real\""},
    }));
    const std::string text = replaced(whole_bench, wrong.what, wrong.by);
    INFO(wrong.what << " -> " << wrong.by);
    const std::string line = complaint(text);
    CHECK_THAT(line, StartsWith(fmt::format("bench.toml:{}:", line_of(text, wrong.at))));
    CHECK_THAT(line, Contains(wrong.says));
    CHECK_THAT(line, Contains("expected") || Contains("unknown"));
    CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("every table and key a bench cannot do without is missed") {
    const auto key = GENERATE("name = \"line 3\"\n",
                              "clock = \"virtual\"\n",
                              "driver = \"zera-mt\"\n",
                              "number = \"R-1234\", ",
                              "reference_channel = 7\n",
                              "name = \"left\"\n",
                              "led_channel = 1\n",
                              "kind = \"overflow\"\n");
    INFO(key);
    CHECK_THAT(complaint(replaced(whole_bench, key, "")),
               StartsWith("bench.toml:") && Contains("got nothing"));
}

TEST_CASE("a syntax error is named with line and column") {
    CHECK_THAT(complaint(replaced(whole_bench, "clock = \"virtual\"", "clock = \"virtual")),
               StartsWith("bench.toml:3:"));
    CHECK_THAT(complaint("[bench]\nname = = 3\n"), StartsWith("bench.toml:2:8"));
    CHECK_THAT(complaint("[bench\n"), StartsWith("bench.toml:1:7"));
}

TEST_CASE("a bench has 1 to 80 positions") {
    const std::string head = whole_bench.substr(0, whole_bench.find("[[position]]"));
    const auto with = [&](int count) {
        std::string text = head;
        for (int i = 0; i < count; ++i) {
            text += fmt::format("[[position]]\nname = \"{}\"\nled_channel = {}\n", i, i + 10);
        }
        return text;
    };
    CHECK_THAT(complaint(with(0)), Contains("expected 1 to 80 positions, got 0"));
    CHECK(parse_bench_file(with(1), "b").positions.size() == 1);
    CHECK(parse_bench_file(with(80), "b").positions.size() == 80);
    CHECK_THAT(complaint(with(81)), Contains("expected 1 to 80 positions, got 81"));
}

TEST_CASE("a real bench is neither virtual nor simulated, unless it says so") {
    std::string text = replaced(whole_bench, "clock = \"virtual\"", "clock = \"real\"");
    CHECK(parse_bench_file(text, "b").any_simulated());
    text = replaced(text,
                    "link = \"twin\"\nmodel = \"VU211\"\ntwin = { stability_percent = 0.01 }",
                    "link = \"serial:/dev/ttyUSB0,9600,8N2\"");
    text = replaced(text, "link = \"twin\"", "link = \"tcp:192.168.32.13:6320\"");
    text = replaced(text, "link = \"twin\"", "link = \"pty:/dev/pts/4\"");
    text = replaced(text, "port = \"twin\"", "port = \"modbus-tcp:192.168.0.4:502,5\"");
    text = text.substr(0, text.find("[[fault]]"));
    const rig::BenchFile real = parse_bench_file(text, "b");
    CHECK_FALSE(real.virtual_clock);
    CHECK_FALSE(real.any_on_twin());
    CHECK_FALSE(real.any_simulated());
    CHECK_FALSE(real.all_simulated());
    CHECK(parse_bench_file(replaced(text, "clock = \"real\"", "clock = \"real\"\nsimulated = true"),
                           "b")
              .any_simulated());
}

TEST_CASE("emulated devices on real wires may keep a faster time") {
    const std::string fast = replaced(
        whole_bench, "clock = \"virtual\"", "clock = \"real\"\nsimulated = true\nspeed = 20");
    CHECK(parse_bench_file(fast, "b").speed == 20);
    CHECK(parse_bench_file(whole_bench, "b").speed == 1);
}
