#include "scripts/python/load_point.hpp"

#include "calibration/document.hpp"
#include "scripts/python/arrays.hpp"
#include "scripts/python/bindings.hpp"

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cmath>
#include <string>
#include <variant>

namespace scripts::python {

namespace {

namespace py = pybind11;
using calibration::Ampere;
using calibration::DataError;
using calibration::Hertz;
using calibration::LoadPoint;
using calibration::PowerFactor;
using calibration::Volt;
using sequences::HandLoad;

using Factor = std::variant<std::string, double>;

double amount(const char* name, double value, const char* unit) {
    if (!(std::isfinite(value) && value >= 0)) {
        throw DataError(
            fmt::format("{}: expected a finite value of at least 0 {}, got {}", name, unit, value));
    }
    return value;
}

Volt voltage(double value) { return Volt{amount("voltage_v", value, "V")}; }
Ampere current(double value) { return Ampere{amount("current_a", value, "A")}; }
Hertz frequency(double value) { return Hertz{amount("frequency_hz", value, "Hz")}; }

PowerFactor power_factor(const Factor& factor) {
    if (const auto* text = std::get_if<std::string>(&factor)) {
        return PowerFactor::parse(*text);
    }
    return PowerFactor::parse(fmt::format("{}", std::get<double>(factor)));
}

std::size_t phase_index(const std::string& name) {
    for (std::size_t phase = 0; phase < calibration::phase_count; ++phase) {
        if (name == fmt::format("L{}", phase + 1)) {
            return phase;
        }
    }
    throw DataError(fmt::format("phase: expected L1, L2 or L3, got '{}'", name));
}

HandLoad balanced(double voltage_v, double current_a, const Factor& factor, double frequency_hz) {
    const PowerFactor asked = power_factor(factor);
    return {
        LoadPoint::balanced(voltage(voltage_v), current(current_a), asked, frequency(frequency_hz)),
        asked};
}

HandLoad single_phase(const std::string& phase,
                      double voltage_v,
                      double current_a,
                      const Factor& factor,
                      double frequency_hz) {
    const PowerFactor asked = power_factor(factor);
    return {LoadPoint::single_phase(phase_index(phase),
                                    voltage(voltage_v),
                                    current(current_a),
                                    asked,
                                    frequency(frequency_hz)),
            asked};
}

HandLoad voltage_only(double voltage_v, double frequency_hz) {
    return {LoadPoint::voltage_only(voltage(voltage_v), frequency(frequency_hz)),
            PowerFactor::unity()};
}

std::string text_of(const HandLoad& load) {
    const PhaseValues values = phase_values(load.load);
    return fmt::format(
        "<calrig.LoadPoint {:g}/{:g}/{:g} V, {:g}/{:g}/{:g} A, power factor {}, {:g} Hz>",
        values.voltage_v[0],
        values.voltage_v[1],
        values.voltage_v[2],
        values.current_a[0],
        values.current_a[1],
        values.current_a[2],
        load.power_factor.text(),
        load.load.frequency.value());
}

constexpr auto balanced_doc = R"(The same voltage and current in all three phases.

voltage_v: phase to neutral, V. current_a: per phase, A. power_factor: "1", "0.5 ind", "0.8 cap"; a leading "-" is
export. frequency_hz: Hz.
Raises DataError for a value that is negative or not finite, or a power factor that is none.)";

constexpr auto single_phase_doc = R"(Voltages in all three phases, current in one.

phase: "L1", "L2" or "L3"; the rest as in balanced(). Raises DataError.)";

constexpr auto voltage_only_doc =
    R"(Voltages in all three phases, no current: meters are alive and count nothing.

Raises DataError.)";

}  // namespace

PhaseValues phase_values(const LoadPoint& load) {
    PhaseValues values{};
    for (std::size_t phase = 0; phase < calibration::phase_count; ++phase) {
        values.voltage_v[phase] = load.phases[phase].voltage.value();
        values.current_a[phase] = load.phases[phase].current.value();
        values.displacement_deg[phase] = load.phases[phase].displacement.value();
    }
    return values;
}

void bind_load_point(py::module_& core) {
    using namespace py::literals;
    py::class_<HandLoad>(
        core,
        "LoadPoint",
        "What the bench is to make: voltages, currents, angles, frequency. Immutable.")
        .def_static("balanced",
                    balanced,
                    balanced_doc,
                    py::kw_only(),
                    "voltage_v"_a,
                    "current_a"_a,
                    "power_factor"_a = "1",
                    "frequency_hz"_a = 50.0)
        .def_static("single_phase",
                    single_phase,
                    single_phase_doc,
                    py::kw_only(),
                    "phase"_a,
                    "voltage_v"_a,
                    "current_a"_a,
                    "power_factor"_a = "1",
                    "frequency_hz"_a = 50.0)
        .def_static("voltage_only",
                    voltage_only,
                    voltage_only_doc,
                    py::kw_only(),
                    "voltage_v"_a,
                    "frequency_hz"_a = 50.0)
        .def_property_readonly(
            "voltage_v",
            [](const HandLoad& l) { return array_of(phase_values(l.load).voltage_v); },
            "float64 [3], V, phase to neutral.")
        .def_property_readonly(
            "current_a",
            [](const HandLoad& l) { return array_of(phase_values(l.load).current_a); },
            "float64 [3], A.")
        .def_property_readonly(
            "displacement_deg",
            [](const HandLoad& l) { return array_of(phase_values(l.load).displacement_deg); },
            "float64 [3], degrees; positive: the current lags its voltage.")
        .def_property_readonly(
            "power_factor",
            [](const HandLoad& l) { return l.power_factor.text(); },
            "As asked for: \"0.5 ind\".")
        .def_property_readonly(
            "frequency_hz", [](const HandLoad& l) { return l.load.frequency.value(); }, "Hz.")
        .def_property_readonly(
            "active_power_w",
            [](const HandLoad& l) { return calibration::active_power(l.load).value(); },
            "Of all three phases, W.")
        .def(
            "__eq__",
            [](const HandLoad& a, const HandLoad& b) {
                return a.load == b.load && a.power_factor == b.power_factor;
            },
            py::is_operator())
        .def("__repr__", text_of);
}

}  // namespace scripts::python
