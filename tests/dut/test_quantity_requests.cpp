// The port's reading and setting of single quantities: how few requests it takes, what it refuses,
// and what a meter's refusal means.
#include "dut/quantity_requests.hpp"
#include "tests/dut/port_bench.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>
#include <string>

using namespace dut;
using dut_test::balanced;
using dut_test::meter_type;
using dut_test::Piece;
using dut_test::PortBench;

namespace {

std::vector<const Register*> rows_of(const RegisterMap& map,
                                     const std::vector<std::string>& quantities) {
    std::vector<const Register*> rows;
    for (const std::string& quantity : quantities) rows.push_back(find_register(map, quantity));
    return rows;
}

std::string shown(const std::vector<PlannedRequest>& requests) {
    std::string text;
    for (const PlannedRequest& request : requests) {
        text += address_text(request.address) + "+" + std::to_string(request.words) + " ";
    }
    return text;
}

}  // namespace

TEST_CASE("rows of one block come in one request, of two blocks in two, in any order") {
    const RegisterMap map = meter_type("countis-e48").registers;
    struct Row {
        std::vector<std::string> quantities;
        const char* requests;
    };
    const auto row = GENERATE(values<Row>(
        {{{"tariff"}, "0xC6A1+1 "},
         {{"voltage_l1"}, "0xC558+2 "},
         {{"voltage_l1", "mean_voltage"}, "0xC558+54 "},
         {{"mean_voltage", "voltage_l1", "voltage_l1"}, "0xC558+54 "},
         // The finest row of a quantity, not the coarse one in the same block as the partials.
         {{"active_import_energy", "partial_active_import_energy"}, "0xC65C+2 0xC702+2 "},
         {{"ct_primary", "tariff"}, "0xC6A1+1 0xE002+1 "},
         // These blocks follow each other without a hole, and are two all the same.
         {{"active_import_energy_t4", "active_export_energy_t1"}, "0xA080+2 0xC6A8+2 "},
         {{}, ""}}));
    CHECK(shown(plan_requests(map, rows_of(map, row.quantities))) == row.requests);
}

TEST_CASE("no request is longer than 125 words, and no row is cut in two") {
    RegisterMap map;
    map.blocks.push_back({"long", 100, 400, "found"});
    for (int index = 0; index < 199; ++index) {
        Register row;
        row.quantity = "voltage_l1";
        row.block = "long";
        row.address = static_cast<std::uint16_t>(101 + 2 * index);
        map.rows.push_back(row);
    }
    std::vector<const Register*> rows;
    for (const Register& row : map.rows) rows.push_back(&row);
    CHECK(shown(plan_requests(map, rows)) == "0x0065+124 0x00E1+124 0x015D+124 0x01D9+26 ");
}

TEST_CASE("every quantity of every type is read in few requests, and none is missing") {
    const auto id = GENERATE(as<std::string>{},
                             "countis-e27",
                             "countis-e28",
                             "countis-e43",
                             "countis-e47",
                             "countis-e48");
    PortBench bench{id};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    const auto readings = bench.loop->run(bench.port->read_everything());
    CHECK(readings.size() == bench.type.registers.rows.size());
    std::set<std::string> blocks;
    for (const Register& row : bench.type.registers.rows) blocks.insert(row.block);
    CHECK(bench.line.requests == static_cast<int>(blocks.size()));
    for (const QuantityReading& reading : readings) {
        INFO(id << " " << reading.quantity << " " << reading.reason);
        CHECK(reading.value);
        CHECK(reading.reason.empty());
        CHECK(reading.step > 0);
    }
}

TEST_CASE("quantities come in the order asked for, each by its finest row") {
    PortBench bench{"countis-e48", {}, 12340};
    const auto readings =
        bench.loop->run(bench.port->read({"tariff", "active_import_energy", "ct_primary"}));
    REQUIRE(readings.size() == 3);
    CHECK(readings[0].quantity == "tariff");
    CHECK(readings[0].value == 1);
    CHECK(readings[0].unit.empty());
    CHECK(readings[1].value == 12340);
    CHECK(readings[1].step == 10);
    CHECK(readings[1].unit == "Wh");
    CHECK(readings[2].value == 5);
}

