// Programmes: every key, what a table expands to, and what a wrong file is told.
#include "sequences/programme.hpp"

#include "calibration/document.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using Names = std::vector<std::string>;
using sequences::parse_programme;
using sequences::PointKind;
using sequences::Programme;

namespace {

const std::string head = "id = \"p\"\ntitle = \"t\"\nlimits = [\"a\", \"b\"]\n";
const std::string accuracy = "[[point]]\nkind = \"accuracy\"\nmost_time_s = 60\n";

Names names_of(const Programme& programme) {
    Names names;
    for (const auto& point : programme.points) {
        names.push_back(point.name);
    }
    return names;
}

Programme with(const std::string& points) { return parse_programme(head + points, "p.toml"); }

}  // namespace

TEST_CASE("a programme states every key it has") {
    const Programme p = parse_programme(R"(
id = "all"
title = "everything"
limits = ["one", "two"]
attempts = 7
[[point]]
kind = "no-load"
name = "nothing flows"
voltage = "1.1 Un"
settle_s = 4
[[point]]
kind = "starting"
name = "it starts"
voltage = "0.9 Un"
current = "1.2 Ist"
settle_s = 5
[[point]]
kind = "accuracy"
voltage = "231 V"
current = ["0.5 Iref"]
load = "single-phase"
phases = ["L3"]
power_factor = ["0.25 ind"]
least_intervals = 12
least_time_s = 13
most_time_s = 14
settle_s = 6
)",
                                        "all.toml");
    CHECK(p.id == "all");
    CHECK(p.title == "everything");
    CHECK(p.limits == Names{"one", "two"});
    CHECK(p.attempts == 7);
    REQUIRE(p.points.size() == 3);
    CHECK(p.points[0].kind == PointKind::no_load);
    CHECK(p.points[0].name == "nothing flows");
    CHECK(p.points[0].voltage == "1.1 Un");
    CHECK(p.points[0].current.empty());
    CHECK(p.points[0].settle_s == 4);
    CHECK(p.points[1].kind == PointKind::starting);
    CHECK(p.points[1].voltage == "0.9 Un");
    CHECK(p.points[1].current == "1.2 Ist");
    CHECK(p.points[1].settle_s == 5);
    const auto& point = p.points[2];
    CHECK(point.name == "0.5 Iref L3 PF 0.25 ind at 231 V");
    CHECK(point.kind == PointKind::accuracy);
    CHECK(point.load == calibration::LoadKind::single_phase);
    CHECK(point.phase == 2);
    CHECK(point.power_factor.text() == "0.25 ind");
    CHECK(point.stop.least_intervals == 12);
    CHECK(point.stop.least_time_s == 13);
    CHECK(point.stop.most_time_s == 14);
    CHECK(point.settle_s == 6);
}

TEST_CASE("what a programme leaves out has a stated default") {
    const Programme p =
        with(accuracy + "current = [\"Iref\"]\n" + "[[point]]\nkind = \"no-load\"\nname = \"n\"\n" +
             "[[point]]\nkind = \"starting\"\nname = \"s\"\n");
    CHECK(p.attempts == 3);
    CHECK(p.points[0].voltage == "Un");
    CHECK(p.points[0].power_factor.is_unity());
    CHECK(p.points[0].load == calibration::LoadKind::balanced);
    CHECK(p.points[0].stop.least_intervals == 10);
    CHECK(p.points[0].stop.least_time_s == 10);
    CHECK(p.points[0].settle_s == 0);
    CHECK(p.points[1].voltage == "1.15 Un");
    CHECK(p.points[2].voltage == "Un");
    CHECK(p.points[2].current == "Ist");
}

TEST_CASE("a table stands for every current, then power factor, then phase") {
    const Programme p = with(accuracy + R"(current = ["Itr", "Iref"]
power_factor = ["1", "0.5 ind"]
load = "single-phase"
phases = ["L2", "L1"]
)");
    CHECK(names_of(p) == Names{"Itr L2 PF 1",
                               "Itr L1 PF 1",
                               "Itr L2 PF 0.5 ind",
                               "Itr L1 PF 0.5 ind",
                               "Iref L2 PF 1",
                               "Iref L1 PF 1",
                               "Iref L2 PF 0.5 ind",
                               "Iref L1 PF 0.5 ind"});
}

