// The meter's port over Modbus in virtual time: what it reads, and every way a line can lie to it.
#include "dut/modbus_client.hpp"
#include "dut/modbus_meter.hpp"
#include "tests/dut/port_bench.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace dut;
using dut_test::balanced;
using dut_test::EmulatedBench;
using dut_test::Line;
using dut_test::Piece;
using dut_test::PortBench;
using dut_test::serve_over;
using dut_test::Tamper;
using instruments::DeviceFault;
using instruments::io::ByteLink;
using instruments::io::Clock;

namespace {

Tamper late_by(double pause_s) {
    return [=](Bytes reply) { return std::vector<Piece>{{pause_s, std::move(reply)}}; };
}

Tamper with_bit_flipped(std::size_t bit) {
    return [=](Bytes reply) {
        reply[bit / 8] = static_cast<std::uint8_t>(reply[bit / 8] ^ (0x80 >> bit % 8));
        return std::vector<Piece>{{0, std::move(reply)}};
    };
}

Tamper cut_at(std::size_t cut, double pause_s) {
    return [=](Bytes reply) {
        const auto middle = reply.begin() + static_cast<std::ptrdiff_t>(cut);
        return std::vector<Piece>{{0, Bytes(reply.begin(), middle)},
                                  {pause_s, Bytes(middle, reply.end())}};
    };
}

Tamper unchanged() { return late_by(0); }

}  // namespace

TEST_CASE("a meter identifies itself with name, serial number and versions") {
    MeterEmulatorOptions options;
    options.serial = "24480007-12";
    options.software_version = 215;
    PortBench bench{"countis-e48", options};
    const MeterIdentity identity = bench.identify();
    CHECK(identity.maker == "SOCO");
    CHECK(identity.extended_name == "COUNTIS E48");
    CHECK(identity.vendor == "SOCOMEC");
    CHECK(identity.serial == "24480007-12");
    CHECK(identity.software_version == "2.15");
    CHECK(identity.table_version == "1.01");
    CHECK(identity.product_version == "1.0");
    CHECK(identity.fields.size() == bench.type.registers.identification.size());
    CHECK(identity.fields.front().words == Words{0x53, 0x4F, 0x43, 0x4F});
    CHECK_FALSE(mismatch(identity, bench.type));
}

TEST_CASE("another product, and another maker, are named") {
    PortBench bench;
    bench.emulator.faults().extended_name = "COUNTIS E28";
    MeterIdentity identity = bench.identify();
    CHECK(mismatch(identity, bench.type) == std::string{"is a COUNTIS E28, expected COUNTIS E48"});
    identity.extended_name = "Countis E48";
    CHECK_FALSE(mismatch(identity, bench.type));
    identity.extended_name = "";
    CHECK(mismatch(identity, bench.type) ==
          std::string{"does not say what it is, expected COUNTIS E48"});
    identity.maker = "ACME";
    CHECK(mismatch(identity, bench.type) ==
          std::string{"says its maker is \"ACME\", expected \"SOCO\""});
}

TEST_CASE("energies are read in steps of 10 Wh, of one instant") {
    const auto id = GENERATE(as<std::string>{},
                             "countis-e27",
                             "countis-e28",
                             "countis-e43",
                             "countis-e47",
                             "countis-e48");
    PortBench bench{id, {}, 50000};
    const RegisterReading before = bench.energy();
    bench.apply(balanced(230, 5, "0.5 ind"));
    bench.wait(4 * 3600);
    const RegisterReading after = bench.energy();
    CHECK(before.active_import.value() == 50000);
    CHECK(after.active_import.value() == 56890);  // 4 h of 1725 W, less the step not yet complete
    CHECK(active_import_advance(before, after).value() == 6890);
    CHECK(active_export_advance(before, after).value() == 0);
    CHECK(after.reactive_import.value() == 11950);
    CHECK(after.resolution.value() == 10);
    CHECK(after.ratio == 1);
    CHECK(after.at == bench.loop->clock().now());
}

TEST_CASE("a reading takes no bench time") {
    PortBench bench;
    bench.identify();
    bench.energy();
    bench.instant();
    CHECK(bench.now() == 0);
}

