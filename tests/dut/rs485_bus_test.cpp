// A bus of emulated meters in virtual time: read in turn, dead, doubled, late, echoed, and searched
// for.
#include "instruments/fault.hpp"
#include "tests/dut/rs485_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace dut;
using namespace dut_test;
using Catch::Contains;
using instruments::DeviceFault;

namespace {

struct Outcome {
    std::string serial, fault;
    double import_wh = 0;
};

Task<void> identify_and_read(MeterPort& port, Outcome& outcome) {
    try {
        const MeterIdentity identity = co_await port.identify();
        outcome.serial = identity.serial;
        const RegisterReading reading = co_await port.read_energy();
        outcome.import_wh = reading.active_import.value();
    } catch (const DeviceFault& error) {
        outcome.fault = error.what();
    }
}

// All ports at the same time.
std::vector<Outcome> read_all(Rs485Bench& bench, std::vector<std::unique_ptr<MeterPort>>& ports) {
    std::vector<Outcome> outcomes(ports.size());
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        tasks.push_back(identify_and_read(*ports[i], outcomes[i]));
    }
    bench.loop->run(instruments::io::all(*bench.loop, std::move(tasks)));
    return outcomes;
}

const std::vector<int> ten{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

std::string fault_of(Rs485Bench& bench, MeterPort& port) {
    Outcome outcome;
    bench.loop->run(identify_and_read(port, outcome));
    return outcome.fault;
}

}  // namespace

TEST_CASE("ten meters of one bus are identified and read, each as itself") {
    Rs485Bench bench{ten};
    auto ports = bench.ports(bench.bus());
    const auto outcomes = read_all(bench, ports);
    for (std::size_t i = 0; i < ten.size(); ++i) {
        CHECK(outcomes[i].fault.empty());
        CHECK(outcomes[i].serial == serial_of(ten[i] + 0x100 * static_cast<int>(i)));
        CHECK(outcomes[i].import_wh == Approx(12340).margin(10));
        CHECK(ports[i]->name() == fmt::format("bus A, unit {}", ten[i]));
        CHECK(ports[i]->line() == "bus A");
    }
    CHECK(bench.far_links.size() == 1);
    CHECK(bench.now() > 1);  // at 9600 baud characters take time
    CHECK(bench.now() < 30);
}

TEST_CASE("a dead meter in the middle costs itself, the other nine are read") {
    Rs485Bench bench{ten};
    bench.meters[4]->faults().silent_from = bench.loop->clock().now();
    auto ports = bench.ports(bench.bus());
    const auto outcomes = read_all(bench, ports);
    for (std::size_t i = 0; i < ten.size(); ++i) CHECK(outcomes[i].fault.empty() == (i != 4));
    CHECK_THAT(outcomes[4].fault,
               Contains("bus A, unit 5: read 0xC350") && Contains("no reply within 1 s"));
}

TEST_CASE("two meters with one address are a fault of that address, the others are read") {
    Rs485Bench bench{{1, 5, 5, 9}};
    auto ports = bench.ports(bench.bus());
    const auto outcomes = read_all(bench, ports);
    CHECK(outcomes[0].fault.empty());
    CHECK(outcomes[3].fault.empty());
    CHECK_THAT(outcomes[1].fault, Contains("bus A, unit 5") && Contains("garbled"));
    CHECK_THAT(outcomes[2].fault, Contains("bus A, unit 5") && Contains("garbled"));
}

TEST_CASE("a meter that answers late is a fault of its own; nobody takes its answer") {
    const auto late_ms = GENERATE(900, 1100, 1500, 1900, 2100, 2500);
    Rs485Bench bench{{4, 5, 6}};
    auto ports = bench.ports(bench.bus());
    bench.meters[1]->faults().late_replies = 1;
    bench.meters[1]->faults().reply_delay = std::chrono::milliseconds{late_ms};
    for (int round = 0; round < 3; ++round) {
        const auto outcomes = read_all(bench, ports);
        for (std::size_t i = 0; i < 3; ++i) {
            if (!outcomes[i].fault.empty()) continue;
            CHECK(outcomes[i].serial == serial_of(bench.units[i] + 0x100 * static_cast<int>(i)));
        }
        CHECK(outcomes[1].fault.empty() == (late_ms == 900 || round > 0));
        if (late_ms < 2000) CHECK(outcomes[0].fault.empty());
        if (late_ms < 2000) CHECK(outcomes[2].fault.empty());
    }
}

