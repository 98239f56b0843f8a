// What did not pass and why, before anything else: meter by meter, the gravest first.
#include "reports/check_text.hpp"
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace reports {
namespace {

using calibration::Verdict;
using sequences::CheckLine;
using sequences::MeterResult;
using sequences::PointKind;
using sequences::RunResult;

// More than these are counted, not listed: the sections of the meters have them all.
constexpr std::size_t most_entries = 8, most_lines = 3;

bool stands_out(Verdict verdict) { return verdict != Verdict::pass && verdict != Verdict::not_run; }

// A meter that is not where it should be makes everything else about it meaningless.
int gravity(const MeterPoint& entry) {
    const PointKind kind = entry.point->point.programme.kind;
    if (kind == PointKind::heads || kind == PointKind::identify) {
        return 0;
    }
    switch (entry.result->verdict) {
        case Verdict::fail:
            return 1;
        case Verdict::invalid:
            return 2;
        case Verdict::suspect:
            return 3;
        default:
            return 4;
    }
}

std::string line_text(const CheckLine& line) {
    const CheckTexts texts = check_texts(line, {.minus = "−", .plus_minus = "±"});
    return fmt::format("<br><small>{}: {}{}</small>",
                       escaped(line.what),
                       escaped(texts.found),
                       texts.permitted.empty() ? "" : "; permitted " + escaped(texts.permitted));
}

// Measuring points of one verdict share an entry: a meter that is off is so at most of them.
struct Entry {
    MeterPoint first;
    std::size_t others = 0;
};

std::vector<Entry> entries_of(const std::vector<MeterPoint>& points) {
    std::vector<Entry> entries;
    for (const MeterPoint& point : points) {
        const auto same = std::ranges::find_if(entries, [&](const Entry& entry) {
            return is_accuracy(*point.point) && is_accuracy(*entry.first.point) &&
                   entry.first.result->verdict == point.result->verdict;
        });
        if (same == entries.end()) {
            entries.push_back({point});
        } else {
            ++same->others;
        }
    }
    return entries;
}

// The reason says it in words; the first lines that failed say it in numbers.
std::string entry_text(const Entry& entry) {
    const auto& result = *entry.first.result;
    const std::string others =
        entry.others == 0
            ? std::string()
            : fmt::format("; and {} other point{}", entry.others, entry.others == 1 ? "" : "s");
    std::string html = fmt::format("<li>{} <b>{}</b>: {}{}",
                                   symbol(result.verdict),
                                   escaped(entry.first.point->point.programme.name),
                                   escaped(result.reason),
                                   others);
    std::size_t shown = 0;
    for (const CheckLine& line : result.checks) {
        if (stands_out(line.verdict) && adds_to(result.reason, line) && shown < most_lines) {
            html += line_text(line);
            ++shown;
        }
    }
    return html + "</li>";
}

std::vector<MeterPoint> what_stands_out(const RunResult& run, const MeterResult& meter) {
    std::vector<MeterPoint> points = points_of(run, meter.position);
    // What a meter was given up for stands above its points already.
    std::erase_if(points, [&](const MeterPoint& entry) {
        return !stands_out(entry.result->verdict) ||
               (!meter.reason.empty() && entry.result->reason == meter.reason);
    });
    std::ranges::sort(points, {}, [](const MeterPoint& entry) {
        return std::pair{gravity(entry), entry.point->point.index};
    });
    return points;
}

std::string reasons(const RunResult& run, const MeterResult& meter) {
    std::string items;
    if (!meter.reason.empty()) {
        items += fmt::format("<li><b>given up</b>: {}</li>", escaped(meter.reason));
    }
    const auto entries = entries_of(what_stands_out(run, meter));
    for (std::size_t at = 0; at < std::min(entries.size(), most_entries); ++at) {
        items += entry_text(entries[at]);
    }
    if (entries.size() > most_entries) {
        items += fmt::format("<li>and {} more</li>", entries.size() - most_entries);
    }
    if (meter.registers && stands_out(meter.registers->verdict)) {
        items += fmt::format("<li>{} <b>registers against LED</b>: {}</li>",
                             symbol(meter.registers->verdict),
                             escaped(meter.registers->reason));
    }
    return items;
}

std::string row(const RunResult& run, const MeterResult& meter, std::size_t number) {
    const std::string items = reasons(run, meter);
    return fmt::format(
        "<tr><th scope=\"row\"><a href=\"#meter-{}\">{}</a><br><small>{}</small></th><td>{}</td>"
        "<td class=\"text\">{}</td></tr>\n",
        number,
        escaped(meter.position),
        escaped(meter.serial),
        badge(meter.verdict),
        items.empty() ? "" : "<ul>" + items + "</ul>");
}

// Swapped heads and ports concern the bench, not a meter: nothing below can be trusted before they
// are put right.
std::string wiring(const RunResult& run) {
    std::string items;
    for (const auto& point : run.points) {
        for (const auto& result : point.positions) {
            if (point.point.programme.kind == PointKind::heads && stands_out(result.verdict)) {
                items += fmt::format(
                    "<li>Position {}: {}</li>\n", escaped(result.position), escaped(result.reason));
            }
        }
    }
    return items.empty() ? items
                         : "<div class=\"notice\"><strong>Heads or ports are not where the bench "
                           "file says.</strong>\n<ul>" +
                               items + "</ul></div>\n";
}

}  // namespace

std::string failures_section(const RunResult& run) {
    std::string rows;
    for (std::size_t number = 0; number < run.meters.size(); ++number) {
        if (stands_out(run.meters[number].verdict) || !run.meters[number].reason.empty()) {
            rows += row(run, run.meters[number], number);
        }
    }
    if (rows.empty()) {
        return wiring(run);
    }
    return section(
        "What did not pass",
        wiring(run) +
            "<table class=\"points failures\"><thead><tr><th>position</th>"
            "<th class=\"text\">verdict</th><th class=\"text\">why</th></tr></thead>\n<tbody>" +
            rows + "</tbody></table>\n");
}

}  // namespace reports