TEST_CASE("the frequency is read by the scale that makes it one, and the step says which") {
    PortBench direct{"countis-e28"}, transformer{"countis-e48"};
    for (auto* bench : {&direct, &transformer}) {
        bench->apply(balanced(230, 1, "1"));
        bench->wait(1);
    }
    CHECK(direct.read_one("frequency").value == Approx(50));
    CHECK(direct.read_one("frequency").step == 0.001);
    CHECK(transformer.read_one("frequency").step == 0.01);
    transformer.line.tampers = {[](Bytes reply) {
        reply[11] = 0xC3, reply[12] = 0x50;  // 50000: what the other family says
        return std::vector<Piece>{{0, std::move(reply)}};
    }};
    const auto other = transformer.read_one("frequency");
    CHECK(other.value == Approx(50));
    CHECK(other.step == 0.001);
    transformer.line.tampers = {[](Bytes reply) {
        reply[11] = 0x01, reply[12] = 0x00;
        return std::vector<Piece>{{0, std::move(reply)}};
    }};
    CHECK(transformer.fault([&] { transformer.read_one("frequency"); }) ==
          "twin meter 1: read 0xC55E: no known scale brings the frequency into 45 to 65 Hz (raw "
          "value times 0.01 is 2.56)");
}

TEST_CASE("what is not available comes as nothing, with the reason") {
    PortBench bench;
    const QuantityReading frequency = bench.read_one("frequency");
    CHECK_FALSE(frequency.value);
    CHECK(frequency.reason == "not available");
    const QuantityReading average = bench.read_one("average_active_power");
    CHECK_FALSE(average.value);
}

TEST_CASE("a quantity the type has not is a fault, and nothing is sent") {
    PortBench bench;
    CHECK(bench.fault([&] { bench.read_one("network"); }) ==
          "twin meter 1: find network: the COUNTIS E48 has no such value");
    CHECK(bench.fault([&] { bench.set_over_port("network", 1); }) ==
          "twin meter 1: find network: the COUNTIS E48 has no such value");
    CHECK(bench.line.requests == 0);
}

TEST_CASE("a real meter without the assumed registers loses these values and nothing else") {
    PortBench bench;
    bench.emulator.faults().exceptions[0xA010] = 2;
    const auto readings = bench.loop->run(bench.port->read({"phase_sequence", "voltage_l1"}));
    CHECK_FALSE(readings[0].value);
    CHECK(readings[0].reason == "refused: illegal data address");
    CHECK(readings[1].value);
    const auto all = bench.loop->run(bench.port->read_everything());
    for (const QuantityReading& reading : all) {
        const bool refused = reading.quantity == "phase_sequence" ||
                             reading.quantity == "missing_phases" ||
                             reading.quantity == "malfunction";
        INFO(reading.quantity);
        CHECK((reading.reason == "refused: illegal data address") == refused);
    }
}

TEST_CASE("a refusal of registers that the type vouches for is a fault") {
    PortBench bench;
    bench.emulator.faults().exceptions[0xC6A1] = 2;
    CHECK(bench.fault([&] { bench.read_one("tariff"); }) ==
          "twin meter 1: read 0xC6A1 (1 registers): refused: illegal data address (exception 2)");
}

TEST_CASE("silence of assumed registers is a fault like any other: only a refusal is an answer") {
    PortBench bench;
    bench.line.tampers = {[](Bytes) { return std::vector<Piece>{}; }};
    CHECK(bench.fault([&] { bench.read_one("phase_sequence"); }).find("no reply within 1 s") !=
          std::string::npos);
}

TEST_CASE("a setting is read, written and read back") {
    PortBench bench{"countis-e47"};
    const SettingOutcome outcome = bench.set_over_port("ct_primary", 100);
    CHECK(outcome.quantity == "ct_primary");
    CHECK(outcome.before == 5);
    CHECK(outcome.after == 100);
    CHECK(outcome.refusal.empty());
    CHECK(bench.value("ct_primary") == 100);
}

