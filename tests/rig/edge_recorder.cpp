// Edges, losses and fences of a scripted capture on their way into memory and the journal.
#include "rig/edge_recorder.hpp"

#include "instruments/io/loop.hpp"
#include "tests/rig/bench_texts.hpp"
#include "tests/rig/scripted_bench.hpp"
#include "tests/rig/small_disk.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using calibration::PhasedEdge;
using Catch::Matchers::Contains;
using instruments::CaptureBatch;
using instruments::DeviceFault;
using rig_test::Folder;
using rig_test::ScriptedCapture;

PhasedEdge edge(std::int64_t tick) {
    return {.tick = tick,
            .reference_count = tick / 10,
            .reference_before = tick - 1,
            .reference_after = tick + 1};
}

// Two positions on channels 1 and 3, the second's pulse output on channel 5; channel 2 is nobody's,
// and 0 the reference's.
struct Fixture {
    std::unique_ptr<instruments::io::Loop> loop = instruments::io::Loop::with_virtual_time();
    ScriptedCapture capture{loop->clock()};
    Folder folder;
    std::unique_ptr<rig::JournalWriter> journal =
        std::make_unique<rig::JournalWriter>(folder / "j");
    rig::EdgeRecorder recorder{*loop, capture, {1, 3}, journal.get(), {std::nullopt, 5}};

    void start() { loop->run(recorder.start()); }
    void progress(calibration::Duration wait = 10s) {
        loop->run(recorder.progress(loop->clock().now() + wait));
    }
    void send(CaptureBatch batch) {
        capture.batches.push_back(std::move(batch));
        capture.more.notify();
    }
    std::vector<rig::JournalRecord> recorded() {
        journal->sync();
        return rig::read_journal(folder / "j").records;
    }
    rig::RecordedLoss lost(const instruments::Loss& loss) {
        start();
        send({.losses = {loss}});
        progress();
        REQUIRE(recorder.losses().size() == 1);
        return recorder.losses()[0];
    }
};

}  // namespace

TEST_CASE(
    "edges reach the position whose channel they came on, in order of time; strangers do not") {
    Fixture bench;
    bench.start();
    bench.send(
        {.edges = {{1, edge(10)}, {3, edge(11)}, {2, edge(12)}, {1, edge(20)}}, .watermark = 25});
    bench.progress();
    CHECK(bench.recorder.edges(0) == std::vector{edge(10), edge(20)});
    CHECK(bench.recorder.edges(1) == std::vector{edge(11)});
    CHECK(bench.recorder.impulses(0) == 2);
    CHECK(bench.recorder.watermark() == 25);
    const auto records = bench.recorded();
    REQUIRE(records.size() == 1);
    CHECK(std::get<std::vector<rig::PositionEdge>>(records[0]) ==
          std::vector<rig::PositionEdge>{{0, edge(10)}, {1, edge(11)}, {0, edge(20)}});
}

TEST_CASE("edges of a pulse output are recorded and counted beside those of the LED") {
    Fixture bench;
    bench.start();
    bench.send(
        {.edges = {{3, edge(10)}, {5, edge(11)}, {1, edge(12)}, {5, edge(20)}}, .watermark = 25});
    bench.progress();
    CHECK(bench.recorder.edges(1) == std::vector{edge(10)});
    CHECK(bench.recorder.impulses(1) == 1);
    CHECK(bench.recorder.output_edges(1) == std::vector{edge(11), edge(20)});
    CHECK(bench.recorder.output_impulses(1) == 2);
    CHECK(bench.recorder.output_edges(0).empty());
    CHECK(bench.recorder.output_impulses(0) == 0);
    const auto recorded = std::get<std::vector<rig::PositionEdge>>(bench.recorded().at(0));
    CHECK(recorded == std::vector<rig::PositionEdge>{
                          {1, edge(10)}, {0x8001, edge(11)}, {0, edge(12)}, {0x8001, edge(20)}});
    CHECK(recorded[1].of_output());
    CHECK(recorded[1].index() == 1);
    CHECK_FALSE(recorded[0].of_output());
    bench.recorder.forget();
    CHECK(bench.recorder.output_edges(1).empty());
    CHECK(bench.recorder.output_impulses(1) == 2);
}

TEST_CASE("forgetting keeps the journal and the count of impulses") {
    Fixture bench;
    bench.start();
    bench.send({.edges = {{1, edge(10)}},
                .losses = {{.from_tick = 1, .to_tick = 2, .cause = "crc"}},
                .watermark = 25});
    bench.progress();
    bench.recorder.forget();
    CHECK(bench.recorder.edges(0).empty());
    CHECK(bench.recorder.losses().empty());
    CHECK(bench.recorder.impulses(0) == 1);
    CHECK(bench.recorded().size() == 2);
}

