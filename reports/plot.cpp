// The error curve of one meter: error against current, limits, uncertainty, one colour per power
// factor.
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"
#include "reports/plot_scale.hpp"
#include "reports/plot_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reports {
namespace {

constexpr double width = 760, left = 58, right = 748, top = 12, bottom = 268;
constexpr double legend_top = 312, legend_row = 17, legend_column = 172;

using Limit = calibration::Limits;

struct Frame {
    Scale x, y;
};

// Errors far beyond the limits are drawn at the edge with their value, so that the limits stay
// visible.
constexpr double most_times_the_limit = 3;

double largest_limit(const std::vector<Series>& all) {
    double largest = 0;
    for (const auto& series : all) {
        for (const auto& mark : series.marks) {
            if (mark.limits) {
                largest = std::max({largest,
                                    std::abs(mark.limits->lower.value()),
                                    std::abs(mark.limits->upper.value())});
            }
        }
    }
    return largest;
}

Frame frame_of(const std::vector<Series>& all) {
    double least = all.front().marks.front().current_a, most = least, reach = 0;
    for (const auto& series : all) {
        for (const auto& mark : series.marks) {
            least = std::min(least, mark.current_a);
            most = std::max(most, mark.current_a);
            reach = std::max(reach, std::abs(mark.error_percent) + mark.uncertainty_percent);
        }
    }
    const double limit = largest_limit(all);
    if (limit > 0) {
        reach = std::clamp(reach * 1.1, limit * 1.2, limit * most_times_the_limit);
    }
    reach = std::max(reach, 0.01);
    return {Scale(least / 1.35, most * 1.35, left, right, true),
            Scale(-reach, reach, bottom, top, false)};
}

std::string line(std::string_view style, double x1, double y1, double x2, double y2) {
    return fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
        style,
        x1,
        y1,
        x2,
        y2);
}

std::string text(std::string_view style, double x, double y, std::string_view content) {
    return fmt::format(
        "<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", style, x, y, content);
}

std::string axes(const Frame& frame) {
    std::string svg;
    for (const double tick : frame.x.ticks()) {
        svg += line("grid", frame.x(tick), top, frame.x(tick), bottom);
        svg += text("tick middle", frame.x(tick), bottom + 14, shortest(tick));
    }
    for (const double tick : frame.y.ticks()) {
        svg += line(
            std::abs(tick) < 1e-12 ? "zero" : "grid", left, frame.y(tick), right, frame.y(tick));
        const int decimals = frame.y.to() < 0.2 ? 3 : frame.y.to() < 0.7 ? 2 : 1;
        svg += text("tick end", left - 6, frame.y(tick) + 4, signed_fixed(tick, decimals));
    }
    svg += fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                       left,
                       top,
                       right - left,
                       bottom - top);
    svg += text(
        "label middle", (left + right) / 2, bottom + 31, "current per phase in A (logarithmic)");
    svg += fmt::format(
        "<text class=\"label middle\" transform=\"translate(14 {:.1f}) rotate(-90)\">error in "
        "%</text>\n",
        (top + bottom) / 2);
    return svg;
}

double clipped(const Frame& frame, double percent) {
    return frame.y(std::clamp(percent, frame.y.from(), frame.y.to()));
}

// Limits hold from one current to below the next: steps, not slopes.
std::string stepped(const Frame& frame, const Series& series, calibration::Percent Limit::* side) {
    std::string path;
    double before = 0;
    for (const auto& mark : series.marks) {
        if (mark.limits) {
            const double x = frame.x(mark.current_a);
            const double y = clipped(frame, ((*mark.limits).*side).value());
            path += path.empty() ? fmt::format("M{:.1f} {:.1f}", x, y)
                                 : fmt::format("L{:.1f} {:.1f}V{:.1f}", x, before, y);
            before = y;
        }
    }
    return path;
}

// The limits of a curve as dashed lines.
std::string limit_lines(const Frame& frame, const Series& series) {
    std::string svg;
    for (const auto side : {&Limit::lower, &Limit::upper}) {
        svg += fmt::format("<path class=\"limit\" stroke=\"{}\" d=\"{}\"/>",
                           series.colour,
                           stepped(frame, series, side));
    }
    return svg;
}

// Between the limits of a curve, as an area.
std::string limit_band(const Frame& frame, const Series& series) {
    std::string svg;
    for (std::size_t at = 0; at + 1 < series.marks.size(); ++at) {
        const auto& mark = series.marks[at];
        if (mark.limits) {
            const double x = frame.x(mark.current_a);
            const double high = clipped(frame, mark.limits->upper.value());
            const double low = clipped(frame, mark.limits->lower.value());
            svg += fmt::format("<path class=\"band\" d=\"M{:.1f} {:.1f}H{:.1f}V{:.1f}H{:.1f}z\"/>",
                               x,
                               high,
                               frame.x(series.marks[at + 1].current_a),
                               low,
                               x);
        }
    }
    return svg;
}

// A lone point's limits: short bars above and below it.
std::string limit_bars(const Frame& frame, const Series& series, double shift) {
    std::string svg;
    for (const auto& mark : series.marks) {
        if (!mark.limits) {
            continue;
        }
        for (const auto limit : {mark.limits->lower, mark.limits->upper}) {
            const double x = frame.x(mark.current_a) + shift, y = clipped(frame, limit.value());
            svg += fmt::format(
                "<line class=\"limit\" stroke=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" "
                "x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
                series.colour,
                x - 7,
                y,
                x + 7,
                y);
        }
    }
    return svg;
}

