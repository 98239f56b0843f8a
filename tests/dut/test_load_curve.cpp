// Averages over whole periods: the last, the largest, and the load curve with its read pointer.
#include "dut/load_curve_block.hpp"
#include "tests/dut/port_bench.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dut;
using dut_test::balanced;
using dut_test::meter_type;
using dut_test::Piece;
using dut_test::PortBench;

namespace {

constexpr double all = 1e12;

std::vector<LoadCurveRecord> curve(PortBench& bench, double from_s = -1, double to_s = all) {
    return bench.loop->run(bench.port->read_load_curve(from_s, to_s));
}

// A meter that came to the bench half a period after one began.
struct LateBench {
    LateBench()
        : loop(instruments::io::Loop::with_virtual_time()),
          type(meter_type("countis-e43")),
          model(1, dut_test::ideal_source(), {}, {dut_test::ideal_meter(type)}) {
        loop->run(loop->clock().sleep_for(std::chrono::seconds{900}));
        emulator.emplace(loop->clock(), model, 0, type);
    }
    std::unique_ptr<instruments::io::Loop> loop;
    MeterType type;
    calibration::BenchModel model;
    std::optional<MeterEmulator> emulator;
};

}  // namespace

TEST_CASE("the average of the last whole period, with the instant at which it ended") {
    PortBench bench{"countis-e43"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(599);
    CHECK_FALSE(bench.value("average_active_power"));
    CHECK_FALSE(bench.value("average_time_s"));
    CHECK(bench.value("maximum_active_power") == 0);
    bench.wait(1);
    CHECK(bench.value("average_active_power") == Approx(3450).margin(1));
    CHECK(bench.value("average_time_s") == 600);
    bench.apply(balanced(230, 1, "1"));
    bench.wait(300);
    bench.apply(balanced(230, 2, "1"));
    bench.wait(300);
    CHECK(bench.value("average_active_power") == Approx(1035).margin(1));
    CHECK(bench.value("average_time_s") == 1200);
    CHECK(bench.value("maximum_active_power") == Approx(3450).margin(10));
}

TEST_CASE("averages are those of the terminals, whatever the ratio, and of import alone") {
    MeterEmulatorOptions options;
    options.ct_primary_a = 500;
    PortBench bench{"countis-e43", options};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(600);
    CHECK(bench.value("average_active_power") == Approx(3450).margin(1));
    bench.apply(balanced(230, 5, "-1"));
    bench.wait(600);
    CHECK(bench.value("average_active_power") == Approx(0).margin(1));
}

TEST_CASE("another period makes averages begin anew; a maximum is that of its period") {
    PortBench bench{"countis-e43"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(650);
    CHECK(bench.set_over_port("integration_period", 60).refusal.empty());
    CHECK_FALSE(bench.value("average_active_power"));
    CHECK(bench.value("maximum_active_power") == 0);
    bench.wait(10);  // 660 s: the end of a minute that was not whole
    CHECK_FALSE(bench.value("average_active_power"));
    bench.wait(60);
    CHECK(bench.value("average_active_power") == Approx(3450).margin(1));
    CHECK(bench.value("average_time_s") == 720);
    CHECK(bench.set_over_port("integration_period", 61).refusal ==
          "exception 3: illegal data value");
}

TEST_CASE("a maximum that is reset counts from the next whole period") {
    PortBench bench{"countis-e48"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(600);
    SECTION("in the middle of a period, which does not count") {
        bench.wait(300);
        bench.set_over_port("maximum_reset", 1);
        CHECK(bench.value("maximum_active_power") == 0);
        bench.apply(balanced(230, 1, "1"));
        bench.wait(300);
        CHECK(bench.value("maximum_active_power") == 0);
        bench.wait(600);
    }
    SECTION("at the end of one, and the next counts") {
        bench.set_over_port("maximum_reset", 1);
        bench.apply(balanced(230, 1, "1"));
        bench.wait(600);
    }
    CHECK(bench.value("maximum_active_power") == Approx(690).margin(10));
}

TEST_CASE("the curve holds every period, the ratio not in it") {
    MeterEmulatorOptions options;
    options.ct_primary_a = 50;
    PortBench bench{"countis-e43", options};
    for (int period = 1; period <= 4; ++period) {
        bench.apply(balanced(230, period, "1"));
        bench.wait(600);
    }
    bench.wait(599);
    const auto records = curve(bench);
    REQUIRE(records.size() == 4);
    for (std::size_t index = 0; index < 4; ++index) {
        CHECK(records[index].start_s == 600.0 * static_cast<double>(index));
        CHECK(records[index].period_s == 600);
        CHECK(records[index].value_w == Approx(690.0 * static_cast<double>(index + 1)).margin(1));
        CHECK_FALSE(records[index].incomplete);
    }
}

TEST_CASE("the curve is read over any number of blocks, newest first, oldest first in the result") {
    const auto periods = GENERATE(0, 1, 28, 29, 30, 58, 59, 100);
    PortBench bench{"countis-e43"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(periods * 600 + 1);
    const auto records = curve(bench);
    INFO(periods << " periods");
    REQUIRE(records.size() == static_cast<std::size_t>(periods));
    for (std::size_t index = 0; index < records.size(); ++index) {
        CHECK(records[index].start_s == 600.0 * static_cast<double>(index));
    }
    // A command and a read each; a block that is not full is the last.
    CHECK(bench.line.requests == 2 * (periods / 29 + 1));
}

TEST_CASE("only the records asked for come, and no block older than these is read") {
    PortBench bench{"countis-e43"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(100 * 600);
    auto records = curve(bench, 90 * 600, 92 * 600);
    REQUIRE(records.size() == 2);
    CHECK(records[0].start_s == 90 * 600);
    CHECK(records[1].start_s == 91 * 600);
    CHECK(bench.line.requests == 2);
    CHECK(curve(bench, 90 * 600 + 1, 91 * 600).empty());
    CHECK(curve(bench, 200 * 600, all).empty());
}

TEST_CASE("a period the meter did not see from its beginning is incomplete") {
    LateBench bench;
    bench.model.set_output(bench.loop->clock().now(), balanced(230, 5, "1"));
    bench.loop->run(bench.loop->clock().sleep_for(std::chrono::seconds{900}));
    const auto words = [&](std::uint16_t address, int count) {
        Bytes pdu{3};
        append_word(pdu, address);
        append_word(pdu, static_cast<std::uint16_t>(count));
        const Bytes reply = *bench.emulator->answer_pdu(5, pdu);
        Words read;
        for (std::size_t at = 2; at < reply.size(); at += 2) read.push_back(word_at(reply, at));
        return read;
    };
    const CurveBlock block = decode_curve_block(*bench.type.load_curve, words(0xF010, 122));
    REQUIRE(block.records.size() == 2);
    CHECK(block.records[0].start_s == 600);
    CHECK(block.records[0].incomplete);
    CHECK(block.records[0].value_w == Approx(1725).margin(1));  // 300 s of 600
    CHECK_FALSE(block.records[1].incomplete);
    CHECK(block.records[1].value_w == Approx(3450).margin(1));
    CHECK(words(0xC68C, 1)[0] == Approx(3450).margin(1));
}

TEST_CASE("the read pointer stands still while new records come, until it is rewound") {
    PortBench bench{"countis-e43"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(30 * 600);
    CHECK(bench.write(0xF000, 1) == Bytes{6, 0xF0, 0, 0, 1});
    CHECK(bench.read(0xF010, 8)[0] == 29);
    CHECK(bench.read(0xF010, 8)[7] == 600);
    bench.wait(600);
    CHECK(bench.read(0xF010, 8)[7] == 600);
    CHECK(bench.write(0xF000, 0xFFFE)[0] == 6);
    CHECK(bench.read(0xF010, 8)[0] == 1);
    CHECK(bench.write(0xF000, 0xFFFE)[0] == 6);
    CHECK(bench.read(0xF010, 8)[0] == 0);
    CHECK(bench.write(0xF000, 1)[0] == 6);
    CHECK(bench.read(0xF010, 8)[7] == 1200);
    CHECK(bench.write(0xF000, 2) == Bytes{0x86, 3});
}

TEST_CASE("the meter keeps as many records as its type says") {
    std::string text{meter_type_text("countis-e43").text};
    const auto at = text.find("capacity = 4464");
    REQUIRE(at != std::string::npos);
    PortBench bench{parse_meter_type(text.replace(at, 15, "capacity = 40"), "mine.toml")};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(100 * 600);
    const auto records = curve(bench);
    REQUIRE(records.size() == 40);
    CHECK(records.front().start_s == 60 * 600);
}

TEST_CASE("a curve may be wrong while the averages are right") {
    PortBench bench{"countis-e43"};
    bench.emulator.faults().wrong_registers = {{.quantity = "load_curve", .scale = 1.1}};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(600);
    CHECK(curve(bench).at(0).value_w == Approx(3795).margin(1));
    CHECK(bench.value("average_active_power") == Approx(3450).margin(1));
}

TEST_CASE("a type without a load curve says so, and nothing is sent") {
    PortBench bench{"countis-e48"};
    CHECK(bench.fault([&] { curve(bench); }) ==
          "twin meter 1: read the load curve: the COUNTIS E48 has none");
    CHECK(bench.line.requests == 0);
}

TEST_CASE("a block that contradicts the type is a fault") {
    struct Row {
        std::size_t word;
        std::uint16_t value;
        const char* says;
    };
    const auto row = GENERATE(values<Row>({{0, 30, "says it has 30 records, expected at most 29"},
                                           {1, 3, "says a record has 3 words, expected 4"},
                                           {2, 0, "says its period is 0 minutes"},
                                           {3, 2, "has unit 2, which is none of power"},
                                           {4, 0, "says its values count 0/1"},
                                           {5, 0, "says its values count 1/0"}}));
    PortBench bench{"countis-e43"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(600);
    bench.line.tampers = {[](Bytes reply) { return std::vector<Piece>{{0, std::move(reply)}}; },
                          [=](Bytes reply) {
                              reply[9 + 2 * row.word] = static_cast<std::uint8_t>(row.value >> 8);
                              reply[10 + 2 * row.word] = static_cast<std::uint8_t>(row.value);
                              return std::vector<Piece>{{0, std::move(reply)}};
                          }};
    CHECK(bench.fault([&] { curve(bench); }) ==
          std::string{"twin meter 1: read 0xF010: the load curve's block "} + row.says);
}

TEST_CASE("a meter whose read pointer does not move is found") {
    PortBench bench{"countis-e43"};
    bench.apply(balanced(230, 5, "1"));
    bench.wait(40 * 600);
    bench.emulator.faults().loses_writes = true;
    CHECK(bench.fault([&] { curve(bench); }) ==
          "twin meter 1: read 0xF010: the load curve's blocks do not go back in time");
    CHECK(bench.line.requests == 4);
}

TEST_CASE("units and factors of a block are worked in, and a missing value is incomplete") {
    const LoadCurve form = *meter_type("countis-e43").load_curve;
    Words words =
        encode_curve_block(form, 900, {{1e9, 900, 1234.9, false}, {1e9 + 900, 900, 7, true}});
    CHECK(words.size() == 122);
    auto block = decode_curve_block(form, words);
    CHECK(block.records[0].start_s == 1e9);
    CHECK(block.records[0].period_s == 900);
    CHECK(block.records[0].value_w == 1234);
    CHECK(block.records[1].incomplete);
    words[3] = 20, words[4] = 5, words[5] = 10;
    CHECK(decode_curve_block(form, words).records[0].value_w == 617000);
    words[9] = 0xFFFF;
    block = decode_curve_block(form, words);
    CHECK(block.records[0].incomplete);
    CHECK(block.records[0].value_w == 0);
}
