// An emulated meter that is set: tariffs, partial meters, transformer ratio, network, pulse output,
// and the registers that are wrong.
#include "tests/dut/port_bench.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>

using namespace dut;
using dut_test::balanced;
using dut_test::EmulatedBench;

namespace {

const Bytes refused_value{0x86, 3};

// A meter type with one piece of its text replaced.
MeterType type_with(std::string_view id, const std::string& from, const std::string& to) {
    std::string text{meter_type_text(id).text};
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return parse_meter_type(text.replace(at, from.size(), to), "mine.toml");
}

// The E43 with a seal: an MID sibling in all but the name.
MeterType sealed_e43() {
    std::string text{meter_type_text("countis-e43").text};
    for (const char* row : {"0xE000, words = 1, scale = 1, access = \"",
                            "0xE001, words = 1, scale = 1, unit = \"A\", access = \"",
                            "0xE002, words = 1, scale = 1, unit = \"A\", access = \""}) {
        const auto at = text.find(row);
        REQUIRE(at != std::string::npos);
        text.replace(at + std::string_view(row).size(), 5, "sealed");
    }
    return parse_meter_type(text, "sealed.toml");
}

double output_impulses_per_hour(EmulatedBench& bench) {
    std::int64_t number = 1;
    const auto from = bench.loop->clock().now();
    const auto to = from + std::chrono::hours{1};
    while (bench.model.output_impulse(0, number) <= from) ++number;
    const std::int64_t first = number;
    while (bench.model.output_impulse(0, number) <= to) ++number;
    return static_cast<double>(number - first);
}

}  // namespace

TEST_CASE("a tariff switched in mid-load splits the energy exactly, and the sum is the total") {
    EmulatedBench bench{"countis-e47"};
    bench.apply(balanced(230, 5, "1"));
    for (const std::uint16_t tariff : std::initializer_list<std::uint16_t>{2, 4, 1, 3}) {
        bench.wait(2 * 3600);
        CHECK(bench.set("tariff", tariff)[0] == 6);
    }
    bench.wait(2 * 3600);
    // 6.9 kWh each, tariff 1 twice.
    CHECK(bench.value("active_import_energy_t1") == 13000);
    CHECK(bench.value("active_import_energy_t2") == 6000);
    CHECK(bench.value("active_import_energy_t3") == 6000);
    CHECK(bench.value("active_import_energy_t4") == 6000);
    CHECK(bench.value("active_import_energy") == Approx(5 * 6900).margin(10));
    CHECK(bench.value("energy_balance") == Approx(5 * 6900).margin(10));
}

TEST_CASE("the balance is import less export over all tariffs, and may be negative") {
    EmulatedBench bench{"countis-e28"};
    bench.apply(balanced(230, 5, "0.5 ind"));
    bench.wait(3600);
    bench.set("tariff", 2);
    bench.apply(balanced(230, 20, "-0.5 ind"));
    bench.wait(3600);
    CHECK(bench.value("energy_balance") == Approx(1725 - 6900).margin(11));
    CHECK(bench.value("active_export_energy_t2") == 6000);
    CHECK(bench.value("active_export_energy_t1") == 0);
    const double kvarh = 3450 * std::sqrt(0.75);
    CHECK(bench.value("reactive_energy_balance") == Approx(kvarh - 4 * kvarh).margin(11));
}

TEST_CASE("energies per phase follow the phase that is loaded") {
    EmulatedBench bench{"countis-e28"};
    bench.apply(calibration::LoadPoint::single_phase(1,
                                                     calibration::Volt{230},
                                                     calibration::Ampere{10},
                                                     calibration::PowerFactor::parse("0.5 ind")));
    bench.wait(3600);
    CHECK(bench.value("active_import_energy_l1") == 0);
    CHECK(bench.value("active_import_energy_l2") == Approx(1150).margin(10));
    CHECK(bench.value("active_import_energy_l3") == 0);
    CHECK(bench.value("reactive_import_energy_l2") == Approx(1990).margin(10));
    CHECK(bench.value("active_export_energy_l2") == 0);
}

