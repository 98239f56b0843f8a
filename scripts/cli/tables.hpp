// Plans and results as text for a terminal, and as JSON for machines.
#pragma once

#include "sequences/plan.hpp"
#include "sequences/results.hpp"

#include <string>

namespace scripts {

std::string plan_as_text(const sequences::Plan& plan);
std::string plan_as_json(const sequences::Plan& plan);
std::string result_as_text(const sequences::RunResult& result);
std::string result_as_json(const sequences::RunResult& result);  // one line

}  // namespace scripts