TEST_CASE("each fault of the line is a fault with meter and reason, and the next call recovers") {
    Rs485Bench bench{{5}};
    auto ports = bench.ports(bench.bus());
    LineFaults& faults = bench.line->faults();
    for (auto* from : {&faults.drop_byte_from, &faults.double_byte_from, &faults.flip_bit_from}) {
        *from = bench.loop->clock().now();
        CHECK_THAT(
            fault_of(bench, *ports[0]),
            Contains("bus A, unit 5: read 0x") && (Contains("garbled") || Contains("broke off")));
        CHECK(fault_of(bench, *ports[0]).empty());
    }
}

TEST_CASE("an echo is taken off where it is known of, and named where it is not") {
    Rs485Bench bench{{5, 6}};
    bench.line->faults().echoes = true;
    auto knowing = bench.ports(bench.bus(true));
    for (const Outcome& outcome : read_all(bench, knowing)) CHECK(outcome.fault.empty());
    knowing.clear();
    auto unknowing = bench.ports(bench.bus(false));
    for (const Outcome& outcome : read_all(bench, unknowing)) {
        CHECK_THAT(outcome.fault, Contains("the adapter echoes what it sends: set echoes = true"));
    }
}

TEST_CASE("a broadcast of the tariff reaches every meter of the bus") {
    Rs485Bench bench{ten};
    auto ports = bench.ports(bench.bus());
    bench.loop->run(ports[3]->broadcast("tariff", 3));
    for (auto& port : ports) {
        const auto readings = bench.loop->run(port->read({"tariff"}));
        CHECK(readings.at(0).value == 3);
    }
}

TEST_CASE("a unit that cannot be one and a type without a port are refused") {
    Rs485Bench bench{{5}};
    for (const int unit : {-1, 0, 248}) {
        CHECK_THROWS_AS(open_modbus_rtu(bench.bus(), bench.type, unit), calibration::DataError);
    }
    MeterType portless = bench.type;
    portless.modbus.reset();
    CHECK_THROWS_AS(open_modbus_rtu(bench.bus(), portless, 5), calibration::DataError);
}

// -- the search
// --------------------------------------------------------------------------------------

namespace {

// A port whose line can be set: the emulated line is told what the host uses.
Reopen reopening(Rs485Bench& bench) {
    return [&bench](const LineSettings& settings) {
        bench.line->host_uses(settings);
        return bench.connecting();
    };
}

std::vector<FoundMeter> search(Rs485Bench& bench, SearchOptions options) {
    return bench.loop->run(search_meters(bench.loop->context(),
                                         bench.loop->clock(),
                                         bench.type,
                                         reopening(bench),
                                         std::move(options)));
}

SearchOptions short_search() {
    SearchOptions options = usual_search();
    options.units.resize(20);
    return options;
}

}  // namespace

TEST_CASE("the usual search goes through the usual settings and every unit once") {
    const SearchOptions options = usual_search();
    CHECK(options.settings.size() == 16);
    CHECK(line_settings_text(options.settings[0]) == "9600,8N1");
    CHECK(line_settings_text(options.settings[15]) == "4800,8N2");
    REQUIRE(options.units.size() == 247);
    CHECK(options.units[0] == 5);
    CHECK(options.units[1] == 1);
    CHECK(options.units[2] == 2);
    auto sorted = options.units;
    std::sort(sorted.begin(), sorted.end());
    for (int unit = 1; unit <= 247; ++unit)
        CHECK(sorted[static_cast<std::size_t>(unit - 1)] == unit);
}

