// Verdicts at and around every bound of both decision rules.
#include "calibration/decision.hpp"

#include "calibration/document.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace calibration;

namespace {

Limits within(double lower, double upper) {
    Limits limits;
    limits.lower = Percent{lower};
    limits.upper = Percent{upper};
    return limits;
}

Verdict verdict(double error, double u, const Limits& limits, DecisionRule rule) {
    return judge(Percent{error}, Percent{u}, limits, rule).verdict;
}

const double nan_value = std::numeric_limits<double>::quiet_NaN();
const double inf_value = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("simple acceptance: the limit is inclusive and the uncertainty may be a third of it") {
    const Limits half = within(-0.5, 0.5);
    struct Case {
        double error, u;
        Verdict verdict;
    };
    const double next_above = std::nextafter(0.5, 1.0);
    const Case cases[] = {
        {0, 0, Verdict::pass},
        {0.5, 0.08, Verdict::pass},
        {-0.5, 0.08, Verdict::pass},
        {next_above, 0.08, Verdict::fail},
        {-next_above, 0.08, Verdict::fail},
        {0.1, 0.5 / 3, Verdict::pass},
        {0.1, 0.16667, Verdict::inconclusive},
        {-0.1, 0.4, Verdict::inconclusive},
        {0.6, 0.3, Verdict::inconclusive},  // beyond, but by less than U
        {0.9, 0.3, Verdict::fail},          // beyond by more than U
        {-0.9, 0.3, Verdict::fail},
        {0.75, 0.25, Verdict::inconclusive},  // beyond by exactly U
    };
    for (const Case& c : cases) {
        CAPTURE(c.error, c.u);
        CHECK(verdict(c.error, c.u, half, DecisionRule::simple) == c.verdict);
    }
}

TEST_CASE("a third of the limit is a third of the limit however it is rounded") {
    for (int tenths = 1; tenths <= 100; ++tenths) {
        const double u = tenths / 10.0;
        CAPTURE(u);
        CHECK(verdict(0, u, within(-3 * u, 3 * u), DecisionRule::simple) == Verdict::pass);
        CHECK(verdict(0, u, within(-tenths * 3 / 10.0, tenths * 3 / 10.0), DecisionRule::simple) ==
              Verdict::pass);
        CHECK(verdict(0, u * 1.000001, within(-3 * u, 3 * u), DecisionRule::simple) ==
              Verdict::inconclusive);
    }
}

TEST_CASE("asymmetric limits: the nearer one bounds the uncertainty") {
    const Limits uk = within(-2.7, 1.7);
    CHECK(verdict(-2.7, 0.5, uk, DecisionRule::simple) == Verdict::pass);
    CHECK(verdict(1.8, 0.5, uk, DecisionRule::simple) == Verdict::fail);
    CHECK(verdict(0, 0.6, uk, DecisionRule::simple) == Verdict::inconclusive);
}

TEST_CASE("guarded acceptance: the limit less U passes, beyond the limit fails") {
    const Limits half = within(-0.5, 0.5);
    CHECK(verdict(0.375, 0.125, half, DecisionRule::guard) == Verdict::pass);
    CHECK(verdict(-0.375, 0.125, half, DecisionRule::guard) == Verdict::pass);
    CHECK(verdict(std::nextafter(0.375, 1), 0.125, half, DecisionRule::guard) ==
          Verdict::inconclusive);
    CHECK(verdict(-std::nextafter(0.375, 1), 0.125, half, DecisionRule::guard) ==
          Verdict::inconclusive);
    CHECK(verdict(0.5, 0.125, half, DecisionRule::guard) == Verdict::inconclusive);
    CHECK(verdict(std::nextafter(0.5, 1), 0.125, half, DecisionRule::guard) == Verdict::fail);
    CHECK(verdict(-0.51, 0.125, half, DecisionRule::guard) == Verdict::fail);
    CHECK(verdict(0.5, 0, half, DecisionRule::guard) == Verdict::pass);
}

TEST_CASE("guarded acceptance with U above the limit never passes") {
    for (int percent = -50; percent <= 50; ++percent) {
        CHECK(verdict(percent / 100.0, 0.6, within(-0.5, 0.5), DecisionRule::guard) ==
              Verdict::inconclusive);
    }
}

TEST_CASE("the acceptance limits are stored with the judgement") {
    const auto guarded = judge(Percent{0}, Percent{0.125}, within(-0.5, 1), DecisionRule::guard);
    CHECK(guarded.acceptance_lower.value() == -0.375);
    CHECK(guarded.acceptance_upper.value() == 0.875);
    const auto simple = judge(Percent{0}, Percent{0.125}, within(-0.5, 1), DecisionRule::simple);
    CHECK(simple.acceptance_lower.value() == -0.5);
    CHECK(simple.acceptance_upper.value() == 1);
}

TEST_CASE("a reason says why in one line, a plain pass has none") {
    const Limits half = within(-0.5, 0.5);
    const auto reason = [&](double error, double u, DecisionRule rule) {
        return judge(Percent{error}, Percent{u}, half, rule).reason;
    };
    CHECK(reason(0.1, 0.08, DecisionRule::simple).empty());
    CHECK(reason(0.1, 0.08, DecisionRule::guard).empty());
    CHECK(reason(0.61, 0.08, DecisionRule::simple) == "error 0.6100 % is above the limit 0.5 %");
    CHECK(reason(-0.61, 0.08, DecisionRule::guard) == "error -0.6100 % is below the limit -0.5 %");
    CHECK(reason(0.1, 0.2, DecisionRule::simple) ==
          "expanded uncertainty 0.2000 % is above a third of the limit, 0.1667 %");
    CHECK(reason(0.45, 0.08, DecisionRule::guard) ==
          "error 0.4500 % is within the limits, but not within the acceptance limits -0.4200 % to "
          "0.4200 % (expanded uncertainty 0.0800 %)");
}

TEST_CASE("no uncertainty, no decision; no error, no measurement") {
    for (const auto rule : {DecisionRule::simple, DecisionRule::guard}) {
        for (const double u : {inf_value, nan_value, -0.1}) {
            CHECK(verdict(0, u, within(-1, 1), rule) == Verdict::inconclusive);
            CHECK(verdict(50, u, within(-1, 1), rule) == Verdict::inconclusive);
        }
        for (const double error : {inf_value, -inf_value, nan_value}) {
            CHECK(verdict(error, 0.01, within(-1, 1), rule) == Verdict::invalid);
        }
    }
}

TEST_CASE("the worst of any two verdicts is the earlier in the order") {
    const std::vector<Verdict> order{Verdict::fail,
                                     Verdict::invalid,
                                     Verdict::suspect,
                                     Verdict::inconclusive,
                                     Verdict::not_run,
                                     Verdict::pass};
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t j = 0; j < order.size(); ++j) {
            const std::vector<Verdict> pair{order[i], order[j]};
            CHECK(worst(pair) == order[std::min(i, j)]);
        }
    }
    CHECK(worst({}) == Verdict::not_run);
}

TEST_CASE("verdicts and rules go by their names") {
    for (int value = 0; value <= 5; ++value) {
        const auto each = static_cast<Verdict>(value);
        CHECK(verdict_from_name(name(each)) == each);
    }
    CHECK(name(Verdict::not_run) == "not_run");
    CHECK(decision_rule_from_name(name(DecisionRule::simple)) == DecisionRule::simple);
    CHECK(decision_rule_from_name(name(DecisionRule::guard)) == DecisionRule::guard);
    CHECK_THROWS_WITH(decision_rule_from_name("strict"),
                      "decision rule: expected simple or guard, got \"strict\"");
    CHECK_THROWS_AS(verdict_from_name("PASS"), DataError);
}
