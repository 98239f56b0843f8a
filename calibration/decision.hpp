// From an error, its uncertainty and its limits to a verdict, by a stated rule (ILAC-G8, JCGM 106).
#pragma once

#include "calibration/quantity.hpp"

#include <span>
#include <string>
#include <string_view>

namespace calibration {

// Stored as numbers in evidence: never renumber.
enum class Verdict {
    pass = 0,
    fail = 1,
    inconclusive = 2,  // measured, but the uncertainty forbids a decision
    suspect = 3,  // measured, but something contradicts the measurement (missed edges, registers)
    invalid = 4,  // not measured under the conditions the standard asks for
    not_run = 5,
};

std::string_view name(Verdict verdict);
Verdict verdict_from_name(std::string_view name);  // throws DataError

// The worst of many, for a meter and for a run: fail before invalid before suspect before
// inconclusive before not run before pass. An empty list is not_run.
Verdict worst(std::span<const Verdict> verdicts);

enum class DecisionRule {
    simple,  // limit as it is, only if U <= limit / 3, else inconclusive
    guard,   // acceptance limit = limit - U; beyond the limit itself fails; between the two is
             // inconclusive
};

std::string_view name(DecisionRule rule);
DecisionRule decision_rule_from_name(std::string_view name);  // throws DataError naming the choices

struct Limits {
    Percent lower{0};
    Percent upper{0};
    // Which row of which table: "EN 50470-3 class C, balanced, Itr <= I <= Imax, PF 1".
    std::string row{};
    std::string source{};
    std::string confidence{};  // as in the data file
    bool disputed = false;     // the stricter of disputed values was taken
};

struct Judgement {
    Verdict verdict = Verdict::not_run;
    Percent acceptance_lower{0};
    Percent acceptance_upper{0};
    std::string reason;  // one line, empty for a plain pass
};

// Limits are inclusive. An uncertainty that is not finite is inconclusive, an error that is not is
// invalid. Under the simple rule an error outside by more than U fails even where U is above a
// third of the limit.
Judgement judge(Percent error,
                Percent expanded_uncertainty,
                const Limits& limits,
                DecisionRule rule);

}  // namespace calibration
