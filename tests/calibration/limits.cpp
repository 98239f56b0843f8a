// The built-in editions row by row, their boundaries, and what is wrong with a wrong one.
#include "calibration/limits.hpp"

#include "calibration/document.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <optional>
#include <string>

using namespace calibration;

namespace {

LimitTable edition(std::string_view id) {
    const EmbeddedText text = limit_text(id);
    return LimitTable::parse(text.text, text.name);
}

Ratings e28() {
    Ratings ratings;
    ratings.connection = Connection::direct;
    ratings.starting = Ampere{0.02};
    ratings.minimum = Ampere{0.25};
    ratings.transitional = Ampere{0.5};
    ratings.reference = Ampere{5};
    ratings.maximum = Ampere{80};
    return ratings;
}

Ratings e43() {
    Ratings ratings;
    ratings.connection = Connection::transformer;
    ratings.starting = Ampere{0.01};
    ratings.minimum = Ampere{0.05};
    ratings.transitional = Ampere{0.25};
    ratings.reference = Ampere{5};
    ratings.maximum = Ampere{6};
    return ratings;
}

constexpr auto balanced = LoadKind::balanced;
constexpr auto single = LoadKind::single_phase;
constexpr double none = 0;  // stands for "no limits" in the tables below

// The upper limit; every built-in row is symmetrical, which is checked here.
double limit(const LimitTable& table,
             const Ratings& ratings,
             std::string_view accuracy_class,
             LoadKind load,
             std::string_view current,
             std::string_view power_factor) {
    const auto found = table.find({.accuracy_class = std::string{accuracy_class},
                                   .load = load,
                                   .current = current_from_text(current, ratings),
                                   .power_factor = PowerFactor::parse(power_factor)},
                                  ratings);
    if (!found) return none;
    CHECK(found->lower == -found->upper);
    return found->upper.value();
}

std::string refused(std::string_view text) {
    try {
        LimitTable::parse(text, "x.toml");
    } catch (const DataError& error) {
        return error.what();
    }
    return "no error";
}

const std::string good_head = "id = \"x\"\ntitle = \"X\"\nclasses = [\"B\"]\n";

std::string row(std::string_view from,
                std::string_view to,
                std::string_view power_factors,
                double lower,
                double upper,
                std::string_view rest = "") {
    return "[[row]]\nclass = \"B\"\nload = \"balanced\"\nfrom = \"" + std::string{from} +
           "\"\nto = \"" + std::string{to} +
           "\"\nto_included = true\npower_factors = " + std::string{power_factors} +
           "\nlower = " + std::to_string(lower) + "\nupper = " + std::to_string(upper) +
           "\nsource = \"s\"\nconfidence = \"low\"\n" + std::string{rest};
}

}  // namespace

TEST_CASE("EN 50470-3 limits of classes A, B and C") {
    const LimitTable table = edition("en50470-3-2006-a1-2018");
    CHECK(table.id() == "en50470-3-2006-a1-2018");
    CHECK(table.title() == "EN 50470-3:2006/A1:2018");
    CHECK(table.classes() == std::vector<std::string>{"A", "B", "C"});
    struct Case {
        LoadKind load;
        const char *current, *power_factor;
        double a, b, c;
    };
    const Case cases[] = {
        {balanced, "0.999 Imin", "1", none, none, none},
        {balanced, "Imin", "1", 2.5, 1.5, 1.0},
        {balanced, "Imin", "0.5 ind", none, none, none},
        {balanced, "0.999 Itr", "1", 2.5, 1.5, 1.0},
        {balanced, "Itr", "1", 2.0, 1.0, 0.5},
        {balanced, "Itr", "0.5 ind", 2.0, 1.0, 0.5},
        {balanced, "10 Itr", "0.8 cap", 2.0, 1.0, 0.5},
        {balanced, "10 Itr", "0.9 ind", 2.0, 1.0, 0.5},
        {balanced, "10 Itr", "0.79 cap", none, none, none},
        {balanced, "10 Itr", "0.5 cap", none, none, none},
        {balanced, "10 Itr", "0.49 ind", none, none, none},
        {balanced, "Imax", "1", 2.0, 1.0, 0.5},
        {balanced, "1.001 Imax", "1", none, none, none},
        {single, "0.999 Itr", "1", none, none, none},
        {single, "Itr", "1", 3.0, 2.0, 1.0},
        {single, "Imax", "0.5 ind", 3.0, 2.0, 1.0},
        {single, "Imax", "0.8 ind", none, none, none},  // only 1 and 0.5 ind are points of it
        {single, "Imax", "0.8 cap", none, none, none},
    };
    for (const Case& c : cases) {
        CAPTURE(c.current, c.power_factor, c.load == balanced);
        CHECK(limit(table, e28(), "A", c.load, c.current, c.power_factor) == c.a);
        CHECK(limit(table, e28(), "B", c.load, c.current, c.power_factor) == c.b);
        CHECK(limit(table, e43(), "C", c.load, c.current, c.power_factor) == c.c);
    }
}

