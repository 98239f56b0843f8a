// Tests over the port, made by hand: what each kind may look at, with one fault of every sort.
#pragma once

#include "sequences/results.hpp"

namespace tests {

// Appends a point of every kind to a run. Meter "1" passes all; the head of "2" is exchanged, its
// tariff is stuck and it states another checksum; "3" refuses a setting and is then given up.
void add_port_tests(sequences::RunResult& run);

}  // namespace tests
