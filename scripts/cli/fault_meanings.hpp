// What each fault of the twin does, in words.
#pragma once

#include <string_view>

namespace scripts {

std::string_view meaning_of_fault(std::string_view kind);  // empty: none of that name

}  // namespace scripts
