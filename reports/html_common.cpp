// Pieces that several sections share.
#include "reports/html_parts.hpp"
#include "reports/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reports {

std::vector<MeterPoint> points_of(const sequences::RunResult& run, std::string_view position) {
    std::vector<MeterPoint> points;
    for (const auto& point : run.points) {
        for (const auto& result : point.positions) {
            if (result.position == position) {
                points.push_back({&point, &result});
            }
        }
    }
    return points;
}

bool is_accuracy(const sequences::PointResult& point) {
    return point.point.programme.kind == sequences::PointKind::accuracy;
}

std::string current_text(const sequences::TestPoint& point) {
    const auto& phases = point.load.phases;
    const auto carries = [](const auto& phase) { return phase.current.value() > 0; };
    const auto number = std::ranges::count_if(phases, carries);
    const auto first = std::ranges::find_if(phases, carries);
    if (number == 0) {
        return "0";
    }
    const std::string amperes = shortest(first->current.value());
    if (number == 1) {
        return fmt::format("L{}: {}", first - phases.begin() + 1, amperes);
    }
    return fmt::format("{} × {}", number, amperes);
}

bool knows_truth(const sequences::RunResult& run) {
    return std::ranges::any_of(run.points, [](const auto& point) {
        return std::ranges::any_of(point.positions, [](const auto& result) {
            return result.true_error_percent.has_value();
        });
    });
}

std::string fact(std::string_view name, std::string_view html) {
    if (html.empty()) {
        return {};
    }
    return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", name, html);
}

std::string section(std::string_view title, std::string_view html) {
    return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", title, html);
}

}  // namespace reports
