// What was decided, about which type of meter, on which bench, by which rule.
#include "reports/evidence_image.hpp"
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reports {
namespace {

using calibration::Verdict;
using sequences::RunResult;

std::string counts(const RunResult& run) {
    std::string text;
    for (const auto verdict : {Verdict::pass,
                               Verdict::fail,
                               Verdict::inconclusive,
                               Verdict::suspect,
                               Verdict::invalid,
                               Verdict::not_run}) {
        const auto number =
            std::ranges::count(run.meters, verdict, &sequences::MeterResult::verdict);
        if (number > 0) {
            text += fmt::format("<li>{} {}</li>", number, badge(verdict));
        }
    }
    return text;
}

std::string rule_text(calibration::DecisionRule rule) {
    if (rule == calibration::DecisionRule::guard) {
        return "guard band: the acceptance limits are the limits less the expanded uncertainty U; "
               "beyond a "
               "limit itself fails, between the two is inconclusive";
    }
    return "simple acceptance: the limits as they are, provided that the expanded uncertainty U is "
           "at most a "
           "third of the limit; otherwise inconclusive";
}

std::string amperes(calibration::Ampere current) { return shortest(current.value()) + " A"; }

std::string minimum_current(const RunResult& run) {
    const auto& meter = run.plan.meter;
    const auto used = run.plan.ratings.minimum;
    if (meter.printed_minimum == used && meter.printed_minimum == meter.ratings.minimum) {
        return amperes(used);
    }
    if (meter.printed_minimum == used) {
        return fmt::format("{} as printed; the ratios of the standard give {}",
                           amperes(used),
                           amperes(meter.ratings.minimum));
    }
    return fmt::format("{} is used; printed is {}", amperes(used), amperes(meter.printed_minimum));
}

std::string classes(const std::vector<dut::AccuracyClass>& classes) {
    std::string text;
    for (const auto& entry : classes) {
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", entry.name, entry.standard);
    }
    return escaped(text);
}

std::string connection(const calibration::Ratings& ratings) {
    return fmt::format(
        "{}, {} measuring element{}",
        ratings.connection == calibration::Connection::direct ? "direct" : "by current transformer",
        ratings.measuring_elements,
        ratings.measuring_elements == 1 ? "" : "s");
}

std::string type_remarks(const RunResult& run) {
    std::string items;
    for (const auto& remark : run.plan.remarks) {
        items += fmt::format("<li>{}</li>", escaped(remark));
    }
    return items.empty() ? items : "<ul class=\"remarks\">" + items + "</ul>\n";
}

std::string certificate(const calibration::Certificate& certificate) {
    if (certificate.number.empty()) {
        return "none stated";
    }
    std::string text = fmt::format("{}; U = {} % (k = 2) at PF 1",
                                   certificate.number,
                                   shortest(certificate.expanded_uncertainty_percent));
    if (certificate.expanded_phase_uncertainty_minutes > 0) {
        text += fmt::format("; phase U = {}′ (k = 2)",
                            shortest(certificate.expanded_phase_uncertainty_minutes));
    } else {
        text += "; no phase uncertainty stated, none is counted away from PF 1";
    }
    return escaped(certificate.due.empty() ? text : text + "; due " + certificate.due);
}

std::string bench_time(double seconds) {
    const auto whole = std::llround(seconds);
    return fmt::format("{} h {:02} min {:02} s", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

std::string summary_section(const RunResult& run) {
    std::string html = fmt::format("<section class=\"summary {}\">\n", style_class(run.verdict));
    html += fmt::format("<p class=\"overall\">{}</p>\n", badge(run.verdict));
    html += fmt::format("<div><p class=\"subject\">{} {}, class {}, {}</p>\n",
                        escaped(run.plan.meter.maker),
                        escaped(run.plan.meter.name),
                        escaped(run.plan.accuracy_class),
                        escaped(run.plan.limits.title()));
    html += fmt::format("<ul class=\"counts\"><li>{} meter{}:</li>{}</ul>\n",
                        run.meters.size(),
                        run.meters.size() == 1 ? "" : "s",
                        counts(run));
    if (const std::string partial = sequences::partial_text(run.plan); !partial.empty()) {
        html += fmt::format(
            "<p class=\"aborted\">Partial: {}. This is no verdict on the whole programme.</p>\n",
            escaped(partial));
    }
    if (run.aborted) {
        html += fmt::format("<p class=\"aborted\">The run was aborted: {}</p>\n",
                            escaped(run.abort_reason));
    }
    return html + "</div></section>\n";
}

std::string meter_type_section(const RunResult& run) {
    const auto& meter = run.plan.meter;
    const auto& ratings = run.plan.ratings;
    std::string rows = fact("type", escaped(meter.maker + " " + meter.name));
    rows += fact("part number", escaped(meter.part_number));
    rows += fact("judged by class", escaped(run.plan.accuracy_class));
    rows += fact("active energy", classes(meter.active_classes));
    rows += fact("reactive energy", classes(meter.reactive_classes));
    rows += fact("connection", connection(ratings));
    rows +=
        fact("U<sub>n</sub>", shortest(ratings.nominal_voltage.value()) + " V, phase to neutral");
    rows += fact("f<sub>n</sub>", shortest(ratings.nominal_frequency.value()) + " Hz");
    rows += fact("I<sub>st</sub>", amperes(ratings.starting));
    rows += fact("I<sub>min</sub>", minimum_current(run));
    rows += fact("I<sub>tr</sub>", amperes(ratings.transitional));
    rows += fact("I<sub>ref</sub>", amperes(ratings.reference));
    rows += fact("I<sub>max</sub>", amperes(ratings.maximum));
    rows += fact("constant", shortest(ratings.constant.value()) + " imp/kWh");
    rows += fact("printed values from", escaped(meter.source));
    return section("Meter type",
                   "<table class=\"facts two\">" + rows + "</table>\n" + type_remarks(run));
}

std::string provenance_section(const RunResult& run) {
    const auto& identity = run.identity;
    std::string rows = fact("run", escaped(identity.run_id));
    rows +=
        fact("started",
             escaped(identity.started_at) + (identity.virtual_time ? " (virtual time)" : " (UTC)"));
    rows += fact("bench time", bench_time(run.bench_time_s));
    rows += fact("operator", escaped(identity.operator_name));
    rows += fact("bench", escaped(run.setup.bench_name));
    rows += fact("source", escaped(run.instruments.source));
    rows += fact("reference standard", escaped(run.instruments.reference));
    rows += fact("its certificate", certificate(run.plan.certificate));
    rows += fact("edge capture",
                 fmt::format("{}; tick {} ns",
                             escaped(run.instruments.capture),
                             significant(run.instruments.tick_s * 1e9, 4)));
    rows += fact("programme", escaped(run.setup.programme_name));
    rows += fact("limits", escaped(run.plan.limits.title()));
    rows += fact("decision rule", rule_text(run.setup.rule));
    rows += fact("seed", identity.simulated ? std::to_string(run.setup.seed) : std::string());
    rows += fact(
        "software",
        escaped(fmt::format("calrig {} ({})", identity.software_version, identity.git_commit)));
    rows += fact("SHA-256 of all edges in gates", "<code>" + edges_sha256(run) + "</code>");
    rows += fact("SHA-256 of all impulses", "<code>" + impulses_sha256(run) + "</code>");
    return section("Bench, procedure and software",
                   "<table class=\"facts\">" + rows + "</table>\n");
}

}  // namespace reports