TEST_CASE("IEC 62053-21 limits of classes 1 and 2 hang on Ib or In") {
    const LimitTable table = edition("iec62053-21-2003");
    CHECK(table.classes() == std::vector<std::string>{"1", "2"});
    // Steps of the table: "a" from 0.05 Ib (0.02 In), "b" from 0.1 Ib (0.05 In), "c" from 0.2 Ib
    // (0.1 In).
    struct Step {
        const char *direct, *ct;
    };
    const Step below_a{"0.049 Iref", "0.019 Iref"}, a{"0.05 Iref", "0.02 Iref"},
        b{"0.1 Iref", "0.05 Iref"}, below_b{"0.099 Iref", "0.049 Iref"}, c{"0.2 Iref", "0.1 Iref"},
        below_c{"0.199 Iref", "0.099 Iref"}, top{"Imax", "Imax"}, nominal{"Iref", "Iref"},
        over{"1.01 Iref", "1.01 Iref"};
    struct Row {
        LoadKind load;
        Step current;
        const char* power_factor;
        double first, second;
    };
    const Row rows[] = {
        {balanced, below_a, "1", none, none},
        {balanced, a, "1", 1.5, 2.5},
        {balanced, below_b, "1", 1.5, 2.5},
        {balanced, b, "1", 1.0, 2.0},
        {balanced, top, "1", 1.0, 2.0},
        {balanced, below_b, "0.5 ind", none, none},
        {balanced, b, "0.5 ind", 1.5, 2.5},
        {balanced, below_c, "0.5 ind", 1.5, 2.5},
        {balanced, c, "0.5 ind", 1.0, 2.0},
        {balanced, top, "0.5 ind", 1.0, 2.0},
        {balanced, b, "0.8 cap", 1.5, none},
        {balanced, c, "0.8 cap", 1.0, none},
        {balanced, top, "0.8 cap", 1.0, none},
        {balanced, c, "0.25 ind", 3.5, none},
        {balanced, nominal, "0.25 ind", 3.5, none},
        {balanced, over, "0.25 ind", none, none},
        {balanced, c, "0.5 cap", 2.5, none},
        {balanced, c, "0.8 ind", none, none},
        {single, below_b, "1", none, none},
        {single, b, "1", 2.0, 3.0},
        {single, top, "1", 2.0, 3.0},
        {single, below_c, "0.5 ind", none, none},
        {single, c, "0.5 ind", 2.0, 3.0},
        {single, top, "0.5 ind", 2.0, 3.0},
    };
    for (const Row& r : rows) {
        CAPTURE(r.current.direct, r.power_factor, r.load == balanced);
        CHECK(limit(table, e28(), "1", r.load, r.current.direct, r.power_factor) == r.first);
        CHECK(limit(table, e28(), "2", r.load, r.current.direct, r.power_factor) == r.second);
        CHECK(limit(table, e43(), "1", r.load, r.current.ct, r.power_factor) == r.first);
        CHECK(limit(table, e43(), "2", r.load, r.current.ct, r.power_factor) == r.second);
    }
}

TEST_CASE("maximum permissible errors of the directive between 5 and 30 degrees") {
    const LimitTable table = edition("mid-mpe");
    struct Case {
        LoadKind load;
        const char *current, *power_factor;
        double a, b, c;
    };
    const Case cases[] = {
        {balanced, "0.999 Imin", "1", none, none, none},
        {balanced, "Imin", "1", 3.5, 2.0, 1.0},
        {balanced, "Imin", "0.5 ind", 3.5, 2.0, 1.0},
        {balanced, "Itr", "1", 3.5, 2.0, 0.7},
        {balanced, "Imax", "0.8 cap", 3.5, 2.0, 0.7},
        {single, "Imin", "1", none, none, none},
        {single, "Itr", "1", 4.0, 2.5, 1.0},
        {single, "Imax", "0.5 ind", 4.0, 2.5, 1.0},
    };
    for (const Case& c : cases) {
        CAPTURE(c.current, c.power_factor);
        CHECK(limit(table, e28(), "A", c.load, c.current, c.power_factor) == c.a);
        CHECK(limit(table, e28(), "B", c.load, c.current, c.power_factor) == c.b);
        CHECK(limit(table, e28(), "C", c.load, c.current, c.power_factor) == c.c);
    }
}

