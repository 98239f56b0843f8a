// Currents and voltages by name, and the ratios of rated currents of known meters.
#include "calibration/ratings.hpp"

#include "calibration/document.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace calibration;

namespace {

Ratings rated(
    Connection connection, double ist, double imin, double itr, double iref, double imax) {
    Ratings ratings;
    ratings.connection = connection;
    ratings.starting = Ampere{ist};
    ratings.minimum = Ampere{imin};
    ratings.transitional = Ampere{itr};
    ratings.reference = Ampere{iref};
    ratings.maximum = Ampere{imax};
    return ratings;
}

const auto direct = Connection::direct;
const auto ct = Connection::transformer;
const Ratings e28 = rated(direct, 0.020, 0.25, 0.5, 5, 80);

}  // namespace

TEST_CASE("a current is given by name, by multiple or in amperes") {
    struct Case {
        const char* text;
        double ampere;
    };
    const Case cases[] = {{"Ist", 0.020},
                          {"Imin", 0.25},
                          {"Itr", 0.5},
                          {"Iref", 5},
                          {"Imax", 80},
                          {"0.5 Iref", 2.5},
                          {"10 Itr", 5},
                          {"0.5Imax", 40},
                          {"0.25 A", 0.25},
                          {"10 mA", 0.010},
                          {"0 A", 0},
                          {"2e-3 A", 0.002}};
    for (const Case& c : cases) {
        CAPTURE(c.text);
        CHECK(current_from_text(c.text, e28).value() == Approx(c.ampere).epsilon(1e-15));
    }
}

TEST_CASE("what is no current is refused") {
    const auto text = GENERATE(as<std::string>{},
                               "",
                               "A",
                               "mA",
                               "5",
                               "Ix",
                               "imax",
                               "-1 A",
                               "-0.5 Iref",
                               "nan A",
                               "inf A",
                               "1e308 Imax",
                               "0.5",
                               "5 V",
                               "1 kA",
                               "0.5 Iref x",
                               "Iref 2",
                               "1,5 A");
    CAPTURE(text);
    CHECK_THROWS_AS(current_from_text(text, e28), DataError);
    CHECK_THROWS_WITH(current_from_text(text, e28), Catch::EndsWith("got \"" + text + "\""));
}

TEST_CASE("a current the ratings do not give is refused, not taken as zero") {
    CHECK_THROWS_WITH(current_from_text("0.5 Iref", Ratings{}),
                      "\"0.5 Iref\": the meter's ratings do not give Iref");
}

TEST_CASE("a voltage is given by multiple of Un or in volts") {
    CHECK(voltage_from_text("Un", e28).value() == 230);
    CHECK(voltage_from_text("1.15 Un", e28).value() == Approx(264.5));
    CHECK(voltage_from_text("57.7 V", e28).value() == 57.7);
    for (const char* text : {"", "V", "230", "Umax", "-1 Un", "nan V", "1.15 un", "230 A"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(voltage_from_text(text, e28), DataError);
    }
}

TEST_CASE("the ratings of seven meters, as printed and as consistent") {
    struct Case {
        const char* name;
        Ratings ratings;
        const char* accuracy_class;
        std::vector<std::string> broken;
    };
    const std::string imin_c = "Imin <= 0.2 Itr (class C, ct)";
    const std::string imin_1 = "Imin <= 0.2 Itr (class 1, ct)";
    const Case cases[] = {
        {"E48 printed", rated(ct, 0.001, 0.10, 0.05, 1, 6), "C", {imin_c}},
        {"E48 consistent", rated(ct, 0.001, 0.01, 0.05, 1, 6), "C", {}},
        {"E47 printed", rated(ct, 0.002, 0.10, 0.05, 1, 6), "1", {imin_1}},
        {"E47 consistent", rated(ct, 0.002, 0.01, 0.05, 1, 6), "1", {}},
        {"E28", e28, "B", {}},
        {"E28 as class 1", e28, "1", {}},
        {"E27", e28, "1", {}},
        {"E43", rated(ct, 0.010, 0.05, 0.25, 5, 6), "1", {}},
        {"smartESOX 1 A", rated(ct, 0.001, 0.01, 0.05, 1, 6), "C", {}},
        {"smartESOX 5 A", rated(ct, 0.010, 0.05, 0.25, 5, 6), "B", {}},
        {"DLMS 5(100)", rated(direct, 0.020, 0.25, 0.5, 5, 100), "1", {}},
    };
    for (const Case& c : cases) {
        CAPTURE(c.name);
        std::vector<std::string> broken;
        for (const auto& fault : check_ratings(c.ratings, c.accuracy_class)) {
            broken.push_back(fault.rule);
        }
        CHECK(broken == c.broken);
    }
}

TEST_CASE("a broken ratio is told in amperes") {
    const auto faults = check_ratings(rated(ct, 0.001, 0.10, 0.05, 1, 6), "C");
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].message == "Imin 0.1 A is above 0.2 Itr = 0.01 A");
}

