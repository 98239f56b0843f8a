// What holds for all meters at once: conditions measured, repetitions, registers.
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"
#include "reports/remarks.hpp"

#include <fmt/format.h>

#include <span>

namespace reports {
namespace {

using sequences::Conditions;
using sequences::RunResult;
using sequences::Spread;

std::string spread(const Spread& value, int digits) {
    return fmt::format("{} <small>({} … {})</small>",
                       significant(value.mean, digits),
                       significant(value.least, digits),
                       significant(value.most, digits));
}

std::string spreads(std::span<const Spread> values, int digits) {
    std::string lines;
    for (const auto& value : values) {
        lines += (lines.empty() ? "" : "<br>") + spread(value, digits);
    }
    return lines;
}

std::string condition_row(const sequences::PointResult& point) {
    const Conditions& seen = *point.conditions;
    return fmt::format(
        "<tr><th scope=\"row\">{}<br><small>{} … {} s</small></th><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td><td>{}</td><td>{}</td></tr>\n",
        escaped(point.point.programme.name),
        fixed(point.started_s, 0),
        fixed(point.ended_s, 0),
        spreads(seen.voltage_v, 6),
        spreads(seen.current_a, 5),
        spreads(seen.displacement_deg, 5),
        spread(seen.frequency_hz, 5),
        spread(seen.power_w, 6),
        seen.readings);
}

std::string register_row(const sequences::MeterResult& meter) {
    const auto& check = *meter.registers;
    return fmt::format(
        "<tr class=\"{}\"><th "
        "scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td><td>{}</td><td>{}</td></tr>\n",
        style_class(check.verdict),
        escaped(meter.position),
        shortest(check.before_kwh),
        shortest(check.after_kwh),
        fixed(check.advance_kwh, 4),
        check.led_impulses,
        fixed(check.led_kwh, 4),
        shortest(check.step_kwh),
        badge(check.verdict),
        escaped(check.reason));
}

}  // namespace

std::string registers_section(const RunResult& run) {
    std::string rows;
    std::string unread;
    for (const auto& meter : run.meters) {
        if (meter.registers) {
            rows += register_row(meter);
        } else {
            unread += (unread.empty() ? "" : ", ") + escaped(meter.position);
        }
    }
    const std::string title = "Energy registers against LED";
    const std::string missing =
        unread.empty()
            ? ""
            : fmt::format("<p class=\"note\">Not read, hence not checked: position {}.</p>\n",
                          unread);
    if (rows.empty()) {
        return missing.empty() ? missing : section(title, missing);
    }
    return section(
        title,
        missing +
            "<table "
            "class=\"points\"><thead><tr><th>position</th><th>before<br>kWh</th><th>after<br>kWh</"
            "th>"
            "<th>advance<br>kWh</th><th>LED<br>impulses</th><th>LED<br>kWh</th><th>register "
            "step<br>kWh</th>"
            "<th>verdict</th><th>reason</th></tr></thead>\n<tbody>" +
            rows + "</tbody></table>\n");
}

std::string conditions_section(const RunResult& run) {
    std::string rows;
    for (const auto& point : run.points) {
        if (point.conditions) {
            rows += condition_row(point);
        }
    }
    if (rows.empty()) {
        return {};
    }
    return section(
        "Conditions measured by the reference standard",
        "<p class=\"note\">Mean (least … most) over the accepted gate; three lines are L1, L2, "
        "L3. Not measured by this bench: ambient temperature and humidity, distortion, external "
        "induction; whoever signs answers for them.</p>\n"
        "<table class=\"points conditions\"><thead><tr><th>point<br>bench time</th><th>U<br>V</th>"
        "<th>I<br>A</th><th>φ<br>°</th><th>f<br>Hz</th><th>P<br>W</th><th>readings</th></tr></"
        "thead>\n"
        "<tbody>" +
            rows + "</tbody></table>\n");
}

std::string repetitions_section(const RunResult& run) {
    std::string rows;
    for (const auto& point : run.points) {
        for (const auto& event : point.invalidations) {
            rows += fmt::format(
                "<tr><th scope=\"row\">{}</th><td>{} of {}</td><td>{}</td><td "
                "class=\"text\">{}</td></tr>\n",
                escaped(point.point.programme.name),
                event.attempt,
                point.attempts,
                event.position.empty() ? "all" : escaped(event.position),
                escaped(event.reason));
        }
    }
    if (rows.empty()) {
        return section("Invalid or repeated",
                       "<p>Nothing was invalid, nothing was repeated.</p>\n");
    }
    return section(
        "Invalid or repeated",
        "<table class=\"points\"><thead><tr><th>point</th><th>attempt</th><th>position</th>"
        "<th>why</th></tr></thead>\n<tbody>" +
            rows + "</tbody></table>\n");
}

std::string remarks_section(const RunResult& run) {
    std::string items;
    for (const auto& remark : gathered_remarks(run.remarks)) {
        items += fmt::format("<li>{}</li>\n", escaped(remark));
    }
    return section("Remarks", items.empty() ? "<p>None.</p>\n" : "<ul>" + items + "</ul>\n");
}

std::string signature_section() {
    const auto line = [](std::string_view who) {
        return fmt::format(
            "<div><p>{}</p><p class=\"line\">name</p><p class=\"line\">date and "
            "signature</p></div>",
            who);
    };
    return "<section class=\"signatures\">" + line("Tested by") + line("Reviewed by") +
           "</section>\n";
}

}  // namespace reports
