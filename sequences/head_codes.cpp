#include "sequences/head_codes.hpp"

#include <algorithm>

namespace sequences {

std::size_t head_steps(std::size_t positions) {
    std::size_t bits = 1;
    while ((std::size_t{1} << bits) < positions) {
        ++bits;
    }
    return 2 * bits;
}

bool in_circuit(std::size_t position, std::size_t step) {
    const bool one = ((position >> (step / 2)) & 1U) != 0;
    return one == (step % 2 == 0);
}

HeadCode decode_head(const std::vector<bool>& seen, std::size_t positions) {
    if (std::ranges::find(seen, true) == seen.end()) {
        return {HeadCode::Kind::never};
    }
    if (std::ranges::find(seen, false) == seen.end()) {
        return {HeadCode::Kind::always};
    }
    for (std::size_t position = 0; position < positions; ++position) {
        bool same = true;
        for (std::size_t step = 0; step < seen.size(); ++step) {
            same = same && seen[step] == in_circuit(position, step);
        }
        if (same) {
            return {HeadCode::Kind::of_position, position};
        }
    }
    return {};
}

}  // namespace sequences
