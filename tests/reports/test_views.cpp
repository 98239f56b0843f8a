// What a NeXus viewer opens first, when there is an error to plot and when there is none.
#include "reports/evidence_image.hpp"
#include "reports/h5.hpp"
#include "tests/reports/sample_run.hpp"

#include <catch2/catch.hpp>

namespace {

struct Opened {
    std::string shown, signal;
};

Opened opened(const sequences::RunResult& run) {
    const auto image = reports::evidence_image(run);
    const reports::h5::Quiet quiet;
    const auto file = reports::h5::File::open(image);
    const auto entry = file.root().group("entry");
    return {entry.text("default"), entry.group("results").text("signal")};
}

}  // namespace

TEST_CASE("a run with errors opens on its error curve") {
    const auto found = opened(tests::sample_run({.port_tests = true}));
    CHECK(found.shown == "error_curve");
    CHECK(found.signal == "error_percent");
}

TEST_CASE("a run of tests over the port alone opens on its verdicts") {
    auto run = tests::sample_run({.only_points = {"Itr PF 1"}, .port_tests = true});
    run.points.erase(run.points.begin());
    const auto found = opened(run);
    CHECK(found.shown == "results");
    CHECK(found.signal == "verdict");
}
