// Who blinks when loaded: codes of any number of positions, and what follows none.
#include "sequences/head_codes.hpp"

#include "sequences/head_story.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

using sequences::decode_head;
using sequences::head_complaint;
using sequences::head_steps;
using sequences::HeadCode;
using sequences::in_circuit;
using sequences::is_swapped;
using sequences::port_complaint;

namespace {

std::vector<bool> code_of(std::size_t position, std::size_t positions) {
    std::vector<bool> code;
    for (std::size_t step = 0; step < head_steps(positions); ++step) {
        code.push_back(in_circuit(position, step));
    }
    return code;
}

}  // namespace

TEST_CASE("forty positions take twelve steps, not forty") {
    CHECK(head_steps(1) == 2);
    CHECK(head_steps(2) == 2);
    CHECK(head_steps(3) == 4);
    CHECK(head_steps(4) == 4);
    CHECK(head_steps(5) == 6);
    CHECK(head_steps(40) == 12);
    CHECK(head_steps(80) == 14);
}

TEST_CASE("every position has a code of its own, half of its steps in the circuit") {
    for (std::size_t positions = 1; positions <= 80; ++positions) {
        std::set<std::vector<bool>> codes;
        for (std::size_t position = 0; position < positions; ++position) {
            const auto code = code_of(position, positions);
            codes.insert(code);
            CHECK(2 * std::ranges::count(code, true) == static_cast<std::ptrdiff_t>(code.size()));
            const HeadCode decoded = decode_head(code, positions);
            CHECK(decoded.kind == HeadCode::Kind::of_position);
            CHECK(decoded.position == position);
        }
        CHECK(codes.size() == positions);
    }
}

TEST_CASE("what never blinks, always blinks, or blinks at will follows nobody") {
    CHECK(decode_head(std::vector<bool>(6, false), 5).kind == HeadCode::Kind::never);
    CHECK(decode_head(std::vector<bool>(6, true), 5).kind == HeadCode::Kind::always);
    // The code of position 6 where there are five, and one step of position 2's code wrong.
    CHECK(decode_head(code_of(5, 6), 5).kind == HeadCode::Kind::nobodys);
    for (std::size_t step = 0; step < 6; ++step) {
        auto code = code_of(1, 5);
        code[step] = !code[step];
        CHECK(decode_head(code, 5).kind == HeadCode::Kind::nobodys);
    }
}

TEST_CASE("swapped heads and ports are named by both positions") {
    const sequences::PositionNames names{"left", "right"};
    const HeadCode second{HeadCode::Kind::of_position, 1};
    CHECK(head_complaint(second, 0, names) ==
          "the head of position left sees the meter of position right");
    CHECK(port_complaint(second, 0, names) ==
          "the port of position left reads the meter of position right");
    CHECK(head_complaint(second, 1, names).empty());
    CHECK(is_swapped(second, 0));
    CHECK_FALSE(is_swapped(second, 1));
    CHECK_FALSE(is_swapped({HeadCode::Kind::never}, 1));
    CHECK(head_complaint({HeadCode::Kind::never}, 0, names).find("left never blinks") !=
          std::string::npos);
    CHECK(port_complaint({HeadCode::Kind::always}, 1, names).find("in and out") !=
          std::string::npos);
}

TEST_CASE("an impulse on its way is no blinking, half of those due are") {
    sequences::TestPoint point;
    point.impulse_interval = calibration::from_seconds(1);
    CHECK_FALSE(blinked(point, 0, 4));
    CHECK_FALSE(blinked(point, 1, 4));
    CHECK(blinked(point, 2, 4));
    CHECK(blinked(point, 4, 4));
    CHECK_FALSE(blinked(point, 1, 2));  // never on one impulse alone
    CHECK_FALSE(blinked(point, 9, 20));
    CHECK(blinked(point, 10, 20));
}
