// The keys of the tests over the port: every one, its default, and what a wrong one is told.
#include "calibration/document.hpp"
#include "sequences/programme.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using sequences::parse_programme;
using sequences::PointKind;
using sequences::Programme;
using sequences::ProgrammePoint;

namespace {

Programme with(const std::string& points) {
    return parse_programme("id = \"p\"\ntitle = \"t\"\nlimits = [\"a\"]\n" + points, "p.toml");
}

ProgrammePoint only(const std::string& keys) { return with("[[point]]\n" + keys).points.at(0); }

}  // namespace

TEST_CASE("a test over the port needs little more than its kind") {
    const auto& [kind, more, name] = GENERATE(table<std::string, std::string, std::string>({
        {"identify", "", "identify"},
        {"heads", "", "heads Imax PF 1"},
        {"constant", "", "constant Imax PF 1"},
        {"dial", "", "dial Imax PF 1"},
        {"tariff", "", "tariff Imax PF 1"},
        {"pulse-output", "", "pulse-output Imax PF 1"},
        {"phase-sequence", "", "phase-sequence"},
        {"reactive", "most_error_percent = 2", "reactive Imax PF 0.5 ind"},
        {"communication", "", "communication"},
        {"set-up", "settings = [{ quantity = \"ct_primary\", value = 100 }]", "set-up"},
        {"load-curve", "most_error_percent = 2", "load-curve Imax PF 1"},
    }));
    const ProgrammePoint point = only("kind = \"" + kind + "\"\n" + more);
    CHECK(sequences::name(point.kind) == kind);
    CHECK(sequences::is_port_test(point.kind));
    CHECK(point.name == name);
    CHECK(point.voltage == "Un");
    CHECK(point.settle_s == 0);
    CHECK_FALSE(point.connection);
}

TEST_CASE("every key of the tests over the port is read") {
    const Programme p = with(R"(
[[point]]
kind = "identify"
name = "who is it"
expect = { software_version = "1.00", checksum_1 = "3F2A" }
[[point]]
kind = "heads"
current = "Iref"
power_factor = "0.8 cap"
voltage = "231 V"
settle_s = 3
least_intervals = 7
[[point]]
kind = "constant"
current = "0.5 Imax"
power_factor = "-1"
resolution_share = 0.2
[[point]]
kind = "tariff"
tariffs = [2, 1]
broadcast = true
least_steps = 5
[[point]]
kind = "pulse-output"
least_impulses = 77
[[point]]
kind = "reactive"
power_factor = "0.25 cap"
resolution_share = 0.05
most_error_percent = 3
[[point]]
kind = "communication"
reads = 12
most_errors_percent = 2.5
[[point]]
kind = "set-up"
settings = [{ quantity = "ct_primary", value = 100 }, { quantity = "partial_reset", value = 1 }]
may_refuse = true
restore = true
[[point]]
kind = "load-curve"
periods = 3
most_error_percent = 1.5
)");
    REQUIRE(p.points.size() == 9);
    CHECK(p.points[0].name == "who is it");
    CHECK(p.points[0].port.expect == std::vector<std::pair<std::string, std::string>>{
                                         {"software_version", "1.00"}, {"checksum_1", "3F2A"}});
    CHECK(p.points[1].current == "Iref");
    CHECK(p.points[1].power_factor.text() == "0.8 cap");
    CHECK(p.points[1].voltage == "231 V");
    CHECK(p.points[1].settle_s == 3);
    CHECK(p.points[1].port.least_intervals == 7);
    CHECK(p.points[2].name == "constant 0.5 Imax PF -1");
    CHECK(p.points[2].port.resolution_share == 0.2);
    CHECK(p.points[3].port.tariffs == std::vector<int>{2, 1});
    CHECK(p.points[3].port.broadcast);
    CHECK(p.points[3].port.least_steps == 5);
    CHECK(p.points[4].port.least_impulses == 77);
    CHECK(p.points[5].port.resolution_share == 0.05);
    CHECK(p.points[5].port.most_error_percent == 3);
    CHECK(p.points[6].port.reads == 12);
    CHECK(p.points[6].port.most_errors_percent == 2.5);
    REQUIRE(p.points[7].port.settings.size() == 2);
    CHECK(p.points[7].port.settings[1].quantity == "partial_reset");
    CHECK(p.points[7].port.settings[1].value == 1);
    CHECK(p.points[7].port.may_refuse);
    CHECK(p.points[7].port.restore);
    CHECK(p.points[8].port.periods == 3);
    CHECK(p.points[8].port.most_error_percent == 1.5);
}

