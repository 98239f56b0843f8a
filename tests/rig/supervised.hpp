// A supervisor over a scripted source and reference, in virtual time.
#pragma once

#include "calibration/load_point.hpp"
#include "instruments/io/loop.hpp"
#include "rig/supervisor.hpp"
#include "tests/rig/bench_texts.hpp"
#include "tests/rig/scripted_bench.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rig_test {

using Calls = std::vector<std::string>;

inline LoadPoint load_of(double volts, double amperes, double hertz = 50) {
    return LoadPoint::balanced(
        Volt{volts}, Ampere{amperes}, calibration::PowerFactor::unity(), Hertz{hertz});
}

struct Supervised {
    std::unique_ptr<instruments::io::Loop> loop = instruments::io::Loop::with_virtual_time();
    Script script;
    ScriptedSource source{script};
    ScriptedReference reference{script, source};
    dut::MeterType meter = meter_type("countis-e28");  // 288 V, 80 A, 45 to 65 Hz; Un 230 V
    rig::Supervisor supervisor{loop->clock(), source, reference, meter};

    void apply(const LoadPoint& load) { loop->run(supervisor.apply(load)); }
    std::string make_safe() { return loop->run(supervisor.make_safe()); }
    Calls calls() { return std::exchange(script.calls, {}); }
};

}  // namespace rig_test
