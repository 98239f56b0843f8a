// A whole run on the twin in virtual time, as a test asks for it: a meter type, what each meter
// really does, faults, a programme; and where its bench time goes.
#pragma once

#include "rig/bench.hpp"
#include "rig/bench_file.hpp"
#include "sequences/runner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace test {

// Where the journals of one test case live; gone with it.
class Scratch {
  public:
    Scratch() {
        static int count = 0;
        folder_ = std::filesystem::temp_directory_path() /
                  fmt::format("calrig-sequences-{}-{}", ::getpid(), ++count);
        std::filesystem::create_directories(folder_);
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    std::filesystem::path file() { return folder_ / fmt::format("run-{}.journal", ++files_); }

  private:
    std::filesystem::path folder_;
    int files_ = 0;
};

struct BenchSpec {
    std::string meter = "countis-e28";
    std::string programme = "eol-quick";  // an id, or a text that begins with a line feed
    std::string limits;                   // an id; empty: the programme's choice
    std::vector<std::string> twins{""};   // what each meter really does: the inside of twin = { }
    std::string port = "twin";
    std::string certificate =
        "expanded_uncertainty_percent = 0.02, "
        "expanded_phase_uncertainty_minutes = 0.2";
    std::string reference_twin;       // the inside of the reference's twin = { }
    std::vector<std::string> faults;  // "lost-edge:1@30"
    std::uint64_t seed = 1;
    calibration::DecisionRule rule = calibration::DecisionRule::simple;
    std::vector<std::string> only_points{};
    bool relays = false;              // a position switch, a relay for every position
    bool outputs = false;             // every pulse output is wired
    std::string buses{};              // tables before the positions
    std::vector<std::string> keys{};  // further lines of each position
};

// "modbus-rtu:A,{}": {} is the position's number.
inline std::string port_of(const BenchSpec& spec, std::size_t index) {
    std::string port = spec.port;
    if (const auto at = port.find("{}"); at != std::string::npos) {
        port.replace(at, 2, std::to_string(index + 1));
    }
    return port;
}

inline std::string position_text(const BenchSpec& spec, std::size_t index) {
    std::string text = fmt::format(
        "[[position]]\nname = \"{0}\"\nled_channel = {0}\nport = \"{1}\"\ntwin = {{ {2} }}\n",
        index + 1,
        port_of(spec, index),
        spec.twins[index]);
    if (spec.relays) {
        text += fmt::format("bypass_channel = {}\n", 101 + index);
    }
    if (spec.outputs) {
        text += fmt::format("output_channel = {}\n", 60 + index);
    }
    return text + (index < spec.keys.size() ? spec.keys[index] + "\n" : "");
}

inline std::string bench_text(const BenchSpec& spec) {
    std::string text = fmt::format(
        R"([bench]
name = "test"
clock = "virtual"
[source]
driver = "zera-mt"
link = "twin"
[reference]
driver = "zera-zscpi"
link = "twin"
certificate = {{ number = "T-1", {} }}
{}
[capture]
driver = "ctag"
link = "twin"
reference_channel = 0
)",
        spec.certificate,
        spec.reference_twin.empty() ? "" : fmt::format("twin = {{ {} }}", spec.reference_twin));
    if (spec.relays) {
        text += "[position_switch]\ndriver = \"scpi-switch\"\nlink = \"twin\"\n";
    }
    text += spec.buses;
    for (std::size_t i = 0; i < spec.twins.size(); ++i) {
        text += position_text(spec, i);
    }
    for (const std::string& line : spec.faults) {
        const rig::FaultEntry fault = rig::parse_fault(line);
        text += fmt::format(
            "[[fault]]\nkind = \"{}\"\nat_s = {:.6f}\nposition = \"{}\"\namount = {:.6f}\n",
            fault.kind,
            fault.at_s,
            fault.position,
            fault.amount);
    }
    return text;
}

