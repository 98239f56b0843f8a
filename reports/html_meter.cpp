// One meter: its verdict, what it says it is, its error curve, and every point it went through.
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reports {
namespace {

using calibration::Verdict;
using sequences::MeterResult;
using sequences::PointKind;
using sequences::RunResult;

std::string cell(std::string_view html) { return fmt::format("<td>{}</td>", html); }

std::string reason_row(const sequences::PositionResult& result, int columns) {
    if (result.reason.empty()) {
        return {};
    }
    return fmt::format("<tr class=\"reason\"><td></td><td colspan=\"{}\">{}</td></tr>\n",
                       columns - 1,
                       escaped(result.reason));
}

std::string set_point_cells(const MeterPoint& entry) {
    const auto& point = entry.point->point;
    return fmt::format("<th scope=\"row\">{}</th>", escaped(point.programme.name)) +
           cell(shortest(point.load.phases[0].voltage.value())) + cell(current_text(point));
}

std::string counted(const calibration::GateResult& gate) {
    std::string text = std::to_string(gate.intervals);
    if (gate.missed > 0) {
        text += fmt::format(" <b>({} missed)</b>", gate.missed);
    }
    if (gate.extra > 0) {
        text += fmt::format(" <b>({} extra)</b>", gate.extra);
    }
    return text;
}

std::string gate_cells(const MeterPoint& entry, double tick_s) {
    const auto& gate = entry.result->gate;
    if (!gate) {
        return cell("") + cell("") + cell("") + cell("");
    }
    const auto& limits = entry.point->point.limits;
    return fmt::format("<td class=\"error\">{}</td>", error_text(gate->error_pi_percent, limits)) +
           cell(signed_fixed(gate->error_omega_percent, limits ? error_decimals(*limits) + 1 : 3)) +
           cell(counted(*gate)) + cell(significant(gate->duration_ticks * tick_s, 4));
}

std::string uncertainty_cell(const sequences::PositionResult& result) {
    if (!result.budget) {
        return cell("");
    }
    return cell(fmt::format("{} ({})",
                            rounded_up(result.budget->expanded_percent, 2),
                            fixed(result.budget->coverage_factor, 2)));
}

std::string acceptance_cell(const sequences::PositionResult& result) {
    if (!result.judgement) {
        return cell("");
    }
    return cell(fmt::format("{} … {}",
                            signed_fixed(result.judgement->acceptance_lower.value(), 3),
                            signed_fixed(result.judgement->acceptance_upper.value(), 3)));
}

std::string limit_cell(const MeterPoint& entry) {
    const auto& limits = entry.point->point.limits;
    if (!limits) {
        return cell("none");
    }
    return fmt::format("<td title=\"{}\">{}{}</td>",
                       escaped(limits->row + "; " + limits->source),
                       limits_text(*limits),
                       limits->disputed ? "*" : "");
}

std::string accuracy_row(const MeterPoint& entry, double tick_s, bool with_truth) {
    const auto& result = *entry.result;
    std::string cells = set_point_cells(entry);
    cells += cell(escaped(entry.point->point.programme.power_factor.text()));
    cells += limit_cell(entry);
    cells += gate_cells(entry, tick_s);
    cells += uncertainty_cell(result) + acceptance_cell(result);
    if (with_truth) {
        cells += cell(result.true_error_percent ? signed_fixed(*result.true_error_percent, 4) : "");
    }
    cells += cell(badge(result.verdict));
    return fmt::format("<tr class=\"{}\">{}</tr>\n", style_class(result.verdict), cells) +
           reason_row(result, with_truth ? 13 : 12);
}

std::string accuracy_table(const RunResult& run, const std::vector<MeterPoint>& points) {
    const bool with_truth = knows_truth(run);
    std::string rows;
    bool disputed = false;
    for (const auto& entry : points) {
        if (is_accuracy(*entry.point)) {
            rows += accuracy_row(entry, run.instruments.tick_s, with_truth);
            disputed =
                disputed || (entry.point->point.limits && entry.point->point.limits->disputed);
        }
    }
    if (rows.empty()) {
        return {};
    }
    return fmt::format(
        "<table class=\"points\"><thead><tr><th>point</th><th>U<br>V</th><th>I<br>A</th><th>PF</th>"
        "<th>limit<br>%</th><th>error<br>%</th><th>error "
        "Ω<br>%</th><th>intervals</th><th>gate<br>s</th>"
        "<th>U "
        "(k)<br>%</th><th>acceptance<br>%</th>{}<th>verdict</th></tr></thead>\n<tbody>{}</tbody>"
        "</table>\n{}",
        with_truth ? "<th>true error<br>%</th>" : "",
        rows,
        disputed
            ? "<p class=\"note\">* sources dispute this limit; the stricter value is used.</p>\n"
            : "");
}

std::string observation(const MeterPoint& entry) {
    const auto& result = *entry.result;
    const double required = calibration::seconds(entry.point->point.required);
    return fmt::format(
        "{} impulse{} in {} s; {} {} s",
        result.impulses,
        result.impulses == 1 ? "" : "s",
        significant(result.observed_s, 5),
        entry.point->point.programme.kind == PointKind::no_load ? "to be observed for" : "τ =",
        significant(required, 5));
}

std::string impulse_times(const sequences::PositionResult& result) {
    std::string text;
    for (const double time : result.impulse_times_s) {
        text += (text.empty() ? "" : ", ") + significant(time, 5) + " s";
    }
    return text;
}

std::string start_table(const std::vector<MeterPoint>& points) {
    std::string rows;
    for (const auto& entry : points) {
        if (is_accuracy(*entry.point) || is_port_test(*entry.point)) {
            continue;
        }
        const auto& result = *entry.result;
        rows += fmt::format("<tr class=\"{}\">{}{}{}{}</tr>\n",
                            style_class(result.verdict),
                            set_point_cells(entry),
                            cell(observation(entry)),
                            cell(impulse_times(result)),
                            cell(badge(result.verdict))) +
                reason_row(result, 6);
    }
    if (rows.empty()) {
        return {};
    }
    return "<table class=\"points\"><thead><tr><th>point</th><th>U<br>V</th><th>I<br>A</th>"
           "<th>observed</th><th>impulses after "
           "energising</th><th>verdict</th></tr></thead>\n<tbody>" +
           rows +
           "</tbody></table>\n<p class=\"note\">No load, whatever the edition: at most one impulse "
           "in "
           "240 000 / (<i>k m U I</i><sub>st</sub>) min (EN 50470-3). Starting: the first impulse "
           "within 1.5 τ, the second within another 1.5 τ, the third within 1.1 times the interval "
           "between them (after IEC 62052-11:2020, as EN 50470-3:2006 is recalled to name no time; "
           "1.1 is calrig's own). Neither is checked against the bought text.</p>\n";
}

std::string identity(const MeterResult& meter) {
    std::string text;
    for (const auto& [name, value] : meter.identity) {
        text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", escaped(name), escaped(value));
    }
    return text;
}

}  // namespace

std::string meter_section(const RunResult& run, const MeterResult& meter, std::size_t number) {
    const auto points = points_of(run, meter.position);
    std::string facts = fact("serial", escaped(meter.serial));
    facts += fact("LED on channel", std::to_string(meter.led_channel));
    facts +=
        fact("impulses of the pulse output",
             meter.output_edge_ticks.empty() ? "" : std::to_string(meter.output_edge_ticks.size()));
    facts += fact("as read from the meter", identity(meter));
    facts += fact("given up because", escaped(meter.reason));
    return fmt::format(
        "<details class=\"meter {}\" id=\"meter-{}\" open>\n<summary><h2>Position {}{}{}</h2> "
        "{}</summary>\n"
        "<table class=\"facts\">{}</table>\n{}{}{}{}</details>\n",
        style_class(meter.verdict),
        number,
        escaped(meter.position),
        meter.serial.empty() ? "" : ", serial ",
        escaped(meter.serial),
        badge(meter.verdict),
        facts,
        error_plot(points),
        accuracy_table(run, points),
        start_table(points),
        port_tests_table(points, number));
}

}  // namespace reports
