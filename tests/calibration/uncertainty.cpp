// Budgets and coverage factors against values computed independently (by integrating the density,
// to nine digits).
#include "calibration/uncertainty.hpp"

#include "calibration/student.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace calibration;

namespace {

constexpr double inf_value = std::numeric_limits<double>::infinity();

GateResult gate(std::int64_t intervals, double duration_s, double scatter) {
    GateResult result;
    result.edges = intervals + 1;
    result.intervals = intervals;
    result.duration_ticks = duration_s / 8e-9;
    result.scatter_impulses = scatter;
    return result;
}

BudgetInputs inputs(double certificate, double phase_minutes = 0, double power_factor = 1) {
    BudgetInputs result;
    result.certificate.expanded_uncertainty_percent = certificate;
    result.certificate.expanded_phase_uncertainty_minutes = phase_minutes;
    result.power_factor = power_factor;
    return result;
}

const Contribution* part(const Budget& budget, const std::string& name) {
    for (const Contribution& each : budget.contributions) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

double standard(const Budget& budget, const std::string& name) {
    const Contribution* found = part(budget, name);
    REQUIRE(found != nullptr);
    return found->standard_uncertainty_percent;
}

}  // namespace

TEST_CASE("coverage factors for 95.45 % and 95 % agree with the t table") {
    struct Case {
        double degrees, k9545, k95;
    };
    const Case cases[] = {
        {1, 13.967730199, 12.706204736},
        {2, 4.526536687, 4.302652730},
        {3, 3.306822175, 3.182446305},
        {4, 2.869309415, 2.776445105},
        {5, 2.648649431, 2.570581836},
        {7.5, 2.395179069, 2.333039627},
        {10, 2.283678202, 2.228138852},
        {20, 2.133025480, 2.085963447},
        {50, 2.051248173, 2.008559112},
        {100, 2.025309128, 1.983971519},
        {1000, 2.002503065, 1.962339081},
        {inf_value, 2.0, 1.959963985},
    };
    for (const Case& c : cases) {
        CAPTURE(c.degrees);
        CHECK(student_coverage_factor(c.degrees) == Approx(c.k9545).epsilon(1e-9));
        CHECK(student_coverage_factor(c.degrees, 0.95) == Approx(c.k95).epsilon(1e-9));
    }
}

TEST_CASE("the coverage factor falls steadily towards 2 with the degrees of freedom") {
    double last = inf_value;
    for (double degrees = 0.1; degrees < 1e12; degrees *= 1.3) {
        const double k = student_coverage_factor(degrees);
        CAPTURE(degrees);
        CHECK(k <= last * (1 + 1e-7));
        CHECK(k > 2 - 1e-7);
        last = k;
    }
    CHECK(last == Approx(2));
}

TEST_CASE("no degrees of freedom cover nothing") {
    CHECK(std::isinf(student_coverage_factor(0)));
    CHECK(std::isinf(student_coverage_factor(-1)));
    CHECK(std::isinf(student_coverage_factor(std::numeric_limits<double>::quiet_NaN())));
    CHECK_THROWS_AS(student_coverage_factor(5, 1.0), std::logic_error);
    CHECK_THROWS_AS(student_coverage_factor(5, 0.0), std::logic_error);
}

TEST_CASE("the incomplete beta function where it is known in closed form") {
    for (double x = 0; x <= 1.0; x += 0.0625) {
        CAPTURE(x);
        CHECK(incomplete_beta(1, 1, x, 1 - x) == Approx(x));
        CHECK(incomplete_beta(3, 1, x, 1 - x) == Approx(x * x * x));
        CHECK(incomplete_beta(1, 4, x, 1 - x) == Approx(1 - std::pow(1 - x, 4)));
        CHECK(incomplete_beta(2.5, 0.7, x, 1 - x) + incomplete_beta(0.7, 2.5, 1 - x, x) ==
              Approx(1));
    }
}

TEST_CASE("budgets of four gates, computed independently") {
    SECTION("a noiseless meter leaves the certificate") {
        const Budget budget = error_budget(gate(10, 10, 0), inputs(0.02));
        CHECK(standard(budget, "reference certificate") == 0.01);
        CHECK(standard(budget, "timestamps") == Approx(4.21637021356e-8));
        CHECK(standard(budget, "residual scatter") == 0);
        CHECK(part(budget, "reference phase") == nullptr);
        CHECK(part(budget, "interpolation") == nullptr);
        CHECK(part(budget, "capture clock") == nullptr);
        CHECK(std::isinf(budget.effective_degrees));
        CHECK(budget.coverage_factor == Approx(2));
        CHECK(budget.expanded_percent == Approx(0.02));
    }
    SECTION("at power factor 0.5 the reference's phase counts with tan(phi)") {
        const Budget budget = error_budget(gate(10, 10, 0.002), inputs(0.02, 1.0, 0.5));
        CHECK(standard(budget, "reference phase") == Approx(0.0251916578366));
        CHECK(standard(budget, "residual scatter") == Approx(0.0282842712475));
        CHECK(part(budget, "residual scatter")->degrees_of_freedom == 9);
        CHECK(part(budget, "residual scatter")->evaluation == "type A, 9 degrees of freedom");
        CHECK(budget.combined_percent == Approx(0.0391742214289));
        CHECK(budget.effective_degrees == Approx(33.1179945761));
        CHECK(budget.coverage_factor == Approx(2.078360147).epsilon(1e-9));
        CHECK(budget.expanded_percent == Approx(0.0814181405889));
    }
    SECTION("few edges of a jittering meter make k large") {
        const Budget budget = error_budget(gate(4, 10, 0.005), inputs(0.02));
        CHECK(budget.effective_degrees == Approx(3.01923072));
        CHECK(budget.coverage_factor == Approx(3.294459471).epsilon(1e-8));
        CHECK(budget.expanded_percent == Approx(0.583314727723));
    }
    SECTION("with all contributions") {
        const Budget budget = error_budget(gate(25, 30, 0.01), inputs(0.02, 0.5, 0.8));
        CHECK(budget.contributions.size() == 4);
        CHECK(budget.combined_percent == Approx(0.057703966890).epsilon(1e-9));
    }
}

TEST_CASE("one minute of phase uncertainty is 0.050, 0.022 and 0.113 % at 0.5, 0.8 and 0.25") {
    const auto percent = [](double power_factor) {
        return standard(error_budget(gate(10, 10, 0), inputs(0, 2.0, power_factor)),
                        "reference phase");
    };
    CHECK(percent(0.5) == Approx(0.0504).epsilon(1e-3));
    CHECK(percent(0.8) == Approx(0.0218).epsilon(1e-2));
    CHECK(percent(0.25) == Approx(0.1127).epsilon(1e-3));
    CHECK(percent(-0.5) == percent(0.5));
}

TEST_CASE("two edges leave no degrees of freedom, and so no finite uncertainty") {
    const Budget budget = error_budget(gate(1, 1000, 0), inputs(0.02));
    const Contribution* scatter = part(budget, "residual scatter");
    REQUIRE(scatter != nullptr);
    CHECK(scatter->degrees_of_freedom == 0);
    CHECK(scatter->evaluation == "type A, no estimate: two edges leave no degrees of freedom");
    CHECK(std::isinf(budget.expanded_percent));
    CHECK(budget.effective_degrees == 0);
}

TEST_CASE("the incomplete beta function is continuous where its two ways of computing meet") {
    for (double a = 0.5; a < 300; a *= 1.37) {
        for (double b = 0.5; b < 300; b *= 1.53) {
            const double turn = (a + 1) / (a + b + 2);
            const double before = std::nextafter(turn, 0.0);
            const double after = std::nextafter(turn, 1.0);
            CAPTURE(a, b);
            CHECK(incomplete_beta(a, b, before, 1 - before) ==
                  Approx(incomplete_beta(a, b, after, 1 - after)).epsilon(1e-10));
        }
    }
}

TEST_CASE("extra edges give no degrees of freedom") {
    GateResult result = gate(10, 10, 0.002);
    result.edges += 3;
    result.extra = 3;
    CHECK(part(error_budget(result, inputs(0.02)), "residual scatter")->degrees_of_freedom == 9);
}

TEST_CASE("the combined uncertainty is the root sum of squares and never below any part") {
    for (std::int64_t intervals = 2; intervals < 200; intervals += 7) {
        const Budget budget = error_budget(gate(intervals, 5, 0.003), inputs(0.03, 0.7, 0.8));
        double squares = 0;
        for (const Contribution& each : budget.contributions) {
            squares += each.standard_uncertainty_percent * each.standard_uncertainty_percent;
            CHECK(budget.combined_percent >= each.standard_uncertainty_percent);
        }
        CHECK(budget.combined_percent == Approx(std::sqrt(squares)));
        CHECK(budget.effective_degrees >= static_cast<double>(intervals - 1) * (1 - 1e-12));
        CHECK(budget.expanded_percent == Approx(budget.coverage_factor * budget.combined_percent));
    }
}

TEST_CASE("the planner expects what the gate will give") {
    const BudgetInputs at = inputs(0.02, 1.0, 0.5);
    CHECK(expected_expanded_uncertainty_percent(at, 10, 0.002, 10) ==
          error_budget(gate(10, 10, 0.002), at).expanded_percent);
    CHECK(expected_expanded_uncertainty_percent(at, 10, 0.002) ==
          Approx(0.0814181405889).epsilon(1e-9));
    CHECK(std::isinf(expected_expanded_uncertainty_percent(at, 1, 0.002)));
    double last = inf_value;
    for (std::int64_t intervals = 2; intervals < 100; ++intervals) {
        const double u = expected_expanded_uncertainty_percent(at, intervals, 0.002);
        CHECK(u < last);
        last = u;
    }
}
