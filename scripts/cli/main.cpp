// The calrig command: reads the command line, calls one command, turns what goes wrong into one
// line and a status.
#include "calibration/document.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/link.hpp"
#include "reports/evidence_error.hpp"
#include "rig/bench_file.hpp"
#include "rig/journal.hpp"
#include "scripts/cli/commands.hpp"
#include "scripts/cli/say.hpp"
#include "sequences/runner.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scripts {

int command_line(int count, char** arguments);

namespace {

// Else -1 would quietly become 2^64 - 1.
std::string whole_number(const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return digits ? "" : fmt::format("expected a whole number from 0, got '{}'", text);
}

constexpr auto meter_help = "a meter type (calrig list meters) or a TOML file";

void add_meters_folder(CLI::App& app, std::string& folder) {
    app.add_option("--meters",
                   folder,
                   "a folder of meter types of your own, searched first; else $CALRIG_METERS")
        ->check(CLI::ExistingDirectory);
}

void add_plan_options(CLI::App& app, PlanOptions& options) {
    app.add_option("programme", options.programme, "a built-in programme or a TOML file")
        ->required();
    app.add_option("--meter", options.meter, meter_help)->required();
    add_meters_folder(app, options.meters_folder);
    app.add_option("--positions", options.positions, "meters on the built-in twin (3 unless told)")
        ->check(CLI::Range(1, 80));
    app.add_option(
        "--bench", options.bench, "bench file; without it the bench is the built-in twin");
    app.add_option("--seed", options.seed, "of everything random on the twin")
        ->capture_default_str()
        ->check(whole_number);
    app.add_option("--limits",
                   options.limits,
                   "edition of the limits; else the programme's choice for the meter's class");
    app.add_option("--rule", options.rule, "decision rule: simple or guard")->capture_default_str();
    app.add_option("--points", options.points, "only these points, by name")->delimiter(',');
    app.add_flag("--printed-imin",
                 options.printed_minimum,
                 "use Imin as printed where it contradicts the standard");
    app.add_option("--fault",
                   options.faults,
                   "inject a fault on the twin: KIND[:POSITION][@SECONDS][=AMOUNT]");
    app.add_flag("--json", options.json, "machine-readable output");
}

void add_run(CLI::App& app, std::function<int()>& chosen) {
    const auto options = std::make_shared<RunOptions>();
    CLI::App* run =
        app.add_subcommand("run", "take meters through a programme and leave the evidence");
    add_plan_options(*run, options->plan);
    run->add_option("-o,--output", options->output, "the evidence, HDF5")->capture_default_str();
    run->add_option("--html", options->html, "also the pages a reviewer reads");
    run->add_option(
        "--rerun", options->rerun, "only the points that did not pass in this earlier evidence");
    run->add_option("--transcript", options->transcript, "everything that crosses a link, as text");
    run->add_option("--operator", options->operator_name, "who tests");
    run->add_flag("--quiet", options->quiet, "no progress");
    run->add_flag(
        "--force", options->force, "replace evidence of a real bench that lies at the output");
    run->callback([&chosen, options] { chosen = [options] { return run_command(*options); }; });
}

void add_plan(CLI::App& app, std::function<int()>& chosen) {
    const auto options = std::make_shared<PlanOptions>();
    CLI::App* plan =
        app.add_subcommand("plan", "test points, feasibility and finish time; drives nothing");
    add_plan_options(*plan, *options);
    plan->callback([&chosen, options] { chosen = [options] { return plan_command(*options); }; });
}

void add_reports(CLI::App& app, std::function<int()>& chosen) {
    const auto report_options = std::make_shared<ReportOptions>();
    CLI::App* report =
        app.add_subcommand("report", "the pages a reviewer reads, from the evidence");
    report->add_option("evidence", report_options->input, "RUN.h5")->required();
    report->add_option("--html", report_options->html, "where to; else beside the evidence");
    report->callback([&chosen, report_options] {
        chosen = [report_options] { return report_command(*report_options); };
    });

    const auto recover_options = std::make_shared<RecoverOptions>();
    CLI::App* recover =
        app.add_subcommand("recover", "the evidence of a run that was killed, from its journal");
    recover->add_option("journal", recover_options->journal, "RUN.h5.journal")->required();
    recover->add_option("-o,--output", recover_options->output, "the evidence; else RUN.h5");
    recover->add_option("--html", recover_options->html, "also the pages a reviewer reads");
    recover->add_flag("--force",
                      recover_options->force,
                      "replace evidence of a real bench that lies at the output");
    recover->callback([&chosen, recover_options] {
        chosen = [recover_options] { return recover_command(*recover_options); };
    });
}

void add_list(CLI::App& app, std::function<int()>& chosen) {
    const auto options = std::make_shared<ListOptions>();
    CLI::App* list = app.add_subcommand(
        "list", "what there is: meters, registers, programmes, limits, drivers, faults, ports");
    list->add_option(
            "what", options->what, "meters|registers|programmes|limits|drivers|faults|ports")
        ->required();
    list->add_option("--meter", options->meter, "of list registers: the meter type");
    add_meters_folder(*list, options->meters_folder);
    list->add_flag("--json", options->json, "machine-readable output (meters, registers, faults)");
    list->callback([&chosen, options] { chosen = [options] { return list_command(*options); }; });
}

void add_find_meters(CLI::App& app, std::function<int()>& chosen) {
    const auto options = std::make_shared<FindOptions>();
    CLI::App* find = app.add_subcommand(
        "find-meters", "who is on a serial line, at which address and with which settings");
    find->add_option(
            "--link", options->link, "serial:DEVICE without settings, pty:PATH or tcp:HOST:PORT")
        ->required();
    find->add_option("--meter", options->meter, "the type that is looked for")
        ->capture_default_str();
    add_meters_folder(*find, options->meters_folder);
    find->add_option("--units", options->units, "addresses: 5, 1-247, 1-10,20; else 1 to 247");
    find->add_option("--lines",
                     options->lines,
                     "settings of the line, one or more: 9600,8E1; else 4800 to 38400 with 8N1, "
                     "8E1, 8O1, 8N2");
    find->add_flag("--echo", options->echoes, "the adapter hears what it sends");
    find->add_flag("--json", options->json, "machine-readable output");
    find->callback(
        [&chosen, options] { chosen = [options] { return find_meters_command(*options); }; });
}

void add_others(CLI::App& app, std::function<int()>& chosen) {
    const auto options = std::make_shared<EmulateOptions>();
    CLI::App* emulate = app.add_subcommand(
        "emulate", "serve the emulated bench on TCP and ptys; prints its bench file");
    emulate->add_option("--meter", options->meter, meter_help)->capture_default_str();
    add_meters_folder(*emulate, options->meters_folder);
    emulate->add_option("--positions", options->positions, "meters (3 unless told)")
        ->check(CLI::Range(1, 80));
    emulate->add_option("--bench", options->bench, "bench file with every device on the twin");
    emulate
        ->add_option("--speed",
                     options->speed,
                     "bench seconds per second, here and for whoever uses the printed bench file")
        ->capture_default_str()
        ->check(CLI::Range(1.0, rig::most_speed));
    emulate->add_option("--seed", options->seed, "of everything random")
        ->capture_default_str()
        ->check(whole_number);
    emulate->add_option(
        "--fault", options->faults, "inject a fault: KIND[:POSITION][@SECONDS][=AMOUNT]");
    emulate->callback(
        [&chosen, options] { chosen = [options] { return emulate_command(*options); }; });

    add_list(app, chosen);
    add_find_meters(app, chosen);
}

// One line, whatever the text is made of: scripts and logs take what went wrong line by line.
int complain(std::string text, int status) {
    std::ranges::replace(text, '\n', ' ');
    const calibration::DataError one_line(text);  // with its control characters spelt out
    say(stderr, "calrig: {}\n", one_line.what());
    return status;
}

// CLI11 only says that a subcommand is missing: which there are, and what stands there instead, is
// more help.
int complain_about_command(const CLI::App& app, int count, char** arguments) {
    std::vector<std::string> commands;
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        commands.push_back(command->get_name());
    }
    const std::string got = count > 1 ? fmt::format("'{}'", arguments[1]) : "nothing";
    return complain(fmt::format("expected a command ({}), got {}; calrig --help says more",
                                fmt::join(commands, ", "),
                                got),
                    wrong_input);
}

