// What was found and what is permitted, as a person reads it.
#include "reports/check_text.hpp"

#include <catch2/catch.hpp>

namespace {

using sequences::CheckLine;

struct Example {
    std::optional<double> value, least, most;
    std::string unit, found, permitted;
};

}  // namespace

TEST_CASE("numbers stand with their unit and what is permitted") {
    const auto example = GENERATE(values<Example>({
        {0.0312345678, -0.05, 0.05, "%", "0.031235 %", "+-0.05 %"},
        {120.0, 110.0, 130.0, "Wh", "120 Wh", "110 to 130 Wh"},
        {31.25, {}, 200.0, "ms", "31.25 ms", "at most 200 ms"},
        {4.0, 10.0, {}, "", "4", "at least 10"},
        {0.0, 0.0, 0.0, "Wh", "0 Wh", "0 Wh"},
        {-0.0, {}, {}, "", "0", ""},
        {1234567.8, {}, {}, "Wh", "1234568 Wh", ""},
        {123456789012.0, {}, {}, "", "123456789012", ""},
        {-1.5, -2.0, 1.0, "%", "-1.5 %", "-2 to 1 %"},
    }));
    const auto texts = reports::check_texts({.what = "",
                                             .value = example.value,
                                             .unit = example.unit,
                                             .least = example.least,
                                             .most = example.most});
    CHECK(texts.found == example.found);
    CHECK(texts.permitted == example.permitted);
}

TEST_CASE("rounding never moves a value across what is permitted") {
    const auto texts = [](double value, double most) {
        return reports::check_texts({.what = "", .value = value, .unit = "%", .most = most});
    };
    CHECK(texts(0.5000001, 0.5).found == "0.5000001 %");
    CHECK(texts(0.4999999, 0.5).found == "0.5 %");  // inside, and printed inside
    CHECK(texts(100000.4, 100000.25).found == "100000.4 %");
    CHECK(texts(100000.4, 100000.25).permitted == "at most 100000.25 %");
    CHECK(texts(1.0 / 3, 0.33333333).found != texts(1.0 / 3, 0.5).found);
}

TEST_CASE("a text is what was found") {
    const CheckLine line{.what = "extended name", .text = "COUNTIS E48"};
    CHECK(reports::check_texts(line).found == "COUNTIS E48");
    CHECK(reports::check_texts(line).permitted.empty());
}

TEST_CASE("a line that its reason already quotes adds nothing, a number always does") {
    const std::string reason = "the head of position 1 sees the meter of position 2";
    CHECK_FALSE(reports::adds_to(reason, {.what = "head", .text = reason}));
    CHECK(reports::adds_to(reason, {.what = "port", .text = "its own meter"}));
    CHECK(reports::adds_to(reason, {.what = "impulses", .value = 12}));
}

TEST_CASE("paper has signs of its own") {
    const CheckLine line{.what = "", .value = -0.1, .unit = "%", .least = -0.5, .most = 0.5};
    const auto texts = reports::check_texts(line, {.minus = "−", .plus_minus = "±"});
    CHECK(texts.found == "−0.1 %");
    CHECK(texts.permitted == "±0.5 %");
}

TEST_CASE("what is no number is called so") {
    const double none = std::numeric_limits<double>::quiet_NaN();
    CHECK(reports::check_texts({.what = "", .value = none, .most = 1}).found == "not a number");
}
