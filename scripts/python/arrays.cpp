#include "scripts/python/arrays.hpp"

#include <pybind11/numpy.h>

namespace scripts::python {

namespace py = pybind11;

namespace {

template <class T, class List>
py::object array_from(const List& values) {
    return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

}  // namespace

py::object array_of(const PerPhase& values) { return array_from<double>(values); }

py::object array_of(const std::vector<double>& values) { return array_from<double>(values); }

py::object array_of(const std::vector<std::int64_t>& values) {
    return array_from<std::int64_t>(values);
}

py::object array_of(const std::vector<calibration::PhasedEdge>& edges) {
    const auto rows = static_cast<py::ssize_t>(edges.size());
    py::array_t<std::int64_t> array({rows, py::ssize_t{4}});
    auto cells = array.mutable_unchecked<2>();
    for (py::ssize_t row = 0; row < rows; ++row) {
        const calibration::PhasedEdge& edge = edges[static_cast<std::size_t>(row)];
        cells(row, 0) = edge.tick;
        cells(row, 1) = edge.reference_count;
        cells(row, 2) = edge.reference_before;
        cells(row, 3) = edge.reference_after;
    }
    return array;
}

}  // namespace scripts::python
