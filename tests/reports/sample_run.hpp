// A run made by hand for the tests of reports: synthetic edges, one failing meter, one invalidated
// point.
#pragma once

#include "sequences/results.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tests {

// The verification programme of a COUNTIS E48. Meter "2" fails, meter "3" has an invalid and a
// suspect point.
struct SampleOptions {
    int positions = 3;
    bool simulated = true;
    std::size_t intervals = 12;
    std::vector<std::string> only_points = {};  // names; empty: all
    bool port_tests = false;                    // see sample_port_tests.hpp
};

sequences::RunResult sample_run(const SampleOptions& options = {});

}  // namespace tests