TEST_CASE(
    "remarks of the device are recorded; without a journal everything is only kept in memory") {
    Fixture bench;
    bench.start();
    bench.send({.remarks = {"one\nremark"}, .watermark = 5});
    bench.progress();
    CHECK(std::get<rig::Note>(bench.recorded()[0]).kind == "remark");
    CHECK(bench.recorder.watermark() == 5);
    bench.recorder.use_journal(nullptr);
    bench.send({.edges = {{1, edge(10)}}, .watermark = 15});
    bench.progress();
    CHECK(bench.recorder.impulses(0) == 1);
    CHECK(bench.recorded().size() == 1);
}

TEST_CASE("a device that remarks without end is recorded a hundred times until forget()") {
    Fixture bench;
    bench.start();
    bench.send({.remarks = std::vector<std::string>(1000, "a glitch rejected"), .watermark = 5});
    bench.progress();
    CHECK(bench.recorded().size() == 101);
    CHECK_THAT(std::get<rig::Note>(bench.recorded().back()).json, Contains("left out"));
    bench.recorder.forget();
    bench.send({.remarks = {"another", "and \xFF"}, .watermark = 6});
    bench.progress();
    CHECK(bench.recorded().size() == 103);
}

TEST_CASE("an edge that could not be recorded is not counted, and the recording ends") {
    Fixture bench;
    bench.start();
    bench.journal->sync();
    const rig_test::SmallDisk disk(8);
    bench.journal->note("too much", "{}");
    CHECK_THROWS_AS(bench.journal->sync(), rig::JournalError);
    bench.send({.edges = {{1, edge(10)}}, .watermark = 15});
    CHECK_THROWS_AS(bench.progress(), rig::JournalError);
    CHECK(bench.recorder.edges(0).empty());
    CHECK(bench.recorder.impulses(0) == 0);
    CHECK(bench.recorder.watermark() == 0);
}

TEST_CASE("a loss belongs to the positions whose channels it names") {
    Fixture bench;
    SECTION("one of ours") {
        const auto loss =
            bench.lost({.from_tick = 5, .to_tick = 9, .cause = "polarity", .channels = {3}});
        CHECK(loss.positions == std::vector<std::size_t>{1});
        CHECK_FALSE(loss.everyone);
        CHECK(loss.spoils(1));
        CHECK_FALSE(loss.spoils(0));
    }
    SECTION("proven harmless") {
        const auto loss =
            bench.lost({.from_tick = 5, .to_tick = 9, .cause = "crc", .channels = {3}, .edges = 0});
        CHECK(loss.names(1));
        CHECK_FALSE(loss.spoils(1));
    }
    SECTION("a pulse output's: the LED of the position is untouched") {
        const auto loss =
            bench.lost({.from_tick = 5, .to_tick = 9, .cause = "polarity", .channels = {5}});
        CHECK(loss.outputs == std::vector<std::size_t>{1});
        CHECK(loss.positions.empty());
        CHECK_FALSE(loss.spoils(1));
        CHECK(loss.spoils_output(1));
        CHECK_FALSE(loss.spoils_output(0));
    }
    SECTION("no channel named: everyone's") {
        const auto loss = bench.lost({.from_tick = 5, .to_tick = 9, .cause = "frame 7 missing"});
        CHECK(loss.everyone);
        CHECK(loss.spoils(0));
        CHECK(loss.spoils_output(0));
    }
    SECTION("the reference's: everyone's, for every phase depends on it") {
        const auto loss = bench.lost(
            {.from_tick = 5, .to_tick = 9, .cause = "overflow", .channels = {0}, .edges = 4});
        CHECK(loss.everyone);
    }
    SECTION("the reference's, but nothing of it was lost") {
        const auto loss =
            bench.lost({.from_tick = 5, .to_tick = 9, .cause = "crc", .channels = {0}, .edges = 0});
        CHECK_FALSE(loss.everyone);
        CHECK_FALSE(loss.spoils(0));
    }
    const auto note = std::get<rig::Note>(bench.recorded().at(0));
    CHECK(note.kind == "loss");
    const rig::RecordedLoss back = rig::loss_from_json(note.json);
    const rig::RecordedLoss& loss = bench.recorder.losses()[0];
    CHECK(back.from_tick == 5);
    CHECK(back.to_tick == 9);
    CHECK(back.cause == loss.cause);
    CHECK(back.everyone == loss.everyone);
    CHECK(back.positions == loss.positions);
    CHECK(back.outputs == loss.outputs);
    CHECK(back.edges == loss.edges);
}

TEST_CASE("a loss overlaps a gate that shares a tick with it") {
    const rig::RecordedLoss loss{.from_tick = 10, .to_tick = 20};
    CHECK(loss.overlaps(20, 30));
    CHECK(loss.overlaps(0, 10));
    CHECK(loss.overlaps(12, 13));
    CHECK(loss.overlaps(0, 100));
    CHECK_FALSE(loss.overlaps(21, 30));
    CHECK_FALSE(loss.overlaps(0, 9));
}

TEST_CASE("a loss note of another shape is an error of the journal") {
    CHECK_THROWS_AS(rig::loss_from_json("{}"), rig::JournalError);
    CHECK_THROWS_AS(rig::loss_from_json("["), rig::JournalError);
    CHECK_THROWS_AS(rig::loss_from_json(
                        R"({"from_tick":1,"to_tick":2,"cause":3,"everyone":true,"positions":[]})"),
                    rig::JournalError);
}

