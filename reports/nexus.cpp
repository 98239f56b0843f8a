// Derived from the points for viewers; the reader does not look at it.
#include "reports/nexus.hpp"

#include "calibration/check.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace reports {
namespace {

using calibration::Verdict;
using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// Numbers in C order, one row after the other.
template <class Value>
struct Matrix {
    std::vector<Value> values;
    h5::Group::Shape shape;
    Matrix(std::size_t rows, std::size_t columns, Value fill)
        : values(rows * columns, fill), shape{rows, columns} {}
    Value& at(std::size_t row, std::size_t column) { return values[row * shape[1] + column]; }
};

double error_of(const PositionResult& result) {
    return result.gate ? result.gate->error_pi_percent : nothing;
}
double uncertainty_of(const PositionResult& result) {
    return result.budget ? result.budget->expanded_percent : nothing;
}

using OfPosition = std::function<double(const PointResult&, const PositionResult&)>;

Matrix<double> table(const RunResult& run, const Columns& columns, const OfPosition& value) {
    Matrix<double> matrix(run.points.size(), columns.names().size(), nothing);
    for (std::size_t row = 0; row < run.points.size(); ++row) {
        for (const auto& position : run.points[row].positions) {
            matrix.at(row, columns.of(position.position)) = value(run.points[row], position);
        }
    }
    return matrix;
}

void write_percent(h5::Group& group, const char* name, const char* title, const Matrix<double>& m) {
    h5::Node node = group.create(name, m.values, m.shape);
    node.set("units", std::string_view("percent"));
    node.set("long_name", std::string_view(title));
}

void write_verdicts(h5::Group& group, const RunResult& run, const Columns& columns) {
    Matrix<std::int8_t> matrix(
        run.points.size(), columns.names().size(), static_cast<std::int8_t>(Verdict::not_run));
    for (std::size_t row = 0; row < run.points.size(); ++row) {
        for (const auto& position : run.points[row].positions) {
            matrix.at(row, columns.of(position.position)) =
                static_cast<std::int8_t>(position.verdict);
        }
    }
    std::vector<std::int8_t> values;
    std::string meanings;
    for (const auto verdict : {Verdict::pass,
                               Verdict::fail,
                               Verdict::inconclusive,
                               Verdict::suspect,
                               Verdict::invalid,
                               Verdict::not_run}) {
        std::string word(calibration::name(verdict));
        std::ranges::replace(word, ' ', '_');
        values.push_back(static_cast<std::int8_t>(verdict));
        meanings += (meanings.empty() ? "" : " ") + word;
    }
    h5::Node node = group.create("verdict", matrix.values, matrix.shape);
    node.set("flag_values", std::span<const std::int8_t>(values));
    node.set("flag_meanings", std::string_view(meanings));
}

bool has_errors(const RunResult& run) {
    return std::ranges::any_of(run.points, [](const PointResult& point) {
        return std::ranges::any_of(point.positions,
                                   [](const auto& p) { return p.gate.has_value(); });
    });
}

void write_results(h5::Group group, const RunResult& run, const Columns& columns) {
    const std::vector<std::string> axes{"point_name", "position"};
    group.set("NX_class", std::string_view("NXdata"));
    // A run without errors opens on its verdicts rather than on an empty plot.
    group.set("signal", std::string_view(has_errors(run) ? "error_percent" : "verdict"));
    group.set("axes", std::span<const std::string>(axes));
    const auto write = [&](const char* name, const char* title, const OfPosition& value) {
        write_percent(group, name, title, table(run, columns, value));
    };
    write("error_percent", "error (%)", [](const auto&, const auto& r) { return error_of(r); });
    write("expanded_uncertainty_percent",
          "expanded uncertainty (%)",
          [](const auto&, const auto& r) { return uncertainty_of(r); });
    write("limit_lower_percent", "lower limit (%)", [](const auto& p, const auto&) {
        return p.point.limits ? p.point.limits->lower.value() : nothing;
    });
    write("limit_upper_percent", "upper limit (%)", [](const auto& p, const auto&) {
        return p.point.limits ? p.point.limits->upper.value() : nothing;
    });
    write_verdicts(group, run, columns);
    std::vector<std::string> names, kinds;
    for (const auto& point : run.points) {
        names.push_back(point.point.programme.name);
        kinds.emplace_back(sequences::name(point.point.programme.kind));
    }
    group.create_texts("point_name", names);
    group.create_texts("point_kind", kinds);
    group.create_texts("position", columns.names());
}

double current_of(const PointResult& point) { return point.point.load.phases[0].current.value(); }

// Balanced points at unity power factor by rising current: the curve every meter engineer draws
// first.
std::vector<const PointResult*> curve_points(const RunResult& run) {
    std::vector<const PointResult*> points;
    for (const auto& result : run.points) {
        const auto& programme = result.point.programme;
        if (programme.kind == sequences::PointKind::accuracy &&
            programme.load == calibration::LoadKind::balanced &&
            programme.power_factor.is_unity()) {
            points.push_back(&result);
        }
    }
    std::ranges::sort(points, [](const PointResult* a, const PointResult* b) {
        return std::pair{current_of(*a), a} < std::pair{current_of(*b), b};
    });
    return points;
}

void write_curve(h5::Group group,
                 const std::vector<const PointResult*>& points,
                 const Columns& columns) {
    Matrix<double> errors(columns.names().size(), points.size(), nothing);
    Matrix<double> uncertainties = errors;
    std::vector<double> currents;
    for (std::size_t at = 0; at < points.size(); ++at) {
        currents.push_back(current_of(*points[at]));
        for (const auto& position : points[at]->positions) {
            errors.at(columns.of(position.position), at) = error_of(position);
            uncertainties.at(columns.of(position.position), at) = uncertainty_of(position);
        }
    }
    const std::vector<std::string> axes{".", "current_a"};
    group.set("NX_class", std::string_view("NXdata"));
    group.set("signal", std::string_view("error_percent"));
    group.set("axes", std::span<const std::string>(axes));
    group.set("current_a_indices", std::int64_t{1});
    group.set("title", std::string_view("Error at unity power factor, one row per position"));
    h5::Node signal = group.create("error_percent", errors.values, errors.shape);
    signal.set("units", std::string_view("percent"));
    signal.set("long_name", std::string_view("error (%)"));
    signal.set("interpretation", std::string_view("spectrum"));
    group.create("error_percent_errors", uncertainties.values, uncertainties.shape);
    h5::Node axis = group.create("current_a", currents);
    axis.set("units", std::string_view("A"));
    axis.set("long_name", std::string_view("current (A)"));
    group.create_texts("position", columns.names());
}

}  // namespace

Columns::Columns(const RunResult& run) {
    const auto add = [&](const std::string& name) {
        if (std::ranges::find(names_, name) == names_.end()) {
            names_.push_back(name);
        }
    };
    for (const auto& meter : run.meters) {
        add(meter.position);
    }
    for (const auto& point : run.points) {
        for (const auto& position : point.positions) {
            add(position.position);
        }
    }
}

std::size_t Columns::of(const std::string& position) const {
    const auto found = std::ranges::find(names_, position);
    calibration::check(found != names_.end(), "a position of the run");
    return static_cast<std::size_t>(found - names_.begin());
}

void write_nexus_views(h5::Group& entry, const RunResult& run) {
    const Columns columns(run);
    write_results(entry.create_group("results"), run, columns);
    const auto points = curve_points(run);
    if (!points.empty()) {
        write_curve(entry.create_group("error_curve"), points, columns);
    }
    entry.set("default", std::string_view(points.empty() ? "results" : "error_curve"));
}

}  // namespace reports