TEST_CASE("the advance crosses the roll-over") {
    PortBench bench{"countis-e28", {}, 999'999'990.0 - 20};
    const RegisterReading before = bench.energy();
    bench.apply(balanced(230, 10, "1"));
    bench.wait(60);
    const RegisterReading after = bench.energy();
    CHECK(before.active_import.value() == 999'999'970);
    CHECK(after.active_import.value() < 200);
    CHECK(active_import_advance(before, after).value() == Approx(115).margin(10));
}

TEST_CASE("the transformer ratio is read with the energies and divided out of the advance") {
    MeterEmulatorOptions options;
    options.ct_primary_a = 100;
    PortBench bench{"countis-e48", options};
    const RegisterReading before = bench.energy();
    bench.apply(balanced(230, 5, "1"));
    bench.wait(3600);
    const RegisterReading after = bench.energy();
    CHECK(after.ratio == 20);
    CHECK(after.active_import.value() == Approx(69000).margin(10));
    CHECK(active_import_advance(before, after).value() == Approx(3450).margin(1));
}

TEST_CASE("what the meter sees of the load") {
    PortBench bench{"countis-e28"};
    bench.apply(calibration::LoadPoint::single_phase(1,
                                                     calibration::Volt{230},
                                                     calibration::Ampere{10},
                                                     calibration::PowerFactor::parse("0.5 ind")));
    bench.wait(1);
    const InstantValues seen = bench.instant();
    CHECK(seen.phases[0].current->value() == 0);
    CHECK(seen.phases[1].current->value() == Approx(10));
    CHECK(seen.phases[1].voltage->value() == Approx(230));
    CHECK(seen.phases[1].active->value() == Approx(1150));
    CHECK(seen.phases[1].reactive->value() == Approx(1990));
    CHECK(seen.phases[2].active->value() == 0);
    CHECK(seen.active->value() == Approx(1150));
    CHECK(seen.apparent->value() == Approx(2300));
    CHECK(seen.power_factor == Approx(0.5));
    CHECK(seen.frequency->value() == Approx(50));
    CHECK(seen.frequency_scale_hz == 0.001);
}

TEST_CASE("without voltage there is no frequency, and that is no fault") {
    PortBench bench;
    const InstantValues seen = bench.instant();
    CHECK_FALSE(seen.frequency);
    CHECK(seen.frequency_scale_hz == 0);
    CHECK(seen.phases[0].voltage->value() == 0);
}

TEST_CASE(
    "a type whose frequency scale is the other family's is still read, and the scale is said") {
    EmulatedBench e28{"countis-e28"};
    e28.apply(balanced(230, 1, "1"));
    e28.wait(1);
    const Words words = e28.read(0xC55E, 2);
    const MeterType e48 = dut_test::meter_type("countis-e48");
    const auto scaled =
        decode_within(*find_register(e48.registers, "frequency"), words.data(), 45, 65);
    REQUIRE(scaled);
    CHECK(scaled->value == Approx(50));
    CHECK(scaled->scale == 0.001);
}

TEST_CASE("an energy that is not available is a fault, never a number") {
    PortBench bench;
    bench.line.tampers = {unchanged(), [](Bytes reply) {
                              for (std::size_t at = 9; at < 13; ++at) reply[at] = 0xFF;
                              return std::vector<Piece>{{0, std::move(reply)}};
                          }};
    CHECK(bench.energy_fault() ==
          "twin meter 1: read 0xC702: active_import_energy is not available");
}

TEST_CASE("a silent meter is a fault after one second of bench time") {
    PortBench bench;
    bench.emulator.faults().silent_from = bench.loop->clock().now();
    CHECK(bench.identify_fault() ==
          "twin meter 1: read 0xC350 (66 registers): no reply within 1 s");
    CHECK(bench.now() == 1);
}

TEST_CASE("an exception is named, and the next call goes on at once") {
    PortBench bench;
    bench.emulator.faults().exceptions[0xC702] = 4;
    CHECK(bench.energy_fault() ==
          "twin meter 1: read 0xC702 (10 registers): refused: server device failure (exception 4)");
    bench.emulator.faults().exceptions.clear();
    CHECK(bench.energy().active_import.value() == 0);
    CHECK(bench.now() == 0);
}

