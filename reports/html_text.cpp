// Numbers and texts as they stand on the page.
#include "reports/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reports {
namespace {

constexpr std::string_view minus = "−";

std::string with_minus(const std::string& text) {
    return text.starts_with('-') ? std::string(minus) + text.substr(1) : text;
}

std::string rounded(double value, int decimals) {
    if (!std::isfinite(value)) {
        return std::isnan(value) ? "not a number" : "∞";
    }
    std::string text = fmt::format("{:.{}f}", value, decimals);
    const bool is_zero = text.find_first_of("123456789") == std::string::npos;
    return is_zero && text.starts_with('-') ? text.substr(1) : text;
}

int decimals_of(double value) {
    const std::string text = fmt::format("{}", value);
    const auto point = text.find('.');
    return point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
}

bool inside(double value, const calibration::Limits& limits) {
    return value >= limits.lower.value() && value <= limits.upper.value();
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string fixed(double value, int decimals) { return with_minus(rounded(value, decimals)); }

std::string signed_fixed(double value, int decimals) {
    const std::string text = rounded(value, decimals);
    const bool is_positive = value > 0 && text.find_first_of("123456789") != std::string::npos;
    return is_positive ? "+" + text : with_minus(text);
}

std::string shortest(double value) { return with_minus(fmt::format("{}", value)); }

std::string significant(double value, int digits) {
    if (value == 0 || !std::isfinite(value)) {
        return fixed(value, 0);
    }
    const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
    return fixed(value, std::clamp(digits - 1 - magnitude, 0, 12));
}

std::string rounded_up(double value, int digits) {
    if (!(value > 0) || !std::isfinite(value)) {
        return significant(value, digits);
    }
    const double unit = std::pow(10.0, std::floor(std::log10(value)) - (digits - 1));
    // What is a whole number of units but for the last bit is not pushed up by one.
    return significant(std::ceil(value / unit - 1e-9) * unit, digits);
}

int error_decimals(const calibration::Limits& limits) {
    const int stated =
        std::max(decimals_of(limits.lower.value()), decimals_of(limits.upper.value()));
    return std::max(stated, 1) + 1;
}

std::string error_text(double error, const std::optional<calibration::Limits>& limits) {
    if (!limits) {
        return signed_fixed(error, 2);
    }
    constexpr int most_decimals = 9;
    int decimals = error_decimals(*limits);
    while (decimals < most_decimals) {
        const double scale = std::pow(10.0, decimals);
        if (inside(std::round(error * scale) / scale, *limits) == inside(error, *limits)) {
            break;
        }
        ++decimals;
    }
    return signed_fixed(error, decimals);
}

std::string limits_text(const calibration::Limits& limits) {
    const double lower = limits.lower.value();
    const double upper = limits.upper.value();
    const int decimals = error_decimals(limits) - 1;
    if (lower == -upper) {
        return "±" + fixed(upper, decimals);
    }
    return fmt::format("{} … {}", signed_fixed(lower, decimals), signed_fixed(upper, decimals));
}

std::string_view style_class(calibration::Verdict verdict) {
    switch (verdict) {
        case calibration::Verdict::pass:
            return "pass";
        case calibration::Verdict::fail:
            return "fail";
        case calibration::Verdict::inconclusive:
            return "inconclusive";
        case calibration::Verdict::suspect:
            return "suspect";
        case calibration::Verdict::invalid:
            return "invalid";
        case calibration::Verdict::not_run:
            break;
    }
    return "not-run";
}

std::string_view symbol(calibration::Verdict verdict) {
    switch (verdict) {
        case calibration::Verdict::pass:
            return "✓";
        case calibration::Verdict::fail:
            return "✗";
        case calibration::Verdict::inconclusive:
            return "?";
        case calibration::Verdict::suspect:
            return "!";
        case calibration::Verdict::invalid:
            return "∅";
        case calibration::Verdict::not_run:
            break;
    }
    return "–";
}

std::string badge(calibration::Verdict verdict) {
    std::string word(style_class(verdict));
    std::ranges::replace(word, '-', ' ');
    return fmt::format("<span class=\"verdict {}\">{}&nbsp;{}</span>",
                       style_class(verdict),
                       symbol(verdict),
                       word);
}

}  // namespace reports
