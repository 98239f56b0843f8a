// calrig._core: the extension module.
#include "scripts/python/bindings.hpp"
#include "sequences/runner.hpp"

#include <pybind11/pybind11.h>

PYBIND11_MODULE(_core, core) {
    using namespace scripts::python;
    core.doc() = "The bench, bound to C++; import calrig instead.";
    core.attr("__version__") = sequences::software_version();
    bind_errors(core);
    bind_load_point(core);
    bind_positions(core);
    bind_registers(core);
    bind_readings(core);
    bind_results(core);
    bind_bench(core);
    bind_run(core);
}
