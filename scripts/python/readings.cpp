// calrig.Measurement and calrig.Observation: what a bench operated by hand says.
#include "scripts/python/arrays.hpp"
#include "scripts/python/bindings.hpp"
#include "scripts/python/numbers.hpp"
#include "sequences/bench_session.hpp"

#include <fmt/format.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace scripts::python {

namespace {

namespace py = pybind11;
using calibration::SeenPhase;
using rig::Observation;
using sequences::HandResult;

// One quantity of every phase, as a property.
template <class Q>
auto seen(Q SeenPhase::* member) {
    return [member](const Observation& observation) {
        PerPhase values{};
        for (std::size_t phase = 0; phase < values.size(); ++phase) {
            values[phase] = (observation.reading.load.phases[phase].*member).value();
        }
        return array_of(values);
    };
}

std::string text_of(const HandResult& r) {
    return fmt::format("<calrig.Measurement position '{}': {:.4f} % +- {:.4f} %, {} intervals{}>",
                       r.numbers.position,
                       error_percent(r.numbers),
                       expanded_uncertainty_percent(r.numbers),
                       intervals(r.numbers),
                       r.valid ? "" : "; " + r.numbers.reason);
}

template <class Value>
auto number(Value (*of)(const sequences::PositionResult&)) {
    return [of](const HandResult& r) { return of(r.numbers); };
}

}  // namespace

void bind_readings(py::module_& core) {
    py::class_<Observation>(core, "Observation", "What the reference sees.")
        .def_property_readonly("voltage_v", seen(&SeenPhase::voltage), "float64 [3], V.")
        .def_property_readonly("current_a", seen(&SeenPhase::current), "float64 [3], A.")
        .def_property_readonly("displacement_deg",
                               seen(&SeenPhase::displacement),
                               "float64 [3], degrees; positive: the current lags its voltage.")
        .def_property_readonly("active_power_w", seen(&SeenPhase::active), "float64 [3], W.")
        .def_property_readonly(
            "frequency_hz",
            [](const Observation& o) { return o.reading.load.frequency.value(); },
            "Hz.")
        .def_readonly("deviations",
                      &Observation::deviations,
                      "List of str, a line per quantity outside the reference conditions; empty: "
                      "the load stands.");

    py::class_<HandResult>(
        core, "Measurement", "The error of one position, by hand: no limits, no verdict.")
        .def_property_readonly(
            "position", [](const HandResult& r) { return r.numbers.position; }, "Name.")
        .def_property_readonly(
            "serial",
            [](const HandResult& r) { return r.numbers.serial; },
            "Of the meter; may be empty.")
        .def_readonly("valid",
                      &HandResult::valid,
                      "Whether the error stands: no edge lost, missed or extra, and as many "
                      "intervals as asked for.")
        .def_property_readonly(
            "reason",
            [](const HandResult& r) { return r.numbers.reason; },
            "Why it is not valid; empty when it is.")
        .def_property_readonly("error_percent", number(error_percent), error_doc)
        .def_property_readonly("error_omega_percent", number(error_omega_percent), omega_doc)
        .def_property_readonly(
            "expanded_uncertainty_percent", number(expanded_uncertainty_percent), uncertainty_doc)
        .def_property_readonly("coverage_factor", number(coverage_factor), coverage_doc)
        .def_property_readonly("intervals", number(intervals), intervals_doc)
        .def_property_readonly("missed", number(missed), missed_doc)
        .def_property_readonly("extra", number(extra), extra_doc)
        .def_property_readonly(
            "true_error_percent",
            [](const HandResult& r) { return r.numbers.true_error_percent; },
            truth_doc)
        .def_readonly("duration_s",
                      &HandResult::duration_s,
                      "From the first edge of the gate to the last, s; 0 without.")
        .def_property_readonly(
            "edges", [](const HandResult& r) { return array_of(r.numbers.edges); }, edges_doc)
        .def("__repr__", text_of);
}

}  // namespace scripts::python
