// Who blinks when loaded: every position has a code of its own, followed in and out of the circuit.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sequences {

// Steps it takes to tell this many positions apart: two for every bit of the largest number. In a
// bit's first step the positions with a 1 are in the circuit, in its second those with a 0: every
// code has as many steps in as out, so that what always blinks and what never blinks follows none.
std::size_t head_steps(std::size_t positions);
// Whether this position carries the current in this step.
bool in_circuit(std::size_t position, std::size_t step);

// Whose code was followed.
struct HeadCode {
    enum class Kind { of_position, never, always, nobodys };
    Kind kind = Kind::nobodys;
    std::size_t position = 0;  // of_position
};
HeadCode decode_head(const std::vector<bool>& seen, std::size_t positions);

}  // namespace sequences
