// Plans: what a programme becomes for a meter, an edition and a rule, before anything is driven.
#include "sequences/plan.hpp"

#include "calibration/document.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using sequences::make_plan;
using sequences::Plan;

namespace {

Plan plan_of(const test::BenchSpec& spec) { return make_plan(test::setup_of(spec)); }

const sequences::TestPoint& point(const Plan& plan, const std::string& name) {
    for (const auto& p : plan.points) {
        if (p.programme.name == name) {
            return p;
        }
    }
    throw std::out_of_range(name);
}

bool remarked(const Plan& plan, const std::string& words) {
    return std::ranges::any_of(plan.remarks, [&](const std::string& remark) {
        return remark.find(words) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("every COUNTIS has a plan in the editions that know its class, under both rules") {
    const auto& [meter, edition, accuracy_class] =
        GENERATE(table<std::string, std::string, std::string>(
            {{"countis-e48", "en50470-3-2006-a1-2018", "C"},
             {"countis-e28", "en50470-3-2006-a1-2018", "B"},
             {"countis-e48", "iec62053-21-2003", "1"},
             {"countis-e28", "iec62053-21-2003", "1"},
             {"countis-e47", "iec62053-21-2003", "1"},
             {"countis-e27", "iec62053-21-2003", "1"}}));
    const auto rule = GENERATE(calibration::DecisionRule::simple, calibration::DecisionRule::guard);
    INFO(meter << " by " << edition);
    const Plan plan = plan_of(
        {.meter = meter, .programme = "en50470-3-verification", .limits = edition, .rule = rule});
    CHECK(plan.rule == rule);
    CHECK(plan.accuracy_class == accuracy_class);
    const auto left_out = std::ranges::count_if(plan.remarks, [](const std::string& remark) {
        return remark.find("left out") != std::string::npos;
    });
    CHECK(plan.points.size() + static_cast<std::size_t>(left_out) == 18);
    for (std::size_t i = 0; i < plan.points.size(); ++i) {
        const auto& p = plan.points[i];
        INFO(p.programme.name);
        CHECK(p.index == i);
        CHECK(p.expected_s > 0);
        CHECK(p.at_most_s >= p.expected_s);
        CHECK(p.limits.has_value() == (p.programme.kind == sequences::PointKind::accuracy));
        CHECK(p.infeasible.empty());
    }
}

TEST_CASE("an edition without the meter's class is refused") {
    const std::string meter = GENERATE("countis-e47", "countis-e27");
    CHECK_THROWS_WITH(plan_of({.meter = meter, .limits = "en50470-3-2006-a1-2018"}),
                      Catch::Contains("expected an edition with a class of the COUNTIS") &&
                          Catch::Contains("this one has A, B, C"));
    CHECK(sequences::load_setup({.programme = "eol-quick", .meter = meter, .limits = ""})
              .limits_name == "iec62053-21-2003.toml");
}

TEST_CASE("a misprinted Imin is remarked, and used only on request") {
    auto setup = test::setup_of({.meter = "countis-e48", .programme = "en50470-3-verification"});
    const Plan consistent = make_plan(setup);
    CHECK(point(consistent, "Imin PF 1").load.phases[0].current.value() == Approx(0.01));
    CHECK(calibration::seconds(point(consistent, "Imin PF 1").impulse_interval) ==
          Approx(521.7).epsilon(1e-3));
    CHECK(remarked(consistent, "Imin: 0.1 A is printed, 0.01 A is consistent"));
    CHECK(remarked(consistent, "the consistent value is used"));
    setup.printed_minimum_current = true;
    const Plan printed = make_plan(setup);
    CHECK(point(printed, "Imin PF 1").load.phases[0].current.value() == Approx(0.1));
    CHECK(remarked(printed, "the printed value is used"));
    CHECK(plan_of({.meter = "countis-e28"}).remarks.empty());
}

TEST_CASE("the finish time is that of the standards within ten percent") {
    // No load by EN 50470-3, start 2.5 tau, every accuracy point ten intervals and ten seconds.
    const auto& [meter, hours] =
        GENERATE(table<std::string, double>({{"countis-e48", 11.8}, {"countis-e28", 42.8 / 60}}));
    const Plan plan = plan_of({.meter = meter, .programme = "en50470-3-verification"});
    INFO(meter << ": " << plan.expected_s / 3600 << " h");
    // The standards' table knows no setting of loads: twelve seconds a point.
    const double gates_s = plan.expected_s - 12 * static_cast<double>(plan.points.size());
    CHECK(gates_s / 3600 == Approx(hours).epsilon(0.1));
    double sum = 0;
    for (const auto& p : plan.points) {
        sum += p.expected_s;
    }
    CHECK(plan.expected_s == Approx(sum));
}

TEST_CASE("the no-load and starting times are those of the standards") {
    const Plan plan = plan_of({.meter = "countis-e48", .programme = "en50470-3-verification"});
    // 240e3 / (1000 * 3 * 264.5 * 0.001) min, and 3.6e6 / (3 * 1000 * 230 * 0.001) s.
    CHECK(calibration::seconds(point(plan, "no-load 1.15 Un").required) ==
          Approx(60 * 240e3 / (3 * 264.5)));
    CHECK(calibration::seconds(point(plan, "starting Ist").required) == Approx(3.6e6 / (3 * 230)));
}

TEST_CASE("the end-of-line programme is planned for less than ten minutes of an E28") {
    CHECK(plan_of({}).expected_s < 600);
}

TEST_CASE("a point that cannot reach its uncertainty in time says so") {
    const std::string programme = R"(
id = "p"
title = "t"
limits = ["en50470-3-2006-a1-2018"]
[[point]]
kind = "accuracy"
current = ["Itr"]
least_time_s = 1
most_time_s = {}
)";
    const auto capped = [&](double most_s) {
        return plan_of({.meter = "countis-e48",
                        .programme = fmt::format(fmt::runtime(programme), most_s)})
            .points.at(0);
    };
    CHECK(capped(200).infeasible.find(
              "one impulse takes 104.3 s: 1 of 10 intervals fit into 200 s") == 0);
    CHECK(capped(1100).infeasible.empty());

    // Class C, 0.5 %: a reference of 0.2 % leaves nothing of the third. Class B has room for 0.2 %.
    const test::BenchSpec coarse{.meter = "countis-e48",
                                 .certificate = "expanded_uncertainty_percent = 0.2"};
    CHECK(plan_of(coarse).points.front().infeasible.find("above limit / 3 = 0.167 %") !=
          std::string::npos);
    CHECK(plan_of({.certificate = "expanded_uncertainty_percent = 0.2"})
              .points.front()
              .infeasible.empty());
}

TEST_CASE("a point without a limit in the edition is left out, with a remark") {
    const std::string programme = R"(
id = "p"
title = "t"
limits = ["en50470-3-2006-a1-2018"]
[[point]]
kind = "accuracy"
current = ["Imin"]
power_factor = ["0.5 ind"]
most_time_s = 600
)";
    CHECK_THROWS_WITH(plan_of({.programme = programme}),
                      Catch::Contains("no point is left that EN 50470-3:2006/A1:2018 could judge"));
    const Plan plan = plan_of(
        {.programme = programme +
                      "[[point]]\nkind = \"accuracy\"\ncurrent = [\"Iref\"]\nmost_time_s = 60\n"});
    REQUIRE(plan.points.size() == 1);
    CHECK(plan.points[0].index == 0);
    CHECK(remarked(plan, "Imin PF 0.5 ind: left out"));
}

TEST_CASE("single points can be asked for by name, and only by a name there is") {
    const Plan plan = plan_of({.only_points = {"Itr PF 1", "Imax PF 1"}});
    REQUIRE(plan.points.size() == 2);
    CHECK(plan.points[0].programme.name == "Imax PF 1");  // in the order of the programme
    CHECK_THROWS_WITH(plan_of({.only_points = {"Itr PF 2"}}),
                      Catch::Contains("point 'Itr PF 2': expected one of Imax PF 1"));
}

TEST_CASE("a plan says how much of its programme it is") {
    CHECK(partial_text(plan_of({})).empty());
    CHECK(partial_text(plan_of({.only_points = {"Itr PF 1", "Imax PF 1"}})) ==
          "2 of the programme's 7 points");
    CHECK(partial_text(plan_of({.meter = "countis-e47", .programme = "en50470-3-verification"})) ==
          "17 of the programme's 18 points");  // IEC 62053-21 has no limit at Imin
}

TEST_CASE("what neither the certificate nor the edition covers is remarked") {
    const test::BenchSpec silent{.certificate = "expanded_uncertainty_percent = 0.02"};
    CHECK(remarked(plan_of(silent), "states no phase uncertainty"));
    CHECK_FALSE(remarked(plan_of({}), "states no phase uncertainty"));
    CHECK(remarked(plan_of({.limits = "mid-mpe"}), "limits of the composite error"));
}

TEST_CASE("a programme picks the first edition that knows the meter's class") {
    CHECK(sequences::load_setup({.programme = "eol-quick", .meter = "countis-e28", .limits = ""})
              .limits_name == "en50470-3-2006-a1-2018.toml");
    CHECK_THROWS_AS(
        sequences::load_setup({.programme = "eol-quick", .meter = "countis-e99", .limits = ""}),
        calibration::DataError);
    CHECK_THROWS_WITH(sequences::load_setup(
                          {.programme = "/nowhere/p.toml", .meter = "countis-e28", .limits = ""}),
                      "/nowhere/p.toml: cannot be read");
}
