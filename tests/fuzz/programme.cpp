// Fuzz target: programmes. What is accepted has points with names of their own, and makes a plan or
// is refused for this meter in one line.
#include "sequences/programme.hpp"

#include "sequences/plan.hpp"
#include "tests/fuzz/documents.hpp"

#include <cmath>
#include <set>
#include <string>

namespace {

using namespace sequences;
using fuzz::property;

bool is_duration(double seconds) { return std::isfinite(seconds) && seconds >= 0; }

void check(const Programme& programme) {
    property(!programme.points.empty() && !programme.limits.empty(), "a programme has points");
    property(programme.attempts >= 1, "a point is tried at least once");
    for (const ProgrammePoint& point : programme.points) {
        property(is_duration(point.settle_s) && is_duration(point.stop.least_time_s) &&
                     is_duration(point.stop.most_time_s),
                 "times are not negative");
        property(point.phase < 3, "there are three phases");
    }
}

RunSetup setup_with(std::string_view text) {
    static const RunSetup usual = [] {
        RunSetup setup = load_setup({.programme = "eol-quick", .meter = "countis-e28"});
        setup.bench_name = "bench.toml";
        setup.bench_text =
            "[bench]\nname = \"b\"\nclock = \"virtual\"\n[source]\ndriver = \"zera-mt\"\n"
            "link = \"twin\"\n[reference]\ndriver = \"zera-zscpi\"\nlink = \"twin\"\n"
            "certificate = { number = \"1\", expanded_uncertainty_percent = 0.02 }\n"
            "[capture]\ndriver = \"ctag\"\nlink = \"twin\"\nreference_channel = 0\n"
            "[[position]]\nname = \"1\"\nled_channel = 1\nport = \"twin\"\n";
        return setup;
    }();
    RunSetup setup = usual;
    setup.programme_text = text;
    setup.programme_name = fuzz::document_name;
    return setup;
}

void check_plan(const Plan& plan) {
    property(plan.points.size() <= plan.programme.points.size(), "a plan holds no more points");
    property(is_duration(plan.expected_s) && is_duration(plan.at_most_s), "a plan has an end");
    std::set<std::string> names;
    for (const TestPoint& point : plan.points) {
        property(names.insert(point.programme.name).second, "a point has a name of its own");
        property(is_duration(point.expected_s) && is_duration(point.at_most_s),
                 "a point has an end");
        for (const auto& phase : point.load.phases) {
            property(is_duration(phase.voltage.value()) && is_duration(phase.current.value()),
                     "a load is finite");
        }
    }
    property(partial_text(plan).size() < 1000, "how much of a programme is planned can be said");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of({data, size});
    const auto programme = fuzz::loaded([&] { return parse_programme(text, fuzz::document_name); });
    if (!programme) return 0;
    check(*programme);
    fuzz::refused_or_done([&] { check_plan(make_plan(setup_with(text))); });
    return 0;
}
