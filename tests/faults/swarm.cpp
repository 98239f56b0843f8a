// A seeded swarm: every fault the twin can inject, at random moments of an end-of-line run. Each is
// found, by name; none makes a wrong pass; none harms a neighbour; the source is off at the end.
#include "calibration/random.hpp"
#include "rig/bench.hpp"
#include "rig/fault_kinds.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

using calibration::Verdict;
using sequences::RunResult;

namespace {

constexpr std::uint64_t seeds_per_kind = 8;
// What an error may be away from the truth at most: the coverage of U is 95 %, of three U all.
constexpr double hard_bound = 3;
// An undisturbed run of this programme and bench; faults after its end would meet nothing.
constexpr double first_s = 25;
constexpr double last_s = 250;

enum class Harm {
    none,      // the run passes as if nothing had been: asked again, recovered, or measured anew
    position,  // its own position is not believed, the others are
    everyone,  // what all positions share is not believed: no meter passes
    abort,     // the run ends early, the bench is off
    dead,      // the run ends early and the source cannot be confirmed off
};

// What may come of a fault. Where in the run it falls decides which, so some have two.
struct Expectation {
    std::set<Harm> harms;
    std::vector<std::string> words;  // one of them must stand in what the run says
};

const std::map<std::string, Expectation> expectations{
    {"source-nak", {{Harm::none, Harm::abort, Harm::dead}, {"refused", "NAK"}}},
    {"source-silent", {{Harm::dead}, {"COULD NOT BE CONFIRMED OFF"}}},
    {"source-trip", {{Harm::abort}, {"reports a fault", "tripped", "switch on: refused"}}},
    {"source-garbled", {{Harm::none, Harm::abort}, {"asked again", "source"}}},
    {"source-late", {{Harm::none, Harm::abort, Harm::dead}, {"asked again", "source"}}},
    {"source-drift", {{Harm::none}, {"voltage"}}},
    {"swapped-phases", {{Harm::none}, {"sequence", "current", "angle"}}},
    {"reference-silent", {{Harm::abort}, {"no answer", "reference"}}},
    {"reference-garbled", {{Harm::none, Harm::abort}, {"asked again", "garbled"}}},
    {"reference-range-change", {{Harm::none}, {"constant changed"}}},
    {"reference-overload", {{Harm::none, Harm::abort}, {"overload"}}},
    {"reference-wrong-constant", {{Harm::abort}, {"states a pulse constant"}}},
    {"flipped-bit", {{Harm::none, Harm::everyone}, {"crc"}}},
    {"lost-frame", {{Harm::none, Harm::everyone}, {"frame"}}},
    {"lost-edge", {{Harm::none, Harm::position}, {"count", "missed"}}},
    {"missed-edge", {{Harm::none, Harm::position}, {"missed"}}},
    {"extra-edge", {{Harm::none, Harm::position}, {"extra"}}},
    {"bounce", {{Harm::position}, {"extra", "registers"}}},
    {"flicker", {{Harm::none, Harm::position}, {"extra", "registers"}}},
    {"dead-head", {{Harm::position}, {"pulse head", "registers"}}},
    {"swapped-heads", {{Harm::none, Harm::position}, {"did the pulse head see one meter only"}}},
    {"overflow", {{Harm::none, Harm::everyone}, {"overflow"}}},
    {"capture-restart", {{Harm::everyone}, {"restart"}}},
    {"capture-silent", {{Harm::abort}, {"capture"}}},
    {"clock-step", {{Harm::everyone}, {"clock step"}}},
    {"meter-silent", {{Harm::position}, {"meter"}}},
    {"meter-exception", {{Harm::position}, {"exception"}}},
    {"meter-late", {{Harm::none, Harm::position}, {"meter"}}},
    {"meter-wrong-unit", {{Harm::position}, {"unit"}}},
    {"meter-not-available", {{Harm::position}, {"not available"}}},
    {"wrong-constant", {{Harm::position}, {"missed", "extra", "the limit"}}},
};

// Faults of what an end-of-line run over the LEDs never asks: pulse outputs, relays, settings,
// lines. Each has its own step of the tests over the port.
const std::set<std::string> beyond_the_led{"dead-output",
                                           "wrong-output-weight",
                                           "register-scale",
                                           "stuck-register",
                                           "wrong-reactive",
                                           "stuck-tariff",
                                           "lost-write",
                                           "wrong-checksum",
                                           "wrong-firmware",
                                           "wrong-sequence",
                                           "wrong-load-curve",
                                           "swapped-ports",
                                           "unit-conflict",
                                           "line-echo",
                                           "line-drop-byte",
                                           "line-double-byte",
                                           "line-noise",
                                           "stuck-relay",
                                           "switch-silent"};

std::string_view amount_of(std::string_view kind) {
    if (kind == "swapped-heads") {
        return "=3";
    }
    return kind == "source-late" ? "=10" : "";  // by default it is late, but not too late
}

// What befalls one position goes to the second of three.
std::string fault_line(std::string_view kind, double at_s) {
    const rig::FaultKind& known = *rig::find_fault_kind(kind);
    return fmt::format("{}{}{}{}",
                       kind,
                       known.at_position ? ":2" : "",
                       known.timed ? fmt::format("@{:.3f}", at_s) : "",
                       amount_of(kind));
}

struct Swarmed {
    RunResult run;
    std::string fault;
    double at_s = 0;
    bool supervisor_energised = false;
    bool load_on = false;
};

rig::Task<void> pass(rig::Bench& bench, std::chrono::seconds time) {
    co_await bench.clock().sleep_for(time);
}

// What really is on the terminals, once the output has had time to fall.
bool load_is_on(rig::Bench& bench) {
    bench.loop().finish(pass(bench, std::chrono::seconds{20}));
    const auto load = bench.twin()->model().actual_load(bench.clock().now());
    return std::ranges::any_of(load.phases, [](const calibration::PhaseLoad& phase) {
        return phase.voltage.value() > 1e-3 || phase.current.value() > 1e-6;
    });
}

Swarmed swarm(const std::string& kind, std::uint64_t seed, test::Scratch& scratch) {
    const double at_s = first_s + (last_s - first_s) * calibration::uniform(seed, 4711, 0);
    Swarmed out{.fault = fault_line(kind, at_s), .at_s = at_s};
    const auto setup = test::setup_of({.twins = {"", "", ""}, .faults = {out.fault}, .seed = seed});
    const auto bench = test::assemble(setup);
    out.run = sequences::run(*bench, setup, {.journal = scratch.file()});
    out.supervisor_energised = bench->supervisor().energised();
    out.load_on = load_is_on(*bench);
    return out;
}

// Everything the run says about itself.
std::string words_of(const RunResult& run) {
    std::string text = run.abort_reason + '\n';
    for (const std::string& remark : run.remarks) {
        text += remark + '\n';
    }
    for (const auto& meter : run.meters) {
        text += meter.reason + '\n' + (meter.registers ? meter.registers->reason : "") + '\n';
    }
    for (const auto& point : run.points) {
        for (const auto& invalidation : point.invalidations) {
            text += invalidation.reason + '\n';
        }
        for (const auto& position : point.positions) {
            text += position.reason + '\n';
        }
    }
    return text;
}

Harm harm_of(const Swarmed& swarmed) {
    if (swarmed.run.aborted) {
        return swarmed.supervisor_energised ? Harm::dead : Harm::abort;
    }
    const auto passes = [&](std::size_t i) {
        return swarmed.run.meters[i].verdict == Verdict::pass;
    };
    if (!passes(0) && !passes(1) && !passes(2)) {
        return Harm::everyone;
    }
    // The third is harmed where its head was swapped with the second's.
    return passes(1) && passes(2) ? Harm::none : Harm::position;
}

// Whether the fault fell between the impulses that count for the second position at some point.
// Edges outside of gates decide nothing, and an impulse more or less there is within what registers
// tell.
bool fell_into_a_gate(const Swarmed& swarmed) {
    const double tick_s = swarmed.run.instruments.tick_s;
    constexpr double margin_s = 0.5;  // the capture's clock began a little later than the bench's
    return std::ranges::any_of(swarmed.run.points, [&](const sequences::PointResult& point) {
        const auto& edges = point.positions[1].edges;
        return edges.size() > 3 &&
               swarmed.at_s > static_cast<double>(edges.front().tick) * tick_s + margin_s &&
               swarmed.at_s < static_cast<double>(edges[edges.size() - 3].tick) * tick_s - margin_s;
    });
}

void check_no_wrong_pass(const RunResult& run) {
    for (const auto& point : run.points) {
        for (const auto& position : point.positions) {
            if (position.verdict != Verdict::pass || !position.gate) {
                continue;
            }
            REQUIRE(position.true_error_percent);
            const double away =
                std::abs(position.gate->error_pi_percent - *position.true_error_percent);
            CHECK(away <= hard_bound * position.budget->expanded_percent);
            CHECK(position.edges.size() >= 3);
        }
    }
}

}  // namespace