TEST_CASE("a reply for another unit is refused") {
    PortBench bench;
    bench.emulator.faults().reply_unit = 9;
    CHECK(bench.energy_fault() ==
          "twin meter 1: read 0xE001 (2 registers): the reply is from unit 9");
    bench.emulator.faults().reply_unit = 0;
    CHECK(bench.energy().active_import.value() == 0);
}

TEST_CASE("a late reply is never taken for the next request's") {
    // Later than the time-out, and up to beyond the silence that is waited for.
    const double late = GENERATE(1.001, 1.5, 1.999, 2.0, 2.5);
    PortBench bench{"countis-e48", {}, 12340};
    bench.line.tampers = {late_by(late)};
    CHECK(bench.energy_fault().find("no reply within 1 s") != std::string::npos);
    CHECK(bench.energy().active_import.value() == 12340);
    CHECK(bench.identify().extended_name == "COUNTIS E48");
}

TEST_CASE("after a fault the maker block is read before anything else") {
    PortBench bench;
    bench.line.tampers = {late_by(3)};
    bench.energy_fault();
    bench.wait(5);
    const int before = bench.line.requests;
    bench.identify();
    CHECK(bench.line.requests == before + 3);  // the probe and two blocks of identification
    bench.identify();
    CHECK(bench.line.requests == before + 5);
}

TEST_CASE(
    "after a fault a line that goes on talking, or a wrong maker, keeps the port distrusted") {
    PortBench bench;
    bench.line.tampers = {late_by(1.5), [](Bytes reply) {
                              reply[10] = 'X';
                              return std::vector<Piece>{{0, std::move(reply)}};
                          }};
    bench.identify_fault();
    CHECK(bench.identify_fault() ==
          "twin meter 1: read 0xC350 (4 registers): after a fault the probe reads \"XOCO\", "
          "expected \"SOCO\"");
    CHECK(bench.identify().maker == "SOCO");
}

TEST_CASE("a meter that never stops talking is not trusted again") {
    PortBench bench;
    bench.line.tampers = {[](Bytes reply) {
        std::vector<Piece> chatter;
        for (int index = 0; index < 40; ++index) chatter.push_back({0.4, {reply[0]}});
        return chatter;
    }};
    bench.identify_fault();
    CHECK(bench.identify_fault() == "twin meter 1: recover: the line does not fall silent");
    bench.wait(20);
    CHECK(bench.identify().maker == "SOCO");
}

TEST_CASE("a meter that answers without a pause, only not this request, is silent after a second") {
    // A link that always has something, as one that is flooded: a deadline ends no read of it.
    struct Flood final : ByteLink {
        explicit Flood(Clock& its_clock) : clock(its_clock) {}
        Clock& clock;
        bool asked = false;
        Task<void> write(BytesView) override {
            asked = true;
            co_return;
        }
        Task<Bytes> read(calibration::Instant) override {
            if (!asked) co_return Bytes{};
            co_await clock.sleep_for(std::chrono::milliseconds{10});
            if (clock.now() > calibration::Instant{std::chrono::seconds{60}}) {
                throw instruments::io::LinkError("read on and on");
            }
            co_return encode_frame({0x7FFF, 5, {3, 2, 0, 0}});
        }
        void close() override {}
        std::string name() const override { return "flood"; }
    };
    EmulatedBench bench{"countis-e48"};
    const auto port = open_modbus_link(bench.loop->context(),
                                       bench.loop->clock(),
                                       bench.type,
                                       std::make_unique<Flood>(bench.loop->clock()),
                                       5,
                                       "flood");
    CHECK_THROWS_WITH(bench.loop->run(port->identify()),
                      "flood: read 0xC350 (66 registers): no reply within 1 s");
    CHECK(bench.loop->clock().now() < calibration::Instant{std::chrono::seconds{2}});
}

TEST_CASE("a reply may come in two pieces, cut anywhere") {
    const auto cut = GENERATE(range<std::size_t>(0, 29));
    PortBench bench{"countis-e28", {}, 12340};
    bench.line.tampers = {cut_at(cut, 0.3)};
    CHECK(bench.energy().active_import.value() == 12340);
}

TEST_CASE("a reply that breaks off anywhere is a fault, and the next call is right") {
    const auto cut = GENERATE(range<std::size_t>(1, 29));
    PortBench bench{"countis-e28", {}, 12340};
    bench.line.tampers = {cut_at(cut, 1.2)};
    INFO("cut at " << cut);
    CHECK(bench.energy_fault().find("the reply broke off after") != std::string::npos);
    CHECK(bench.energy().active_import.value() == 12340);
}