TEST_CASE("progress returns at its deadline when nothing comes") {
    Fixture bench;
    bench.start();
    bench.progress(300ms);
    CHECK(calibration::seconds(bench.loop->clock().now()) == Approx(0.3));
}

TEST_CASE("a fence gives the tick at which the device echoed it") {
    Fixture bench;
    bench.start();
    bench.send({.watermark = 1000});
    bench.progress();
    CHECK(bench.loop->run(bench.recorder.fence()) == 1005);
    CHECK(bench.loop->run(bench.recorder.fence()) == 1005);
    CHECK(bench.capture.fences == std::vector<std::uint32_t>{1, 2});
}

namespace {

instruments::Task<void> fence_into(rig::EdgeRecorder& recorder, std::int64_t& tick) {
    tick = co_await recorder.fence();
}

}  // namespace

TEST_CASE("two fences on their way at once both come back") {
    Fixture bench;
    bench.start();
    std::int64_t first = 0;
    bench.capture.echoes = false;
    bench.loop->spawn(fence_into(bench.recorder, first));
    bench.progress(1ms);
    std::int64_t second = 0;
    bench.loop->spawn(fence_into(bench.recorder, second));
    bench.progress(1ms);
    bench.send({.watermark = 9, .fences = {1, 2}, .fence_ticks = {7, 8}});
    bench.progress(100ms);
    bench.progress(100ms);
    CHECK(first == 7);
    CHECK(second == 8);
}

TEST_CASE("an echo from before the fence was sent is not taken for it") {
    Fixture bench;
    bench.start();
    bench.send({.watermark = 9, .fences = {1}, .fence_ticks = {7}});
    bench.progress();
    CHECK(bench.loop->run(bench.recorder.fence()) == 14);
}

TEST_CASE("a fence without an echo is a fault of the capture after five seconds") {
    Fixture bench;
    bench.start();
    bench.capture.echoes = false;
    CHECK_THROWS_WITH(bench.loop->run(bench.recorder.fence()),
                      Contains("capture: fence: no echo within 5 s"));
    CHECK(calibration::seconds(bench.loop->clock().now()) == Approx(5));
}

namespace {

instruments::Task<void> count_into(rig::EdgeRecorder& recorder, std::int64_t& impulses) {
    const instruments::ReferenceCount count = co_await recorder.reference_count();
    impulses = count.impulses;
}

}  // namespace

TEST_CASE("the reference's count is the first one stated after it was asked for") {
    Fixture bench;
    bench.start();
    bench.send({.watermark = 1000, .reference_count = instruments::ReferenceCount{900, 70}});
    bench.progress();
    std::int64_t impulses = -1;
    bench.loop->spawn(count_into(bench.recorder, impulses));
    bench.progress(10ms);
    CHECK(impulses == -1);  // 70 is of tick 900, the fence came back with tick 1005
    bench.send({.watermark = 1004, .reference_count = instruments::ReferenceCount{1004, 71}});
    bench.progress(10ms);
    CHECK(impulses == -1);
    bench.send({.watermark = 1010});
    bench.progress(10ms);
    bench.send({.watermark = 1020, .reference_count = instruments::ReferenceCount{1005, 72}});
    bench.progress(10ms);
    bench.progress(10ms);
    CHECK(impulses == 72);
}

TEST_CASE("a capture that states no count is a fault after five seconds") {
    Fixture bench;
    bench.start();
    CHECK_THROWS_WITH(
        bench.loop->run(bench.recorder.reference_count()),
        Contains("capture: count the reference's impulses: stated no count within 5 s"));
    CHECK(calibration::seconds(bench.loop->clock().now()) == Approx(5));
}

TEST_CASE("what stops the recording reaches everyone who waits, then and later") {
    Fixture bench;
    bench.start();
    bench.capture.echoes = false;
    bench.send({.edges = {{1, edge(10)}}, .watermark = 20});
    bench.progress();
    bench.capture.dies_of = "silent";
    bench.capture.more.notify();
    CHECK_THROWS_WITH(bench.loop->run(bench.recorder.fence()), Contains("silent"));
    CHECK_THROWS_AS(bench.progress(), DeviceFault);
    CHECK_THROWS_AS(bench.progress(), DeviceFault);
    CHECK(bench.recorder.impulses(0) == 1);  // what came before stays
}

TEST_CASE("a capture without the channel of a position is refused by its number") {
    Fixture bench;
    bench.capture.channels = {1, 2, 5};
    CHECK_THROWS_WITH(bench.start(), Contains("capture: start: has no channel 3"));
}

TEST_CASE("a capture without the channel of a pulse output is refused by its number") {
    Fixture bench;
    bench.capture.channels = {1, 2, 3};
    CHECK_THROWS_WITH(bench.start(), Contains("capture: start: has no channel 5"));
}