int guarded(const std::function<int()>& command) {
    try {
        return command();
    } catch (const calibration::DataError& error) {
        return complain(error.what(), wrong_input);
    } catch (const rig::JournalError& error) {
        return complain(error.what(), wrong_input);
    } catch (const reports::EvidenceError& error) {
        return complain(error.what(), bench_failed);
    } catch (const std::exception& error) {
        return complain(error.what(), bench_failed);
    }
}

// A result that nobody could read is no result: a full disk behind a pipe, a reader that went away.
int unless_output_is_lost(int status) {
    const bool lost = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
    return lost && status <= meter_fails
               ? complain("standard output could not be written", bench_failed)
               : status;
}

}  // namespace

int command_line(int count, char** arguments) {
    // What cannot be written is an error where it is written, never the end of a process that holds
    // a bench.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    CLI::App app{
        "calrig: electricity-meter test-bench controller. Exit status: 0 every verdict passes, 1 a "
        "meter fails,\n"
        "2 the command, a file or a value is wrong (nothing was driven), 3 the bench failed or a "
        "verdict could not be reached."};
    app.require_subcommand(1);
    app.set_version_flag(
        "--version",
        fmt::format("calrig {} ({})", sequences::software_version(), sequences::git_commit()));
    std::function<int()> chosen;
    add_run(app, chosen);
    add_plan(app, chosen);
    add_reports(app, chosen);
    add_others(app, chosen);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            return app.exit(error);
        }
        return app.get_subcommands().empty() ? complain_about_command(app, count, arguments)
                                             : complain(error.what(), wrong_input);
    }
    return unless_output_is_lost(guarded(chosen));
}

}  // namespace scripts

int main(int count, char** arguments) { return scripts::command_line(count, arguments); }