TEST_CASE("one wrong bit anywhere in a reply's head is a fault, and the next call is right") {
    // 7 bytes of MBAP header, the function code and the byte count.
    const auto bit = GENERATE(range<std::size_t>(0, 72));
    PortBench bench{"countis-e28", {}, 12340};
    bench.line.tampers = {with_bit_flipped(bit)};
    INFO("bit " << bit);
    CHECK(bench.energy_fault() != "no fault");
    CHECK(bench.energy().active_import.value() == 12340);
}

TEST_CASE(
    "one wrong bit in an energy is a fault, or at most the two counts a register may advance "
    "meanwhile") {
    const auto which =
        GENERATE(0, 2);  // the first or the second of the two readings; the probe lies between
    const auto bit = GENERATE(range<std::size_t>(72, 104));
    PortBench bench{"countis-e28", {}, 12340};
    for (int index = 0; index < which; ++index) bench.line.tampers.push_back(unchanged());
    bench.line.tampers.push_back(with_bit_flipped(bit));
    INFO("bit " << bit << " of reading " << which);
    const std::string fault = bench.energy_fault();
    const bool smallest_bits = bit >= 102;  // 1 and 2 counts: what a register may advance meanwhile
    if (fault == "no fault") CHECK(smallest_bits);
    const bool named = fault.find("contradict") != std::string::npos ||
                       fault.find("beyond its roll-over") != std::string::npos;
    INFO(fault);
    CHECK((smallest_bits || named));
}

TEST_CASE("fail at each request of a reading: never a number, and the next reading is right") {
    const auto step = GENERATE(0, 1, 2, 3);  // ratio, first reading, identification, second reading
    PortBench bench{"countis-e48", {}, 12340};
    for (int index = 0; index < step; ++index) bench.line.tampers.push_back(unchanged());
    bench.line.tampers.push_back([](Bytes) { return std::vector<Piece>{}; });
    CHECK(bench.energy_fault().find("no reply within 1 s") != std::string::npos);
    CHECK(bench.energy().active_import.value() == 12340);
}

TEST_CASE("a meter swapped for another one is noticed when energies are read") {
    PortBench bench;
    bench.energy();
    bench.line.tampers = {unchanged(), unchanged(), [](Bytes reply) {
                              reply[9 + 2 * 9 + 1] = 2;  // the serial number's second word
                              return std::vector<Piece>{{0, std::move(reply)}};
                          }};
    CHECK(bench.energy_fault() == "twin meter 1: read 0xC350: another meter answers than before");
}

TEST_CASE("the meter hangs up") {
    PortBench bench;
    bench.meter_end->close();
    CHECK(bench.identify_fault().find("twin meter 1: read 0xC350 (66 registers): ") == 0);
    CHECK(bench.identify_fault().find("twin meter 1: read 0xC350") == 0);
}

TEST_CASE("a call in flight ends with a fault when its port is destroyed") {
    PortBench bench;
    bench.emulator.faults().silent_from = bench.loop->clock().now();
    std::string fault;
    auto call = [](MeterPort& port, std::string& said) -> Task<void> {
        try {
            co_await port.identify();
        } catch (const DeviceFault& error) {
            said = error.what();
        }
    };
    bench.loop->spawn(call(*bench.port, fault));
    bench.wait(0.5);
    bench.port.reset();
    bench.wait(0.1);
    CHECK(fault.find("twin meter 1: read 0xC350 (66 registers): ") == 0);
    CHECK(fault.find("closed") != std::string::npos);
}

TEST_CASE("a port that was never used starts and ends without a thread") {
    PortBench bench;
    bench.port.reset();
    CHECK(bench.line.requests == 0);
}

TEST_CASE("a loop may end while a call is in flight") {
    PortBench bench;
    bench.emulator.faults().silent_from = bench.loop->clock().now();
    auto call = [](MeterPort& port) -> Task<void> { co_await port.identify(); };
    bench.loop->spawn(call(*bench.port));
    bench.wait(0.5);
    SUCCEED("the destructors below must not hang");
}

// -- the client alone: writes
// --------------------------------------------------------------------------------------

