// The tests over the meters' own ports: all meters at a glance, and what was looked at in one
// meter.
#include "reports/check_text.hpp"
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reports {
namespace {

using calibration::Verdict;
using sequences::CheckLine;
using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;

constexpr NumberSigns paper{.minus = "−", .plus_minus = "±"};

std::string anchor(std::size_t meter, const PointResult& point) {
    return fmt::format("meter-{}-test-{}", meter, point.point.index);
}

// Numbers keep their text beside them: "register advance", "exception 2 at 0xC702".
std::string found_cell(const CheckLine& line, const CheckTexts& texts) {
    const std::string note = line.value && !line.text.empty()
                                 ? fmt::format("<br><small>{}</small>", escaped(line.text))
                                 : std::string();
    return fmt::format("<td class=\"text found\">{}{}</td>", escaped(texts.found), note);
}

// A number of the protocol that nobody judges has no verdict.
std::string line_mark(const CheckLine& line) {
    const bool plain = line.verdict == Verdict::pass || line.verdict == Verdict::not_run;
    return plain ? std::string(symbol(line.verdict)) : badge(line.verdict);
}

std::string line_row(const CheckLine& line) {
    const CheckTexts texts = check_texts(line, paper);
    return fmt::format(
        "<tr class=\"{}\"><th scope=\"row\">{}</th>{}<td class=\"text\">{}</td><td>{}</td></tr>\n",
        style_class(line.verdict),
        escaped(line.what),
        found_cell(line, texts),
        escaped(texts.permitted),
        line_mark(line));
}

std::string load_text(const sequences::TestPoint& point) {
    const double voltage = point.load.phases[0].voltage.value();
    if (!(voltage > 0)) {
        return {};
    }
    const auto carries = [](const auto& phase) { return phase.current.value() > 0; };
    if (std::ranges::none_of(point.load.phases, carries)) {
        return fmt::format(" <small>{} V</small>", shortest(voltage));
    }
    return fmt::format(" <small>{} V, {} A, PF {}</small>",
                       shortest(voltage),
                       current_text(point),
                       escaped(point.programme.power_factor.text()));
}

std::string test_rows(const MeterPoint& entry, std::size_t meter) {
    const auto& point = *entry.point;
    const auto& result = *entry.result;
    const std::string_view style = style_class(result.verdict);
    std::string rows = fmt::format(
        "<tr class=\"test {}\" id=\"{}\"><th scope=\"row\" colspan=\"3\">{}{}</th>"
        "<td>{}</td></tr>\n",
        style,
        anchor(meter, point),
        escaped(point.point.programme.name),
        load_text(point.point),
        badge(result.verdict));
    if (!result.reason.empty()) {
        rows += fmt::format("<tr class=\"reason\"><td colspan=\"4\">{}</td></tr>\n",
                            escaped(result.reason));
    }
    for (const CheckLine& line : result.checks) {
        rows += line_row(line);
    }
    return rows;
}

std::string cell(const PointResult& point, const PositionResult& result, std::size_t meter) {
    const auto passed = std::ranges::count(result.checks, Verdict::pass, &CheckLine::verdict);
    const std::string title =
        result.reason.empty() ? fmt::format("{} of {} checks passed", passed, result.checks.size())
                              : result.reason;
    return fmt::format("<td class=\"mark {}\" title=\"{}\"><a href=\"#{}\">{}</a></td>",
                       style_class(result.verdict),
                       escaped(title),
                       anchor(meter, point),
                       symbol(result.verdict));
}

std::string row(const std::vector<const PointResult*>& tests,
                const sequences::MeterResult& meter,
                std::size_t number) {
    std::string cells =
        fmt::format("<th scope=\"row\"><a href=\"#meter-{}\">{}</a></th><td>{}</td>",
                    number,
                    escaped(meter.position),
                    escaped(meter.serial));
    for (const PointResult* test : tests) {
        const auto found =
            std::ranges::find(test->positions, meter.position, &PositionResult::position);
        cells += found == test->positions.end() ? "<td class=\"mark not-run\">–</td>"
                                                : cell(*test, *found, number);
    }
    return fmt::format("<tr>{}<td class=\"whole\">{}</td></tr>\n", cells, badge(meter.verdict));
}

std::string header(const std::vector<const PointResult*>& tests) {
    std::string cells = "<th>position</th><th>serial</th>";
    for (const PointResult* test : tests) {
        cells += fmt::format("<th class=\"upright\"><span>{}</span></th>",
                             escaped(test->point.programme.name));
    }
    return "<thead><tr>" + cells + "<th>verdict</th></tr></thead>\n";
}

}  // namespace

bool is_port_test(const PointResult& point) {
    return sequences::is_port_test(point.point.programme.kind);
}

std::string port_matrix_section(const RunResult& run) {
    std::vector<const PointResult*> tests;
    for (const PointResult& point : run.points) {
        if (is_port_test(point)) {
            tests.push_back(&point);
        }
    }
    if (tests.empty()) {
        return {};
    }
    std::string html = "<table class=\"matrix tests\">" + header(tests) + "<tbody>\n";
    for (std::size_t number = 0; number < run.meters.size(); ++number) {
        html += row(tests, run.meters[number], number);
    }
    html += fmt::format("</tbody></table>\n<p class=\"note\">{} passed. ", symbol(Verdict::pass));
    for (const auto verdict : {Verdict::fail,
                               Verdict::inconclusive,
                               Verdict::suspect,
                               Verdict::invalid,
                               Verdict::not_run}) {
        html += badge(verdict) + " ";
    }
    return section("Tests over the meters' ports",
                   html + "mark what did not. Each mark leads to what was looked at.</p>\n");
}

std::string port_tests_table(const std::vector<MeterPoint>& points, std::size_t meter) {
    std::string rows;
    for (const MeterPoint& entry : points) {
        if (is_port_test(*entry.point)) {
            rows += test_rows(entry, meter);
        }
    }
    if (rows.empty()) {
        return {};
    }
    return "<table class=\"points checks\"><caption>Tests over the port</caption><thead><tr>"
           "<th>looked at</th><th class=\"text\">found</th><th class=\"text\">permitted</th>"
           "<th>verdict</th></tr></thead>\n<tbody>" +
           rows + "</tbody></table>\n";
}

}  // namespace reports
