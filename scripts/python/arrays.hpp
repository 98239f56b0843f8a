// Numbers to numpy: every array owns its memory.
#pragma once

#include "calibration/gate.hpp"
#include "scripts/python/load_point.hpp"

#include <vector>

namespace pybind11 {
class object;
}

namespace scripts::python {

pybind11::object array_of(const PerPhase& values);                             // float64 [3]
pybind11::object array_of(const std::vector<double>& values);                  // float64 [n]
pybind11::object array_of(const std::vector<std::int64_t>& values);            // int64 [n]
pybind11::object array_of(const std::vector<calibration::PhasedEdge>& edges);  // int64 [n, 4]

}  // namespace scripts::python
