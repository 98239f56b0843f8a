// The keys of the tests over the port.
#include "sequences/programme_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sequences {

namespace {

using calibration::Table;

constexpr calibration::Range share_range{.least = 0.001, .most = 1};
constexpr calibration::Range percent_range{.least = 0, .most = 100};
constexpr calibration::Range count_range{.least = 1, .most = 1e6};
// A percentage that is an error's limit: none at all is no limit.
constexpr calibration::Range limit_range{.least = 0.01, .most = 100};

bool has_load(PointKind kind) {
    switch (kind) {
        case PointKind::heads:
        case PointKind::constant:
        case PointKind::dial:
        case PointKind::tariff:
        case PointKind::pulse_output:
        case PointKind::reactive:
        case PointKind::load_curve:
            return true;
        default:
            return false;
    }
}

void read_load(const Table& table, ProgrammePoint& point) {
    point.voltage = read_voltage(table, "Un");
    point.settle_s = table.optional_number("settle_s", seconds_range).value_or(0);
    if (!has_load(point.kind)) {
        return;
    }
    point.current = table.optional_text("current").value_or("Imax");
    check_current(table, point.current);
    const char* usual = point.kind == PointKind::reactive ? "0.5 ind" : "1";
    point.power_factor =
        read_power_factor(table, table.optional_text("power_factor").value_or(usual));
    if (point.kind == PointKind::reactive && point.power_factor.is_unity()) {
        table.fail("power_factor", "expected reactive power, got \"1\"");
    }
}

std::string usual_name(const ProgrammePoint& point) {
    return has_load(point.kind)
               ? fmt::format(
                     "{} {} PF {}", name(point.kind), point.current, point.power_factor.text())
               : std::string(name(point.kind));
}

void read_expected(const Table& table, PortTest& port) {
    const auto expected = table.optional_table("expect");
    if (!expected) {
        return;
    }
    for (const std::string& key : expected->keys()) {
        port.expect.emplace_back(key, expected->text(key));
    }
}

void read_tariffs(const Table& table, PortTest& port) {
    for (const double number : table.numbers("tariffs", {.least = 1, .most = 8})) {
        const int tariff = static_cast<int>(number);
        if (tariff != number || std::ranges::find(port.tariffs, tariff) != port.tariffs.end()) {
            table.fail("tariffs", fmt::format("expected whole numbers, each once, got {}", number));
        }
        port.tariffs.push_back(tariff);
    }
    port.broadcast = table.optional_boolean("broadcast").value_or(false);
    port.least_steps = table.optional_integer("least_steps", {.least = 2, .most = 1e6}).value_or(3);
}

void read_settings(const Table& table, PortTest& port) {
    for (const Table& entry : table.tables("settings")) {
        port.settings.push_back({entry.text("quantity"), entry.number("value", {.least = 0})});
        entry.finish();
    }
    if (port.settings.empty()) {
        table.fail("settings",
                   "expected what is to be written, for example "
                   "[{ quantity = \"ct_primary\", value = 100 }]");
    }
    port.may_refuse = table.optional_boolean("may_refuse").value_or(false);
    port.restore = table.optional_boolean("restore").value_or(false);
}

void read_keys(const Table& table, PointKind kind, PortTest& port) {
    switch (kind) {
        case PointKind::identify:
            return read_expected(table, port);
        case PointKind::heads:
            port.least_intervals =
                table.optional_integer("least_intervals", {.least = 3, .most = 1000}).value_or(4);
            return;
        case PointKind::constant:
        case PointKind::dial:
            port.resolution_share =
                table.optional_number("resolution_share", share_range).value_or(0.1);
            return;
        case PointKind::tariff:
            return read_tariffs(table, port);
        case PointKind::pulse_output:
            port.least_impulses =
                table.optional_integer("least_impulses", count_range).value_or(10);
            return;
        case PointKind::reactive:
            port.resolution_share =
                table.optional_number("resolution_share", share_range).value_or(0.1);
            port.most_error_percent = table.number("most_error_percent", limit_range);
            return;
        case PointKind::communication:
            port.reads = table.optional_integer("reads", count_range).value_or(100);
            port.most_errors_percent =
                table.optional_number("most_errors_percent", percent_range).value_or(0);
            return;
        case PointKind::set_up:
            return read_settings(table, port);
        case PointKind::load_curve:
            port.periods = table.optional_integer("periods", {.least = 1, .most = 100}).value_or(1);
            port.most_error_percent = table.number("most_error_percent", limit_range);
            return;
        default:
            return;
    }
}

}  // namespace

void read_port_test(const Table& table, ProgrammePoint& point) {
    read_load(table, point);
    read_keys(table, point.kind, point.port);
    point.name = table.optional_text("name").value_or(usual_name(point));
}

}  // namespace sequences
