// The page as a whole: head, running header, sections, signatures.
#include "reports/html.hpp"
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"

#include <fmt/format.h>

namespace reports {
namespace {

using sequences::RunResult;

bool simulated(const RunResult& run) { return run.identity.simulated || run.identity.virtual_time; }

std::string title(const RunResult& run) {
    const std::string& programme = run.plan.programme.title;
    return escaped(programme.empty() ? run.setup.programme_name : programme);
}

std::string head(const RunResult& run) {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{}{} - {}</title>\n<style>\n{}</style>\n</head>\n",
        simulated(run) ? "SIMULATED - " : "",
        title(run),
        escaped(run.identity.run_id),
        page_texts().front().text);
}

// Repeated on every printed page, as a table's head is.
std::string running_header(const RunResult& run) {
    return fmt::format(
        "<div class=\"running\"><span>{}</span><span class=\"mark\">{}</span>"
        "<span>run {} · {}</span></div>",
        title(run),
        simulated(run) ? "SIMULATED" : "",
        escaped(run.identity.run_id),
        escaped(run.identity.started_at));
}

std::string notice(const RunResult& run) {
    if (!simulated(run)) {
        return {};
    }
    return "<p class=\"notice\"><strong>SIMULATED.</strong> These results come from the digital "
           "twin of a "
           "bench. No meter was measured, and nothing here says anything about a real one.</p>\n";
}

std::string content(const RunResult& run) {
    std::string html = notice(run);
    html += fmt::format("<h1>{}</h1>\n", title(run));
    html += summary_section(run);
    html += failures_section(run);
    html += matrix_section(run);
    html += port_matrix_section(run);
    html += meter_type_section(run);
    html += provenance_section(run);
    for (std::size_t number = 0; number < run.meters.size(); ++number) {
        html += meter_section(run, run.meters[number], number);
    }
    html += registers_section(run);
    html += conditions_section(run);
    html += repetitions_section(run);
    html += limits_section(run);
    html += uncertainty_section(run);
    html += remarks_section(run);
    html += signature_section();
    return html;
}

}  // namespace

std::string render_html(const RunResult& run) {
    const std::string watermark =
        simulated(run) ? "<div class=\"watermark\" aria-hidden=\"true\">SIMULATED</div>\n" : "";
    return fmt::format(
        "{}<body>\n{}<table class=\"sheet\"><thead><tr><td>{}</td></tr></thead>\n"
        "<tbody><tr><td>\n<main>\n{}</main>\n</td></tr></tbody></table>\n</body>\n</html>\n",
        head(run),
        watermark,
        running_header(run),
        content(run));
}

}  // namespace reports