TEST_CASE("a sealed meter refuses in good order, and keeps what it had") {
    PortBench bench{"countis-e48"};
    const SettingOutcome outcome = bench.set_over_port("ct_primary", 100);
    CHECK(outcome.refusal == "exception 3: illegal data value");
    CHECK(outcome.before == 5);
    CHECK(outcome.after == 5);
    CHECK(bench.set_over_port("tariff", 2).refusal.empty());
    CHECK(bench.value("tariff") == 2);
}

TEST_CASE("a real meter without the assumed setting refuses it, and nothing was known before") {
    PortBench bench{"countis-e48"};
    bench.emulator.faults().exceptions[0xA000] = 2;
    const SettingOutcome outcome = bench.set_over_port("partial_running", 0);
    CHECK(outcome.refusal == "exception 2: illegal data address");
    CHECK_FALSE(outcome.before);
    CHECK_FALSE(outcome.after);
}

TEST_CASE("every exception code a meter may refuse with is named") {
    struct Row {
        std::uint8_t code;
        const char* refusal;
    };
    const auto row = GENERATE(values<Row>({{1, "exception 1: illegal function"},
                                           {2, "exception 2: illegal data address"},
                                           {3, "exception 3: illegal data value"},
                                           {4, "exception 4: server device failure"},
                                           {6, "exception 6: server device busy"}}));
    PortBench bench{"countis-e47"};
    bench.line.tampers = {[](Bytes reply) { return std::vector<Piece>{{0, std::move(reply)}}; },
                          [=](Bytes reply) {
                              reply.resize(9);
                              reply[5] = 3;
                              reply[7] = 0x86;
                              reply[8] = row.code;
                              return std::vector<Piece>{{0, std::move(reply)}};
                          }};
    CHECK(bench.set_over_port("tariff", 2).refusal == row.refusal);
}

TEST_CASE("a setting out of range is the meter's to refuse") {
    PortBench bench{"countis-e48"};
    CHECK(bench.set_over_port("tariff", 5).refusal == "exception 3: illegal data value");
    CHECK(bench.set_over_port("tariff", 0).refusal == "exception 3: illegal data value");
    CHECK(bench.set_over_port("integration_period", 61).refusal ==
          "exception 3: illegal data value");
}

TEST_CASE("what no register can hold is a fault before anything is sent") {
    PortBench bench{"countis-e47"};
    CHECK(bench.fault([&] { bench.set_over_port("active_import_energy", 0); }) ==
          "twin meter 1: set active_import_energy: 0xC702 is read only");
    CHECK(bench.fault([&] { bench.set_over_port("ct_primary", 99.5); }) ==
          "twin meter 1: set ct_primary to 99.5: expected a multiple of 1");
    for (const double beyond : {65535.0, 65536.0, -1.0}) {
        INFO(beyond);
        CHECK(bench.fault([&] { bench.set_over_port("ct_primary", beyond); })
                  .find("does not fit 1 words") != std::string::npos);
    }
    CHECK(bench.fault([&] { bench.set_over_port("ct_primary", std::nan("")); }) != "no fault");
    CHECK(bench.line.requests == 0);
}

TEST_CASE("a meter that takes a setting and keeps the old one is a fault") {
    PortBench bench{"countis-e47"};
    bench.emulator.faults().loses_writes = true;
    CHECK(bench.fault([&] { bench.set_over_port("tariff", 3); }) ==
          "twin meter 1: write 0xC6A1 = 3: reads back 1; before it read 1");
}

TEST_CASE("fail at each request of a setting: a fault, never an outcome") {
    const auto step = GENERATE(0, 1, 2, 3);  // read, write, the client's read-back, read
    PortBench bench{"countis-e47"};
    for (int index = 0; index < step; ++index) {
        bench.line.tampers.push_back(
            [](Bytes reply) { return std::vector<Piece>{{0, std::move(reply)}}; });
    }
    bench.line.tampers.push_back([](Bytes) { return std::vector<Piece>{}; });
    CHECK(bench.fault([&] { bench.set_over_port("tariff", 2); }).find("no reply within 1 s") !=
          std::string::npos);
    CHECK(bench.set_over_port("tariff", 4).after == 4);
}