TEST_CASE("the partial meter stops, starts, and is reset; the total goes on") {
    EmulatedBench bench{"countis-e48"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(2 * 3600);
    CHECK(bench.set("partial_running", 0)[0] == 6);
    CHECK(bench.value("partial_running") == 0);
    bench.wait(2 * 3600);
    CHECK(bench.value("partial_active_import_energy") == 6000);
    bench.set("partial_running", 1);
    bench.wait(2 * 3600);
    CHECK(bench.value("partial_active_import_energy") == 13000);
    bench.set("partial_reset", 1);
    CHECK(bench.value("partial_active_import_energy") == 0);
    bench.wait(2 * 3600);
    CHECK(bench.value("partial_active_import_energy") == 6000);
    CHECK(bench.value("active_import_energy") == Approx(4 * 6900).margin(10));
}

TEST_CASE("a partial meter that is reset while it stands stays at 0") {
    EmulatedBench bench{"countis-e48"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(2 * 3600);
    bench.set("partial_running", 0);
    bench.set("partial_reset", 1);
    bench.wait(2 * 3600);
    CHECK(bench.value("partial_active_import_energy") == 0);
    bench.set("partial_running", 1);
    bench.wait(2 * 3600);
    CHECK(bench.value("partial_active_import_energy") == 6000);
}

TEST_CASE("the ratio changed in mid-load multiplies what follows, in total, partial and tariff") {
    EmulatedBench bench{"countis-e47"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    bench.set("ct_primary", 100);
    bench.wait(3600);
    bench.set("ct_secondary", 1);
    bench.wait(3600);
    const double wh = 3450 + 20 * 3450 + 100 * 3450;
    CHECK(bench.value("active_import_energy") == Approx(wh).margin(20));
    CHECK(bench.value("partial_active_import_energy") == Approx(wh).margin(1000));
    CHECK(bench.value("active_import_energy_t1") == Approx(wh).margin(1000));
    CHECK(bench.value("active_import_energy_l1") == Approx(wh / 3).margin(20));
}

TEST_CASE("the pulse output follows the ratio, at both ends of a band") {
    struct Row {
        std::uint16_t primary_a;
        double weight_wh;
    };
    // To 5 A: the ratios 1, 4.8 (which counts as 4), 5, 24.8, 25.
    const auto row = GENERATE(values<Row>({{5, 1}, {24, 1}, {25, 5}, {124, 5}, {125, 25}}));
    EmulatedBench bench{"countis-e47"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(60);
    CHECK(bench.set("ct_primary", row.primary_a)[0] == 6);
    CHECK(bench.value("output_weight") == row.weight_wh);
    const double primary_wh = 3450.0 * row.primary_a / 5;
    INFO(row.primary_a << " A to 5 A");
    CHECK(output_impulses_per_hour(bench) == Approx(primary_wh / row.weight_wh).margin(1.01));
}

TEST_CASE("a wrong weight of the pulse output shows at its impulses, not in its register") {
    EmulatedBench bench{"countis-e28"};
    bench.apply(balanced(230, 50, "1"));
    bench.wait(60);
    CHECK(output_impulses_per_hour(bench) == Approx(345).margin(1.01));
    bench.emulator.faults().output_weight_scale = 10;
    bench.emulator.update_output();
    CHECK(output_impulses_per_hour(bench) == Approx(34.5).margin(1.01));
    CHECK(bench.value("output_weight") == 100);
}

TEST_CASE("a meter without pulse output gives no impulses") {
    EmulatedBench bench{"countis-e43"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(60);
    CHECK(bench.model.output_impulse(0, 1) == calibration::never);
}

TEST_CASE("the network the E43 is set to decides what it makes of its phases") {
    struct Row {
        const char* network;
        double share;  // of the power of one phase
    };
    const auto row = GENERATE(
        values<Row>({{"1BL", 1}, {"2BL", 2}, {"3BL", 3}, {"3NBL", 3}, {"4BL", 3}, {"4NBL", 3}}));
    INFO(row.network);
    EmulatedBench bench{"countis-e43"};
    const Network* network = find_network(bench.type, row.network);
    CHECK(bench.set("network", static_cast<std::uint16_t>(*network->code))[0] == 6);
    CHECK(bench.value("network") == *network->code);
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    CHECK(bench.value("active_power") == Approx(row.share * 1150).margin(10));
    CHECK(bench.value("active_import_energy") == Approx(row.share * 1150).margin(10));
}

TEST_CASE("a balanced network measures by L1 alone") {
    MeterEmulatorOptions options;
    options.network = "4BL";
    EmulatedBench bench{"countis-e43", options};
    bench.apply(calibration::LoadPoint::single_phase(
        1, calibration::Volt{230}, calibration::Ampere{5}, calibration::PowerFactor::unity()));
    bench.wait(3600);
    CHECK(bench.value("active_import_energy") == 0);
    bench.apply(calibration::LoadPoint::single_phase(
        0, calibration::Volt{230}, calibration::Ampere{5}, calibration::PowerFactor::unity()));
    bench.wait(3600);
    CHECK(bench.value("active_import_energy") == Approx(3450).margin(10));
}

TEST_CASE("a network, or a ratio, that the type has not is refused") {
    EmulatedBench bench{"countis-e43"};
    CHECK(bench.set("network", 6) == refused_value);
    CHECK(bench.set("ct_secondary", 1) == refused_value);
    CHECK(bench.set("ct_primary", 0) == refused_value);
    CHECK(bench.set("ct_primary", 12001) == refused_value);
    CHECK(bench.set("partial_running", 2) == refused_value);
    CHECK(bench.set("partial_reset", 0) == refused_value);
    MeterEmulatorOptions options;
    options.network = "5BL";
    CHECK_THROWS_WITH(EmulatedBench("countis-e43", options),
                      "network: the COUNTIS E43 has no \"5BL\"");
}

TEST_CASE("a sealed meter refuses ratio and network; tariffs and partial meters still work") {
    EmulatedBench bench{sealed_e43()};
    CHECK(bench.set("ct_primary", 100) == refused_value);
    CHECK(bench.set("ct_secondary", 5) == refused_value);
    CHECK(bench.set("network", 0) == refused_value);
    CHECK(bench.write(0xC702, 0) == Bytes{0x86, 2});  // a total
    CHECK(bench.value("mid_status") == 1);
    CHECK(bench.set("tariff", 4)[0] == 6);
    CHECK(bench.value("tariff") == 4);
    CHECK(bench.set("partial_running", 0)[0] == 6);
    CHECK(bench.set("partial_reset", 1)[0] == 6);
    CHECK(bench.value("ct_primary") == 5);
    CHECK(bench.value("network") == 5);
    EmulatedBench open{"countis-e43"};
    CHECK(open.value("mid_status") == 0);
}

TEST_CASE("function 16 writes two-word rows only whole") {
    EmulatedBench bench{type_with("countis-e47",
                                  "0xE00B, words = 1, scale = 1, unit = \"s\"",
                                  "0xE00A, words = 2, scale = 1, unit = \"s\"")};
    CHECK(bench.write(0xE00A, 0) == Bytes{0x86, 2});
    CHECK(bench.ask({16, 0xE0, 0x0A, 0, 1, 2, 0, 0}) == Bytes{0x90, 2});
    CHECK(bench.ask({16, 0xE0, 0x0B, 0, 1, 2, 0, 60}) == Bytes{0x90, 2});
    CHECK(bench.ask({16, 0xE0, 0x0A, 0, 2, 4, 0, 0, 0, 60})[0] == 16);
    CHECK(bench.value("integration_period") == 60);
    CHECK(bench.ask({16, 0xE0, 0x0A, 0, 2, 4, 0, 0, 0, 61}) == Bytes{0x90, 3});
}

TEST_CASE("phase sequence and missing phases") {
    EmulatedBench bench{"countis-e48"};
    CHECK(bench.value("phase_sequence") == 0);
    CHECK(bench.value("missing_phases") == 7);
    bench.apply(balanced(230, 1, "1"));
    bench.wait(1);
    CHECK(bench.value("phase_sequence") == 1);
    CHECK(bench.value("missing_phases") == 0);
    bench.apply(calibration::LoadPoint::balanced(calibration::Volt{230},
                                                 calibration::Ampere{1},
                                                 calibration::PowerFactor::unity(),
                                                 calibration::Hertz{50},
                                                 calibration::PhaseSequence::l132));
    bench.wait(1);
    CHECK(bench.value("phase_sequence") == 2);
    for (std::size_t phase = 0; phase < 3; ++phase) {
        auto load = balanced(230, 1, "1");
        load.phases[phase].voltage = calibration::Volt{0};
        bench.apply(load);
        bench.wait(1);
        CHECK(bench.value("missing_phases") == 1 << phase);
        CHECK(bench.value("phase_sequence") == 0);
    }
}

TEST_CASE("phases a network does not use are not missing") {
    MeterEmulatorOptions options;
    options.network = "1BL";
    EmulatedBench bench{"countis-e43", options};
    auto load = balanced(230, 1, "1");
    load.phases[1].voltage = load.phases[2].voltage = calibration::Volt{0};
    bench.apply(load);
    bench.wait(1);
    CHECK(bench.value("missing_phases") == 0);
    CHECK(bench.value("phase_sequence") == 0);
}

TEST_CASE("a wrong register is off by its factor, in every row of its quantity, and no other is") {
    EmulatedBench bench{"countis-e48", {}, 1e6};
    bench.emulator.faults().wrong_registers = {{.quantity = "active_import_energy", .scale = 0.1}};
    CHECK(bench.read(0xC702, 2) == Words{0, 10000});
    CHECK(bench.read(0xC652, 2) == Words{0, 100});
    CHECK(bench.value("active_import_energy_t1") == 1e6);
}

TEST_CASE("a register that is stuck shows what it held then, however late it is read") {
    EmulatedBench bench{"countis-e48"};
    bench.apply(balanced(230, 5, "1"));
    const auto at = bench.loop->clock().now() + std::chrono::hours{2};
    bench.emulator.faults().wrong_registers = {
        {.quantity = "active_import_energy_t1", .stuck_from = at}};
    bench.wait(3600);
    CHECK(bench.value("active_import_energy_t1") == 3000);
    bench.wait(2 * 3600);
    SECTION("when it is read") { CHECK(bench.value("active_import_energy_t1") == 6000); }
    SECTION("when something is set meanwhile") {
        bench.set("tariff", 2);
        bench.wait(3600);
        bench.set("tariff", 1);
        bench.wait(3600);
        CHECK(bench.value("active_import_energy_t1") == 6000);
        CHECK(bench.value("active_import_energy_t2") == 3000);
    }
    CHECK(bench.value("active_import_energy") > 10000);
}

TEST_CASE("a tariff that is stuck is confirmed and not taken") {
    EmulatedBench bench{"countis-e48"};
    bench.emulator.faults().wrong_registers = {
        {.quantity = "tariff", .stuck_from = bench.loop->clock().now()}};
    CHECK(bench.set("tariff", 3) == Bytes{6, 0xC6, 0xA1, 0, 3});
    CHECK(bench.value("tariff") == 1);
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    CHECK(bench.value("active_import_energy_t1") == 3000);
    CHECK(bench.value("active_import_energy_t3") == 0);
}

TEST_CASE("a tariff may be shown and not be counted into") {
    EmulatedBench bench{"countis-e48"};
    bench.emulator.faults().stuck_tariff = true;
    bench.set("tariff", 3);
    CHECK(bench.value("tariff") == 3);
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    CHECK(bench.value("active_import_energy_t1") == 3000);
    CHECK(bench.value("active_import_energy_t3") == 0);
}

TEST_CASE("a register may say one thing whatever is true, or nothing at all") {
    EmulatedBench bench{"countis-e48", {}, 50000};
    bench.emulator.faults().wrong_registers = {
        {.quantity = "missing_phases", .value = 0},
        {.quantity = "active_import_energy", .not_available = true}};
    CHECK(bench.value("missing_phases") == 0);
    CHECK(bench.read(0xC702, 2) == Words{0xFFFF, 0xFFFF});
    CHECK(bench.value("active_import_energy_t1") == 50000);
}

TEST_CASE("a wrong identification field is told by its own text") {
    EmulatedBench bench{"countis-e48"};
    bench.emulator.faults().wrong_registers = {{.quantity = "firmware_1", .text = "1.23"},
                                               {.quantity = "serial_line", .text = "0002"}};
    CHECK(bench.read(0xA030, 4) == Words{123, 302, 0x7A37, 0xFB7D});
    CHECK(bench.read(0xC359, 1) == Words{2});
}

TEST_CASE("a request PDU is answered without any frame, and a broadcast by nobody") {
    EmulatedBench bench{"countis-e43"};
    const Bytes probe{3, 0xC3, 0x50, 0, 4};
    CHECK(bench.emulator.answer_pdu(5, probe)->size() == 10);
    CHECK_FALSE(bench.emulator.answer_pdu(6, probe));
    CHECK_FALSE(bench.emulator.answer_pdu(0, probe));
    CHECK_FALSE(bench.emulator.answer_pdu(5, {}));
    CHECK_FALSE(bench.emulator.answer_pdu(0, Bytes{6, 0xC6, 0xA1, 0, 2}));
    CHECK(bench.value("tariff") == 2);
    CHECK(bench.emulator.unit() == 5);
}