inline sequences::RunSetup setup_of(const BenchSpec& spec) {
    const bool text = spec.programme.starts_with('\n');
    sequences::RunSetup setup =
        sequences::load_setup({.programme = text ? "eol-quick" : spec.programme,
                               .meter = spec.meter,
                               .limits = spec.limits});
    if (text) {
        setup.programme_text = spec.programme;
        setup.programme_name = "test.toml";
    }
    setup.bench_text = bench_text(spec);
    setup.bench_name = "bench.toml";
    setup.seed = spec.seed;
    setup.rule = spec.rule;
    setup.only_points = spec.only_points;
    return setup;
}

inline std::unique_ptr<rig::Bench> assemble(const sequences::RunSetup& setup) {
    return rig::Bench::assemble(rig::parse_bench_file(setup.bench_text, setup.bench_name),
                                dut::parse_meter_type(setup.meter_text, setup.meter_name),
                                {.seed = setup.seed});
}

inline sequences::RunResult run(const BenchSpec& spec,
                                const std::filesystem::path& journal,
                                const sequences::LiveObserver& live = {}) {
    const sequences::RunSetup setup = setup_of(spec);
    const auto bench = assemble(setup);
    return sequences::run(*bench, setup, {.journal = journal, .live = live});
}

inline std::vector<std::uint8_t> bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline const sequences::PointResult& point_of(const sequences::RunResult& run,
                                              const std::string& name) {
    for (const sequences::PointResult& point : run.points) {
        if (point.point.programme.name == name) {
            return point;
        }
    }
    throw std::out_of_range("no point " + name);
}

// The names of the points at which a position has this verdict.
inline std::vector<std::string> points_with(const sequences::RunResult& run,
                                            std::size_t position,
                                            calibration::Verdict verdict) {
    std::vector<std::string> names;
    for (const sequences::PointResult& point : run.points) {
        if (point.positions.at(position).verdict == verdict) {
            names.push_back(point.point.programme.name);
        }
    }
    return names;
}

// A run as text, for the message of a failed test.
inline std::string transcript(const sequences::RunResult& run) {
    std::string text = fmt::format("seed {}, {}{}{}\n",
                                   run.setup.seed,
                                   calibration::name(run.verdict),
                                   run.aborted ? ", aborted: " : "",
                                   run.abort_reason);
    for (const sequences::PointResult& point : run.points) {
        text += point.point.programme.name + ":";
        for (const sequences::PositionResult& p : point.positions) {
            text += fmt::format(" [{} {}]", calibration::name(p.verdict), p.reason);
            if (p.gate && p.true_error_percent && p.budget) {
                text += fmt::format(" {:.4f} true {:.4f} U {:.4f}",
                                    p.gate->error_pi_percent,
                                    *p.true_error_percent,
                                    p.budget->expanded_percent);
            }
        }
        text += '\n';
        for (const sequences::PositionResult& p : point.positions) {
            for (const sequences::CheckLine& line : p.checks) {
                text += fmt::format("  {}: {} {}: {} {} [{} .. {}] {}\n",
                                    p.position,
                                    calibration::name(line.verdict),
                                    line.what,
                                    line.value ? fmt::format("{:.6g}", *line.value) : "-",
                                    line.unit,
                                    line.least ? fmt::format("{:.6g}", *line.least) : "",
                                    line.most ? fmt::format("{:.6g}", *line.most) : "",
                                    line.text);
            }
        }
        for (const sequences::Invalidation& i : point.invalidations) {
            text +=
                fmt::format("  attempt {}, position '{}': {}\n", i.attempt, i.position, i.reason);
        }
    }
    for (const sequences::MeterResult& meter : run.meters) {
        text += fmt::format("meter {}: {} {} {}\n",
                            meter.position,
                            calibration::name(meter.verdict),
                            meter.reason,
                            meter.registers ? meter.registers->reason : "no registers");
    }
    for (const std::string& remark : run.remarks) {
        text += "remark: " + remark + '\n';
    }
    return text;
}

}  // namespace test
