// Verdicts of single gates: starting by the tau procedure, no-load, and gates that are not
// believed.
#include "sequences/evaluation.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using calibration::Verdict;
using sequences::GateFacts;
using sequences::PositionResult;
using sequences::Starting;

namespace {

constexpr double reference_constant = 1e7;

struct Judged {
    sequences::Plan plan = sequences::make_plan(test::setup_of({.only_points = {"Iref PF 1"}}));
    const sequences::TestPoint& point = plan.points.at(0);

    // Eleven impulses of a meter `error_percent` off; one tick is a microsecond.
    PositionResult gate(double error_percent, const GateFacts& facts, int edges = 11) const {
        PositionResult out;
        for (int i = 1; i <= edges; ++i) {
            const auto tick = static_cast<std::int64_t>(i * 1'043'478 / (1 + error_percent / 100));
            // The reference turns 10 000 impulses in the time of a right meter's one.
            const auto count = static_cast<std::int64_t>(static_cast<double>(tick) / 104.3478);
            out.edges.push_back(
                {tick,
                 count,
                 static_cast<std::int64_t>(static_cast<double>(count) * 104.3478),
                 static_cast<std::int64_t>(static_cast<double>(count + 1) * 104.3478)});
        }
        sequences::judge_accuracy(point, plan, facts, out);
        return out;
    }
};

GateFacts facts() { return {.reference_constant_imp_per_kwh = reference_constant, .tick_s = 1e-6}; }

}  // namespace

TEST_CASE("a gate is judged by its error") {
    const Judged judged;
    CHECK(judged.gate(0.5, facts()).verdict == Verdict::pass);
    CHECK(judged.gate(0.5, facts()).reason.empty());
    CHECK(judged.gate(0.5, facts()).gate->error_pi_percent == Approx(0.5).margin(0.001));
    CHECK(judged.gate(1.2, facts()).verdict == Verdict::fail);
    CHECK(judged.gate(-1.2, facts()).verdict == Verdict::fail);
}

TEST_CASE("a reference edge for every 5000 impulses is weighed as 5000") {
    const Judged judged;
    auto divided = facts();
    divided.reference_divider = 5000;
    PositionResult out;
    for (int i = 0; i <= 10; ++i) {
        // 10 000 impulses, two reference edges, to each; half a divided one beyond at every second.
        const std::int64_t tick = 1'000'000 * i + (i % 2 == 0 ? 0 : 250'000);
        const std::int64_t whole = tick / 500'000;
        out.edges.push_back({tick, 5000 * whole, 500'000 * whole, 500'000 * (whole + 1)});
    }
    out.edges.pop_back();  // ends half a divided impulse beyond
    sequences::judge_accuracy(judged.point, judged.plan, divided, out);
    REQUIRE(out.gate);
    CHECK(out.gate->reference_impulses == Approx(92'500));
}

TEST_CASE("a gate whose meter fell silent is not believed") {
    const Judged judged;
    auto silent = facts();
    silent.silent_s = 2.9;  // two intervals of 1.04 s and a second
    CHECK(judged.gate(0.5, silent).verdict == Verdict::pass);
    silent.silent_s = 3.2;
    const auto result = judged.gate(0.5, silent);
    CHECK(result.verdict == Verdict::suspect);
    CHECK(result.reason == "no impulse in the last 3 s of the gate: is the pulse head in place?");
    CHECK(judged.gate(1.2, silent).verdict == Verdict::fail);
}

TEST_CASE("a short gate says how short it is, an empty one that there is nothing") {
    const Judged judged;
    CHECK(judged.gate(0.1, facts(), 6).reason == "5 of 10 intervals in the time allowed");
    CHECK(judged.gate(0.1, facts(), 2).verdict == Verdict::inconclusive);
    CHECK(judged.gate(0.1, facts(), 1).verdict == Verdict::invalid);
    CHECK(judged.gate(0.1, facts(), 0).reason ==
          "no impulse in the time allowed: is the pulse head in place?");
}

TEST_CASE("a loss spoils a gate, a harmless one is mentioned") {
    const Judged judged;
    auto lost = facts();
    lost.lost = "crc";
    CHECK(judged.gate(0.1, lost).verdict == Verdict::invalid);
    CHECK(judged.gate(1.2, lost).verdict == Verdict::invalid);
    auto recovered = facts();
    recovered.recovered = "overflow";
    CHECK(judged.gate(0.1, recovered).verdict == Verdict::pass);
    CHECK(judged.gate(0.1, recovered).reason.find("recovered") == 0);
}

TEST_CASE("starting by the tau procedure") {
    struct Case {
        std::vector<double> times;
        double observed;
        Starting state;
    };
    // tau = 100 s: first by 150 s, second within 150 s of it, third within 1.1 intervals.
    const auto c = GENERATE(values<Case>({{{}, 150, Starting::waiting},
                                          {{}, 150.1, Starting::failed},
                                          {{150}, 200, Starting::waiting},
                                          {{150.1}, 200, Starting::failed},
                                          {{40}, 190, Starting::waiting},
                                          {{40}, 190.1, Starting::failed},
                                          {{40, 190}, 355, Starting::waiting},
                                          {{40, 190.1}, 200, Starting::failed},
                                          {{40, 140}, 249.9, Starting::waiting},
                                          {{40, 140}, 250.1, Starting::failed},
                                          {{40, 140, 249.9}, 260, Starting::started},
                                          {{40, 140, 250.1}, 260, Starting::failed},
                                          {{40, 140, 200}, 200, Starting::started}}));
    const auto state = sequences::starting_state(c.times, 100, c.observed);
    INFO(c.times.size() << " impulses, observed for " << c.observed << " s: " << state.reason);
    CHECK(state.state == c.state);
    CHECK(state.reason.empty() == (c.state != Starting::failed));
}
