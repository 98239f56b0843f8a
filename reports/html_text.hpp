// Numbers and texts as they stand on the page: escaped, the same in every locale. Internal.
#pragma once

#include "calibration/decision.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace reports {

std::string escaped(std::string_view text);  // for element content and for quoted attributes

std::string fixed(double value, int decimals);         // "12.30", a true minus sign, never "-0.00"
std::string signed_fixed(double value, int decimals);  // "+0.12"
std::string shortest(double value);  // as few digits as say it exactly: "0.05", "230"
std::string significant(double value, int digits);  // "0.0123"
// As significant(), never smaller than `value`: an uncertainty is not rounded in one's own favour.
std::string rounded_up(double value, int digits);

// One digit more than the limit is stated with, at least two decimals.
int error_decimals(const calibration::Limits& limits);
// The error rounded to error_decimals; more digits where rounding would move it across a limit.
std::string error_text(double error, const std::optional<calibration::Limits>& limits);
std::string limits_text(const calibration::Limits& limits);  // "±0.5" or "−0.5 … +0.7"

// "pass", "fail", "inconclusive", "suspect", "invalid", "not-run": a class of page.css.
std::string_view style_class(calibration::Verdict verdict);
std::string_view symbol(calibration::Verdict verdict);  // colour alone must never carry a verdict
std::string badge(calibration::Verdict verdict);        // coloured word with its symbol

}  // namespace reports
