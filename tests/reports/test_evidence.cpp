// Evidence on the disk: whole, the same every time, readable back to the last bit.
#include "reports/evidence_image.hpp"
#include "reports/hdf5_reader.hpp"
#include "reports/hdf5_writer.hpp"
#include "tests/reports/sample_run.hpp"
#include "tests/reports/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

namespace {

using sequences::RunResult;
using tests::contents;
using tests::ScratchFolder;

const RunResult& run() {
    static const RunResult made = tests::sample_run();
    return made;
}

RunResult written_and_read(const RunResult& original) {
    const ScratchFolder folder;
    reports::write_evidence(original, folder / "run.h5");
    return reports::read_evidence(folder / "run.h5");
}

}  // namespace

TEST_CASE("evidence read and written again has the same bytes") {
    const ScratchFolder folder;
    reports::write_evidence(run(), folder / "first.h5");
    reports::write_evidence(reports::read_evidence(folder / "first.h5"), folder / "second.h5");
    CHECK(contents(folder / "first.h5") == contents(folder / "second.h5"));
    CHECK(folder.files() == 2);
}

TEST_CASE("the same run gives the same bytes, another run others") {
    const auto image = reports::evidence_image(run());
    CHECK(image == reports::evidence_image(run()));
    auto other = run();
    other.points.back().positions.front().edges.back().tick += 1;
    CHECK(image != reports::evidence_image(other));
}

TEST_CASE("every edge and every result comes back") {
    const RunResult read = written_and_read(run());
    REQUIRE(read.points.size() == run().points.size());
    for (std::size_t at = 0; at < read.points.size(); ++at) {
        const auto& point = run().points[at];
        const auto& back = read.points[at];
        CAPTURE(point.point.programme.name);
        CHECK(back.point.programme.name == point.point.programme.name);
        CHECK(back.point.load == point.point.load);
        CHECK(back.point.impulse_interval == point.point.impulse_interval);
        CHECK(back.point.required == point.point.required);
        CHECK(back.point.limits.has_value() == point.point.limits.has_value());
        CHECK(back.invalidations.size() == point.invalidations.size());
        REQUIRE(back.positions.size() == point.positions.size());
        for (std::size_t n = 0; n < back.positions.size(); ++n) {
            const auto& result = point.positions[n];
            const auto& result_back = back.positions[n];
            CHECK(result_back.edges == result.edges);
            CHECK(result_back.verdict == result.verdict);
            CHECK(result_back.reason == result.reason);
            CHECK(result_back.impulse_times_s == result.impulse_times_s);
            CHECK(result_back.true_error_percent == result.true_error_percent);
            REQUIRE(result_back.gate.has_value() == result.gate.has_value());
            if (result.gate) {
                CHECK(result_back.gate->error_pi_percent == result.gate->error_pi_percent);
                CHECK(result_back.gate->index == result.gate->index);
                CHECK(result_back.budget->contributions.size() ==
                      result.budget->contributions.size());
                CHECK(result_back.judgement->verdict == result.judgement->verdict);
            }
        }
    }
}

TEST_CASE("who, with what and by which rule comes back") {
    const RunResult read = written_and_read(run());
    CHECK(read.identity.operator_name == "M. Müller <QA>");
    CHECK(read.identity.simulated);
    CHECK(read.setup.meter_text == run().setup.meter_text);
    CHECK(read.setup.bench_name == run().setup.bench_name);
    CHECK(read.setup.seed == run().setup.seed);
    CHECK(read.plan.points.size() == run().plan.points.size());
    CHECK(read.plan.limits.title() == run().plan.limits.title());
    CHECK(read.instruments.reference == run().instruments.reference);
    CHECK(read.remarks == run().remarks);
    CHECK(read.meters.at(1).identity == run().meters.at(1).identity);
    CHECK(read.meters.at(1).registers->led_impulses == run().meters.at(1).registers->led_impulses);
    CHECK(read.meters.at(1).verdict == calibration::Verdict::fail);
}

TEST_CASE("what never happened stays absent: no remark, no register, no conditions, no text") {
    auto bare = tests::sample_run({.positions = 1, .only_points = {"starting Ist"}});
    bare.remarks.clear();
    bare.identity.operator_name.clear();
    bare.meters.front().registers.reset();
    bare.meters.front().identity.clear();
    bare.points.front().conditions.reset();
    bare.points.front().positions.front().edges.clear();
    const RunResult read = written_and_read(bare);
    CHECK(read.remarks.empty());
    CHECK(read.identity.operator_name.empty());
    CHECK_FALSE(read.meters.front().registers.has_value());
    CHECK(read.meters.front().identity.empty());
    CHECK_FALSE(read.points.front().conditions.has_value());
    CHECK(read.points.front().positions.front().edges.empty());
    CHECK(reports::evidence_image(read) == reports::evidence_image(bare));
}