TEST_CASE("every kind of fault has an expectation, or is none of the LEDs'") {
    for (const std::string_view kind : rig::fault_kinds()) {
        INFO(kind);
        CHECK(expectations.contains(std::string(kind)) !=
              beyond_the_led.contains(std::string(kind)));
    }
    CHECK(expectations.size() + beyond_the_led.size() == rig::fault_kinds().size());
}

TEST_CASE("every fault at any moment is found by name and passes nothing wrong") {
    test::Scratch scratch;
    for (const auto& [kind, expected] : expectations) {
        int named = 0;
        for (std::uint64_t seed = 1; seed <= seeds_per_kind; ++seed) {
            const Swarmed swarmed = swarm(kind, seed, scratch);
            INFO(swarmed.fault << '\n' << test::transcript(swarmed.run));
            const std::string words = words_of(swarmed.run);
            const Harm harm = harm_of(swarmed);
            CHECK(expected.harms.contains(harm));
            const bool said = std::ranges::any_of(expected.words, [&](const std::string& word) {
                return words.find(word) != std::string::npos;
            });
            named += said;
            // Heads swapped between two gates, or by a small step of the impulses, cannot be told
            // from the impulses of two healthy meters of one type.
            if (kind != "swapped-heads") {
                CHECK((said || (harm == Harm::none && !fell_into_a_gate(swarmed))));
                check_no_wrong_pass(swarmed.run);
            }
            CHECK(swarmed.load_on == swarmed.supervisor_energised);
            if (harm == Harm::none || harm == Harm::position) {
                CHECK(swarmed.run.meters[0].verdict == Verdict::pass);
                // A head is swapped with the third position's.
                CHECK((swarmed.run.meters[2].verdict == Verdict::pass || kind == "swapped-heads"));
            }
            if (harm == Harm::dead) {
                CHECK(swarmed.run.abort_reason.find("COULD NOT BE CONFIRMED OFF") !=
                      std::string::npos);
            }
            CHECK((swarmed.run.verdict == Verdict::pass) == (harm == Harm::none));
        }
        INFO(kind);
        CHECK(named > 0);
    }
}

