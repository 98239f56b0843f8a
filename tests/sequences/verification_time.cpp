// The whole verification of a COUNTIS E48: twelve hours of bench time.
#include "tests/sequences/bench_run.hpp"
#include "tests/sequences/bench_time.hpp"

#include <catch2/catch.hpp>

using calibration::Verdict;

TEST_CASE("the runner adds less than one percent to the gates of a whole verification") {
    test::Scratch scratch;
    const auto journal = scratch.file();
    const auto run = test::run(
        {.meter = "countis-e48", .programme = "en50470-3-verification", .twins = {"", "", ""}},
        journal);
    INFO(test::transcript(run));
    CHECK(run.verdict == Verdict::pass);
    const test::BenchTime time = test::bench_time(rig::read_journal(journal));
    INFO(test::table(time));
    double gates_s = 0;
    for (const test::PointTime& point : time.points) {
        gates_s += point.gate_s;
    }
    CHECK(time.total_s - gates_s < 0.01 * gates_s);
    CHECK(run.bench_time_s == Approx(run.plan.expected_s).epsilon(0.1));
}
