// Every kind of loop, for tests that must hold on all of them.
#pragma once

#include "instruments/io/loop.hpp"

#include <memory>
#include <string>

namespace loops {

enum class Time { in_virtual_time, in_real_time, in_fast_time };

inline std::unique_ptr<instruments::io::Loop> make(Time time) {
    using instruments::io::Loop;
    if (time == Time::in_virtual_time) return Loop::with_virtual_time();
    return time == Time::in_real_time ? Loop::with_real_time() : Loop::with_real_time(4);
}

inline std::string name(Time time) {
    if (time == Time::in_virtual_time) return "virtual clock";
    return time == Time::in_real_time ? "real clock" : "real clock, four times as fast";
}

}  // namespace loops
