// calrig.Bench.
#include "calibration/document.hpp"
#include "scripts/python/bench_handle.hpp"
#include "scripts/python/bindings.hpp"
#include "scripts/python/position_handle.hpp"
#include "scripts/python/registers.hpp"

#include <fmt/format.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace scripts::python {

namespace {

namespace py = pybind11;
using calibration::DataError;
using sequences::BenchSession;
using sequences::HandLoad;
using Path = std::filesystem::path;
using Handle = std::shared_ptr<BenchHandle>;
using PositionName = std::variant<py::int_, std::string>;

// Ends Python in good order, so that `with` and the end of Python switch off.
void end_python(int number, const py::object&) {
    PyErr_SetObject(PyExc_SystemExit, py::int_(128 + number).ptr());
    throw py::error_already_set();
}

// A polite kill, and a terminal that goes away, would end Python at once and leave the bench on. A
// script that has a handler of its own keeps it; only the main thread may set one.
void end_in_order_on_signals() {
    const auto threading = py::module_::import("threading");
    if (!threading.attr("current_thread")().is(threading.attr("main_thread")())) {
        return;
    }
    const auto signals = py::module_::import("signal");
    for (const char* name : {"SIGTERM", "SIGHUP"}) {
        const py::object number = signals.attr(name);
        if (signals.attr("getsignal")(number).equal(signals.attr("SIG_DFL"))) {
            signals.attr("signal")(number, py::cpp_function(end_python));
        }
    }
}

Handle opened(const BenchRequest& request) {
    end_in_order_on_signals();
    auto handle = std::make_shared<BenchHandle>(request);
    register_at_exit(handle);
    return handle;
}

Handle twin(const Path& meter,
            int positions,
            std::uint64_t seed,
            const std::vector<std::string>& faults,
            const std::optional<Path>& transcript,
            const std::optional<Path>& meters) {
    if (positions < 1 || positions > 80) {
        throw DataError(fmt::format("positions: expected 1 to 80, got {}", positions));
    }
    return opened({.meter = meter.string(),
                   .meters_folder = meters.value_or(Path{}).string(),
                   .positions = positions,
                   .seed = seed,
                   .faults = faults,
                   .transcript = transcript.value_or(Path{})});
}

Handle from_file(const Path& path,
                 const Path& meter,
                 std::uint64_t seed,
                 const std::vector<std::string>& faults,
                 const std::optional<Path>& transcript,
                 const std::optional<Path>& meters) {
    if (path.empty()) {
        throw DataError("path: expected a bench file, got an empty name");
    }
    return opened({.meter = meter.string(),
                   .meters_folder = meters.value_or(Path{}).string(),
                   .bench = path.string(),
                   .seed = seed,
                   .faults = faults,
                   .transcript = transcript.value_or(Path{})});
}

std::size_t position_of(const BenchHandle& handle, const PositionName& wanted) {
    const auto& positions = handle.bench().positions();
    if (const auto* name = std::get_if<std::string>(&wanted)) {
        for (std::size_t index = 0; index < positions.size(); ++index) {
            if (positions[index].name == *name) {
                return index;
            }
        }
        throw DataError(fmt::format("position '{}': this bench has none of that name", *name));
    }
    const auto count = static_cast<long long>(positions.size());
    const auto index = std::get<py::int_>(wanted).cast<long long>();
    if (index < 0 || index >= count) {
        throw DataError(
            fmt::format("position {}: expected an index from 0 to {}", index, count - 1));
    }
    return static_cast<std::size_t>(index);
}

void apply(BenchHandle& handle, const HandLoad& load) {
    handle.at_work([&](BenchSession& session) { session.apply(load); });
}

std::vector<sequences::HandResult> measure(BenchHandle& handle,
                                           std::int64_t intervals,
                                           double time_s,
                                           std::optional<double> timeout_s) {
    std::vector<sequences::HandResult> results;
    handle.at_work([&](BenchSession& session) {
        results =
            session.measure({.intervals = intervals, .time_s = time_s, .timeout_s = timeout_s});
    });
    return results;
}

rig::Observation observe(BenchHandle& handle) {
    rig::Observation seen;
    handle.at_work([&](BenchSession& session) { seen = session.observe(); });
    return seen;
}

RegistersOf registers(BenchHandle& handle, const PositionName& wanted) {
    const std::size_t position = position_of(handle, wanted);
    RegistersOf found{.position = handle.bench().positions()[position].name};
    handle.at_work([&](BenchSession& session) { found.reading = session.registers(position); });
    return found;
}

void bypass(BenchHandle& handle, const std::vector<PositionName>& wanted) {
    std::vector<std::size_t> positions;
    for (const PositionName& name : wanted) {
        positions.push_back(position_of(handle, name));
    }
    handle.at_work([&](BenchSession& session) { session.bypass(positions); });
}

void wait(BenchHandle& handle, double time_s) {
    handle.at_work([&](BenchSession& session) { session.wait(time_s); });
}

void off(BenchHandle& handle) {
    handle.at_work([](BenchSession& session) { session.off(); });
}

std::string text_of(const BenchHandle& handle) {
    return fmt::format("<calrig.Bench {}: {} x {}, {}>",
                       handle.bench().file().name,
                       handle.bench().positions().size(),
                       handle.bench().meter().id,
                       handle.bench().supervisor().energised() ? "ON" : "off");
}

constexpr auto twin_doc =
    R"(The built-in simulated bench, in virtual time; every hidden error is drawn from the seed.

meter: a meter type (`calrig list meters`) or a TOML file. positions: 1 to 80. seed: the same seed gives the same bench, and the one
`calrig run --seed` has. faults: what to inject, "KIND[:POSITION]@SECONDS[=AMOUNT]". transcript: a file for everything
that crosses a link, as text. meters: a folder of meter types of your own, searched first; else $CALRIG_METERS.
Raises DataError.)";