TEST_CASE("two faults at once pass nothing wrong either") {
    test::Scratch scratch;
    const auto kinds = rig::fault_kinds();
    for (std::uint64_t seed = 100; seed < 160; ++seed) {
        test::BenchSpec spec{.twins = {"", "", ""}, .seed = seed};
        for (std::uint64_t i = 0; i < 2; ++i) {
            const auto pick = static_cast<std::size_t>(calibration::uniform(seed, 4712, i) *
                                                       static_cast<double>(kinds.size()));
            const std::string_view kind = kinds[pick];
            if (kind == "swapped-heads" || beyond_the_led.contains(std::string(kind)) ||
                (!spec.faults.empty() && spec.faults.back().starts_with(kind))) {
                continue;
            }
            const double at_s = first_s + (last_s - first_s) * calibration::uniform(seed, 4713, i);
            spec.faults.push_back(fault_line(kind, at_s));
        }
        const RunResult run = test::run(spec, scratch.file());
        INFO(fmt::format("{}", fmt::join(spec.faults, ", ")) << '\n' << test::transcript(run));
        check_no_wrong_pass(run);
    }
}

TEST_CASE("the operator's stop at any moment ends in off, with what was measured") {
    test::Scratch scratch;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const auto setup = test::setup_of({.twins = {"", "", ""}, .seed = seed});
        const auto bench = test::assemble(setup);
        const double at_s = (last_s + 20) * calibration::uniform(seed, 4714, 0);
        bench->loop().spawn([](rig::Bench& b, double when) -> rig::Task<void> {
            co_await b.clock().sleep_until(calibration::Instant{calibration::from_seconds(when)});
            b.request_stop();
        }(*bench, at_s));
        const RunResult run = sequences::run(*bench, setup, {.journal = scratch.file()});
        INFO("stop at " << at_s << " s\n" << test::transcript(run));
        CHECK(run.aborted);
        CHECK(run.abort_reason == "stopped by the operator");
        CHECK(run.verdict == Verdict::invalid);
        CHECK(run.bench_time_s >= at_s);
        CHECK(run.bench_time_s < at_s + 25);
        CHECK_FALSE(bench->supervisor().energised());
        CHECK_FALSE(load_is_on(*bench));
        check_no_wrong_pass(run);
        std::size_t measured = 0;
        for (const auto& meter : run.meters) {
            measured += meter.edge_ticks.size();
        }
        CHECK((measured > 0 || at_s < 60));
    }
}
