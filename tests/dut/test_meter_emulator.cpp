// The emulated meter: every register of every type against the load on the terminals, and what it
// refuses.
#include "tests/dut/emulated_bench.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

using namespace dut;
using dut_test::balanced;
using dut_test::EmulatedBench;

namespace {

// What 230 V, 4 A, 0.5 ind on three phases means, worked out by hand. Energies are added from the
// model.
std::map<std::string, double> by_hand(const EmulatedBench& bench) {
    const double sine = std::sqrt(0.75);
    std::map<std::string, double> v{{"frequency", 50},
                                    {"neutral_current", 0},
                                    {"active_power", 1380},
                                    {"reactive_power", 2760 * sine},
                                    {"apparent_power", 2760},
                                    {"power_factor", 0.5},
                                    {"mean_voltage", 230},
                                    {"mean_line_voltage", 230 * std::sqrt(3)},
                                    {"mean_current", 4},
                                    {"tariff", 1},
                                    {"tariff_count", bench.type.tariffs},
                                    {"roll_over", 1e9},
                                    {"active_import_overflows", 0},
                                    {"reactive_import_overflows", 0},
                                    {"active_export_overflows", 0},
                                    {"ct_primary", 5},
                                    {"ct_secondary", 5},
                                    {"integration_period", 600},
                                    {"average_active_power", 1380},
                                    {"average_time_s", 12 * 3600},
                                    {"maximum_active_power", 1380},
                                    {"network", 5},
                                    {"output_weight", bench.type.transformer ? 1 : 100},
                                    {"partial_running", 1},
                                    {"partial_reset", 0},
                                    {"maximum_reset", 0},
                                    {"phase_sequence", 1},
                                    {"missing_phases", 0},
                                    {"malfunction", 0},
                                    {"mid_status", bench.type.id == "countis-e48" ? 1 : 0}};
    for (const char* pair : {"12", "23", "31"})
        v[std::string("line_voltage_") + pair] = 230 * std::sqrt(3);
    for (const char* phase : {"_l1", "_l2", "_l3"}) {
        v[std::string("voltage") + phase] = 230;
        v[std::string("current") + phase] = 4;
        v[std::string("secondary_current") + phase] = 4;
        v[std::string("active_power") + phase] = 460;
        v[std::string("reactive_power") + phase] = 920 * sine;
        v[std::string("apparent_power") + phase] = 920;
        v[std::string("power_factor") + phase] = 0.5;
    }
    return v;
}

void add_energies(std::map<std::string, double>& v, const EmulatedBench& bench) {
    const auto energy = bench.model.registered(0, bench.loop->clock().now());
    for (const char* prefix : {"", "partial_"}) {
        v[prefix + std::string("active_import_energy")] = energy.active_import.value();
        v[prefix + std::string("reactive_import_energy")] = energy.reactive_import.value();
        v[prefix + std::string("active_export_energy")] = energy.active_export.value();
        v[prefix + std::string("reactive_export_energy")] = energy.reactive_export.value();
    }
    v["energy_balance"] = energy.active_import.value();
    v["reactive_energy_balance"] = energy.reactive_import.value();
    for (const char* name : {"active_import_energy",
                             "active_export_energy",
                             "reactive_import_energy",
                             "reactive_export_energy"}) {
        for (int t = 1; t <= 4; ++t) v[fmt::format("{}_t{}", name, t)] = t == 1 ? v[name] : 0;
        for (int p = 1; p <= 3; ++p) v[fmt::format("{}_l{}", name, p)] = v[name] / 3;
    }
}

}  // namespace

