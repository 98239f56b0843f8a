// Every meter and every point at a glance: one row per meter, so that forty fit on a page.
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"
#include "reports/nexus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace reports {
namespace {

using calibration::Verdict;
using sequences::PointKind;
using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;

std::string measured(const PointResult& point, const PositionResult& result) {
    if (result.verdict == Verdict::not_run) {
        return {};
    }
    if (is_accuracy(point)) {
        return result.gate ? error_text(result.gate->error_pi_percent, point.point.limits) : "";
    }
    return fmt::format("{} imp", result.impulses);
}

std::string cell(const PointResult& point, const PositionResult& result) {
    const std::string mark =
        result.verdict == Verdict::pass ? "" : fmt::format("<b>{}</b> ", symbol(result.verdict));
    return fmt::format("<td class=\"{}\" title=\"{}\">{}{}</td>",
                       style_class(result.verdict),
                       escaped(result.reason),
                       mark,
                       measured(point, result));
}

bool is_test(const PointResult& point) { return is_port_test(point); }
bool has_column(const PointResult& point) { return !is_port_test(point); }

std::string header(const RunResult& run) {
    std::string cells = "<th>position</th><th>serial</th>";
    for (const auto& point : run.points | std::views::filter(has_column)) {
        cells += fmt::format("<th class=\"upright\"><span>{}</span></th>",
                             escaped(point.point.programme.name));
    }
    return "<thead><tr>" + cells + "<th>verdict</th></tr>\n";
}

std::string limit_row(const RunResult& run) {
    std::string cells = "<th colspan=\"2\">limits in %</th>";
    for (const auto& point : run.points | std::views::filter(has_column)) {
        cells +=
            fmt::format("<th>{}</th>", point.point.limits ? limits_text(*point.point.limits) : "");
    }
    return "<tr class=\"limits\">" + cells + "<th></th></tr></thead>\n";
}

std::string row(const RunResult& run, const sequences::MeterResult& meter, std::size_t number) {
    std::string cells =
        fmt::format("<th scope=\"row\"><a href=\"#meter-{}\">{}</a></th><td>{}</td>",
                    number,
                    escaped(meter.position),
                    escaped(meter.serial));
    for (const auto& point : run.points | std::views::filter(has_column)) {
        std::string found = "<td class=\"not-run\">–</td>";
        for (const auto& result : point.positions) {
            if (result.position == meter.position) {
                found = cell(point, result);
            }
        }
        cells += found;
    }
    return fmt::format("<tr>{}<td class=\"whole\">{}</td></tr>\n", cells, badge(meter.verdict));
}

}  // namespace

std::string matrix_section(const RunResult& run) {
    // A run of tests over the port alone has a matrix of its own; one without any point has this.
    if (!run.points.empty() && std::ranges::all_of(run.points, is_test)) {
        return {};
    }
    std::string html = "<table class=\"matrix\">" + header(run) + limit_row(run) + "<tbody>\n";
    for (std::size_t number = 0; number < run.meters.size(); ++number) {
        html += row(run, run.meters[number], number);
    }
    html +=
        "</tbody></table>\n<p class=\"note\">Errors in percent. No load and starting: impulses "
        "seen. ";
    for (const auto verdict : {Verdict::fail,
                               Verdict::inconclusive,
                               Verdict::suspect,
                               Verdict::invalid,
                               Verdict::not_run}) {
        html += badge(verdict) + " ";
    }
    return section("All meters, all points", html + "mark what did not pass.</p>\n");
}

}  // namespace reports
