#include "sequences/programme.hpp"

#include "calibration/document.hpp"
#include "sequences/programme_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace sequences {

namespace {

using calibration::LoadKind;
using calibration::PowerFactor;
using calibration::Table;

StopRule read_stop_rule(const Table& table) {
    StopRule stop;
    stop.least_intervals =
        table.optional_integer("least_intervals", {.least = 1, .most = 1e7}).value_or(10);
    stop.least_time_s = table.optional_number("least_time_s", seconds_range).value_or(10);
    stop.most_time_s = table.number("most_time_s", {.least = 1, .most = 1e6});
    if (stop.most_time_s < stop.least_time_s) {
        table.fail("most_time_s",
                   fmt::format("expected at least least_time_s = {:g}", stop.least_time_s));
    }
    return stop;
}

std::string point_name(const ProgrammePoint& point) {
    const std::string element =
        point.load == LoadKind::single_phase ? fmt::format(" L{}", point.phase + 1) : "";
    const std::string voltage = point.voltage == "Un" ? "" : fmt::format(" at {}", point.voltage);
    return fmt::format("{}{} PF {}{}", point.current, element, point.power_factor.text(), voltage);
}

std::vector<std::size_t> read_phases(const Table& table, LoadKind load) {
    if (load == LoadKind::balanced) {
        return {0};
    }
    std::vector<std::size_t> phases;
    for (const std::string& text : table.texts("phases")) {
        if (text != "L1" && text != "L2" && text != "L3") {
            table.fail("phases",
                       fmt::format("expected \"L1\", \"L2\" or \"L3\", got \"{}\"", text));
        }
        phases.push_back(static_cast<std::size_t>(text[1] - '1'));
    }
    if (phases.empty()) {
        table.fail("phases", "expected the phases to load one after another");
    }
    return phases;
}

std::vector<PowerFactor> read_power_factors(const Table& table) {
    std::vector<PowerFactor> factors;
    for (const std::string& text : table.texts("power_factor")) {
        factors.push_back(read_power_factor(table, text));
    }
    if (factors.empty()) {
        factors.push_back(PowerFactor::unity());
    }
    return factors;
}

// One table stands for every combination of its currents, power factors and phases, in that order.
void read_accuracy(const Table& table, std::vector<ProgrammePoint>& points) {
    ProgrammePoint point;
    point.voltage = read_voltage(table, "Un");
    point.settle_s = table.optional_number("settle_s", seconds_range).value_or(0);
    point.stop = read_stop_rule(table);
    point.load = table.optional_one_of("load", {"balanced", "single-phase"}).value_or("balanced") ==
                         "balanced"
                     ? LoadKind::balanced
                     : LoadKind::single_phase;
    const auto currents = table.texts("current");
    if (currents.empty()) {
        table.fail("current", "expected one or more currents, for example [\"Itr\", \"Imax\"]");
    }
    const auto phases = read_phases(table, point.load);
    const auto factors = read_power_factors(table);
    for (const std::string& current : currents) {
        check_current(table, current);
        for (const PowerFactor& factor : factors) {
            for (const std::size_t phase : phases) {
                point.current = current;
                point.power_factor = factor;
                point.phase = phase;
                point.name = point_name(point);
                points.push_back(point);
            }
        }
    }
}

// A point of meters of one connection only.
std::optional<calibration::Connection> read_connection(const Table& table) {
    const auto text = table.optional_one_of("connection", {"direct", "ct"});
    if (!text) {
        return std::nullopt;
    }
    return *text == "ct" ? calibration::Connection::transformer : calibration::Connection::direct;
}

void read_no_load_or_starting(const Table& table, ProgrammePoint& point) {
    const bool no_load = point.kind == PointKind::no_load;
    point.name = table.text("name");
    point.voltage = read_voltage(table, no_load ? "1.15 Un" : "Un");
    if (!no_load) {
        point.current = table.optional_text("current").value_or("Ist");
        check_current(table, point.current);
    }
    point.settle_s = table.optional_number("settle_s", seconds_range).value_or(0);
}

void read_point(const Table& table, std::vector<ProgrammePoint>& points) {
    const std::size_t before = points.size();
    const PointKind kind = read_kind(table);
    if (kind == PointKind::accuracy) {
        read_accuracy(table, points);
    } else {
        points.push_back({.kind = kind});
        if (is_port_test(kind)) {
            read_port_test(table, points.back());
        } else {
            read_no_load_or_starting(table, points.back());
        }
    }
    const auto connection = read_connection(table);
    for (std::size_t i = before; i < points.size(); ++i) {
        points[i].connection = connection;
    }
    table.finish();
}

// Points of different connections never meet in one plan.
bool may_share_name(const ProgrammePoint& a, const ProgrammePoint& b) {
    return a.connection && b.connection && *a.connection != *b.connection;
}

void check_names(const Table& root, const std::vector<ProgrammePoint>& points) {
    for (auto point = points.begin(); point != points.end(); ++point) {
        if (std::any_of(points.begin(), point, [&](const auto& other) {
                return other.name == point->name && !may_share_name(other, *point);
            })) {
            root.fail("point",
                      fmt::format("expected every point once, got '{}' twice", point->name));
        }
    }
}

}  // namespace

Programme parse_programme(std::string_view text, std::string_view file) {
    const Table root = calibration::parse_document(text, file);
    Programme programme{
        .id = root.text("id"), .title = root.text("title"), .limits = root.texts("limits")};
    programme.attempts =
        static_cast<int>(root.optional_integer("attempts", {.least = 1, .most = 20}).value_or(3));
    if (programme.limits.empty()) {
        root.fail("limits", "expected one or more editions");
    }
    for (const Table& table : root.tables("point")) {
        read_point(table, programme.points);
    }
    if (programme.points.empty()) {
        root.fail("point", "expected at least one test point");
    }
    check_names(root, programme.points);
    root.finish();
    return programme;
}

calibration::EmbeddedText programme_text(std::string_view id) {
    std::vector<std::string_view> known;
    for (const calibration::EmbeddedText& text : programme_texts()) {
        known.push_back(text.name.substr(0, text.name.rfind('.')));
        if (known.back() == id) {
            return text;
        }
    }
    throw calibration::DataError(
        fmt::format("programme '{}': expected a file or one of {}", id, fmt::join(known, ", ")));
}

}  // namespace sequences
