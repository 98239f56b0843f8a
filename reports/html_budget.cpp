// How an error and its uncertainty come about: the formula, and one worked budget per power factor.
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reports {
namespace {

using sequences::RunResult;

constexpr const char* formulas =
    "<p class=\"formula\"><i>e</i> = 100 % · ((<i>N</i> / <i>C</i><sub>dut</sub>) / "
    "(Δ<i>Φ</i> / <i>C</i><sub>ref</sub>) − 1)</p>\n"
    "<p>From edge to edge: <i>N</i> impulse intervals of the meter with constant "
    "<i>C</i><sub>dut</sub>; "
    "Δ<i>Φ</i> reference impulses between the first and the last edge, the fraction of an impulse "
    "taken "
    "between the two adjacent reference edges. The error with Ω is the least-squares line over all "
    "edges; "
    "it is a check and decides nothing.</p>\n"
    "<p class=\"formula\"><i>u</i><sub>c</sub><sup>2</sup> = Σ <i>u</i><sub>i</sub><sup>2</sup>, "
    "<i>ν</i><sub>eff</sub> = <i>u</i><sub>c</sub><sup>4</sup> / Σ "
    "(<i>u</i><sub>i</sub><sup>4</sup> / "
    "<i>ν</i><sub>i</sub>), <i>U</i> = <i>k</i> · <i>u</i><sub>c</sub></p>\n"
    "<p><i>k</i> is Student's factor for <i>ν</i><sub>eff</sub> degrees of freedom and a coverage "
    "of "
    "95.45 % (GUM). The contributions are independent.</p>\n";

std::string degrees(double value) {
    if (std::isinf(value)) {
        return "∞";
    }
    constexpr double as_good_as_infinite = 1e6;
    return value > as_good_as_infinite ? "&gt; 10<sup>6</sup>" : significant(value, 3);
}

std::string contribution(double percent) {
    constexpr double shown = 1e-6;
    return percent > 0 && percent < shown ? "&lt; 0.000001" : significant(percent, 3);
}

std::string budget_table(const MeterPoint& entry) {
    const auto& budget = *entry.result->budget;
    std::string rows;
    for (const auto& part : budget.contributions) {
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"text\">{}</td></tr>\n",
            escaped(part.name),
            contribution(part.standard_uncertainty_percent),
            degrees(part.degrees_of_freedom),
            escaped(part.evaluation));
    }
    rows += fmt::format(
        "<tr class=\"total\"><th scope=\"row\">combined "
        "u<sub>c</sub></th><td>{}</td><td>{}</td><td></td></tr>\n"
        "<tr class=\"total\"><th scope=\"row\">expanded U (k = "
        "{})</th><td>{}</td><td></td><td></td></tr>\n",
        significant(budget.combined_percent, 3),
        degrees(budget.effective_degrees),
        fixed(budget.coverage_factor, 2),
        rounded_up(budget.expanded_percent, 2));
    const auto& programme = entry.point->point.programme;
    return fmt::format(
        "<table class=\"points budget\"><caption>PF {}: {}, position {}</caption><thead><tr>"
        "<th>contribution</th><th>u<br>%</th><th>ν</th><th>evaluation</th></tr></"
        "thead>\n<tbody>{}</tbody>"
        "</table>\n",
        escaped(programme.power_factor.text()),
        escaped(programme.name),
        escaped(entry.result->position),
        rows);
}

// The first measured point of every power factor.
std::vector<MeterPoint> examples(const RunResult& run) {
    std::vector<MeterPoint> found;
    for (const auto& point : run.points) {
        const auto result = std::ranges::find_if(
            point.positions, [](const auto& position) { return position.budget.has_value(); });
        const auto same_factor = [&](const MeterPoint& other) {
            return other.point->point.programme.power_factor == point.point.programme.power_factor;
        };
        if (result != point.positions.end() && std::ranges::none_of(found, same_factor)) {
            found.push_back({&point, &*result});
        }
    }
    return found;
}

}  // namespace

std::string uncertainty_section(const RunResult& run) {
    std::string html = formulas;
    for (const auto& example : examples(run)) {
        html += budget_table(example);
    }
    return section("Error and uncertainty", html);
}

}  // namespace reports