TEST_CASE("an exception to the read-back is a fault: the write was taken") {
    PortBench bench{"countis-e47"};
    const auto pass = [](Bytes reply) { return std::vector<Piece>{{0, std::move(reply)}}; };
    bench.line.tampers = {pass, pass, [](Bytes reply) {
                              reply.resize(9);
                              reply[5] = 3;
                              reply[7] = 0x83;
                              reply[8] = 4;
                              return std::vector<Piece>{{0, std::move(reply)}};
                          }};
    CHECK(bench.fault([&] { bench.set_over_port("tariff", 2); }).find("server device failure") !=
          std::string::npos);
}

TEST_CASE("a command is done once and reads 0 again") {
    PortBench bench{"countis-e48"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    CHECK(bench.read_one("partial_active_import_energy").value == 3000);
    const SettingOutcome outcome = bench.set_over_port("partial_reset", 1);
    CHECK(outcome.before == 0);
    CHECK(outcome.after == 0);
    CHECK(outcome.refusal.empty());
    CHECK(bench.read_one("partial_active_import_energy").value == 0);
    CHECK(bench.set_over_port("partial_reset", 2).refusal == "exception 3: illegal data value");
}

TEST_CASE("only the tariff may be broadcast") {
    PortBench bench{"countis-e47"};
    bench.loop->run(bench.port->broadcast("tariff", 3));
    CHECK(bench.value("tariff") == 3);
    CHECK(bench.fault([&] { bench.loop->run(bench.port->broadcast("ct_primary", 10)); }) ==
          "twin meter 1: broadcast ct_primary: 0xE002 may not be broadcast");
    CHECK(bench.value("ct_primary") == 5);
    CHECK(bench.port->line().empty());
}

TEST_CASE("the advance of a quantity crosses its roll-over, and needs two values") {
    const calibration::WattHour end{1e9};
    const auto reading = [](std::optional<double> shown) {
        return QuantityReading{"active_import_energy_t1", shown, 1000, "Wh", ""};
    };
    CHECK(advance(reading(5000), reading(8000), end) == 3000);
    CHECK(advance(reading(999'999'000), reading(2000), end) == 3000);
    CHECK(advance(reading(5000), reading(5000), end) == 0);
    CHECK_FALSE(advance(reading(std::nullopt), reading(1), end));
    CHECK_FALSE(advance(reading(1), reading(std::nullopt), end));
}

TEST_CASE("firmware and checksums are read where the type has them, and may be refused") {
    PortBench bench{"countis-e48"};
    MeterIdentity identity = bench.identify();
    CHECK(field_text(identity, "firmware_1") == "1.22");
    CHECK(field_text(identity, "firmware_2") == "3.02");
    CHECK(field_text(identity, "checksum_1") == "7A37");
    CHECK(field_text(identity, "checksum_2") == "FB7D");
    CHECK(field_text(identity, "checksum_3").empty());
    bench.emulator.faults().wrong_registers = {{.quantity = "checksum_1", .text = "0BAD"}};
    CHECK(field_text(bench.identify(), "checksum_1") == "0BAD");
    bench.emulator.faults().exceptions[0xA030] = 2;
    identity = bench.identify();
    CHECK(identity.serial == "24480001");
    CHECK(field_text(identity, "checksum_1").empty());
    CHECK(identity.fields.back().reason == "refused: illegal data address");
    CHECK(identity.fields.back().words.empty());
    CHECK_FALSE(mismatch(identity, bench.type));
}

TEST_CASE("the reactive registers advance over the ratio as the active ones do") {
    MeterEmulatorOptions options;
    options.ct_primary_a = 50;
    PortBench bench{"countis-e47", options};
    const RegisterReading before = bench.energy();
    bench.apply(balanced(230, 5, "0.5 ind"));
    bench.wait(3600);
    const RegisterReading inductive = bench.energy();
    bench.apply(balanced(230, 5, "0.5 cap"));
    bench.wait(3600);
    const RegisterReading capacitive = bench.energy();
    const double kvarh = 3450 * std::sqrt(0.75);
    CHECK(reactive_import_advance(before, inductive).value() == Approx(kvarh).margin(1.1));
    CHECK(reactive_export_advance(before, inductive).value() == 0);
    CHECK(reactive_import_advance(inductive, capacitive).value() == Approx(0).margin(1.1));
    CHECK(reactive_export_advance(inductive, capacitive).value() == Approx(kvarh).margin(1.1));
}
