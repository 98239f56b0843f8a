// calrig plan, report, recover, emulate, list.
#include "calibration/document.hpp"
#include "calibration/limits.hpp"
#include "instruments/io/serial_ports.hpp"
#include "rig/drivers.hpp"
#include "rig/emulation.hpp"
#include "rig/journal.hpp"
#include "scripts/cli/commands.hpp"
#include "scripts/cli/evidence.hpp"
#include "scripts/cli/say.hpp"
#include "scripts/cli/setup.hpp"
#include "scripts/cli/tables.hpp"
#include "sequences/evaluation.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

namespace scripts {

namespace {

using calibration::DataError;

volatile std::sig_atomic_t stop_emulation = 0;

std::string without_suffix(const std::string& path, const std::string& suffix) {
    return path.ends_with(suffix) ? path.substr(0, path.size() - suffix.size()) : path;
}

void list_meters() {
    for (const calibration::EmbeddedText& text : dut::meter_type_texts()) {
        const dut::MeterType meter = dut::parse_meter_type(text.text, text.name);
        say(stdout,
            "{:<14}{:<14} class {:<3} {:g}/{:g}/{:g}/{:g}/{:g} A  {:g} imp/kWh  {}\n",
            meter.id,
            meter.name,
            meter.accuracy_class,
            meter.ratings.starting.value(),
            meter.ratings.minimum.value(),
            meter.ratings.transitional.value(),
            meter.ratings.reference.value(),
            meter.ratings.maximum.value(),
            meter.ratings.constant.value(),
            meter.modbus ? "Modbus TCP" : "no port");
    }
}

void list_programmes() {
    for (const calibration::EmbeddedText& text : sequences::programme_texts()) {
        const sequences::Programme programme = sequences::parse_programme(text.text, text.name);
        say(stdout,
            "{:<26}{:>3} points  {}\n",
            programme.id,
            programme.points.size(),
            programme.title);
    }
}

void list_limits() {
    for (const calibration::EmbeddedText& text : calibration::limit_texts()) {
        const calibration::LimitTable table = calibration::LimitTable::parse(text.text, text.name);
        say(stdout, "{:<28}{:<34} classes", table.id(), table.title());
        for (const std::string& name : table.classes()) {
            say(stdout, " {}", name);
        }
        say(stdout, "\n");
    }
}

void list_drivers() {
    for (const rig::DriverEntry& driver : rig::drivers()) {
        say(stdout,
            "{:<12}{:<14}{}\n{:<26}confirmed on: {}\n",
            driver.kind,
            driver.name,
            driver.description,
            "",
            driver.confirmed);
    }
}

void list_faults() {
    for (const std::string_view kind : rig::fault_kinds()) {
        say(stdout, "{}\n", kind);
    }
}

void list_ports() {
    const auto ports = instruments::io::serial_ports();
    for (const instruments::io::SerialPort& port : ports) {
        say(stdout, "{:<20}{}\n", port.device, port.description);
    }
    if (ports.empty()) {
        say(stderr, "no serial port is there\n");
    }
}

}  // namespace

int plan_command(const PlanOptions& options) {
    const sequences::Plan plan = sequences::make_plan(prepare(options).setup);
    say(stdout,
        "{}{}",
        options.json ? plan_as_json(plan) : plan_as_text(plan),
        options.json ? "\n" : "");
    return all_pass;
}

int report_command(const ReportOptions& options) {
    const sequences::RunResult result = read_given(options.input);
    const std::string html =
        options.html.empty() ? without_suffix(options.input, ".h5") + ".html" : options.html;
    check_writable(html);
    write_html(result, html);
    say(stdout, "{}Pages:    {}\n", result_as_text(result), html);
    return status_of(result);
}

int recover_command(const RecoverOptions& options) {
    const std::string output =
        options.output.empty() ? without_suffix(options.journal, ".journal") : options.output;
    if (output == options.journal) {
        throw DataError(
            fmt::format("{}: expected a name for the evidence with -o", options.journal));
    }
    check_no_writer(options.journal);
    check_output(output, options.force);
    const sequences::RunResult result = sequences::evaluate(rig::read_journal(options.journal));
    leave_evidence(result, output, options.html, options.journal);
    say(stdout, "{}Evidence: {}\n", result_as_text(result), output);
    return status_of(result);
}

int emulate_command(const EmulateOptions& options) {
    const dut::MeterType meter = meter_type(options.meter);
    const BenchText text =
        bench_text(options.bench, options.positions, options.seed, options.faults, meter);
    rig::Emulation emulation(rig::parse_bench_file(text.text, text.name), meter, options.seed);
    std::signal(SIGINT, [](int) { stop_emulation = 1; });
    std::signal(SIGTERM, [](int) { stop_emulation = 1; });
    say(stdout, "{}\n# ready: Ctrl-C ends it\n", emulation.bench_file_text());
    std::fflush(stdout);
    emulation.serve([] { return stop_emulation != 0; });
    return all_pass;
}

int list_command(const std::string& what) {
    if (what == "meters") {
        list_meters();
    } else if (what == "programmes") {
        list_programmes();
    } else if (what == "limits") {
        list_limits();
    } else if (what == "drivers") {
        list_drivers();
    } else if (what == "faults") {
        list_faults();
    } else if (what == "ports") {
        list_ports();
    } else {
        throw DataError(fmt::format(
            "list: expected meters, programmes, limits, drivers, faults or ports, got '{}'", what));
    }
    return all_pass;
}

}  // namespace scripts
