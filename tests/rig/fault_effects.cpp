// Every kind of fault changes what the host sees of the twin: none is read from a bench file and
// forgotten.
#include "instruments/io/loop.hpp"
#include "rig/bench.hpp"
#include "rig/fault_kinds.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <string>

namespace {

using namespace std::chrono_literals;
using calibration::LoadPoint;
using rig::Bench;
using rig::Task;

// Does things with a bench and writes down everything that the host gets to see.
class Witness {
  public:
    explicit Witness(Bench& bench) : bench_(bench) {}

    std::string story() {
        tell("load", [this] { apply(20); });
        tell("wait", [this] { wait_until(21s); });
        tell("look", [this] { look(); });
        for (rig::Position& position : bench_.positions()) {
            tell("meter", [&] { read(position); });
        }
        tell("fence",
             [this] { text_ += fmt::format("{}", bench_.loop().run(bench_.recorder().fence())); });
        tell("load", [this] { apply(10); });
        tell("look", [this] { look(); });
        tell("wait", [this] { wait_until(45s); });
        edges();
        return text_;
    }

  private:
    Bench& bench_;
    std::string text_;

    void tell(const char* what, const std::function<void()>& act) {
        text_ += fmt::format("\n{}: ", what);
        try {
            act();
        } catch (const std::exception& error) {
            text_ += error.what();
        }
        text_ += fmt::format(" at {:.6f} s", calibration::seconds(bench_.clock().now()));
    }
    void apply(double amperes) {
        const auto constant = bench_.loop().run(
            bench_.supervisor().apply(LoadPoint::balanced(calibration::Volt{230},
                                                          calibration::Ampere{amperes},
                                                          calibration::PowerFactor::unity())));
        text_ += fmt::format("{:g}", constant.value.value());
    }
    void wait_until(calibration::Duration time) {
        const calibration::Instant until{time};
        while (bench_.clock().now() < until) {
            bench_.loop().run(bench_.recorder().progress(until));
        }
    }
    void look() {
        const rig::Observation seen = bench_.loop().run(bench_.supervisor().observe());
        text_ +=
            fmt::format("{}; {}", fmt::join(seen.deviations, ", "), fmt::join(seen.remarks, ", "));
    }
    void read(rig::Position& position) {
        const auto reading = bench_.loop().run(position.port->read_energy());
        text_ += fmt::format("{:g} Wh", reading.active_import.value());
    }
    void edges() {
        for (std::size_t i = 0; i < bench_.positions().size(); ++i) {
            std::int64_t ticks = 0;
            for (const auto& edge : bench_.recorder().edges(i)) {
                ticks += edge.tick;
            }
            text_ += fmt::format("\nedges: {}, {}", bench_.recorder().edges(i).size(), ticks);
        }
        for (const rig::RecordedLoss& loss : bench_.recorder().losses()) {
            text_ += fmt::format("\nloss: {}", rig::to_json(loss));
        }
    }
};

std::string story(std::string_view kind) {
    rig::BenchFile file = rig_test::twin_bench(2);
    file.positions[0].twin.gain_error_percent = 1.0;
    file.positions[1].twin.gain_error_percent = -1.0;
    if (const rig::FaultKind* const fault = rig::find_fault_kind(kind)) {
        file.faults.push_back({.kind = std::string(kind),
                               .at_s = fault->timed ? 20.0 : 0.0,
                               .position = fault->at_position ? "1" : "",
                               .amount = fault->amount_needed ? 2.0 : 0.0});
        rig::check_faults(file);
    }
    const auto bench = Bench::assemble(file, rig_test::meter_type("countis-e28"), {.seed = 5});
    return Witness(*bench).story();
}

}  // namespace

TEST_CASE("a healthy twin tells the same story twice") {
    const std::string healthy = story("");
    INFO(healthy);
    CHECK(healthy == story(""));
    CHECK(healthy.find("loss:") == std::string::npos);
}

TEST_CASE("every kind of fault shows in what the host sees") {
    const std::string healthy = story("");
    for (const rig::FaultKind& kind : rig::fault_table()) {
        INFO(kind.name << healthy);
        CHECK(story(kind.name) != healthy);
    }
}