constexpr auto from_file_doc =
    R"(The bench a bench file describes. Opens every link and identifies the devices; drives nothing.

path: the bench file. meter: the type of the meters on it. seed, faults: of what the file puts on the twin. transcript,
meters: as in twin(). A bench with a real clock is served only while one of its methods runs.
Raises DataError, LinkError or DeviceFault.)";

constexpr auto apply_doc =
    R"(Ramps to the load and waits until it has settled: voltage before current, limits before the first byte.

The load is what meter, source and reference all bear, or DataError is raised and nothing is sent. Raises DeviceFault,
LinkError or Stopped. After any exception the bench is off.)";

constexpr auto measure_doc =
    R"(One error per position under the load that was applied, as a programme's runner measures it.

intervals: impulse intervals every position needs, 2 or more. time_s: how long a gate lasts at least, s of bench time.
timeout_s: when to take what is there; by default half as long again as the load should take, and a minute.
Returns a list of Measurement in bench order. A position that gives no error is in it: its numbers are NaN, `valid` is
False and `reason` says why.
The reference's reading is held against the reference conditions before, during and after: a load that does not stand
raises ConditionsError, and nothing measured under it is returned. Raises DataError without a load that has active
power, DeviceFault, LinkError or Stopped. After any exception the bench is off.)";

constexpr auto registers_doc =
    R"(The energy registers of one meter, read over its own port, as Registers.

position: its name (str) or its index in bench order (int). Raises DataError for a position that does not exist or has
no port, DeviceFault or LinkError for a meter that does not answer: most are dead without voltage. The load stays.)";

constexpr auto observe_doc =
    R"(What the reference sees now, as Observation, with its deviations from the load applied.

Raises DeviceFault (the source reports a fault) or LinkError. After any exception the bench is off.)";

constexpr auto bypass_doc =
    R"(Takes these positions out of the current circuit and all others into it; their voltage stays.

positions: names (str) or indices in bench order (int); an empty list takes every meter into the circuit, as off() does.
Relays move without current: apply LoadPoint.voltage_only() or off() before. measure() wants every meter in the circuit.
Raises DataError for a position without a relay, DeviceFault for a relay that does not move or while current flows,
LinkError or Stopped. After any exception the bench is off.)";

