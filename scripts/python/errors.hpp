// From C++ exceptions to calrig's Python exceptions.
#pragma once

#include <exception>
#include <string>

namespace scripts::python {

// An exception on its way to Python, with a note on what became of the bench.
struct Noted {
    std::exception_ptr cause;
    std::string note;  // empty: none
};

}  // namespace scripts::python
