// calrig.Point, calrig.Result and calrig.Meter: what a run says.
#include "sequences/results.hpp"

#include "reports/check_text.hpp"
#include "scripts/python/arrays.hpp"
#include "scripts/python/bindings.hpp"
#include "scripts/python/numbers.hpp"

#include <fmt/format.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <vector>

namespace scripts::python {

namespace {

namespace py = pybind11;
using calibration::Verdict;
using sequences::CheckLine;
using sequences::MeterResult;
using sequences::PointResult;
using sequences::PositionResult;

std::string verdict_of(const PointResult& point) {
    std::vector<Verdict> verdicts;
    for (const PositionResult& position : point.positions) {
        verdicts.push_back(position.verdict);
    }
    return std::string(calibration::name(calibration::worst(verdicts)));
}

std::vector<std::string> invalidations(const PointResult& point) {
    std::vector<std::string> lines;
    for (const sequences::Invalidation& entry : point.invalidations) {
        lines.push_back(fmt::format("attempt {}{}: {}",
                                    entry.attempt,
                                    entry.position.empty() ? "" : ", position " + entry.position,
                                    entry.reason));
    }
    return lines;
}

py::object limits_of(const PointResult& point) {
    if (!point.point.limits) {
        return py::none();
    }
    return py::make_tuple(point.point.limits->lower.value(), point.point.limits->upper.value());
}

std::string text_of(const CheckLine& line) {
    const reports::CheckTexts texts = reports::check_texts(line);
    return fmt::format("<calrig.Check '{}': {}{}, {}>",
                       line.what,
                       texts.found,
                       texts.permitted.empty() ? "" : " (permitted " + texts.permitted + ")",
                       calibration::name(line.verdict));
}

void bind_check(py::module_& core) {
    py::class_<CheckLine>(core, "Check", "One thing that a test over the port looked at.")
        .def_readonly("what", &CheckLine::what, "What was looked at.")
        .def_readonly("value", &CheckLine::value, "What was found, in `unit`; None: see `text`.")
        .def_readonly("least", &CheckLine::least, "Permitted, in `unit`; None: not judged.")
        .def_readonly("most", &CheckLine::most, "Permitted, in `unit`; None: not judged.")
        .def_readonly("unit", &CheckLine::unit, "\"%\", \"Wh\", \"ms\"; empty for a bare number.")
        .def_readonly("text", &CheckLine::text, "What was read, or what the value is; or empty.")
        .def_property_readonly(
            "verdict",
            [](const CheckLine& l) { return std::string(calibration::name(l.verdict)); },
            "As of a Result; \"not_run\" where nothing is judged.")
        .def("__repr__", [](const CheckLine& l) { return text_of(l); });
}

void bind_result(py::module_& core) {
    py::class_<PositionResult>(core, "Result", "One position at one point of a run.")
        .def_readonly("position", &PositionResult::position, "Name.")
        .def_readonly("serial", &PositionResult::serial, "Of the meter; may be empty.")
        .def_property_readonly(
            "verdict",
            [](const PositionResult& r) { return std::string(calibration::name(r.verdict)); },
            "\"pass\", \"fail\", \"inconclusive\", \"suspect\", \"invalid\" or \"not_run\".")
        .def_readonly("reason", &PositionResult::reason, "One line; empty for a plain pass.")
        .def_readonly("attempt", &PositionResult::attempt, "The one that counted, from 1.")
        .def_property_readonly("error_percent", error_percent, error_doc)
        .def_property_readonly("error_omega_percent", error_omega_percent, omega_doc)
        .def_property_readonly(
            "expanded_uncertainty_percent", expanded_uncertainty_percent, uncertainty_doc)
        .def_property_readonly("coverage_factor", coverage_factor, coverage_doc)
        .def_property_readonly("intervals", intervals, intervals_doc)
        .def_property_readonly("missed", missed, missed_doc)
        .def_property_readonly("extra", extra, extra_doc)
        .def_readonly("true_error_percent", &PositionResult::true_error_percent, truth_doc)
        .def_readonly(
            "impulses", &PositionResult::impulses, "No-load and starting: impulses observed.")
        .def_readonly("observed_s",
                      &PositionResult::observed_s,
                      "No-load: how long it was observed, s; starting: until it was decided.")
        .def_readonly("checks",
                      &PositionResult::checks,
                      "List of Check: all that a test over the port looked at, in order.")
        .def_property_readonly(
            "impulse_times_s",
            [](const PositionResult& r) { return array_of(r.impulse_times_s); },
            "float64 [n], starting: the first impulses after the load was on, n at most 3, s.")
        .def_property_readonly(
            "edges", [](const PositionResult& r) { return array_of(r.edges); }, edges_doc)
        .def("__repr__", [](const PositionResult& r) {
            return fmt::format("<calrig.Result position '{}': {}, {:.4f} % +- {:.4f} %>",
                               r.position,
                               calibration::name(r.verdict),
                               error_percent(r),
                               expanded_uncertainty_percent(r));
        });
}

void bind_point(py::module_& core) {
    const auto text = [](const PointResult& p) {
        return fmt::format("<calrig.Point '{}': {}>", p.point.programme.name, verdict_of(p));
    };
    py::class_<PointResult>(core, "Point", "One test point of a run, with a Result per position.")
        .def_property_readonly(
            "name",
            [](const PointResult& p) { return p.point.programme.name; },
            "As the programme says.")
        .def_property_readonly(
            "kind",
            [](const PointResult& p) {
                return std::string(sequences::name(p.point.programme.kind));
            },
            "\"no-load\", \"starting\", \"accuracy\", or a test over the port: \"identify\", "
            "\"heads\", \"constant\", \"dial\", \"tariff\", \"pulse-output\", "
            "\"phase-sequence\", \"reactive\", \"communication\", \"set-up\", \"load-curve\".")
        .def_property_readonly("verdict", verdict_of, "The worst of its positions.")
        .def_readonly("results", &PointResult::positions, "List of Result, in bench order.")
        .def_property_readonly(
            "voltage_v",
            [](const PointResult& p) { return array_of(phase_values(p.point.load).voltage_v); },
            "float64 [3], as asked for, V.")
        .def_property_readonly(
            "current_a",
            [](const PointResult& p) { return array_of(phase_values(p.point.load).current_a); },
            "float64 [3], as asked for, A.")
        .def_property_readonly(
            "power_factor",
            [](const PointResult& p) { return p.point.programme.power_factor.text(); },
            "\"0.5 ind\".")
        .def_property_readonly(
            "limits_percent", limits_of, "(lower, upper) in %, of an accuracy point; else None.")
        .def_readonly("attempts", &PointResult::attempts, "How often it was tried.")
        .def_property_readonly(
            "invalidations", invalidations, "List of str: why an attempt did not count.")
        .def_readonly(
            "started_s", &PointResult::started_s, "Bench time of the attempt that counted, s.")
        .def_readonly("ended_s", &PointResult::ended_s, "Bench time, s.")
        .def("__repr__", text);
}

void bind_meter(py::module_& core) {
    const auto text = [](const MeterResult& m) {
        return fmt::format(
            "<calrig.Meter position '{}': {}>", m.position, calibration::name(m.verdict));
    };
    py::class_<MeterResult>(core, "Meter", "One meter over a whole run.")
        .def_readonly("position", &MeterResult::position, "Name.")
        .def_readonly("serial",
                      &MeterResult::serial,
                      "As the bench file or, failing that, the meter states it.")
        .def_property_readonly(
            "verdict",
            [](const MeterResult& m) { return std::string(calibration::name(m.verdict)); },
            "The worst of its points and of its registers against its impulses.")
        .def_readonly(
            "reason", &MeterResult::reason, "Why the position was given up; empty: it was not.")
        .def_readonly(
            "identity", &MeterResult::identity, "List of (field, text), as read from the meter.")
        .def_property_readonly(
            "edge_ticks",
            [](const MeterResult& m) { return array_of(m.edge_ticks); },
            "int64 [n]: every impulse of the run, inside gates and outside, in ticks.")
        .def_property_readonly(
            "output_edge_ticks",
            [](const MeterResult& m) { return array_of(m.output_edge_ticks); },
            "int64 [n]: every impulse of its pulse output in the run, in ticks; empty: not wired.")
        .def("__repr__", text);
}

}  // namespace

void bind_results(py::module_& core) {
    bind_check(core);
    bind_result(core);
    bind_point(core);
    bind_meter(core);
}

}  // namespace scripts::python