// Balanced loads are filled discs; one phase alone is a hollow triangle, square or diamond.
std::string shape(const Series& series, double x, double y) {
    const std::string paint = fmt::format(
        "stroke=\"{0}\" fill=\"{1}\"", series.colour, series.phase < 0 ? series.colour : "#fff");
    switch (series.phase) {
        case 0:
            return fmt::format(
                "<path class=\"mark\" {} d=\"M{:.1f} {:.1f}l4.6 8h-9.2z\"/>", paint, x, y - 5);
        case 1:
            return fmt::format(
                "<path class=\"mark\" {} d=\"M{:.1f} {:.1f}h8v8h-8z\"/>", paint, x - 4, y - 4);
        case 2:
            return fmt::format(
                "<path class=\"mark\" {} d=\"M{:.1f} {:.1f}l5 5l-5 5l-5-5z\"/>", paint, x, y - 5);
        default:
            return fmt::format(
                "<circle class=\"mark\" {} cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.6\"/>", paint, x, y);
    }
}

std::string beyond(const Frame& frame, const Mark& mark, double x) {
    const double y = clipped(frame, mark.error_percent);
    if (y == frame.y(mark.error_percent)) {
        return {};
    }
    const bool is_high = mark.error_percent > 0;
    return text("beyond",
                x + 7,
                y + (is_high ? 12 : -5),
                fmt::format("{} {} %", is_high ? "↑" : "↓", signed_fixed(mark.error_percent, 2)));
}

std::string marks(const Frame& frame, const Series& series, double shift) {
    std::string svg, path;
    for (const auto& mark : series.marks) {
        const double x = frame.x(mark.current_a) + shift, y = clipped(frame, mark.error_percent);
        path += fmt::format("{:.1f},{:.1f} ", x, y);
        const double high = clipped(frame, mark.error_percent + mark.uncertainty_percent);
        const double low = clipped(frame, mark.error_percent - mark.uncertainty_percent);
        svg += fmt::format(
            "<path class=\"bar\" stroke=\"{}\" d=\"M{:.1f} {:.1f}h6m-3 0V{:.1f}m-3 0h6\"/>",
            series.colour,
            x - 3,
            high,
            low);
        svg += fmt::format("<g><title>{}: {} % ± {} %</title>{}</g>",
                           escaped(mark.name),
                           error_text(mark.error_percent, mark.limits),
                           significant(mark.uncertainty_percent, 2),
                           shape(series, x, y));
        if (mark.verdict != calibration::Verdict::pass) {
            svg +=
                fmt::format("<circle class=\"ring\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"7.5\"/>", x, y);
        }
        svg += beyond(frame, mark, x);
    }
    const std::string curve =
        series.phase < 0
            ? fmt::format(
                  "<polyline class=\"curve\" stroke=\"{}\" points=\"{}\"/>", series.colour, path)
            : "";
    return curve + svg + "\n";
}

std::string legend_entry(std::size_t index, std::string_view sample, std::string_view label) {
    const double x = left + legend_column * static_cast<double>(index % 4);
    const std::size_t row = index / 4;
    const double y = legend_top + legend_row * static_cast<double>(row);
    return fmt::format("<g transform=\"translate({:.1f} {:.1f})\">{}{}</g>",
                       x,
                       y,
                       sample,
                       text("label", 22, 4, label));
}

std::string legend(const std::vector<Series>& all) {
    std::string svg;
    std::size_t index = 0;
    for (const auto& series : all) {
        svg += legend_entry(index++, shape(series, 8, 0), escaped(series.label));
    }
    svg +=
        legend_entry(index++, "<path class=\"limit\" stroke=\"#444444\" d=\"M0 0h18\"/>", "limits");
    svg += legend_entry(index++,
                        "<path class=\"bar\" stroke=\"#444444\" d=\"M5 -6h6m-3 0V6m-3 0h6\"/>",
                        "expanded uncertainty U");
    svg +=
        legend_entry(index++, "<circle class=\"ring\" cx=\"8\" cy=\"0\" r=\"6\"/>", "did not pass");
    return svg;
}

}  // namespace

std::string error_plot(const std::vector<MeterPoint>& points) {
    const std::vector<Series> all = series_of(points);
    if (all.empty()) {
        return {};
    }
    const Frame frame = frame_of(all);
    const double rows = std::ceil(static_cast<double>(all.size() + 3) / 4);
    std::string svg = fmt::format(
        "<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"error in percent "
        "against current\">\n",
        width,
        legend_top + legend_row * rows - 4);
    std::string limits, curves;
    bool first = true;
    for (std::size_t at = 0; at < all.size(); ++at) {
        // A few pixels apart, so that curves that share their currents stay readable.
        const double shift =
            3.2 * (static_cast<double>(at) - static_cast<double>(all.size() - 1) / 2);
        const bool is_curve = all[at].phase < 0;
        limits += is_curve && first ? limit_band(frame, all[at]) : "";
        limits += is_curve ? limit_lines(frame, all[at]) : limit_bars(frame, all[at], shift);
        first = first && !is_curve;
        curves += marks(frame, all[at], shift);
    }
    return svg + limits + axes(frame) + curves + legend(all) + "</svg>\n";
}

}  // namespace reports