TEST_CASE("a current computed by another formula still falls on its row") {
    const LimitTable table = edition("en50470-3-2006-a1-2018");
    Ratings ratings = e28();
    for (int step = 1; step <= 300; ++step) {
        const double itr = step / 300.0;
        ratings.minimum = Ampere{itr * 0.5};
        ratings.transitional = Ampere{itr};
        ratings.reference = Ampere{10 * itr};
        ratings.maximum = Ampere{160 * itr};
        for (const double current :
             {0.1 * ratings.reference.value(), itr / 3 * 3, itr * (1 - 1e-12), itr * (1 + 1e-12)}) {
            const auto found =
                table.find({"B", balanced, Ampere{current}, PowerFactor::unity()}, ratings);
            REQUIRE(found);
            CHECK(found->upper.value() == 1.0);
        }
        const auto below =
            table.find({"B", balanced, Ampere{itr * (1 - 1e-8)}, PowerFactor::unity()}, ratings);
        CHECK(below->upper.value() == 1.5);
        CHECK(table.find(
            {"B", balanced, Ampere{ratings.maximum.value() * (1 + 1e-12)}, PowerFactor::unity()},
            ratings));
        CHECK_FALSE(table.find(
            {"B", balanced, Ampere{ratings.maximum.value() * (1 + 1e-8)}, PowerFactor::unity()},
            ratings));
    }
}

TEST_CASE("limits say their row, source and confidence, and disputed figures are marked") {
    const LimitTable table = edition("en50470-3-2006-a1-2018");
    const auto at_unity = table.find({"C", balanced, Ampere{5}, PowerFactor::unity()}, e43());
    REQUIRE(at_unity);
    CHECK(at_unity->row == "EN 50470-3:2006/A1:2018 class C, balanced, Itr <= I <= Imax, PF 1");
    CHECK(at_unity->confidence == "high");
    CHECK_FALSE(at_unity->disputed);
    CHECK_FALSE(at_unity->source.empty());
    const auto lagging =
        table.find({"C", balanced, Ampere{5}, PowerFactor::parse("0.5 ind")}, e43());
    REQUIRE(lagging);
    CHECK(lagging->row ==
          "EN 50470-3:2006/A1:2018 class C, balanced, Itr <= I <= Imax, PF 0.5 ind .. 0.8 cap");
    CHECK(lagging->disputed);
    const auto by_ct =
        edition("iec62053-21-2003").find({"1", balanced, Ampere{0.1}, PowerFactor::unity()}, e43());
    REQUIRE(by_ct);
    CHECK(by_ct->row ==
          "IEC 62053-21:2003 class 1, ct, balanced, 0.02 Iref <= I < 0.05 Iref, PF 1");
}

TEST_CASE("export has the limits of import") {
    const LimitTable table = edition("en50470-3-2006-a1-2018");
    CHECK(limit(table, e28(), "B", balanced, "Iref", "-1") == 1.0);
    CHECK(limit(table, e28(), "B", balanced, "Iref", "-0.5 ind") == 1.0);
    CHECK(limit(table, e28(), "B", balanced, "Iref", "-0.5 cap") == none);
}

TEST_CASE("a class of another edition has no limits") {
    CHECK(limit(edition("en50470-3-2006-a1-2018"), e28(), "1", balanced, "Iref", "1") == none);
    CHECK(limit(edition("iec62053-21-2003"), e28(), "B", balanced, "Iref", "1") == none);
}

TEST_CASE("of two rows for one load the stricter bounds hold, and are marked disputed") {
    const auto table = LimitTable::parse(
        good_head + row("Itr", "Imax", "[\"1\"]", -2, 1) + row("Imin", "Imax", "[\"1\"]", -1, 3),
        "x.toml");
    const auto found = table.find({"B", balanced, Ampere{5}, PowerFactor::unity()}, e28());
    REQUIRE(found);
    CHECK(found->lower.value() == -1);
    CHECK(found->upper.value() == 1);
    CHECK(found->disputed);
    const auto alone = table.find({"B", balanced, Ampere{0.3}, PowerFactor::unity()}, e28());
    REQUIRE(alone);
    CHECK(alone->upper.value() == 3);
    CHECK_FALSE(alone->disputed);
}

