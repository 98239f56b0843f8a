// What goes wrong with evidence: it could not be written, or a file is not what it claims to be.
#pragma once

#include <stdexcept>

namespace reports {

// One line: file, what is wrong, what follows from it.
class EvidenceError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace reports
