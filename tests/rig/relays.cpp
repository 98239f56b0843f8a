// Position switch, pulse outputs and the reference's count on the twin: what is bypassed does not
// register, and what is counted is what flowed.
#include "calibration/document.hpp"
#include "rig/bench.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using calibration::Ampere;
using calibration::LoadPoint;
using Catch::Matchers::Contains;
using rig::Bench;
using rig_test::Folder;
using rig_test::meter_type;
using rig_test::twin_bench;

std::unique_ptr<Bench> assemble(const rig::BenchFile& file, const rig::BenchOptions& options = {}) {
    rig::check_faults(file);
    return Bench::assemble(file, meter_type("countis-e28"), options);
}

void apply(Bench& bench, double amperes) {
    bench.loop().run(bench.supervisor().apply(LoadPoint::balanced(
        calibration::Volt{230}, Ampere{amperes}, calibration::PowerFactor::unity())));
}

void pass(Bench& bench, calibration::Duration time) {
    const calibration::Instant until = bench.clock().now() + time;
    while (bench.clock().now() < until) {
        bench.loop().run(bench.recorder().progress(until));
    }
}

// How many impulses each position's LED gives while 20 A flow for a while.
std::vector<std::int64_t> blinks(Bench& bench) {
    std::vector<std::int64_t> before;
    for (std::size_t i = 0; i < bench.positions().size(); ++i) {
        before.push_back(bench.recorder().impulses(i));
    }
    apply(bench, 20);
    pass(bench, 10s);
    apply(bench, 0);
    std::vector<std::int64_t> blinked;
    for (std::size_t i = 0; i < before.size(); ++i) {
        blinked.push_back(bench.recorder().impulses(i) - before[i]);
    }
    return blinked;
}

}  // namespace

TEST_CASE("exactly the positions that are taken out of the circuit do not blink") {
    const auto bench = assemble(twin_bench(3));
    CHECK(bench->has_position_switch());
    CHECK(bench->all_in_circuit());
    CHECK(bench->position_switch_identity().model == "switch");
    apply(*bench, 0);
    bench->loop().run(bench->take_into_circuit({true, false, true}));
    CHECK_FALSE(bench->all_in_circuit());
    std::vector<std::int64_t> blinked = blinks(*bench);
    CHECK(blinked[0] > 30);
    CHECK(blinked[1] == 0);
    CHECK(blinked[2] > 30);
    bench->loop().run(bench->take_into_circuit({false, true, false}));
    blinked = blinks(*bench);
    CHECK(blinked[0] == 0);
    CHECK(blinked[1] > 30);
    CHECK(blinked[2] == 0);
    bench->loop().run(bench->take_into_circuit({true, true, true}));
    CHECK(bench->all_in_circuit());
    for (const std::int64_t each : blinks(*bench)) {
        CHECK(each > 30);
    }
}

TEST_CASE("a bench that goes while a position is bypassed is off first, then has it back") {
    const Folder folder;
    const auto path = folder / "transcript.txt";
    {
        const auto bench = assemble(twin_bench(2), {.transcript = path});
        apply(*bench, 0);
        bench->loop().run(bench->take_into_circuit({false, true}));
        apply(*bench, 5);
    }
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto off = text.rfind("SUIAAAAAAAAA");
    const auto opened = text.rfind("ROUT:OPEN (@101");
    REQUIRE(off != std::string::npos);
    REQUIRE(opened != std::string::npos);
    CHECK(off < opened);
    CHECK(text.rfind("SOKUI") < opened);
}

TEST_CASE("a bench that goes without ever having been on has its bypassed positions back, too") {
    const Folder folder;
    const auto path = folder / "transcript.txt";
    {
        const auto bench = assemble(twin_bench(2), {.transcript = path});
        bench->loop().run(bench->take_into_circuit({false, true}));
    }
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto closed = text.find("ROUT:CLOS (@101");
    REQUIRE(closed != std::string::npos);
    CHECK(text.find("ROUT:OPEN (@101", closed) != std::string::npos);
}

TEST_CASE("relays that a killed process left closed are opened when the bench is assembled") {
    const Folder folder;
    const auto path = folder / "transcript.txt";
    assemble(twin_bench(2), {.transcript = path});
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CHECK(text.find("ROUT:OPEN (@101") > text.find("SUIAAAAAAAAA"));
    CHECK(text.find("ROUT:OPEN (@101") != std::string::npos);
    CHECK(text.find("ROUT:CLOS (@") == std::string::npos);
}

TEST_CASE("a bench without a position switch says so") {
    rig::BenchFile file = twin_bench(2);
    file.position_switch.reset();
    for (rig::PositionEntry& position : file.positions) {
        position.bypass_channel.reset();
    }
    const auto bench = assemble(file);
    CHECK_FALSE(bench->has_position_switch());
    CHECK(bench->all_in_circuit());
    CHECK(bench->position_switch_identity().model.empty());
    CHECK_THROWS_WITH(bench->loop().run(bench->take_into_circuit({false, true})),
                      Contains("no position switch"));
}