constexpr auto wait_doc =
    R"(Lets `time_s` seconds of bench time pass with the load as it is. Raises as apply().)";

constexpr auto off_doc = R"(Currents off, then voltages. Does nothing when the bench is off.

Raises DeviceFault or LinkError when the source could not be confirmed off; a note on it says so.)";

constexpr auto stop_doc =
    R"(Ends what another thread does on this bench: there Stopped is raised, with the bench off.

Returns at once. Does nothing to what is called later.)";

void bind_bench_methods(py::class_<BenchHandle, Handle>& bench) {
    using namespace py::literals;
    bench.def("apply", apply, apply_doc, "load"_a)
        .def("measure",
             measure,
             measure_doc,
             "intervals"_a = 10,
             "time_s"_a = 0.0,
             "timeout_s"_a = py::none())
        .def("observe", observe, observe_doc)
        .def("registers", registers, registers_doc, "position"_a)
        .def("bypass", bypass, bypass_doc, "positions"_a)
        .def("wait", wait, wait_doc, "time_s"_a)
        .def("off", off, off_doc)
        .def("stop", &BenchHandle::request_stop, stop_doc)
        .def("__enter__", [](const Handle& handle) { return handle; })
        .def("__exit__", [](BenchHandle& handle, const py::args&) { off(handle); })
        .def("__repr__", text_of);
}

void bind_bench_properties(py::class_<BenchHandle, Handle>& bench) {
    bench
        .def_property_readonly(
            "name",
            [](const BenchHandle& h) { return h.bench().file().name; },
            "As the bench file says.")
        .def_property_readonly(
            "meter",
            [](const BenchHandle& h) { return h.bench().meter().id; },
            "Id of the meter type.")
        .def_property_readonly("positions", positions_of, "List of Position, in bench order.")
        .def_property_readonly(
            "simulated",
            [](const BenchHandle& h) { return h.bench().file().any_simulated(); },
            "Whether any device of the bench is a simulated one.")
        .def_property_readonly(
            "has_position_switch",
            [](const BenchHandle& h) { return h.bench().has_position_switch(); },
            "Whether positions can be taken out of the current circuit.")
        .def_property_readonly(
            "virtual_time",
            [](const BenchHandle& h) { return h.bench().file().virtual_clock; },
            "Whether bench time is virtual.")
        .def_property_readonly(
            "time_s",
            [](const BenchHandle& h) { return calibration::seconds(h.bench().clock().now()); },
            "Bench time since it was assembled, s.")
        .def_property_readonly(
            "tick_s",
            [](const BenchHandle& h) { return h.bench().capture_identity().tick_s; },
            "One tick of the edge capture, s.")
        .def_property_readonly(
            "energised",
            [](const BenchHandle& h) { return h.bench().supervisor().energised(); },
            "Whether the source is on, or could not be confirmed off.");
}

}  // namespace

void bind_bench(py::module_& core) {
    using namespace py::literals;
    py::class_<BenchHandle, Handle> bench(
        core,
        "Bench",
        "A bench: source, reference, edge capture, meters. `with` switches it off at its end, and "
        "so does the end of "
        "the object or of Python. One thread at a time: others get RuntimeError.");
    bench
        .def_static("twin",
                    twin,
                    twin_doc,
                    "meter"_a,
                    "positions"_a = 3,
                    "seed"_a = 1,
                    py::kw_only(),
                    "faults"_a = std::vector<std::string>{},
                    "transcript"_a = py::none(),
                    "meters"_a = py::none())
        .def_static("from_file",
                    from_file,
                    from_file_doc,
                    "path"_a,
                    py::kw_only(),
                    "meter"_a,
                    "seed"_a = 1,
                    "faults"_a = std::vector<std::string>{},
                    "transcript"_a = py::none(),
                    "meters"_a = py::none());
    bind_bench_methods(bench);
    bind_bench_properties(bench);
    py::module_::import("atexit").attr("register")(py::cpp_function(shut_down_all));
}

}  // namespace scripts::python
