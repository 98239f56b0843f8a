// A bench assembled by name on the twin: identities, what goes wrong with assembling, and off when
// it goes.
#include "rig/bench.hpp"

#include "calibration/document.hpp"
#include "rig/drivers.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using calibration::DataError;
using calibration::LoadPoint;
using Catch::Matchers::Contains;
using rig::Bench;
using rig_test::Folder;
using rig_test::meter_type;
using rig_test::twin_bench;

std::unique_ptr<Bench> assemble(const rig::BenchFile& file, const rig::BenchOptions& options = {}) {
    return Bench::assemble(file, meter_type("countis-e28"), options);
}

LoadPoint load_of(double amperes) {
    return LoadPoint::balanced(
        calibration::Volt{230}, calibration::Ampere{amperes}, calibration::PowerFactor::unity());
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The switching commands that went to the source, in order; the same one again is left out.
std::vector<std::string> switches_in(const std::string& transcript) {
    std::vector<std::string> switches;
    for (auto at = transcript.find("> SUI"); at != std::string::npos;
         at = transcript.find("> SUI", at + 1)) {
        std::string command = transcript.substr(at + 2, 12);
        if (switches.empty() || switches.back() != command) {
            switches.push_back(std::move(command));
        }
    }
    return switches;
}

}  // namespace

TEST_CASE("a bench on the twin says who its devices are, and drives nothing") {
    const auto bench = assemble(twin_bench(3));
    CHECK(bench->source_identity().model == "MT786");
    CHECK(bench->reference_identity().model == "COM5003");
    CHECK(bench->reference_identity().serial == "050059467");
    CHECK(bench->capture_identity().tick_s > 0);
    for (const rig::Position& position : bench->positions()) {
        CHECK(std::ranges::count(bench->capture_identity().channels, position.led_channel) == 1);
        CHECK(position.port != nullptr);
    }
    CHECK(bench->positions()[1].serial == "24480002");
    CHECK_FALSE(bench->supervisor().energised());
    CHECK(bench->twin()->model().true_power(bench->clock().now()).value() == 0);
}

TEST_CASE("the meters on the twin identify themselves as what they are") {
    rig::BenchFile file = twin_bench(2);
    file.positions[1].twin.identifies_as = "countis-e27";
    const auto bench = assemble(file);
    const auto first = bench->loop().run(bench->positions()[0].port->identify());
    const auto second = bench->loop().run(bench->positions()[1].port->identify());
    CHECK(first.serial == "24480001");
    CHECK_FALSE(dut::mismatch(first, bench->meter()));
    CHECK(dut::mismatch(second, bench->meter()));
}

TEST_CASE("a model the bench file names is the one that stands there") {
    rig::BenchFile file = twin_bench(1);
    file.source_model = "VU211";
    file.reference_model = "MT310s2";
    const auto bench = assemble(file);
    CHECK_THAT(bench->source_identity().model, Contains("VU211"));
    CHECK_THAT(bench->reference_identity().model, Contains("MT310s2"));
}

TEST_CASE("the hidden errors of the bench file are those of the twin") {
    rig::BenchFile file = twin_bench(1);
    file.positions[0].twin = {.gain_error_percent = 0.7, .phase_error_minutes = 0, .offset_w = 0};
    file.source_stability_percent = 0;
    const auto bench = assemble(file);
    bench->loop().run(bench->supervisor().apply(load_of(5)));
    CHECK(bench->twin()->model().true_error(0, bench->clock().now()).value() ==
          Approx(0.7).margin(1e-6));
}

TEST_CASE("a bench that goes while it is on is switched off, current first") {
    const Folder folder;
    const auto path = folder / "transcript.txt";
    {
        const auto bench = assemble(twin_bench(1), {.transcript = path});
        bench->loop().run(bench->supervisor().apply(load_of(5)));
        CHECK(bench->twin()->model().true_power(bench->clock().now()).value() ==
              Approx(3450).epsilon(0.01));
    }
    const std::string text = text_of(path);
    for (const char* crossed :
         {"source >", "source <", "reference >", "reference <", "capture <"}) {
        CHECK_THAT(text, Contains(crossed));
    }
    // Off, whatever it was before; voltages on, currents too; then currents off, then voltages.
    CHECK(switches_in(text) ==
          std::vector<std::string>{
              "SUIAAAAAAAAA", "SUIEEEAAAAAA", "SUIEEEPPPAAA", "SUIEEEAAAAAA", "SUIAAAAAAAAA"});
    CHECK(text.find("SOKUI", text.rfind("> SUI")) != std::string::npos);
}