TEST_CASE("a position switch that is silent or unknown is a fault that names it") {
    rig::BenchFile file = twin_bench(1);
    SECTION("silent") {
        file.faults = {rig::parse_fault("switch-silent")};
        CHECK_THROWS_WITH(assemble(file), Contains("position switch"));
        CHECK_THROWS_AS(assemble(file), instruments::DeviceFault);
    }
    SECTION("unknown") {
        file.position_switch->driver = "relay-card";
        CHECK_THROWS_WITH(
            assemble(file),
            Contains("position_switch.driver: expected one of scpi-switch, got 'relay-card'"));
    }
}

TEST_CASE("a stuck relay is named by its channel, and the circuit is in doubt until it is back") {
    rig::BenchFile file = twin_bench(2);
    file.faults = {rig::parse_fault("stuck-relay:2")};
    const auto bench = assemble(file);
    CHECK_THROWS_WITH(bench->loop().run(bench->take_into_circuit({true, false})), Contains("102"));
    CHECK_FALSE(bench->all_in_circuit());
    CHECK_NOTHROW(bench->loop().run(bench->take_into_circuit({false, true})));
    bench->loop().run(bench->take_into_circuit({true, true}));
    CHECK(bench->all_in_circuit());
}

TEST_CASE("a pulse output emits its weight's share of the LED's impulses, into the journal too") {
    const Folder folder;
    rig::BenchFile file = twin_bench(2);
    for (rig::PositionEntry& position : file.positions) {
        position.twin.gain_error_percent = 0;
    }
    const auto bench = assemble(file);
    {
        rig::JournalWriter journal(folder / "j");
        bench->recorder().use_journal(&journal);
        apply(*bench, 80);
        pass(*bench, 120s);
        apply(*bench, 0);
        journal.sync();
        bench->recorder().use_journal(nullptr);
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const auto led = bench->recorder().impulses(i);
        const auto output = bench->recorder().output_impulses(i);
        CHECK(output > 15);
        // 1000 imp/kWh are 1 Wh each; the output's are 100 Wh each.
        CHECK(std::abs(static_cast<double>(output) - static_cast<double>(led) / 100) <= 1);
    }
    std::map<std::uint16_t, std::size_t> read;
    for (const auto& record : rig::read_journal(folder / "j").records) {
        if (const auto* batch = std::get_if<std::vector<rig::PositionEdge>>(&record)) {
            for (const rig::PositionEdge& edge : *batch) {
                ++read[edge.position];
            }
        }
    }
    CHECK(read.size() == 4);
    CHECK(read[0x8000] == bench->recorder().output_edges(0).size());
    CHECK(read[0x8001] == bench->recorder().output_edges(1).size());
    CHECK(read[1] == bench->recorder().edges(1).size());
}

TEST_CASE("meters do not blink in unison, and each seed begins elsewhere") {
    const rig::BenchFile file = twin_bench(2);
    REQUIRE(file.positions[0].twin.led_remainder);
    CHECK(*file.positions[0].twin.led_remainder != *file.positions[1].twin.led_remainder);
    CHECK(*file.positions[0].twin.led_remainder !=
          *twin_bench(2, "", 2).positions[0].twin.led_remainder);
    rig::BenchFile open = file;
    open.positions[0].twin =
        open.positions[1].twin = {.gain_error_percent = 0, .phase_error_minutes = 0};
    const auto first_tick = [&](std::size_t position, std::uint64_t seed) {
        const auto bench = assemble(open, {.seed = seed});
        apply(*bench, 1);
        pass(*bench, 30s);
        return bench->recorder().edges(position).at(0).tick;
    };
    CHECK(std::abs(first_tick(0, 1) - first_tick(1, 1)) > 1'000'000);  // more than 8 ms
    CHECK(first_tick(0, 1) != first_tick(0, 2));
    CHECK(first_tick(0, 1) == first_tick(0, 1));
}

TEST_CASE("the reference's counts before and after a load differ by the energy that flowed") {
    rig::BenchFile file = twin_bench(1);
    file.source_stability_percent = 0;
    file.reference_ratio_error_percent = 0;
    file.reference_phase_error_minutes = 0;
    const auto bench = assemble(file);
    const auto count = [&] { return bench->loop().run(bench->recorder().reference_count()); };
    const auto load =
        LoadPoint::balanced(calibration::Volt{230}, Ampere{20}, calibration::PowerFactor::unity());
    apply(*bench, 0);
    const auto none = count();
    const auto constant = bench->loop().run(bench->supervisor().apply(load));
    pass(*bench, 60s);
    apply(*bench, 0);
    const auto before = bench->clock().now();
    const auto all = count();
    CHECK(calibration::seconds(bench->clock().now()) - calibration::seconds(before) < 2.5);
    CHECK(all.tick > none.tick);
    // The ranges, and with them the constant, changed on the way: most of the energy is of this
    // one.
    const double kwh = static_cast<double>(all.impulses - none.impulses) / constant.value.value();
    CHECK(kwh == Approx(13.8 * (60 + 8) / 3600).epsilon(0.05));
    // With nothing flowing the instant does not matter.
    pass(*bench, 20s);
    CHECK(count().impulses == all.impulses);
}