TEST_CASE("the search finds three meters of unknown settings and says which they are") {
    const auto text = GENERATE("9600,8N1", "19200,8E1", "4800,8N2");
    Rs485Bench bench{{3, 5, 17}, parse_line_settings(text)};
    const auto found = search(bench, short_search());
    REQUIRE(found.size() == 3);
    const std::vector<int> order{5, 3, 17};
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(found[i].unit == order[i]);
        CHECK(line_settings_text(found[i].settings) == text);
        CHECK(found[i].name == "COUNTIS E43");
        CHECK_FALSE(found[i].collision);
    }
    CHECK(found[0].serial == serial_of(0x105));
    CHECK(found[1].serial == serial_of(3));
    CHECK(found[2].serial == serial_of(0x211));
}

TEST_CASE("the whole usual search of a silent line ends in bounded time, and finds nobody") {
    Rs485Bench bench{{}};
    CHECK(search(bench, usual_search()).empty());
    CHECK(bench.now() < 16 * 247 * 0.35);
}

TEST_CASE("the search reports two meters with one address as such, and finds the others") {
    Rs485Bench bench{{3, 5, 5}};
    const auto found = search(bench, short_search());
    REQUIRE(found.size() == 2);
    CHECK(found[0].unit == 5);
    CHECK(found[0].collision);
    CHECK(found[0].serial.empty());
    CHECK(found[1].unit == 3);
    CHECK_FALSE(found[1].collision);
}

TEST_CASE("another meter of the family is found by its maker and named by itself") {
    Rs485Bench bench{{5}};
    bench.meters[0]->faults().extended_name = "COUNTIS E44";
    const auto found = search(bench, short_search());
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == "COUNTIS E44");
    CHECK(found[0].serial == serial_of(5));
}

TEST_CASE("one garbled reply is noise, and the search asks again") {
    Rs485Bench bench{{5}};
    bench.line->faults().flip_bit_from = bench.loop->clock().now();
    const auto found = search(bench, short_search());
    REQUIRE(found.size() == 1);
    CHECK_FALSE(found[0].collision);
}

TEST_CASE("a meter that refuses the identification is found without a name") {
    Rs485Bench bench{{5}};
    bench.meters[0]->faults().exceptions[0xC350] = 2;
    const auto found = search(bench, short_search());
    REQUIRE(found.size() == 1);
    CHECK(found[0].name.empty());
    CHECK_FALSE(found[0].collision);
}

TEST_CASE("a meter that answers later than the search waits is asked again with more patience") {
    Rs485Bench bench{{5}};
    bench.meters[0]->faults().late_replies = 3;
    bench.meters[0]->faults().reply_delay = std::chrono::milliseconds{400};
    const auto found = search(bench, short_search());
    REQUIRE(found.size() == 1);
    CHECK(found[0].unit == 5);
    CHECK(found[0].name == "COUNTIS E43");
}

TEST_CASE("patience is for the meter: a slow line needs no more of it") {
    Rs485Bench bench{{5}, parse_line_settings("4800,8E1")};
    SearchOptions options = short_search();
    options.patience = std::chrono::milliseconds{25};
    REQUIRE(search(bench, options).size() == 1);
}

TEST_CASE("the search tells every probe and ends when its listener throws") {
    Rs485Bench bench{{5}};
    SearchOptions options = short_search();
    std::vector<int> told;
    options.progress = [&told](const LineSettings&, int unit) {
        told.push_back(unit);
        if (told.size() == 4) throw std::runtime_error("stop");
    };
    CHECK_THROWS_WITH(search(bench, options), "stop");
    CHECK(told == std::vector{5, 1, 2, 3});
}

TEST_CASE("an echoing adapter ends the search with what to set; told of it, the search works") {
    Rs485Bench bench{{5}};
    bench.line->faults().echoes = true;
    SearchOptions options = short_search();
    CHECK_THROWS_WITH(search(bench, options), Contains("set echoes = true"));
    for (LineSettings& settings : options.settings) settings.echoes = true;
    CHECK(search(bench, options).size() == 1);
}

TEST_CASE("a search for what cannot be is refused") {
    Rs485Bench bench{{5}};
    SearchOptions options = short_search();
    options.units = {0};
    CHECK_THROWS_AS(search(bench, options), calibration::DataError);
    options = short_search();
    options.settings[0].baud = 1200;
    CHECK_THROWS_AS(search(bench, options), calibration::DataError);
}
