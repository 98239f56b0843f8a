// The tables a NeXus viewer plots: all errors, and the error curve of every meter against current.
// Internal.
#pragma once

#include "reports/h5.hpp"
#include "sequences/results.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace reports {

// The positions of a run in bench order: those of its meters, then any only a point knows.
class Columns {
  public:
    explicit Columns(const sequences::RunResult& run);
    std::size_t of(const std::string& position) const;
    const std::vector<std::string>& names() const { return names_; }

  private:
    std::vector<std::string> names_;
};

// /entry/results and, if there are points at unity power factor, /entry/error_curve; sets entry's
// `default`.
void write_nexus_views(h5::Group& entry, const sequences::RunResult& run);

}  // namespace reports
