// Text to a person or a pipe. Nobody being there any more must never end a run: what cannot be
// written is let go, and the end of the program looks whether results were lost.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace scripts {

template <class... Values>
void say(std::FILE* to, fmt::format_string<Values...> text, Values&&... values) {
    const std::string line = fmt::format(text, std::forward<Values>(values)...);
    std::fwrite(line.data(), 1, line.size(), to);
}

}  // namespace scripts