TEST_CASE("what is not given has its default") {
    CHECK(only("kind = \"heads\"").port.least_intervals == 4);
    CHECK(only("kind = \"constant\"").port.resolution_share == 0.1);
    const auto tariff = only("kind = \"tariff\"").port;
    CHECK(tariff.tariffs.empty());
    CHECK_FALSE(tariff.broadcast);
    CHECK(tariff.least_steps == 3);
    CHECK(only("kind = \"pulse-output\"").port.least_impulses == 10);
    CHECK(only("kind = \"communication\"").port.reads == 100);
    CHECK(only("kind = \"communication\"").port.most_errors_percent == 0);
    const auto setup =
        only("kind = \"set-up\"\nsettings = [{ quantity = \"tariff\", value = 2 }]").port;
    CHECK_FALSE(setup.may_refuse);
    CHECK_FALSE(setup.restore);
}

TEST_CASE("a wrong key of a test over the port is named with its file and line") {
    const auto& [keys, complaint] = GENERATE(table<std::string, std::string>({
        {"kind = \"dials\"", "p.toml:5: point.kind"},
        {"kind = \"identify\"\ncurrent = \"Imax\"", "current"},
        {"kind = \"identify\"\nexpect = { checksum_1 = 5 }", "expect.checksum_1"},
        {"kind = \"heads\"\nleast_intervals = 2", "point.least_intervals"},
        {"kind = \"heads\"\nname = 5", "point.name"},
        {"kind = \"constant\"\ncurrent = \"Imaxx\"", "point.current"},
        {"kind = \"constant\"\ncurrent = [\"Imax\"]", "point.current"},
        {"kind = \"constant\"\npower_factor = \"0 ind\"", "expected active power"},
        {"kind = \"constant\"\nresolution_share = 2", "point.resolution_share"},
        {"kind = \"dial\"\nresolution_share = 0", "point.resolution_share"},
        {"kind = \"tariff\"\ntariffs = [0]", "point.tariffs"},
        {"kind = \"tariff\"\ntariffs = [9]", "point.tariffs"},
        {"kind = \"tariff\"\ntariffs = [1, 1]", "expected whole numbers, each once"},
        {"kind = \"tariff\"\ntariffs = [1.5]", "expected whole numbers, each once"},
        {"kind = \"tariff\"\nbroadcast = \"yes\"", "point.broadcast"},
        {"kind = \"tariff\"\nleast_steps = 1", "point.least_steps"},
        {"kind = \"pulse-output\"\nleast_impulses = 0", "point.least_impulses"},
        {"kind = \"phase-sequence\"\ncurrent = \"Imax\"", "current"},
        {"kind = \"reactive\"", "most_error_percent"},
        {"kind = \"reactive\"\nmost_error_percent = 0", "point.most_error_percent"},
        {"kind = \"reactive\"\nmost_error_percent = 2\npower_factor = \"1\"",
         "expected reactive power"},
        {"kind = \"communication\"\nreads = 0", "point.reads"},
        {"kind = \"communication\"\nmost_errors_percent = 101", "point.most_errors_percent"},
        {"kind = \"set-up\"", "expected what is to be written"},
        {"kind = \"set-up\"\nsettings = [{ quantity = \"tariff\" }]", "value"},
        {"kind = \"set-up\"\nsettings = [{ quantity = \"tariff\", value = -1 }]", "value"},
        {"kind = \"set-up\"\nsettings = [{ quantity = \"tariff\", value = 1, unit = \"A\" }]",
         "unit"},
        {"kind = \"load-curve\"", "most_error_percent"},
        {"kind = \"load-curve\"\nmost_error_percent = 2\nperiods = 0", "point.periods"},
        {"kind = \"identify\"\nconnection = \"wireless\"", "point.connection"},
        {"kind = \"identify\"\nvoltage = \"0 V\"", "point.voltage"},
    }));
    INFO(keys);
    CHECK_THROWS_WITH(only(keys), Catch::StartsWith("p.toml:") && Catch::Contains(complaint));
}

TEST_CASE("a point may be one connection's alone, an accuracy table all of its points") {
    const Programme p = with(R"(
[[point]]
kind = "accuracy"
connection = "ct"
current = ["Iref", "Imax"]
most_time_s = 60
[[point]]
kind = "constant"
connection = "direct"
)");
    REQUIRE(p.points.size() == 3);
    CHECK(p.points[0].connection == calibration::Connection::transformer);
    CHECK(p.points[1].connection == calibration::Connection::transformer);
    CHECK(p.points[2].connection == calibration::Connection::direct);
}

TEST_CASE("two tests of one name are refused, as two points are") {
    CHECK_THROWS_WITH(with("[[point]]\nkind = \"identify\"\n[[point]]\nkind = \"identify\"\n"),
                      Catch::Contains("got 'identify' twice"));
}
