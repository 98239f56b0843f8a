// A meter nobody has built, of a maker nobody knows: one TOML text and no code.
#include "tests/dut/port_bench.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dut;
using dut_test::balanced;
using dut_test::PortBench;

namespace {

constexpr std::string_view eighth_meter = R"(
id = "hutstein-h8"
name = "Hutstein H8"
maker = "Hutstein"
part_number = "H8-3-1A"
source = "invented for this test"
tariffs = 2
self_supplied = false
register_resolution_wh = 1
roll_over_wh = 100_000_000
word_order = "low_first"
energies_carry_ratio = false

[accuracy]
programme = "B"
active = ["EN 50470-3 class B"]
reactive = []

[ratings]
connection = "ct"
measuring_elements = 3
nominal_voltages_v = [230]
nominal_frequencies_hz = [50]
starting_a = 0.002
minimum_a = 0.01
printed_minimum_a = 0.01
transitional_a = 0.05
reference_a = 1
maximum_a = 6
led_constant_imp_per_kwh = 5000

[never_exceed]
voltage_v = 276
current_a = 7.2
least_frequency_hz = 47
most_frequency_hz = 53

[current_transformer]
least_primary_a = 1
most_primary_a = 2000
secondaries_a = [1]

[pulse_output]
counted_in = "primary"
shortest_pulse_s = 0.1
bands = [
    { least_ratio = 1, most_ratio = 99, weight_wh = 2 },
    { least_ratio = 100, most_ratio = 2000, weight_wh = 20 },
]

[modbus]
unit = 17
host = "10.0.0.17"
port = 1502

[modbus.rtu]
baud = 19200
framing = "8N2"
bauds = [19200, 38400]
framings = ["8N2", "8E1"]

[identification]
probe = "brand"
name = "model"
serial = "H8/{plant}.{number}[ {letter}]"
block = { name = "who", start = 10, words = 30 }
source = "invented"
confidence = "found"
rows = [
    { field = "model", address = 12, words = 4, encoding = "string_norm", expected = "H8-3" },
    { field = "brand", address = 20, words = 5, encoding = "string_16", expected = "HUTST" },
    { field = "plant", address = 25, words = 1, encoding = "number" },
    { field = "number", address = 26, words = 2, encoding = "number" },
    { field = "letter", address = 28, words = 1, encoding = "string_norm" },
    { field = "firmware_1", address = 30, words = 1, encoding = "hexadecimal", emulated = "0A10" },
]

[[block]]
name = "counters"
start = 300
words = 20
source = "invented"
confidence = "found"
not_available = "80000000"
rows = [
    { quantity = "active_import_energy", address = 301, scale = 1, unit = "Wh" },
    { quantity = "active_import_energy_t1", address = 303, scale = 1, unit = "Wh" },
    { quantity = "active_import_energy_t2", address = 305, scale = 1, unit = "Wh" },
    { quantity = "apparent_energy", address = 307, scale = 1, unit = "VAh" },
    { quantity = "tariff", address = 310, words = 1, scale = 1, access = "broadcast", not_available = "none" },
]

[[block]]
name = "floats"
start = 1000
words = 20
source = "invented"
confidence = "found"
rows = [
    { quantity = "active_power", address = 1000, scale = 1000, unit = "W", format = "float", resolution = 0.1 },
    { quantity = "voltage_l1", address = 1002, scale = 1, unit = "V", format = "float", resolution = 0.01 },
    { quantity = "frequency", address = 1004, scale = 1, unit = "Hz", format = "float", resolution = 0.01 },
]

[[block]]
name = "setup"
start = 2000
words = 4
source = "invented"
confidence = "found"
word_order = "high_first"
rows = [
    { quantity = "ct_primary", address = 2000, scale = 1, unit = "A", access = "write" },
    { quantity = "ct_secondary", address = 2002, words = 1, scale = 1, unit = "A" },
]
)";

MeterType eighth() { return parse_meter_type(eighth_meter, "hutstein-h8.toml"); }

MeterEmulatorOptions settings() {
    MeterEmulatorOptions options;
    options.serial = "H8/3.7000042 b";
    options.ct_primary_a = 50;
    options.ct_secondary_a = 1;
    return options;
}

}  // namespace

TEST_CASE("an eighth meter is one text: its ratings, its port, its transformer") {
    const MeterType type = eighth();
    CHECK(type.id == "hutstein-h8");
    CHECK(type.modbus->tcp());
    CHECK(type.modbus->unit == 17);
    CHECK(type.modbus->rtu->framing == "8N2");
    CHECK(type.default_network == "3 elements");
    CHECK(type.networks.front().phase_weights == std::array<double, 3>{1, 1, 1});
    CHECK(pulse_weight(type, 99, 1)->value() == 2);
    CHECK(pulse_weight(type, 100, 1)->value() == 20);
    // Its registers, and so its pulse output, count at the terminals.
    CHECK(pulse_weight_at_terminals(type, 100, 1)->value() == 20);
}

