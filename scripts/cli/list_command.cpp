// calrig list: what there is.
#include "calibration/document.hpp"
#include "calibration/limits.hpp"
#include "instruments/io/serial_ports.hpp"
#include "rig/drivers.hpp"
#include "rig/fault_kinds.hpp"
#include "scripts/cli/commands.hpp"
#include "scripts/cli/fault_meanings.hpp"
#include "scripts/cli/list_meters.hpp"
#include "scripts/cli/say.hpp"
#include "sequences/programme.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scripts {

namespace {

using calibration::DataError;

void list_programmes(const ListOptions&) {
    for (const calibration::EmbeddedText& text : sequences::programme_texts()) {
        const sequences::Programme programme = sequences::parse_programme(text.text, text.name);
        say(stdout,
            "{:<26}{:>3} points  {}\n",
            programme.id,
            programme.points.size(),
            programme.title);
    }
}

void list_limits(const ListOptions&) {
    for (const calibration::EmbeddedText& text : calibration::limit_texts()) {
        const calibration::LimitTable table = calibration::LimitTable::parse(text.text, text.name);
        say(stdout,
            "{:<28}{:<34} classes {}\n",
            table.id(),
            table.title(),
            fmt::join(table.classes(), " "));
    }
}

void list_drivers(const ListOptions&) {
    for (const rig::DriverEntry& driver : rig::drivers()) {
        say(stdout,
            "{:<16}{:<14}{}\n{:<30}confirmed on: {}\n",
            driver.kind,
            driver.name,
            driver.description,
            "",
            driver.confirmed);
    }
}

std::string amount_text(const rig::FaultKind& kind) {
    return kind.says.empty() ? std::string()
                             : fmt::format("{}: {:g} to {:g}", kind.says, kind.least, kind.most);
}

// As on the command line: "swapped-heads:POSITION@SECONDS=AMOUNT".
std::string usage_text(const rig::FaultKind& kind) {
    std::string text(kind.name);
    text += kind.at_position ? ":POSITION" : "";
    text += kind.timed ? "[@SECONDS]" : "";
    return kind.says.empty() ? text : text + (kind.amount_needed() ? "=AMOUNT" : "[=AMOUNT]");
}

void list_faults(const ListOptions& options) {
    nlohmann::json faults = nlohmann::json::array();
    for (const rig::FaultKind& kind : rig::fault_table()) {
        const std::string amount = amount_text(kind);
        faults.push_back({{"kind", kind.name},
                          {"usage", usage_text(kind)},
                          {"meaning", meaning_of_fault(kind.name)},
                          {"amount", amount}});
        if (!options.json) {
            say(stdout,
                "{:<26}{}{}\n{:<26}--fault {}\n",
                kind.name,
                meaning_of_fault(kind.name),
                amount.empty() ? "" : fmt::format(" ({})", amount),
                "",
                usage_text(kind));
        }
    }
    if (options.json) {
        say(stdout, "{}\n", faults.dump());
    }
}

void list_ports(const ListOptions&) {
    const auto ports = instruments::io::serial_ports();
    for (const instruments::io::SerialPort& port : ports) {
        say(stdout, "{:<20}{}\n", port.device, port.description);
    }
    if (ports.empty()) {
        say(stderr, "no serial port is there\n");
    }
}

struct List {
    std::string_view what;
    void (*print)(const ListOptions&);
    bool has_json;
};

constexpr std::array lists{
    List{"meters", list_meters, true},
    List{"registers", list_registers, true},
    List{"programmes", list_programmes, false},
    List{"limits", list_limits, false},
    List{"drivers", list_drivers, false},
    List{"faults", list_faults, true},
    List{"ports", list_ports, false},
};

}  // namespace

int list_command(const ListOptions& options) {
    const auto* const list = std::ranges::find(lists, options.what, &List::what);
    if (list == lists.end()) {
        throw DataError(
            fmt::format("list: expected meters, registers, programmes, limits, "
                        "drivers, faults or ports, got '{}'",
                        options.what));
    }
    if (options.json && !list->has_json) {
        throw DataError(fmt::format(
            "--json: expected only with meters, registers or faults, got '{}'", options.what));
    }
    list->print(options);
    return all_pass;
}

}  // namespace scripts