TEST_CASE("one current at two voltages is two points") {
    const Programme p = with(accuracy + "current = [\"Iref\"]\n" + accuracy +
                             "voltage = \"1.1 Un\"\ncurrent = [\"Iref\"]\n");
    CHECK(names_of(p) == Names{"Iref PF 1", "Iref PF 1 at 1.1 Un"});
}

TEST_CASE("a wrong programme is told file, line, key and what was expected") {
    const auto& [text, message] = GENERATE(table<std::string, std::string>({
        {"title = \"t\"\nlimits = [\"a\"]\n", "id"},
        {"id = \"p\"\ntitle = \"t\"\n", "limits: expected one or more editions"},
        {head, "point: expected at least one test point"},
        {head + "attempts = 0\n", "p.toml:4: attempts"},
        {head + "attempts = 21\n", "p.toml:4: attempts"},
        {head + "atempts = 2\n" + accuracy + "current = [\"Iref\"]\n", "atempts"},
        {head + "[[point]]\nkind = \"accurate\"\n", "p.toml:5: point.kind"},
        {head + accuracy, "current: expected one or more currents"},
        {head + accuracy + "current = [\"Inom\"]\n",
         "p.toml:7: point.current: current: expected Ist"},
        {head + accuracy + "current = [\"0 A\"]\n", "expected more than zero, got \"0 A\""},
        {head + accuracy + "current = [\"Iref\"]\nvoltage = \"400\"\n",
         "p.toml:8: point.voltage: voltage: expected Un"},
        {head + accuracy + "current = [\"Iref\"]\npower_factor = [\"0.5\"]\n",
         "p.toml:8: point.power_factor"},
        {head + accuracy + "current = [\"Iref\"]\npower_factor = [\"0 ind\"]\n",
         "expected active power"},
        {head + accuracy + "current = [\"Iref\"]\nphases = [\"L1\"]\n", "phases"},
        {head + accuracy + "current = [\"Iref\"]\nload = \"single-phase\"\n",
         "phases: expected the phases"},
        {head + accuracy + "current = [\"Iref\"]\nload = \"single-phase\"\nphases = [\"L4\"]\n",
         "got \"L4\""},
        {head + accuracy + "current = [\"Iref\"]\nload = \"two-phase\"\n", "p.toml:8: point.load"},
        {head + accuracy + "current = [\"Iref\"]\nleast_intervals = 0\n", "least_intervals"},
        {head + accuracy + "current = [\"Iref\"]\nleast_time_s = 61\n",
         "expected at least least_time_s = 61"},
        {head + accuracy + "current = [\"Iref\"]\nsettle_s = -1\n", "settle_s"},
        {head + "[[point]]\nkind = \"accuracy\"\ncurrent = [\"Iref\"]\n", "most_time_s"},
        {head + accuracy + "current = [\"Iref\", \"Iref\"]\n",
         "expected every point once, got 'Iref PF 1' twice"},
        {head + "[[point]]\nkind = \"no-load\"\n", "name"},
        {head + "[[point]]\nkind = \"no-load\"\nname = \"n\"\ncurrent = \"Ist\"\n",
         "p.toml:7: point.current"},
        {head + "[[point]]\nkind = \"starting\"\nname = \"n\"\ncurrent = \"now\"\n",
         "p.toml:7: point.current"},
        {head + "[[point\n", "syntax error"},
    }));
    INFO(text);
    CHECK_THROWS_WITH(parse_programme(text, "p.toml"),
                      Catch::StartsWith("p.toml:") && Catch::Contains(message));
    CHECK_THROWS_AS(parse_programme(text, "p.toml"), calibration::DataError);
}

TEST_CASE("every programme built in is readable and found by its id") {
    CHECK(sequences::programme_texts().size() >= 3);
    for (const auto& text : sequences::programme_texts()) {
        const Programme p = parse_programme(text.text, text.name);
        CHECK(text.name == p.id + ".toml");
        CHECK(sequences::programme_text(p.id).text == text.text);
    }
    CHECK_THROWS_WITH(
        sequences::programme_text("eol-slow"),
        Catch::Contains("'eol-slow': expected a file or one of") && Catch::Contains("eol-quick"));
}