TEST_CASE("every register of every type reads what is on the terminals, at its resolution") {
    const auto id = GENERATE(as<std::string>{},
                             "countis-e27",
                             "countis-e28",
                             "countis-e43",
                             "countis-e47",
                             "countis-e48");
    EmulatedBench bench{id};
    bench.apply(balanced(230, 4, "0.5 ind"));
    bench.wait(12 * 3600);
    auto expected = by_hand(bench);
    add_energies(expected, bench);
    CHECK(expected["active_import_energy"] == Approx(12 * 1380).epsilon(1e-5));
    CHECK(expected["reactive_import_energy"] == Approx(12 * 2760 * std::sqrt(0.75)).epsilon(1e-5));
    for (const Register& row : bench.type.registers.rows) {
        INFO(id << " " << row.quantity << " at " << address_text(row.address));
        REQUIRE(expected.count(row.quantity) == 1);
        const auto read = bench.value(row);
        REQUIRE(read);
        const double difference = expected[row.quantity] - *read;
        CHECK(difference > -1e-5 * std::max(row.scale, expected[row.quantity]));
        CHECK(difference < row.scale);
    }
}

TEST_CASE("the frequency comes in the family's own scale") {
    EmulatedBench direct{"countis-e28"}, transformer{"countis-e48"};
    for (auto* bench : {&direct, &transformer}) {
        bench->apply(balanced(230, 1, "1"));
        bench->wait(1);
    }
    CHECK(direct.read(0xC55E, 2) == Words{0, 50000});
    CHECK(transformer.read(0xC55E, 2) == Words{0, 5000});
}

TEST_CASE("without voltage the frequency is not available") {
    EmulatedBench bench{"countis-e48"};
    CHECK(bench.read(0xC55E, 2) == Words{0xFFFF, 0xFFFF});
    CHECK(bench.value("voltage_l1") == 0);
}

TEST_CASE("export counts in the export registers, and powers are negative") {
    EmulatedBench bench{"countis-e48"};
    bench.apply(balanced(230, 5, "-1"));
    bench.wait(3600);
    CHECK(bench.value("active_power") == Approx(-3450).margin(10));
    CHECK(bench.value("active_export_energy") == Approx(3450).margin(10));
    CHECK(bench.value("active_import_energy") == 0);
}

TEST_CASE("a leading current has a negative power factor") {
    EmulatedBench bench{"countis-e48"};
    bench.apply(balanced(230, 5, "0.8 cap"));
    bench.wait(10);
    CHECK(bench.value("power_factor") == Approx(-0.8).margin(0.001));
    CHECK(bench.value("reactive_power") == Approx(-2070).margin(10));
}

TEST_CASE("the register rolls over after 999999.99 kWh and counts the overflow") {
    EmulatedBench bench{"countis-e48", {}, 999'999'990.0 - 3450};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3595);
    CHECK(bench.read(0xC702, 2) == Words{0x05F5, 0xE0FE});
    CHECK(bench.value("active_import_overflows") == 0);
    bench.wait(6);
    CHECK(bench.read(0xC702, 2) == Words{0x05F5, 0xE0FF});
    bench.wait(10);
    CHECK(bench.read(0xC702, 2) == Words{0, 0});
    CHECK(bench.read(0xC652, 2) == Words{0, 0});
    CHECK(bench.value("active_import_overflows") == 1);
}

TEST_CASE("partial registers count from the arrival on the bench") {
    EmulatedBench bench{"countis-e48", {}, 5e6};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600 * 2);
    CHECK(bench.value("partial_active_import_energy") == 6000);
    CHECK(bench.value("active_import_energy") == Approx(5'006'900).margin(10));
}

TEST_CASE("energy goes into the tariff in force, and totals go on") {
    EmulatedBench bench{"countis-e48"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600 * 2);
    CHECK(bench.write(0xC6A1, 3) == Bytes{6, 0xC6, 0xA1, 0, 3});
    bench.wait(3600 * 2);
    CHECK(bench.value("tariff") == 3);
    CHECK(bench.value("active_import_energy_t1") == 6000);
    CHECK(bench.value("active_import_energy_t3") == 6000);
    CHECK(bench.value("active_import_energy_t2") == 0);
    CHECK(bench.value("active_import_energy") == Approx(13800).margin(10));
}

