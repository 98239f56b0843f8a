// calrig.run and calrig.Run.
#include "scripts/cli/tables.hpp"
#include "scripts/python/bench_handle.hpp"
#include "scripts/python/bindings.hpp"
#include "scripts/python/run_handle.hpp"

#include <fmt/format.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <memory>
#include <optional>

namespace scripts::python {

namespace {

namespace py = pybind11;
using Path = std::filesystem::path;
using calibration::Verdict;

std::unique_ptr<RunHandle> run(const Path& programme,
                               BenchHandle& bench,
                               const std::optional<Path>& limits,
                               const std::string& rule,
                               const std::optional<std::vector<std::string>>& points,
                               const std::optional<Path>& journal,
                               const std::string& operator_name,
                               bool printed_minimum) {
    return std::make_unique<RunHandle>(
        bench,
        RunRequest{.programme = programme.string(),
                   .limits = limits.value_or(Path{}).string(),
                   .rule = rule,
                   .points = points.value_or(std::vector<std::string>{}),
                   .operator_name = operator_name,
                   .printed_minimum = printed_minimum,
                   .journal = journal.value_or(Path{})});
}

std::string verdict_of(const RunHandle& run) {
    return std::string(calibration::name(run.result().verdict));
}

bool passed(const RunHandle& run) {
    return !run.result().aborted && run.result().verdict == Verdict::pass;
}

constexpr auto run_doc = R"(Takes the meters on the bench through a programme and returns the Run.

programme: a built-in one ("en50470-3-verification") or a TOML file. limits: edition of the limits; else the
programme's choice for the meter's class. rule: "simple" or "guard". points: names; None: all. journal: where the record
of the run is kept while it lasts; must not exist. By default PROGRAMME-METER.journal in the working folder, with a
number when that is taken. It stays until Run.save(); that of a simulated run, when not named here, goes with the Run.
operator: who tests. printed_imin: use Imin as printed where it contradicts the standard.

The bench is off before and after. A fault of the bench ends the run early: the Run is returned with `aborted` True and
can be saved; the bench must then be assembled anew. On a fresh bench the evidence is that of `calrig run` with the same
seed and meter, to the byte.
Raises DataError (nothing was driven), EvidenceError (the journal), Stopped after Bench.stop(), KeyboardInterrupt after
Ctrl-C; the journal then stays, a note on the exception names it, and Run.recover() reads it.)";

constexpr auto save_doc = R"(Writes the evidence as HDF5, has it verified, and removes the journal.

path: replaced when simulated evidence lies there; that of a real bench only with force=True.
Raises DataError for a place that cannot be written, EvidenceError when the file is not what was to be written; the
journal then stays.)";

constexpr auto report_doc =
    R"(Writes the pages a reviewer reads, one HTML file. Raises DataError or EvidenceError.)";

constexpr auto load_doc =
    R"(The run that `path` (HDF5) is the evidence of. Raises EvidenceError for a file that is altered in any bit.)";

constexpr auto recover_doc =
    R"(What the journal of a run that was killed or stopped says; save() makes it evidence.

Raises EvidenceError for a file that is no journal.)";

}  // namespace

void bind_run(py::module_& core) {
    using namespace py::literals;
    py::class_<RunHandle>(core, "Run", "One execution of a programme: verdicts, errors, edges.")
        .def_property_readonly("verdict",
                               verdict_of,
                               "The worst of its meters: \"pass\", \"fail\", \"invalid\", "
                               "\"suspect\", \"inconclusive\" or "
                               "\"not_run\".")
        .def_property_readonly(
            "passed", passed, "Whether every verdict is a pass and the run came to its end.")
        .def_property_readonly(
            "points",
            [](const RunHandle& r) -> const std::vector<sequences::PointResult>& {
                return r.result().points;
            },
            "List of Point, in the programme's order.")
        .def_property_readonly(
            "meters",
            [](const RunHandle& r) -> const std::vector<sequences::MeterResult>& {
                return r.result().meters;
            },
            "List of Meter, in bench order.")
        .def_property_readonly(
            "aborted",
            [](const RunHandle& r) { return r.result().aborted; },
            "Whether it ended early.")
        .def_property_readonly(
            "abort_reason",
            [](const RunHandle& r) { return r.result().abort_reason; },
            "Why; empty when it did not.")
        .def_property_readonly(
            "run_id",
            [](const RunHandle& r) { return r.result().identity.run_id; },
            "16 hexadecimal digits.")
        .def_property_readonly(
            "started_at",
            [](const RunHandle& r) { return r.result().identity.started_at; },
            "UTC; a virtual run starts at 2000-01-01T00:00:00Z by definition.")
        .def_property_readonly(
            "simulated",
            [](const RunHandle& r) { return r.result().identity.simulated; },
            "Whether any device was a simulated one.")
        .def_property_readonly(
            "tick_s",
            [](const RunHandle& r) { return r.result().instruments.tick_s; },
            "One tick of the edge capture, s.")
        .def_property_readonly(
            "bench_time_s",
            [](const RunHandle& r) { return r.result().bench_time_s; },
            "When it ended, s of bench time.")
        .def_property_readonly(
            "remarks",
            [](const RunHandle& r) { return r.result().remarks; },
            "List of str: losses, repeated points, what QA should know.")
        .def_property_readonly(
            "journal", &RunHandle::journal, "Path of the journal; None once saved.")
        .def("save", &RunHandle::save, save_doc, "path"_a, "force"_a = false)
        .def("report", &RunHandle::report, report_doc, "path"_a)
        .def_static("load", &RunHandle::load, load_doc, "path"_a)
        .def_static("recover", &RunHandle::recover, recover_doc, "journal"_a)
        .def("__str__", [](const RunHandle& r) { return result_as_text(r.result()); })
        .def("__repr__", [](const RunHandle& r) {
            return fmt::format("<calrig.Run {} of '{}': {}>",
                               r.result().identity.run_id,
                               r.result().plan.programme.id,
                               verdict_of(r));
        });
    core.def("run",
             run,
             run_doc,
             "programme"_a,
             "bench"_a,
             py::kw_only(),
             "limits"_a = py::none(),
             "rule"_a = "simple",
             "points"_a = py::none(),
             "journal"_a = py::none(),
             "operator"_a = "",
             "printed_imin"_a = false);
}

}  // namespace scripts::python