namespace {

struct ClientBench : EmulatedBench {
    explicit ClientBench(MeterEmulatorOptions options = {})
        : EmulatedBench("countis-e47", std::move(options)) {
        auto [near, far] = instruments::io::memory_links(loop->clock(), "twin meter 1");
        meter_end = std::move(far);
        ModbusTarget target;
        target.name = "twin meter 1";
        target.unit = 5;
        target.probe = {0xC350, {0x53, 0x4F, 0x43, 0x4F}, "SOCO"};
        target.link = std::move(near);
        client = std::make_unique<ModbusClient>(loop->clock(), std::move(target));
        loop->spawn(serve_over(line, emulator, loop->clock(), *meter_end));
    }
    Line line;
    std::unique_ptr<ByteLink> meter_end;
    std::unique_ptr<ModbusClient> client;
};

}  // namespace

TEST_CASE("a write is read back") {
    ClientBench bench;
    bench.loop->run(bench.client->write(0xE002, {100}));
    CHECK(bench.value("ct_primary") == 100);
    CHECK(bench.line.requests == 2);
    bench.loop->run(bench.client->write(0xE001, {1, 250}));
    CHECK(bench.value("ct_primary") == 250);
    CHECK(bench.value("ct_secondary") == 1);
}

TEST_CASE("a write that the meter confirms and forgets is a fault") {
    ClientBench bench;
    bench.emulator.faults().loses_writes = true;
    CHECK_THROWS_WITH(bench.loop->run(bench.client->write(0xE002, {100})),
                      "twin meter 1: write 0xE002 = 100: reads back 5");
}

TEST_CASE("the echo of a write may lie about address and value: the read-back tells") {
    ClientBench bench;
    bench.emulator.faults().loses_writes = true;
    bench.line.tampers = {[](Bytes reply) {
        reply[9] = 0x12;  // libmodbus compares length and function only
        reply[11] = 0x77;
        return std::vector<Piece>{{0, std::move(reply)}};
    }};
    CHECK_THROWS_WITH(bench.loop->run(bench.client->write(0xE002, {100})),
                      "twin meter 1: write 0xE002 = 100: reads back 5");
}

TEST_CASE("a refused write names the exception") {
    ClientBench bench;
    CHECK_THROWS_WITH(
        bench.loop->run(bench.client->write(0xC702, {1})),
        "twin meter 1: write 0xC702 = 1: refused: illegal data address (exception 2)");
    CHECK_THROWS_WITH(
        bench.loop->run(bench.client->write(0xE002, {12001})),
        "twin meter 1: write 0xE002 = 12001: refused: illegal data value (exception 3)");
}

TEST_CASE("requests no frame can carry are programmer errors") {
    ClientBench bench;
    CHECK_THROWS_AS(bench.client->read(0xC350, 0), std::logic_error);
    CHECK_THROWS_AS(bench.client->read(0xC350, 126), std::logic_error);
    CHECK_THROWS_AS(bench.client->write(0xE002, {}), std::logic_error);
    CHECK_THROWS_AS(bench.client->write(0xE002, Words(124)), std::logic_error);
}

TEST_CASE("a port has one caller at a time") {
    ClientBench bench;
    bench.emulator.faults().silent_from = bench.loop->clock().now();
    auto call = [](ModbusClient& client) -> Task<void> {
        try {
            co_await client.read(0xC350, 4);
        } catch (const DeviceFault&) {
        }
    };
    bench.loop->spawn(call(*bench.client));
    bench.wait(0.1);
    CHECK_THROWS_AS(bench.loop->run(bench.client->read(0xC350, 4)), std::logic_error);
}

TEST_CASE("without a file descriptor below 1024 the call is refused, and works again later") {
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit raised = before;
    raised.rlim_cur = std::min<rlim_t>(before.rlim_max, 2048);
    REQUIRE(raised.rlim_cur > 1100);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &raised) == 0);
    std::vector<int> taken;
    while (taken.empty() || taken.back() < 1023)
        taken.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    PortBench bench;
    CHECK(bench.identify_fault() ==
          "twin meter 1: read 0xC350 (66 registers): no file descriptor below 1024 is left");
    for (const int descriptor : taken) close(descriptor);
    CHECK(bench.identify().maker == "SOCO");
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
}
