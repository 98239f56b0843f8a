// Which limit each point was judged by, and where it comes from.
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reports {
namespace {

// One row of the edition and the points that used it.
struct Use {
    const calibration::Limits* limits;
    std::string points;
};

std::vector<Use> uses_of(const sequences::RunResult& run) {
    std::vector<Use> uses;
    for (const auto& point : run.points) {
        if (!point.point.limits) {
            continue;
        }
        const auto& limits = *point.point.limits;
        const auto same = [&](const Use& use) {
            return use.limits->row == limits.row && use.limits->source == limits.source;
        };
        const auto found = std::ranges::find_if(uses, same);
        const std::string& name = point.point.programme.name;
        if (found == uses.end()) {
            uses.push_back({&limits, name});
        } else {
            found->points += "; " + name;
        }
    }
    return uses;
}

}  // namespace

std::string limits_section(const sequences::RunResult& run) {
    std::string rows;
    for (const auto& [limits, points] : uses_of(run)) {
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"text\">{}</td><td "
            "class=\"text\">{}{}</td>"
            "</tr>\n",
            escaped(limits->row),
            limits_text(*limits),
            escaped(points),
            escaped(limits->source +
                    (limits->confidence.empty() ? "" : " (" + limits->confidence + ")")),
            limits->disputed ? "; disputed, the stricter value is used" : "");
    }
    if (rows.empty()) {
        return {};
    }
    return section(
        "Limits: " + escaped(run.plan.limits.title()),
        "<table class=\"points\"><thead><tr><th>row</th><th>limit<br>%</th><th>points</th>"
        "<th>source</th></tr></thead>\n<tbody>" +
            rows + "</tbody></table>\n");
}

}  // namespace reports
