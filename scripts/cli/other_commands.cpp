// calrig plan, report, recover, emulate.
#include "calibration/document.hpp"
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
    const dut::MeterType meter = meter_type(options.meter, options.meters_folder);
    const BenchText text =
        bench_text(options.bench, options.positions, options.seed, options.faults, meter);
    rig::BenchFile bench = rig::parse_bench_file(text.text, text.name);
    bench.speed = options.speed;
    rig::Emulation emulation(bench, meter, options.seed);
    std::signal(SIGINT, [](int) { stop_emulation = 1; });
    std::signal(SIGTERM, [](int) { stop_emulation = 1; });
    say(stdout, "{}\n# ready: Ctrl-C ends it\n", emulation.bench_file_text());
    std::fflush(stdout);
    emulation.serve([] { return stop_emulation != 0; });
    return all_pass;
}

}  // namespace scripts