TEST_CASE("two equal rows are no dispute, in either order") {
    const std::string exact = row("Itr", "Imax", "[\"1\"]", -1, 1);
    const std::string range =
        row("Itr", "Imax", "[\"0.5 ind .. 0.8 cap\"]", -1, 1, "disputed = true\n");
    for (const std::string& text : {good_head + exact + range, good_head + range + exact}) {
        const auto table = LimitTable::parse(text, "x.toml");
        const auto at_unity = table.find({"B", balanced, Ampere{5}, PowerFactor::unity()}, e28());
        REQUIRE(at_unity);
        CHECK_FALSE(at_unity->disputed);
        const auto lagging =
            table.find({"B", balanced, Ampere{5}, PowerFactor::parse("0.9 ind")}, e28());
        REQUIRE(lagging);
        CHECK(lagging->disputed);
    }
}

TEST_CASE("a range of power factors goes from the inductive end over unity to the capacitive end") {
    const auto range = PowerFactorRange::parse("0.5 ind .. 0.8 cap");
    CHECK(range.text() == "0.5 ind .. 0.8 cap");
    for (int hundredths = 1; hundredths < 100; ++hundredths) {
        const std::string digits = (hundredths < 10 ? "0.0" : "0.") + std::to_string(hundredths);
        CAPTURE(digits);
        CHECK(range.contains(PowerFactor::parse(digits + " ind")) == (hundredths >= 50));
        CHECK(range.contains(PowerFactor::parse(digits + " cap")) == (hundredths >= 80));
    }
    CHECK(range.contains(PowerFactor::unity()));
    CHECK(range.contains(PowerFactor::parse("0.4999999999999 ind")));
    CHECK_FALSE(range.contains(PowerFactor::parse("0.4999 ind")));
    CHECK(PowerFactorRange::parse("0.5 ind").is_single());
    CHECK(PowerFactorRange::parse("0.8 ind .. 1").contains(PowerFactor::unity()));
    CHECK_FALSE(PowerFactorRange::parse("0.8 ind .. 1").contains(PowerFactor::parse("0.99 cap")));
    for (const char* wrong :
         {"0.8 cap .. 0.5 ind", "0.5 ind .. 0.5 ind", "0.5 ind ..", "0.5 .. 1"}) {
        CHECK_THROWS_AS(PowerFactorRange::parse(wrong), DataError);
    }
}

TEST_CASE("a wrong edition is refused with file, line and key") {
    const std::string unity = "[\"1\"]";
    CHECK(refused(good_head + row("Itr", "Imax", unity, -1, 1)) == "no error");
    CHECK(refused(good_head) == "x.toml:1: row: expected at least one [[row]], got none");
    CHECK(refused(good_head + row("Ix", "Imax", unity, -1, 1)) ==
          "x.toml:7: row.from: current: expected Ist, Imin, Itr, Iref or Imax with or without a "
          "factor, "
          "or a value in A or mA, got \"Ix\"");
    CHECK(refused(good_head + row("Itr", "Imax", "[\"0.5\"]", -1, 1)) ==
          "x.toml:10: row.power_factors: power factor: expected 1, or 0..1 with ind or cap, got "
          "\"0.5\"");
    CHECK(refused(good_head + row("Itr", "Imax", "[]", -1, 1)) ==
          "x.toml:10: row.power_factors: expected at least one power factor, got none");
    CHECK(refused(good_head + row("Itr", "Imax", unity, 1, -1)) ==
          "x.toml:12: row.upper: expected more than lower");
    CHECK(refused("id = \"x\"\ntitle = \"X\"\nclasses = [\"C\"]\n" +
                  row("Itr", "Imax", unity, -1, 1)) ==
          "x.toml:5: row.class: expected one of the edition's classes C, got \"B\"");
    CHECK_THAT(refused(good_head + row("Itr", "Imax", unity, -1, 1, "note = 1\n")),
               Catch::StartsWith("x.toml:15: row.note: unknown key; known are "));
}

TEST_CASE("every built-in edition reads, and its file is named by its id") {
    REQUIRE(limit_texts().size() >= 3);
    for (const EmbeddedText& text : limit_texts()) {
        CAPTURE(text.name);
        CHECK(LimitTable::parse(text.text, text.name).id() + ".toml" == text.name);
    }
}

TEST_CASE("an edition that is not built in is refused with those that are") {
    CHECK_THROWS_WITH(
        limit_text("en50470"),
        "limits: expected one of the editions en50470-3-2006-a1-2018, iec62053-21-2003, "
        "mid-mpe, got \"en50470\"");
}

TEST_CASE("a meter whose Itr is not given has no limits by guess") {
    Ratings ratings = e28();
    ratings.transitional = Ampere{0};
    CHECK_THROWS_AS(edition("en50470-3-2006-a1-2018")
                        .find({"B", balanced, Ampere{5}, PowerFactor::unity()}, ratings),
                    DataError);
}
