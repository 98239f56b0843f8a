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
        tell("load", [this] { apply(60); });
        tell("wait", [this] { wait_until(21s); });
        tell("look", [this] { look(); });
        meters();
        tell("fence",
             [this] { text_ += fmt::format("{}", bench_.loop().run(bench_.recorder().fence())); });
        tell("load", [this] { apply(30); });
        tell("look", [this] { look(); });
        tell("wait", [this] { wait_until(600s); });
        meters();
        tell("sequence", [this] { apply(0, calibration::PhaseSequence::l132); });
        tell("relays", [this] { relays(); });
        meters();
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
    void apply(double part_of_imax_percent,
               calibration::PhaseSequence sequence = calibration::PhaseSequence::l123) {
        const LoadPoint load =
            LoadPoint::balanced(calibration::Volt{230},
                                bench_.meter().ratings.maximum * (part_of_imax_percent / 100),
                                calibration::PowerFactor::parse("0.8 ind"),
                                calibration::Hertz{50},
                                sequence);
        const auto constant = bench_.loop().run(bench_.supervisor().apply(load));
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
    void meters() {
        for (rig::Position& position : bench_.positions()) {
            tell("identity", [&] { identify(position); });
            tell("energy", [&] { read(position); });
            tell("everything", [&] { read_everything(position); });
            tell("setting", [&] { set_tariff(position); });
        }
    }
    void identify(rig::Position& position) {
        for (const auto& field : bench_.loop().run(position.port->identify()).fields) {
            text_ += field.text + ' ';
        }
    }
    void read(rig::Position& position) {
        const auto reading = bench_.loop().run(position.port->read_energy());
        text_ += fmt::format("{:g} Wh", reading.active_import.value());
    }
    void read_everything(rig::Position& position) {
        for (const auto& reading : bench_.loop().run(position.port->read_everything())) {
            text_ += reading.value ? fmt::format("{:.3f} ", *reading.value) : "- ";
        }
        if (bench_.meter().load_curve) {
            for (const auto& record : bench_.loop().run(position.port->read_load_curve(0, 1e12))) {
                text_ += fmt::format("curve {:.3f} ", record.value_w);
            }
        }
    }
    void set_tariff(rig::Position& position) {
        const auto outcome = bench_.loop().run(position.port->set("tariff", 2));
        text_ += fmt::format("{:g} {}", outcome.after.value_or(-1), outcome.refusal);
    }
    void relays() {
        bench_.loop().run(bench_.take_into_circuit({false, true}));
        bench_.loop().run(bench_.take_into_circuit({true, true}));
    }
    void edges() {
        for (std::size_t i = 0; i < bench_.positions().size(); ++i) {
            tell_edges("led", bench_.recorder().edges(i));
            tell_edges("output", bench_.recorder().output_edges(i));
        }
        for (const rig::RecordedLoss& loss : bench_.recorder().losses()) {
            text_ += fmt::format("\nloss: {}", rig::to_json(loss));
        }
    }
    void tell_edges(const char* what, const std::vector<calibration::PhasedEdge>& edges) {
        std::int64_t ticks = 0;
        for (const auto& edge : edges) {
            ticks += edge.tick;
        }
        text_ += fmt::format("\n{}: {}, {}", what, edges.size(), ticks);
    }
};

// Two meters on one line, with relays and pulse outputs: there every kind has something to befall.
rig::BenchFile bench_with_a_line(const char* meter) {
    const std::string text = rig::twin_bench_text(rig_test::meter_type(meter), 2, 1);
    rig::BenchFile file = rig::parse_bench_file(text, "twin.toml");
    if (file.buses.empty()) {
        file.buses = {{.name = "A", .link = "twin", .baud = 19200, .framing = "8E1"}};
        file.positions[0].port = "modbus-rtu:A,1";
        file.positions[1].port = "modbus-rtu:A,2";
    }
    file.positions[0].twin.gain_error_percent = 1.0;
    file.positions[1].twin.gain_error_percent = -1.0;
    return file;
}

std::string story(std::string_view kind, const char* meter = "countis-e28") {
    rig::BenchFile file = bench_with_a_line(meter);
    if (const rig::FaultKind* const fault = rig::find_fault_kind(kind)) {
        file.faults.push_back({.kind = std::string(kind),
                               .at_s = fault->timed ? 20.0 : 0.0,
                               .position = fault->at_position ? "1" : "",
                               .amount = fault->amount_needed() ? 2.0 : 0.0});
        rig::check_faults(file);
    }
    const auto bench = Bench::assemble(file, rig_test::meter_type(meter), {.seed = 5});
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
        if (kind.name == "wrong-load-curve") {
            continue;  // the next test's: this meter has none
        }
        INFO(kind.name << healthy);
        CHECK(story(kind.name) != healthy);
    }
}

TEST_CASE("a wrong load curve shows in what a meter that keeps one says") {
    CHECK(story("wrong-load-curve", "countis-e43") != story("", "countis-e43"));
}