TEST_CASE("a driver or a model that is not there is refused with the choices") {
    rig::BenchFile file = twin_bench(1);
    SECTION("source") {
        file.source.driver = "zera";
        CHECK_THROWS_WITH(assemble(file),
                          Contains("source.driver: expected one of zera-mt, got 'zera'"));
    }
    SECTION("reference") {
        file.reference.driver = "zera-mt";
        CHECK_THROWS_WITH(assemble(file), Contains("reference.driver: expected one of zera-zscpi"));
    }
    SECTION("capture") {
        file.capture.driver = "";
        CHECK_THROWS_WITH(assemble(file), Contains("capture.driver: expected one of ctag"));
    }
    SECTION("source model") {
        file.source_model = "MT1";
        CHECK_THROWS_WITH(assemble(file), Contains("expected one of MT786"));
    }
    SECTION("reference model") {
        file.reference_model = "COM1";
        CHECK_THROWS_WITH(assemble(file), Contains("COM5003"));
    }
    CHECK_THROWS_AS(assemble(file), DataError);
}

TEST_CASE("every driver of the table is known by its name and says on what it was confirmed") {
    for (const rig::DriverEntry& entry : rig::drivers()) {
        CHECK_NOTHROW(rig::check_driver(entry.kind, entry.name));
        CHECK_FALSE(entry.description.empty());
        CHECK_FALSE(entry.confirmed.empty());
    }
}

TEST_CASE("a port where nobody listens is a link error that names it") {
    rig::BenchFile file = twin_bench(1);
    file.virtual_clock = false;
    file.source.link = "tcp:127.0.0.1:1";
    CHECK_THROWS_AS(assemble(file), instruments::io::LinkError);
    CHECK_THROWS_WITH(assemble(file), Contains("tcp:127.0.0.1:1"));
}

TEST_CASE("a device that is silent is a fault that names it") {
    rig::BenchFile file = twin_bench(1);
    const auto [fault, device] = GENERATE(table<const char*, const char*>(
        {{"source-silent@0", "source"}, {"reference-silent@0", "reference"}}));
    file.faults = {rig::parse_fault(fault)};
    CHECK_THROWS_WITH(assemble(file), Contains(device));
    CHECK_THROWS_AS(assemble(file), instruments::DeviceFault);
}

TEST_CASE("a capture whose stream falls silent ends the recording within five seconds") {
    rig::BenchFile file = twin_bench(1);
    file.faults = {rig::parse_fault("capture-silent@10")};
    const auto bench = assemble(file);
    const auto watch = [&](double until_s) {
        const calibration::Instant until{calibration::from_seconds(until_s)};
        while (bench->clock().now() < until) {
            bench->loop().run(bench->recorder().progress(until));
        }
    };
    CHECK_NOTHROW(watch(10));
    CHECK_THROWS_AS(watch(60), instruments::DeviceFault);
    CHECK(calibration::seconds(bench->clock().now()) < 16.5);
}

TEST_CASE("a transcript that cannot be written is refused before anything is opened") {
    const Folder folder;
    CHECK_THROWS_WITH(assemble(twin_bench(1), {.transcript = folder / "none/t.txt"}),
                      Contains("none/t.txt: cannot be written"));
}

TEST_CASE("a meter fault for a meter type without a port is refused") {
    dut::MeterType meter = meter_type("countis-e28");
    meter.modbus.reset();
    rig::BenchFile file = twin_bench(1);
    CHECK_NOTHROW(Bench::assemble(file, meter, {}));
    file.faults = {rig::parse_fault("meter-silent:1")};
    CHECK_THROWS_WITH(Bench::assemble(file, meter, {}),
                      Contains("expected a meter type with a port"));
}

TEST_CASE(
    "the operator's wish to stop is seen until the owner allows to go on, which arms the "
    "supervisor too") {
    const auto bench = assemble(twin_bench(1));
    CHECK_NOTHROW(bench->throw_if_stopped());
    bench->request_stop();
    CHECK_THROWS_AS(bench->throw_if_stopped(), rig::Stopped);
    CHECK(bench->loop().run(bench->supervisor().make_safe()).empty());
    CHECK_THROWS_AS(bench->loop().run(bench->supervisor().apply(load_of(5))),
                    instruments::DeviceFault);
    bench->allow_again();
    CHECK_NOTHROW(bench->throw_if_stopped());
    CHECK_NOTHROW(bench->loop().run(bench->supervisor().apply(load_of(5))));
}