// The bounds of 2014/32/EU annex V table 1 and IEC 62053-21, in units of Itr; Iref is 10 or 20 Itr.
TEST_CASE(
    "every class and connection has its bounds: met exactly it passes, missed by a thousandth "
    "not") {
    struct Bounds {
        const char* accuracy_class;
        Connection connection;
        double ist, imin, iref, imax;
        bool exact_iref;
    };
    const Bounds all[] = {
        {"A", direct, 0.05, 0.5, 10, 50, true},
        {"B", direct, 0.04, 0.5, 10, 50, true},
        {"C", direct, 0.04, 0.3, 10, 50, true},
        {"A", ct, 0.06, 0.4, 20, 24, false},
        {"B", ct, 0.04, 0.2, 20, 24, false},
        {"C", ct, 0.02, 0.2, 20, 24, false},
        {"1", direct, 0.04, 0.5, 10, 10, true},
        {"2", direct, 0.05, 0.5, 10, 10, true},
        {"1", ct, 0.04, 0.2, 20, 24, true},
        {"2", ct, 0.06, 0.4, 20, 24, true},
    };
    constexpr double itr = 0.7;  // no round number: rounding must not matter
    for (const Bounds& b : all) {
        CAPTURE(b.accuracy_class, b.connection == direct);
        const Ratings exact =
            rated(b.connection, b.ist * itr, b.imin * itr, itr, b.iref * itr, b.imax * itr);
        const auto count = [&](const Ratings& ratings) {
            return check_ratings(ratings, b.accuracy_class).size();
        };
        CHECK(count(exact) == 0);
        Ratings changed = exact;
        changed.starting = exact.starting * 1.001;
        CHECK(count(changed) == 1);
        changed = exact;
        changed.minimum = exact.minimum * 1.001;
        CHECK(count(changed) == 1);
        changed = exact;
        changed.maximum = exact.maximum * 0.999;
        CHECK(count(changed) == 1);
        changed = exact;
        changed.reference = exact.reference * 0.999;
        changed.starting = exact.starting * 0.99;  // Ist of class 1 and 2 hangs on Iref
        CHECK(count(changed) == 1);
        changed = exact;
        changed.maximum = exact.maximum * 10;
        changed.reference = exact.reference * 1.001;
        CHECK(count(changed) == (b.exact_iref ? 1 : 0));
        changed = exact;
        changed.minimum = exact.transitional;
        CHECK(count(changed) == 1);
    }
}

TEST_CASE("a starting current at or above Imin is a fault") {
    Ratings ratings = e28;
    ratings.minimum = ratings.starting;
    const auto faults = check_ratings(ratings, "B");
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].message == "Ist 0.02 A is not below Imin 0.02 A");
}

TEST_CASE("every current left out is a fault of its own") {
    CHECK(check_ratings(Ratings{}, "B").size() == 5);
    Ratings ratings = e28;
    ratings.transitional = Ampere{0};
    const auto faults = check_ratings(ratings, "B");
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].message == "Itr is 0 A: it must be given");
}

TEST_CASE("ratings of a class nobody knows cannot be checked") {
    CHECK_THROWS_WITH(check_ratings(e28, "D"),
                      "accuracy class: expected A, B, C, 1 or 2, got \"D\"");
}