TEST_CASE("infinite degrees of freedom and the largest integers survive") {
    auto edge = tests::sample_run({.positions = 1, .only_points = {"Itr PF 1"}});
    auto& position = edge.points.front().positions.front();
    edge.setup.seed = std::numeric_limits<std::uint64_t>::max();
    position.edges.front().tick = std::numeric_limits<std::int64_t>::min();
    position.edges.back().tick = std::numeric_limits<std::int64_t>::max();
    position.budget->effective_degrees = std::numeric_limits<double>::infinity();
    const RunResult read = written_and_read(edge);
    CHECK(read.setup.seed == edge.setup.seed);
    CHECK(read.points.front().positions.front().edges == position.edges);
    CHECK(std::isinf(read.points.front().positions.front().budget->effective_degrees));
}

TEST_CASE("a long gate is stored in chunks and comes back") {
    const auto long_run =
        tests::sample_run({.positions = 1, .intervals = 100'000, .only_points = {"Imax PF 1"}});
    const RunResult read = written_and_read(long_run);
    CHECK(read.points.front().positions.front().edges ==
          long_run.points.front().positions.front().edges);
    CHECK(reports::evidence_image(read) == reports::evidence_image(long_run));
}

TEST_CASE("what the tests over the port looked at comes back line by line") {
    const auto tested = tests::sample_run({.port_tests = true});
    const RunResult read = written_and_read(tested);
    REQUIRE(read.points.size() == tested.points.size());
    std::size_t lines = 0;
    for (std::size_t at = 0; at < read.points.size(); ++at) {
        CAPTURE(tested.points[at].point.programme.name);
        CHECK(read.points[at].point.programme.kind == tested.points[at].point.programme.kind);
        for (std::size_t n = 0; n < read.points[at].positions.size(); ++n) {
            const auto& checks = tested.points[at].positions[n].checks;
            const auto& back = read.points[at].positions[n].checks;
            REQUIRE(back.size() == checks.size());
            for (std::size_t line = 0; line < back.size(); ++line) {
                CHECK(back[line].what == checks[line].what);
                CHECK(back[line].value == checks[line].value);
                CHECK(back[line].unit == checks[line].unit);
                CHECK(back[line].least == checks[line].least);
                CHECK(back[line].most == checks[line].most);
                CHECK(back[line].text == checks[line].text);
                CHECK(back[line].verdict == checks[line].verdict);
                ++lines;
            }
        }
    }
    CHECK(lines == 3 * 27 - 1);  // the third meter's last test was not run
    CHECK(reports::evidence_image(read) == reports::evidence_image(tested));
}

TEST_CASE("a line that found no number is stored without one") {
    auto tested = tests::sample_run({.positions = 1, .port_tests = true});
    auto& line = tested.points.back().positions.front().checks.front();
    line.value = std::numeric_limits<double>::quiet_NaN();
    line.most = std::numeric_limits<double>::infinity();
    const RunResult read = written_and_read(tested);
    const auto& back = read.points.back().positions.front().checks.front();
    CHECK_FALSE(back.value.has_value());
    CHECK(back.most == line.most);
}

TEST_CASE("a changed line changes the evidence") {
    const auto tested = tests::sample_run({.positions = 1, .port_tests = true});
    auto other = tested;
    other.points.back().positions.front().checks.front().text += "x";
    CHECK(reports::evidence_image(tested) != reports::evidence_image(other));
}

TEST_CASE("every impulse of a pulse output comes back") {
    const auto tested = tests::sample_run({.port_tests = true});
    const RunResult read = written_and_read(tested);
    CHECK(read.meters.at(1).output_edge_ticks == std::vector<std::int64_t>{1000, 2000, 3001});
    CHECK(written_and_read(run()).meters.at(1).output_edge_ticks.empty());
}

TEST_CASE("harmonics of a load come back") {
    auto distorted = tests::sample_run({.positions = 1, .only_points = {"Itr PF 1"}});
    distorted.points.front().point.load.phases[1].current_harmonics = {
        {5, calibration::Percent{40}, calibration::Degree{180}},
        {7, calibration::Percent{10}, calibration::Degree{0}}};
    const RunResult read = written_and_read(distorted);
    CHECK(read.points.front().point.load == distorted.points.front().point.load);
}
