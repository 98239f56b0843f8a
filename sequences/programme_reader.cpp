#include "sequences/programme_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sequences {

namespace {

using calibration::Table;

constexpr std::array<std::pair<PointKind, std::string_view>, 14> kinds{{
    {PointKind::no_load, "no-load"},
    {PointKind::starting, "starting"},
    {PointKind::accuracy, "accuracy"},
    {PointKind::identify, "identify"},
    {PointKind::heads, "heads"},
    {PointKind::constant, "constant"},
    {PointKind::dial, "dial"},
    {PointKind::tariff, "tariff"},
    {PointKind::pulse_output, "pulse-output"},
    {PointKind::phase_sequence, "phase-sequence"},
    {PointKind::reactive, "reactive"},
    {PointKind::communication, "communication"},
    {PointKind::set_up, "set-up"},
    {PointKind::load_curve, "load-curve"},
}};

// Every current is given here: what counts is whether the expression is one.
constexpr calibration::Ratings any_ratings{.starting = calibration::Ampere{1},
                                           .minimum = calibration::Ampere{1},
                                           .transitional = calibration::Ampere{1},
                                           .reference = calibration::Ampere{1},
                                           .maximum = calibration::Ampere{1}};

// As calibration::current_from_text() and voltage_from_text() read it, above zero; with file, line
// and key if not.
template <class Reader>
void check_amount(const Table& table,
                  std::string_view key,
                  const std::string& text,
                  Reader reader) {
    try {
        if (reader(text, any_ratings).value() > 0) {
            return;
        }
    } catch (const calibration::DataError& error) {
        table.fail(key, error.what());
    }
    table.fail(key, fmt::format("expected more than zero, got \"{}\"", text));
}

}  // namespace

std::string_view name(PointKind kind) {
    const auto* const found =
        std::ranges::find(kinds, kind, &std::pair<PointKind, std::string_view>::first);
    return found->second;
}

bool is_port_test(PointKind kind) {
    return kind != PointKind::no_load && kind != PointKind::starting && kind != PointKind::accuracy;
}

PointKind read_kind(const Table& table) {
    const std::string kind = table.one_of("kind",
                                          {"no-load",
                                           "starting",
                                           "accuracy",
                                           "identify",
                                           "heads",
                                           "constant",
                                           "dial",
                                           "tariff",
                                           "pulse-output",
                                           "phase-sequence",
                                           "reactive",
                                           "communication",
                                           "set-up",
                                           "load-curve"});
    return std::ranges::find(kinds, kind, &std::pair<PointKind, std::string_view>::second)->first;
}

std::string read_voltage(const Table& table, const char* usual) {
    std::string text = table.optional_text("voltage").value_or(usual);
    check_amount(table, "voltage", text, calibration::voltage_from_text);
    return text;
}

void check_current(const Table& table, const std::string& text) {
    check_amount(table, "current", text, calibration::current_from_text);
}

calibration::PowerFactor read_power_factor(const Table& table, const std::string& text) {
    calibration::PowerFactor factor = calibration::PowerFactor::unity();
    try {
        factor = calibration::PowerFactor::parse(text);
    } catch (const calibration::DataError& error) {
        table.fail("power_factor", error.what());
    }
    if (factor.value() == 0) {
        table.fail("power_factor", fmt::format("expected active power, got \"{}\"", text));
    }
    return factor;
}

}  // namespace sequences
