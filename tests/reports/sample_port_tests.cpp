#include "tests/reports/sample_port_tests.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace tests {
namespace {

using calibration::Verdict;
using sequences::CheckLine;
using sequences::PointKind;
using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;

constexpr Verdict ok = Verdict::pass;

CheckLine text(std::string what, std::string found, Verdict verdict = ok) {
    return {.what = std::move(what), .text = std::move(found), .verdict = verdict};
}

struct Range {
    std::optional<double> least, most;
};

CheckLine number(
    std::string what, double value, std::string unit, Range range, Verdict verdict = ok) {
    return {.what = std::move(what),
            .value = value,
            .unit = std::move(unit),
            .least = range.least,
            .most = range.most,
            .verdict = verdict};
}

struct Test {
    PointKind kind;
    std::string name;
    std::vector<CheckLine> lines;
};

// What a meter without a fault gives.
std::vector<Test> good_tests() {
    return {
        {PointKind::identify,
         "identify",
         {text("maker", "SOCO"),
          text("extended name", "COUNTIS E48"),
          text("serial number", "2448 0001"),
          text("firmware", "1.02"),
          text("checksum 1", "3F2A")}},
        {PointKind::heads,
         "who blinks when loaded",
         {number("impulses of this head, this meter loaded", 12, "", {11, 13}),
          number("impulses of this head, this meter bypassed", 0, "", {0, 0}),
          number("register advance over the port", 20, "Wh", {10, 30})}},
        {PointKind::constant,
         "constant",
         {number("register advance against LED", 0.0312, "%", {-0.05, 0.05})}},
        {PointKind::dial,
         "dial",
         {number("register advance against reference", -0.118, "%", {-0.5, 0.5})}},
        {PointKind::tariff,
         "tariffs 1 to 4",
         {number("tariff 1 chosen: advance of tariff 1", 120, "Wh", {110, 130}),
          number("tariff 1 chosen: advance of the others", 0, "Wh", {0, 0}),
          number("tariff 2 chosen: advance of tariff 2", 120, "Wh", {110, 130}),
          number("tariff 2 chosen: advance of the others", 0, "Wh", {0, 0}),
          number("sum of the tariffs less the total", 0, "Wh", {-10, 10})}},
        {PointKind::pulse_output,
         "pulse output at 100/5 A",
         {number("impulses", 48, "", {47, 49}),
          number("energy per impulse", 24.9987654, "Wh", {24.5, 25.5})}},
        {PointKind::phase_sequence,
         "phases 1-3-2 and L2 missing",
         {text("phase sequence with 1-3-2", "reversed"),
          number("voltage of L2 while it is missing", 0.4, "V", {std::nullopt, 23})}},
        {PointKind::reactive,
         "reactive 0.5 ind",
         {number("reactive import against reference", 0.7, "%", {-2, 2})}},
        {PointKind::communication,
         "1000 reads of everything",
         {number("reads", 1000, "", {}),
          number("faults", 0, "", {std::nullopt, 0}),
          number("latency, median", 12.5, "ms", {}),
          number("latency, 99 %", 31.25, "ms", {std::nullopt, 200})}},
        {PointKind::set_up,
         "current transformer 100",
         {text("ct_primary", "5 -> 100, read back 100"), text("tariff", "1 -> 2, read back 2")}},
        {PointKind::load_curve,
         "load curve",
         {number("average of period 1 against reference", 0.2, "%", {-1, 1})}},
    };
}

void fail(PositionResult& result, std::string what, std::string reason) {
    const auto line = std::ranges::find(result.checks, what, &CheckLine::what);
    line->verdict = Verdict::fail;
    result.verdict = Verdict::fail;
    result.reason = std::move(reason);
}

void spoil_second(PositionResult& result, PointKind kind) {
    if (kind == PointKind::identify) {
        fail(result, "checksum 1", "checksum 1 is 3F2B, expected 3F2A");
        std::ranges::find(result.checks, "checksum 1", &CheckLine::what)->text = "3F2B, not 3F2A";
    } else if (kind == PointKind::heads) {
        const std::string line = "impulses of this head, this meter bypassed";
        fail(result, line, "this head sees the meter of position 1: the heads are exchanged");
        std::ranges::find(result.checks, line, &CheckLine::what)->value = 12;
    } else if (kind == PointKind::tariff) {
        const std::string line = "tariff 2 chosen: advance of tariff 2";
        fail(result, line, "tariff 2 did not advance: the meter stayed in tariff 1");
        std::ranges::find(result.checks, line, &CheckLine::what)->value = 0;
    }
}

void spoil_third(PositionResult& result, PointKind kind) {
    if (kind == PointKind::set_up) {
        result.verdict = Verdict::pass;
        result.checks[0].text = "5, refused: exception 3: illegal data value <sealed>";
    } else if (kind == PointKind::load_curve) {
        result.checks.clear();
        result.verdict = Verdict::not_run;
        result.reason = "given up: no answer";
    }
}

PointResult point_of(const Test& test, const RunResult& run) {
    PointResult point;
    point.point.index = run.points.size();
    point.point.programme.name = test.name;
    point.point.programme.kind = test.kind;
    if (test.kind != PointKind::identify) {
        point.point.load = calibration::LoadPoint::balanced(
            calibration::Volt{230}, calibration::Ampere{5}, calibration::PowerFactor::unity());
    }
    point.started_s = run.bench_time_s;
    point.ended_s = run.bench_time_s + 60;
    point.attempts = 1;
    return point;
}

void add(const Test& test, RunResult& run) {
    PointResult point = point_of(test, run);
    for (std::size_t at = 0; at < run.meters.size(); ++at) {
        PositionResult result;
        result.position = run.meters[at].position;
        result.serial = run.meters[at].serial;
        result.verdict = Verdict::pass;
        result.checks = test.lines;
        if (at == 1) {
            spoil_second(result, test.kind);
        } else if (at == 2) {
            spoil_third(result, test.kind);
        }
        run.meters[at].verdict =
            calibration::worst(std::vector{run.meters[at].verdict, result.verdict});
        point.positions.push_back(std::move(result));
    }
    run.bench_time_s = point.ended_s;
    run.points.push_back(std::move(point));
}

}  // namespace

void add_port_tests(RunResult& run) {
    for (const Test& test : good_tests()) {
        add(test, run);
    }
    std::vector<Verdict> verdicts;
    for (auto& meter : run.meters) {
        meter.output_edge_ticks = {1000, 2000, 3001};
        verdicts.push_back(meter.verdict);
    }
    run.verdict = calibration::worst(verdicts);
}

}  // namespace tests