TEST_CASE("a broadcast selects the tariff, does nothing else, and is never answered") {
    EmulatedBench bench{"countis-e47"};
    CHECK(bench.write(0xC6A1, 2, 0).empty());
    CHECK(bench.value("tariff") == 2);
    CHECK(bench.write(0xE002, 100, 0).empty());
    CHECK(bench.value("ct_primary") == 5);
    CHECK(bench.ask({3, 0xC3, 0x50, 0, 4}, 0).empty());
}

TEST_CASE("a request for another unit is met with silence") {
    EmulatedBench bench{"countis-e48"};
    CHECK(bench.ask({3, 0xC3, 0x50, 0, 4}, 6).empty());
    CHECK(bench.ask({3, 0xC3, 0x50, 0, 4}, 255).empty());
    CHECK_FALSE(bench.ask({3, 0xC3, 0x50, 0, 4}, 5).empty());
}

TEST_CASE("the transformer ratio can be set on the E47 and multiplies what follows") {
    EmulatedBench bench{"countis-e47"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    CHECK(bench.write(0xE002, 100) == Bytes{6, 0xE0, 0x02, 0, 100});
    CHECK(bench.value("active_import_energy") == Approx(3450).margin(10));
    CHECK(bench.value("current_l1") == Approx(100));
    CHECK(bench.value("secondary_current_l1") == Approx(5));
    bench.wait(3600);
    CHECK(bench.value("active_import_energy") == Approx(3450 + 20 * 3450).margin(20));
}

TEST_CASE("requests a meter refuses, and with which exception") {
    struct Row {
        const char* what;
        Bytes request;
        std::uint8_t code;
    };
    const auto row = GENERATE(values<Row>(
        {{"an unknown function", {4, 0xC3, 0x50, 0, 4}, 1},
         {"an address outside every block", {3, 0x00, 0x00, 0, 1}, 2},
         {"a read over the end of a block", {3, 0xC7, 0x0A, 0, 3}, 2},
         {"a read over the end of the addresses", {3, 0xFF, 0xFF, 0, 2}, 2},
         {"no registers", {3, 0xC7, 0x02, 0, 0}, 3},
         {"126 registers", {3, 0xC3, 0x50, 0, 126}, 3},
         {"a read cut short", {3, 0xC7, 0x02, 0}, 3},
         {"writing a measured value", {6, 0xC7, 0x02, 0, 1}, 2},
         {"writing the identification", {6, 0xC3, 0x50, 0, 1}, 2},
         {"writing the sealed ratio", {6, 0xE0, 0x02, 0, 100}, 3},
         {"tariff 0", {6, 0xC6, 0xA1, 0, 0}, 3},
         {"tariff 5 of 4", {6, 0xC6, 0xA1, 0, 5}, 3},
         {"a write cut short", {6, 0xC6, 0xA1, 0}, 3},
         {"writing no registers", {16, 0xC6, 0xA1, 0, 0, 0}, 3},
         {"a byte count that disagrees", {16, 0xC6, 0xA1, 0, 1, 4, 0, 2}, 3},
         {"several, one of them read-only", {16, 0xC6, 0xA1, 0, 2, 4, 0, 2, 0, 0}, 2}}));
    INFO(row.what);
    EmulatedBench bench{"countis-e48"};
    CHECK(bench.ask(row.request) ==
          Bytes{static_cast<std::uint8_t>(row.request[0] | 0x80), row.code});
    CHECK(bench.value("tariff") == 1);
    CHECK(bench.value("ct_primary") == 5);
}

TEST_CASE("function 16 writes and answers with address and count") {
    EmulatedBench bench{"countis-e48"};
    CHECK(bench.ask({16, 0xC6, 0xA1, 0, 1, 2, 0, 4}) == Bytes{16, 0xC6, 0xA1, 0, 1});
    CHECK(bench.value("tariff") == 4);
}

TEST_CASE("holes inside a block read as not available") {
    EmulatedBench bench{"countis-e48"};
    CHECK(bench.read(0xC550, 2) == Words{0xFFFF, 0xFFFF});
    CHECK(bench.read(0xC706, 2) == Words{0xFFFF, 0xFFFF});
}

TEST_CASE("the identification block reads as the meter's name plate") {
    MeterEmulatorOptions options;
    options.serial = "24480001-321";
    EmulatedBench bench{"countis-e28", options};
    const Words block = bench.read(0xC350, 66);
    CHECK(Words(block.begin(), block.begin() + 5) == Words{0x53, 0x4F, 0x43, 0x4F, 100});
    CHECK(Words(block.begin() + 8, block.begin() + 11) == Words{0x2448, 0x0001, 321});
    CHECK(Words(block.begin() + 58, block.begin() + 64) ==
          Words{0x434F, 0x554E, 0x5449, 0x5320, 0x4532, 0x3800});
}

TEST_CASE("a serial number or ratio this meter cannot have is refused") {
    const auto serial = GENERATE(as<std::string>{},
                                 "",
                                 "2448",
                                 "2448000G",
                                 "24480001-",
                                 "24480001-65536",
                                 "24480001-x",
                                 "244800012");
    MeterEmulatorOptions options;
    options.serial = serial;
    INFO(serial);
    CHECK_THROWS_AS(EmulatedBench("countis-e48", options), calibration::DataError);
    MeterEmulatorOptions ratio;
    ratio.ct_primary_a = 12001;
    CHECK_THROWS_AS(EmulatedBench("countis-e48", ratio), calibration::DataError);
    ratio.ct_primary_a = 100;
    ratio.ct_secondary_a = 2;
    CHECK_THROWS_AS(EmulatedBench("countis-e48", ratio), calibration::DataError);
}

TEST_CASE("what is no frame, or more than one, gets no answer") {
    EmulatedBench bench{"countis-e48"};
    const Bytes request = encode_frame({1, 5, {3, 0xC3, 0x50, 0, 4}});
    CHECK_FALSE(bench.emulator.answer(request).empty());
    for (std::size_t cut = 0; cut < request.size(); ++cut) {
        CHECK(bench.emulator.answer(BytesView{request}.first(cut)).empty());
    }
    Bytes longer = request;
    longer.push_back(0);
    CHECK(bench.emulator.answer(longer).empty());
    Bytes other_protocol = request;
    other_protocol[3] = 1;
    CHECK(bench.emulator.answer(other_protocol).empty());
}

TEST_CASE("a self-supplied meter is dead without voltage, when the bench wants it so") {
    MeterEmulatorOptions options;
    options.dead_without_voltage = true;
    EmulatedBench bench{"countis-e48", options};
    CHECK(bench.read(0xC350, 4).empty());
    bench.apply(calibration::LoadPoint::voltage_only(calibration::Volt{230}));
    bench.wait(1);
    CHECK(bench.read(0xC350, 4).size() == 4);
}

TEST_CASE("faults: silence, exceptions, another name, another scale") {
    EmulatedBench bench{"countis-e48", {}, 12340};
    bench.emulator.faults().energy_scale = 10;
    CHECK(bench.value("active_import_energy") == 123400);
    bench.emulator.faults().extended_name = "COUNTIS E44";
    CHECK(bench.read(0xC38A, 6)[4] == 0x4534);
    CHECK(bench.read(0xC38A, 6)[5] == 0x3400);
    bench.emulator.faults().exceptions[0xC704] = 4;
    CHECK(bench.ask({3, 0xC7, 0x02, 0, 10}) == Bytes{0x83, 4});
    CHECK(bench.ask({3, 0xC7, 0x02, 0, 2}).size() == 6);
    bench.emulator.faults().silent_from = bench.loop->clock().now();
    CHECK(bench.ask({3, 0xC7, 0x02, 0, 2}).empty());
}
