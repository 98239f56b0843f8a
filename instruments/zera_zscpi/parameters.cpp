#include "instruments/zera_zscpi/parameters.hpp"

#include "instruments/zera_zscpi/commands.hpp"
#include "instruments/zera_zscpi/measured.hpp"
#include "instruments/zera_zscpi/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

namespace instruments::zera_zscpi {

namespace {

using calibration::Instant;

constexpr std::array<std::string_view, 4> sessions{
    "Default", "Changing energy direction", "Reference", "3 Systems 2 Wires"};
constexpr std::array<std::string_view, 3> power_modes{"4LW", "4LB", "4LS"};
constexpr double least_integration_s = 1, most_integration_s = 100;

std::string joined(std::span<const std::string_view> names) {
    return fmt::format("{}", fmt::join(names, ";"));
}

std::optional<double> index_of(std::span<const std::string_view> names, std::string_view name) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<double>(found - names.begin());
}

std::optional<double> accept_flag(const Instrument&, std::size_t, std::string_view text) {
    const auto flag = parse_flag(text);
    return flag ? std::optional{*flag ? 1.0 : 0.0} : std::nullopt;
}

std::optional<double> accept_number(std::string_view text, double least, double most) {
    const auto number = parse_number(text);
    const bool allowed = number && *number >= least && *number <= most;
    return allowed ? std::optional{*number} : std::nullopt;
}

void add_range(std::vector<Parameter>& table, std::size_t channel) {
    const std::string path = fmt::format("SENSE:RNG1:{}:RANGE", channel_names[channel]);
    table.push_back(
        {.path = path,
         .type = "choice",
         .unit = {},
         .index = channel,
         .read = [](const Instrument& of, std::size_t i, std::string& out) { out += of.range(i); },
         .accept = [](const Instrument& of,
                      std::size_t i,
                      std::string_view text) { return index_of(of.ranges(i), text); },
         .apply =
             [](Instrument& of, std::size_t i, double value, Instant now) {
                 of.set_range(i, static_cast<std::size_t>(value), now);
             }});
    table.push_back({.path = path + ":CATALOG",
                     .type = "text",
                     .unit = {},
                     .index = channel,
                     .read = [](const Instrument& of,
                                std::size_t i,
                                std::string& out) { out += joined(of.ranges(i)); },
                     .accept = nullptr,
                     .apply = nullptr});
}

void add_range_policy(std::vector<Parameter>& table) {
    table.push_back(
        {.path = "CONFIGURATION:RNG1:RNGAUTO",
         .type = "boolean",
         .unit = {},
         .read = [](const Instrument& of,
                    std::size_t,
                    std::string& out) { out += of.automatic() ? '1' : '0'; },
         .accept = accept_flag,
         .apply =
             [](Instrument& of, std::size_t, double on, Instant) { of.set_automatic(on != 0); }});
    table.push_back(
        {.path = "CONFIGURATION:RNG1:GROUPING",
         .type = "boolean",
         .unit = {},
         .read = [](const Instrument& of,
                    std::size_t,
                    std::string& out) { out += of.grouping() ? '1' : '0'; },
         .accept = accept_flag,
         .apply =
             [](Instrument& of, std::size_t, double on, Instant) { of.set_grouping(on != 0); }});
    table.push_back(
        {.path = "SENSE:RNG1:OVERLOAD",
         .type = "boolean",
         .unit = {},
         .watched = true,
         .read = [](const Instrument& of,
                    std::size_t,
                    std::string& out) { out += of.overload() ? '1' : '0'; },
         .accept = accept_flag,
         .apply =
             [](Instrument& of, std::size_t, double on, Instant) { of.set_overload(on != 0); }});
}

std::optional<double> accept_integration(const Instrument&, std::size_t, std::string_view text) {
    return accept_number(text, least_integration_s, most_integration_s);
}

void add_integration(std::vector<Parameter>& table, std::size_t module) {
    table.push_back({.path = fmt::format("CONFIGURATION:{}:TINTEGRATION", module_names[module]),
                     .type = "number",
                     .unit = "s",
                     .least = least_integration_s,
                     .most = most_integration_s,
                     .index = module,
                     .read = [](const Instrument& of,
                                std::size_t i,
                                std::string& out) { append_number(out, of.integration_s(i), 6); },
                     .accept = accept_integration,
                     .apply =
                         [](Instrument& of, std::size_t i, double value, Instant) {
                             of.set_integration_s(i, value);
                         }});
}

// DSP1 stands for all modules at once.
void add_common_integration(std::vector<Parameter>& table) {
    table.push_back({.path = "CONFIGURATION:DSP1:TINTEGRATION",
                     .type = "number",
                     .unit = "s",
                     .least = least_integration_s,
                     .most = most_integration_s,
                     .read = [](const Instrument& of,
                                std::size_t,
                                std::string& out) { append_number(out, of.integration_s(0), 6); },
                     .accept = accept_integration,
                     .apply =
                         [](Instrument& of, std::size_t, double value, Instant) {
                             for (std::size_t i = 0; i < module_count; ++i) {
                                 of.set_integration_s(i, value);
                             }
                         }});
}

// The emulated bench is wired in four-wire connection, so each power module knows one mode.
void add_power_mode(std::vector<Parameter>& table, std::size_t mode) {
    table.push_back(
        {.path = fmt::format("CONFIGURATION:POW{}:MMODE", mode + 1),
         .type = "choice",
         .unit = {},
         .index = mode,
         .read = [](const Instrument&, std::size_t i, std::string& out) { out += power_modes[i]; },
         .accept =
             [](const Instrument&, std::size_t i, std::string_view text) {
                 return text == power_modes[i] ? std::optional{0.0} : std::nullopt;
             },
         .apply = [](Instrument&, std::size_t, double, Instant) {}});
}

void add_pulse_output(std::vector<Parameter>& table) {
    table.push_back(
        {.path = "CONFIGURATION:POW1:M0OUT",
         .type = "text",
         .unit = {},
         .read = [](const Instrument&, std::size_t, std::string& out) { out += "fOUT1"; },
         .accept = nullptr,
         .apply = nullptr});
    table.push_back({.path = "CONFIGURATION:POW1:M0CONSTANT",
                     .type = "number",
                     .unit = "I/kWh",
                     .read =
                         [](const Instrument& of, std::size_t, std::string& out) {
                             append_number(out, of.constant().value(), 15);
                         },
                     .accept = nullptr,
                     .apply = nullptr});
    table.push_back({.path = "CONFIGURATION:POW1:NOMINAL_FREQ",
                     .type = "number",
                     .unit = "Hz",
                     .least = 10000,
                     .most = 200000,
                     .read =
                         [](const Instrument& of, std::size_t, std::string& out) {
                             append_number(out, of.nominal_frequency().value(), 9);
                         },
                     .accept =
                         [](const Instrument& of, std::size_t, std::string_view text) {
                             return accept_number(text,
                                                  of.model().least_nominal_frequency.value(),
                                                  of.model().most_nominal_frequency.value());
                         },
                     .apply =
                         [](Instrument& of, std::size_t, double value, Instant now) {
                             of.set_nominal_frequency(calibration::Hertz{value}, now);
                         }});
}

void add_session(std::vector<Parameter>& table) {
    table.push_back({.path = "CONFIGURATION:SYST:NAMESESSION",
                     .type = "choice",
                     .unit = {},
                     .read = [](const Instrument& of,
                                std::size_t,
                                std::string& out) { out += sessions[of.session]; },
                     .accept = [](const Instrument&,
                                  std::size_t,
                                  std::string_view text) { return index_of(sessions, text); },
                     .apply =
                         [](Instrument& of, std::size_t, double value, Instant) {
                             of.session = static_cast<std::size_t>(value);
                         }});
    table.push_back(
        {.path = "CONFIGURATION:SYST:SESSION:CATALOG",
         .type = "text",
         .unit = {},
         .read = [](const Instrument&, std::size_t, std::string& out) { out += joined(sessions); },
         .accept = nullptr,
         .apply = nullptr});
}

// Questionable: bit 9 overload. Operation: bit 2 ranging, which is what pending writes stand for.
void add_status(std::vector<Parameter>& table) {
    table.push_back({.path = "STATUS:QUESTIONABLE:CONDITION",
                     .type = "number",
                     .unit = {},
                     .watched = true,
                     .read = [](const Instrument& of,
                                std::size_t,
                                std::string& out) { out += of.overload() ? "512" : "0"; },
                     .accept = nullptr,
                     .apply = nullptr});
    table.push_back({.path = "STATUS:OPERATION:CONDITION",
                     .type = "number",
                     .unit = {},
                     .read = [](const Instrument& of,
                                std::size_t,
                                std::string& out) { out += of.write_pending() ? "4" : "0"; },
                     .accept = nullptr,
                     .apply = nullptr});
}

std::vector<Parameter> make_table() {
    std::vector<Parameter> table;
    for (std::size_t channel = 0; channel < channel_count; ++channel) add_range(table, channel);
    add_range_policy(table);
    for (std::size_t module = 0; module < module_count; ++module) add_integration(table, module);
    add_common_integration(table);
    for (std::size_t mode = 0; mode < power_modes.size(); ++mode) add_power_mode(table, mode);
    add_pulse_output(table);
    add_session(table);
    add_status(table);
    return table;
}

void describe_parameter(std::string& out,
                        const Parameter& parameter,
                        const Instrument& instrument) {
    auto end = std::back_inserter(out);
    fmt::format_to(end,
                   "  <parameter path=\"{}\" type=\"{}\" access=\"{}\"",
                   parameter.path,
                   parameter.type,
                   parameter.accept == nullptr ? "r" : "rw");
    if (!parameter.unit.empty()) fmt::format_to(end, " unit=\"{}\"", parameter.unit);
    if (parameter.most > parameter.least) {
        fmt::format_to(end, " min=\"{}\" max=\"{}\"", parameter.least, parameter.most);
    }
    if (parameter.path.ends_with(":RANGE")) {
        fmt::format_to(end, " values=\"{}\"", joined(instrument.ranges(parameter.index)));
    }
    out += "/>\n";
}

}  // namespace

std::span<const Parameter> parameters() {
    static const std::vector<Parameter> table = make_table();
    return table;
}

// The long form in capitals is what programs send: a plain comparison finds it before the rules are
// tried.
const Parameter* find_parameter(std::string_view header) {
    const auto table = parameters();
    auto found = std::ranges::find(table, header, &Parameter::path);
    if (found == table.end()) {
        found = std::ranges::find_if(
            table, [&](const Parameter& p) { return header_matches(p.path, header); });
    }
    return found == table.end() ? nullptr : &*found;
}

std::string interface_description(const Instrument& instrument) {
    std::string out = fmt::format("<interface model=\"{}\">\n", instrument.model().name);
    for (const Parameter& parameter : parameters()) describe_parameter(out, parameter, instrument);
    for (const MeasuredValue& value : measured_values()) {
        fmt::format_to(std::back_inserter(out),
                       "  <value path=\"MEASURE:{}:{}\" unit=\"{}\"/>\n",
                       module_names[value.module],
                       value.name,
                       value.unit);
    }
    return out + "</interface>";
}

}  // namespace instruments::zera_zscpi
