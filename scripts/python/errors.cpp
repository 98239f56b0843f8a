#include "scripts/python/errors.hpp"

#include "calibration/document.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/link.hpp"
#include "reports/evidence_error.hpp"
#include "rig/bench.hpp"
#include "rig/journal.hpp"
#include "scripts/python/bindings.hpp"
#include "sequences/bench_session.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace scripts::python {

namespace {

namespace py = pybind11;

py::object new_error(const char* name, const char* text) {
    return py::module_::import("calrig._errors").attr(name)(text);
}

void set_error(const py::object& error) {
    PyErr_SetObject(py::type::handle_of(error).ptr(), error.ptr());
}

void set_fault(const instruments::DeviceFault& fault) {
    const py::object error = new_error("DeviceFault", fault.what());
    error.attr("device") = fault.report().device;
    error.attr("operation") = fault.report().operation;
    error.attr("problem") = fault.report().problem;
    error.attr("code") = fault.report().code;
    set_error(error);
}

void set_conditions(const sequences::ConditionsError& left) {
    const py::object error = new_error("ConditionsError", left.what());
    error.attr("deviations") = left.deviations();
    set_error(error);
}

void add_note(const std::string& note) {
    if (note.empty()) {
        return;
    }
    py::error_already_set raised;
    raised.value().attr("add_note")(note);
    raised.restore();
}

// What calrig does not know goes on to the translators of pybind11.
void translate(std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const Noted& noted) {
        translate(noted.cause);
        add_note(noted.note);
    } catch (py::error_already_set& raised) {
        raised.restore();
    } catch (const calibration::DataError& error) {
        set_error(new_error("DataError", error.what()));
    } catch (const instruments::DeviceFault& fault) {
        set_fault(fault);
    } catch (const instruments::io::LinkError& error) {
        set_error(new_error("LinkError", error.what()));
    } catch (const sequences::ConditionsError& error) {
        set_conditions(error);
    } catch (const reports::EvidenceError& error) {
        set_error(new_error("EvidenceError", error.what()));
    } catch (const rig::JournalError& error) {
        set_error(new_error("EvidenceError", error.what()));
    } catch (const rig::Stopped& error) {
        set_error(new_error("Stopped", error.what()));
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
}

void translate_ours(std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const py::builtin_exception&) {
        throw;  // an index, a type: pybind11's own
    } catch (...) {
        translate(std::current_exception());
    }
}

}  // namespace

void bind_errors(py::module_& core) {
    static_cast<void>(core);
    py::register_local_exception_translator(translate_ours);
}

}  // namespace scripts::python
