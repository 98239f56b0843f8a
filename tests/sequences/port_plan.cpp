// Plans of the tests over the port: energies and times by hand, what is left out and why.
#include "sequences/port_plan.hpp"

#include "calibration/document.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using sequences::Plan;
using sequences::TestPoint;

namespace {

constexpr double full_load_e28_w = 3 * 230 * 80;
constexpr double full_load_e48_w = 3 * 230 * 6;

std::string programme(const std::string& points) {
    return "\nid = \"p\"\ntitle = \"t\"\nlimits = [\"en50470-3-2006-a1-2018\", "
           "\"iec62053-21-2003\"]\n" +
           points;
}

std::string one(const std::string& keys) { return programme("[[point]]\n" + keys + "\n"); }

Plan plan_of(const test::BenchSpec& spec) { return sequences::make_plan(test::setup_of(spec)); }

TestPoint point_of(const std::string& meter, const std::string& keys) {
    return plan_of({.meter = meter, .programme = one(keys), .relays = true, .outputs = true})
        .points.at(0);
}

bool remarked(const Plan& plan, const std::string& words) {
    return std::ranges::any_of(plan.remarks, [&](const std::string& remark) {
        return remark.find(words) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("the constant step lets one register step be a tenth of the limit") {
    // Class B, 1 %: 10 Wh are a tenth of 1 % of 10 kWh. Class C, 0.5 %: 20 kWh.
    const TestPoint e28 = point_of("countis-e28", "kind = \"constant\"");
    CHECK(e28.port.energy == Approx(10000));
    CHECK(e28.port.load_s == Approx(10000 / full_load_e28_w * 3600));
    CHECK(e28.expected_s > e28.port.load_s);
    CHECK(e28.expected_s < e28.port.load_s + 60);
    const TestPoint e48 = point_of("countis-e48", "kind = \"constant\"");
    CHECK(e48.port.energy == Approx(20000));
    CHECK(e48.port.load_s == Approx(20000 / full_load_e48_w * 3600));
    CHECK(point_of("countis-e28", "kind = \"constant\"\nresolution_share = 0.5").port.energy ==
          Approx(2000));
}

TEST_CASE(
    "a ratio that is set before shortens the dial step, not the LED's share of the constant") {
    const std::string setup =
        "[[point]]\nkind = \"set-up\"\nsettings = [{ quantity = \"ct_primary\", value = 100 }]\n";
    const Plan plan =
        plan_of({.meter = "countis-e47",
                 .programme = programme(setup + "[[point]]\nkind = \"dial\"\n[[point]]\nkind = "
                                                "\"constant\"\n")});
    REQUIRE(plan.points.size() == 3);
    CHECK(plan.points[1].port.transformer.ratio == Approx(20));
    CHECK(plan.points[1].port.energy == Approx(10000.0 / 20));
    // One impulse is 1 Wh, a register step at the terminals 0.5 Wh.
    CHECK(plan.points[2].port.energy == Approx(1000));
}

TEST_CASE("tariffs take their registers' steps, one more each") {
    const TestPoint all = point_of("countis-e28", "kind = \"tariff\"");
    CHECK(all.port.tariffs == std::vector<int>{1, 2});
    const dut::MeterType type = plan_of({}).meter;
    const double step_wh =
        dut::step(*dut::find_register(type.registers, "active_import_energy_t1"));
    CHECK(all.port.energy == Approx(4 * step_wh));
    CHECK(all.expected_s > 2 * all.port.load_s);
    const TestPoint second = point_of("countis-e28", "kind = \"tariff\"\ntariffs = [2]");
    CHECK(second.port.tariffs == std::vector<int>{2});
    CHECK(second.expected_s < all.expected_s);
}

TEST_CASE("the pulse output's energy is that of its impulses and two") {
    const TestPoint point = point_of("countis-e28", "kind = \"pulse-output\"");
    CHECK(point.port.energy == Approx(12 * 100));  // 100 Wh each
    CHECK(point_of("countis-e48", "kind = \"pulse-output\"\nleast_impulses = 200").port.energy ==
          Approx(202 * 1));
}

TEST_CASE("the reactive step counts varh at the reactive power") {
    const TestPoint point = point_of("countis-e28", "kind = \"reactive\"\nmost_error_percent = 2");
    CHECK(point.port.energy == Approx(10 / (0.1 * 0.02)));
    CHECK(sequences::energy_rate(point) == Approx(full_load_e28_w * std::sqrt(0.75)));
}

TEST_CASE("heads take two steps for every bit of the positions' number") {
    const auto seconds = [](std::size_t positions) {
        return plan_of({.programme = one("kind = \"heads\""),
                        .twins = std::vector<std::string>(positions),
                        .relays = true})
            .points.at(0)
            .port.load_s;
    };
    CHECK(seconds(2) == Approx(2 * 2.0));  // two seconds at least
    CHECK(seconds(40) == Approx(12 * 2.0));
    const TestPoint slow = point_of("countis-e48", "kind = \"heads\"\nleast_intervals = 10");
    CHECK(sequences::heads_step_s(slow) == Approx(10 * 3600 / full_load_e48_w));
}

TEST_CASE("phases are shown one load after another, and checked before anything is energised") {
    const TestPoint point = point_of("countis-e28", "kind = \"phase-sequence\"");
    std::vector<std::string> labels;
    for (const sequences::NamedLoad& load : loads_of(point)) {
        labels.push_back(load.label);
        CHECK_FALSE(load.load.any_current());
    }
    CHECK(labels == std::vector<std::string>{"phase-sequence",
                                             "phase-sequence, 123",
                                             "phase-sequence, 132",
                                             "phase-sequence, without L1",
                                             "phase-sequence, without L2",
                                             "phase-sequence, without L3"});
}

TEST_CASE("what a type has not is no part of its programme, and said") {
    const auto& [meter, keys, words] = GENERATE(table<std::string, std::string, std::string>({
        {"countis-e43", "kind = \"pulse-output\"", "the COUNTIS E43 has no pulse output"},
        {"countis-e28",
         "kind = \"set-up\"\nsettings = [{ quantity = \"ct_primary\", value = 1 }]",
         "the COUNTIS E28 has no ct_primary"},
        {"countis-e28", "kind = \"tariff\"\ntariffs = [3]", "no register of tariff 3"},
    }));
    const Plan plan =
        plan_of({.meter = meter, .programme = one(keys) + "[[point]]\nkind = \"identify\"\n"});
    CHECK(plan.points.size() == 1);
    CHECK(remarked(plan, "left out: "));
    CHECK(remarked(plan, words));
    CHECK(partial_text(plan).empty());
}

TEST_CASE("what the bench cannot do makes the plan a part of its programme") {
    const auto both = one("kind = \"heads\"") + "[[point]]\nkind = \"pulse-output\"\n" +
                      "[[point]]\nkind = \"identify\"\n";
    const Plan bare = plan_of({.programme = both});
    CHECK(bare.points.size() == 1);
    CHECK(remarked(bare, "heads Imax PF 1: left out: the bench has no position switch"));
    CHECK(remarked(bare, "left out: no pulse output of the bench is wired"));
    CHECK(partial_text(bare) == "1 of the programme's 3 points");
    CHECK(partial_text(plan_of({.programme = both, .relays = true, .outputs = true})).empty());
    CHECK_THROWS_WITH(plan_of({.programme = one("kind = \"identify\""), .port = "none"}),
                      Catch::Contains("no point is left"));
}

TEST_CASE("a load beyond what the meter bears is refused while planning") {
    CHECK_THROWS_WITH(plan_of({.programme = one("kind = \"dial\"\ncurrent = \"81 A\"")}),
                      Catch::Contains("current 81 A is above the meter's limit of 80 A"));
}

TEST_CASE("points of the other connection are none of a meter's programme") {
    const auto text = programme(
        "[[point]]\nkind = \"accuracy\"\nconnection = \"ct\"\ncurrent = [\"Imax\"]\n"
        "most_time_s = 600\n[[point]]\nkind = \"accuracy\"\nconnection = \"direct\"\ncurrent = "
        "[\"Iref\"]\nmost_time_s = 600\n");
    const Plan direct = plan_of({.meter = "countis-e28", .programme = text});
    const Plan ct = plan_of({.meter = "countis-e48", .programme = text});
    REQUIRE(direct.points.size() == 1);
    REQUIRE(ct.points.size() == 1);
    CHECK(direct.points[0].programme.name == "Iref PF 1");
    CHECK(ct.points[0].programme.name == "Imax PF 1");
    CHECK(partial_text(direct).empty());
    CHECK(partial_text(ct).empty());
}

TEST_CASE("the IEC 62053-21 form is complete for every class 1 meter") {
    const std::string meter = GENERATE("countis-e27", "countis-e43", "countis-e47");
    const Plan plan = plan_of({.meter = meter, .programme = "iec62053-21-verification"});
    INFO(meter);
    CHECK(plan.limits.id() == "iec62053-21-2003");
    CHECK(plan.accuracy_class == "1");
    CHECK(partial_text(plan).empty());
    CHECK(plan.points.size() == 2 + 4 + 8 + 9 + 9);
    for (const TestPoint& point : plan.points) {
        INFO(point.programme.name);
        CHECK(point.infeasible.empty());
        CHECK(point.limits.has_value() == (point.programme.kind == sequences::PointKind::accuracy));
    }
}

TEST_CASE("the built-in port programmes have a plan for every COUNTIS") {
    const std::string meter =
        GENERATE("countis-e27", "countis-e28", "countis-e43", "countis-e47", "countis-e48");
    const std::string name = GENERATE("countis-port-tests", "eol-port");
    const Plan plan = plan_of({.meter = meter, .programme = name, .relays = true, .outputs = true});
    INFO(meter << ' ' << name << ' ' << fmt::format("{}", fmt::join(plan.remarks, "\n")));
    CHECK(partial_text(plan).empty());
    double sum = 0;
    for (const TestPoint& point : plan.points) {
        INFO(point.programme.name);
        CHECK(point.infeasible.empty());
        CHECK(point.expected_s > 0);
        CHECK(point.at_most_s >= point.expected_s);
        sum += point.expected_s;
    }
    CHECK(plan.expected_s == Approx(sum));
}

TEST_CASE("a sealed meter is planned with the ratio it comes with") {
    const Plan sealed =
        plan_of({.meter = "countis-e48", .programme = "countis-port-tests", .outputs = true});
    const Plan open =
        plan_of({.meter = "countis-e47", .programme = "countis-port-tests", .outputs = true});
    for (const TestPoint& point : sealed.points) {
        INFO(point.programme.name);
        CHECK(point.port.transformer.ratio == 1);
    }
    CHECK(sealed.expected_s > 5 * open.expected_s);
}
