// The parts of the extension module, one concept each; pybind11 stays in the sources.
#pragma once

namespace pybind11 {
class module_;
}

namespace scripts::python {

void bind_errors(pybind11::module_& core);
void bind_load_point(pybind11::module_& core);
void bind_positions(pybind11::module_& core);
void bind_registers(pybind11::module_& core);
void bind_readings(pybind11::module_& core);
void bind_results(pybind11::module_& core);
void bind_bench(pybind11::module_& core);
void bind_run(pybind11::module_& core);

}  // namespace scripts::python
