// calrig.Registers: what a meter counts.
#include "scripts/python/registers.hpp"

#include "scripts/python/bindings.hpp"

#include <fmt/format.h>
#include <pybind11/pybind11.h>

namespace scripts::python {

namespace py = pybind11;

void bind_registers(py::module_& core) {
    const auto kwh = [](auto member) {
        return [member](const RegistersOf& r) { return (r.reading.*member).value() / 1000; };
    };
    using dut::RegisterReading;
    py::class_<RegistersOf>(
        core, "Registers", "A meter's total energy registers, all of one instant.")
        .def_readonly("position", &RegistersOf::position, "Name.")
        .def_property_readonly("active_import_kwh", kwh(&RegisterReading::active_import), "kWh.")
        .def_property_readonly("active_export_kwh", kwh(&RegisterReading::active_export), "kWh.")
        .def_property_readonly(
            "reactive_import_kvarh", kwh(&RegisterReading::reactive_import), "kvarh.")
        .def_property_readonly(
            "reactive_export_kvarh", kwh(&RegisterReading::reactive_export), "kvarh.")
        .def_property_readonly(
            "resolution_kwh", kwh(&RegisterReading::resolution), "One step of a register, kWh.")
        .def_property_readonly(
            "roll_over_kwh", kwh(&RegisterReading::roll_over), "Where a register begins anew, kWh.")
        .def_property_readonly(
            "ratio",
            [](const RegistersOf& r) { return r.reading.ratio; },
            "Of the current transformer set in the meter, carried by these values; 1 for direct "
            "meters.")
        .def_property_readonly(
            "time_s",
            [](const RegistersOf& r) { return calibration::seconds(r.reading.at); },
            "Bench time of the answer, s.")
        .def("__repr__", [](const RegistersOf& r) {
            return fmt::format("<calrig.Registers position '{}': {:g} kWh import, {:g} kWh export>",
                               r.position,
                               r.reading.active_import.value() / 1000,
                               r.reading.active_export.value() / 1000);
        });
}

}  // namespace scripts::python
