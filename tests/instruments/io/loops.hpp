// Both kinds of loop, for tests that must hold on either.
#pragma once

#include "instruments/io/loop.hpp"

#include <memory>
#include <string>

namespace loops {

enum class Time { in_virtual_time, in_real_time };

inline std::unique_ptr<instruments::io::Loop> make(Time time) {
    return time == Time::in_virtual_time ? instruments::io::Loop::with_virtual_time()
                                         : instruments::io::Loop::with_real_time();
}

inline std::string name(Time time) {
    return time == Time::in_virtual_time ? "virtual clock" : "real clock";
}

}  // namespace loops