TEST_CASE("an eighth meter identifies itself by its own fields") {
    PortBench bench{eighth(), settings()};
    const MeterIdentity identity = bench.identify();
    CHECK(identity.maker == "HUTST");
    CHECK(identity.extended_name == "H8-3");
    CHECK(identity.serial == "H8/3.7000042 b");
    CHECK(field_text(identity, "firmware_1") == "0A10");
    CHECK_FALSE(mismatch(identity, bench.type));
    CHECK(bench.read(20, 5) == Words{'H', 'U', 'T', 'S', 'T'});
    bench.emulator.faults().extended_name = "H7-3";
    CHECK(mismatch(bench.identify(), bench.type) == std::string{"is a H7-3, expected H8-3"});
}

TEST_CASE("an eighth meter's registers are read in its word order, scales and patterns") {
    PortBench bench{eighth(), settings(), 1'000'000};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    const RegisterReading reading = bench.energy();
    CHECK(reading.active_import.value() == Approx(1'003'450).margin(1));
    CHECK(reading.active_export.value() == 0);
    CHECK(reading.ratio == 1);
    const auto counts = static_cast<std::uint32_t>(reading.active_import.value());
    CHECK(bench.read(301, 2) ==
          Words{static_cast<std::uint16_t>(counts), static_cast<std::uint16_t>(counts >> 16)});
    CHECK(bench.read_one("active_power").value == Approx(3450).margin(0.2));
    CHECK(bench.read_one("active_power").step == 0.1);
    CHECK(bench.read_one("voltage_l1").value == Approx(230).margin(0.02));
    CHECK(bench.instant().frequency->value() == Approx(50).margin(0.02));
    CHECK(bench.read(307, 2) == Words{0x0000, 0x8000});
    CHECK_FALSE(bench.read_one("apparent_energy").value);
}

TEST_CASE("an eighth meter rolls over where its text says") {
    PortBench bench{eighth(), settings(), 100'000'000 - 1000};
    const RegisterReading before = bench.energy();
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    const RegisterReading after = bench.energy();
    CHECK(after.active_import.value() < 3000);
    CHECK(active_import_advance(before, after).value() == Approx(3450).margin(1.01));
}

TEST_CASE("an eighth meter is set: two words by function 16, the tariff by broadcast") {
    PortBench bench{eighth(), settings()};
    const SettingOutcome outcome = bench.set_over_port("ct_primary", 1500);
    CHECK(outcome.before == 50);
    CHECK(outcome.after == 1500);
    CHECK(bench.set_over_port("ct_primary", 2001).refusal == "exception 3: illegal data value");
    CHECK(bench.set_over_port("ct_primary", 4'294'967'294.0).refusal ==
          "exception 3: illegal data value");
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    bench.loop->run(bench.port->broadcast("tariff", 2));
    bench.wait(3600);
    CHECK(bench.read_one("active_import_energy_t1").value == Approx(3450).margin(1));
    CHECK(bench.read_one("active_import_energy_t2").value == Approx(3450).margin(1));
}

TEST_CASE("after a fault an eighth meter proves itself by its own probe") {
    PortBench bench{eighth(), settings()};
    bench.line.tampers = {[](Bytes) { return std::vector<dut_test::Piece>{}; }};
    CHECK(bench.identify_fault().find("no reply within 1 s") != std::string::npos);
    bench.line.tampers = {[](Bytes reply) {
        reply[10] = 'X';
        return std::vector<dut_test::Piece>{{0, std::move(reply)}};
    }};
    CHECK(bench.identify_fault() ==
          "twin meter 1: read 0x0014 (5 registers): after a fault the probe reads \"XUTST\", "
          "expected \"HUTST\"");
    CHECK(bench.identify().serial == "H8/3.7000042 b");
}

TEST_CASE("a serial number that is not the eighth meter's is refused with its form") {
    MeterEmulatorOptions options = settings();
    options.serial = "24480001";
    CHECK_THROWS_WITH(dut_test::EmulatedBench(eighth(), options),
                      "serial: expected the form H8/{plant}.{number}[ {letter}], got \"24480001\"");
}

TEST_CASE("an eighth meter nobody has set has 1 A to 1 A") {
    MeterEmulatorOptions options;
    options.serial = "H8/1.2";
    dut_test::EmulatedBench bench{eighth(), options};
    CHECK(bench.value("ct_primary") == 1);
    CHECK(bench.value("ct_secondary") == 1);
}
