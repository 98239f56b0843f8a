// Curves by power factor and kind of load.
#include "reports/plot_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace reports {
namespace {

// Distinct in print and for the colour-blind (Okabe and Ito).
constexpr std::array<std::string_view, 6> palette{
    "#0b4f8a", "#d55e00", "#00805f", "#9a3f7c", "#6b5b00", "#444444"};

bool is_single(const sequences::ProgrammePoint& point) {
    return point.load == calibration::LoadKind::single_phase;
}

int phase_of(const sequences::ProgrammePoint& point) {
    return is_single(point) ? static_cast<int>(point.phase) : -1;
}

std::string label_of(const sequences::ProgrammePoint& point) {
    std::string label = "PF " + point.power_factor.text();
    return is_single(point) ? fmt::format("{}, L{} alone", label, point.phase + 1) : label;
}

Mark mark_of(const MeterPoint& entry) {
    const auto& point = entry.point->point;
    double current = 0;
    for (const auto& phase : point.load.phases) {
        current = std::max(current, phase.current.value());
    }
    return {current,
            entry.result->gate->error_pi_percent,
            entry.result->budget ? entry.result->budget->expanded_percent : 0,
            point.limits,
            entry.result->verdict,
            point.programme.name};
}

class Colours {
  public:
    std::string_view of(const std::string& factor) {
        auto found = std::ranges::find(factors_, factor);
        if (found == factors_.end()) {
            found = factors_.insert(factors_.end(), factor);
        }
        return palette[static_cast<std::size_t>(found - factors_.begin()) % palette.size()];
    }

  private:
    std::vector<std::string> factors_;
};

}  // namespace

std::vector<Series> series_of(const std::vector<MeterPoint>& points) {
    std::vector<Series> all;
    Colours colours;
    for (const auto& entry : points) {
        if (!is_accuracy(*entry.point) || !entry.result->gate) {
            continue;
        }
        const auto& programme = entry.point->point.programme;
        const std::string label = label_of(programme);
        auto found = std::ranges::find(all, label, &Series::label);
        if (found == all.end()) {
            const auto colour = colours.of(programme.power_factor.text());
            found = all.insert(all.end(), Series{label, colour, phase_of(programme), {}});
        }
        found->marks.push_back(mark_of(entry));
    }
    for (auto& series : all) {
        std::ranges::sort(series.marks, [](const Mark& a, const Mark& b) {
            return std::pair{a.current_a, a.name} < std::pair{b.current_a, b.name};
        });
    }
    return all;
}

}  // namespace reports
