#include "reports/check_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace reports {
namespace {

using sequences::CheckLine;

// A bound is stated more finely than what was found.
constexpr int usual_digits = 5, most_digits = 17, more_for_bounds = 2;
constexpr double largest_whole = 1e15;

// "230", "0.012345", "1234567": never an exponent where a person expects none.
std::string number_text(double value, int digits) {
    if (!std::isfinite(value)) {
        return std::isnan(value) ? "not a number" : value > 0 ? "infinite" : "-infinite";
    }
    const double size = std::abs(value);
    if (size < largest_whole && (value == std::round(value) || size >= std::pow(10.0, digits))) {
        return fmt::format("{:.0f}", value == 0 ? 0.0 : value);
    }
    return fmt::format("{:.{}g}", value, digits);
}

double parsed(const std::string& text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

struct Bounds {
    std::optional<double> least, most;
    bool contain(double value) const {
        return (!least || value >= *least) && (!most || value <= *most);
    }
};

double rounded(double value, int digits) { return parsed(number_text(value, digits)); }

std::optional<double> rounded(const std::optional<double>& value, int digits) {
    return value ? std::optional(rounded(*value, digits)) : std::nullopt;
}

// With how many digits the printed value lies where the true one does.
int honest_digits(const CheckLine& line) {
    const Bounds bounds{line.least, line.most};
    if (!line.value || !std::isfinite(*line.value)) {
        return usual_digits;
    }
    for (int digits = usual_digits; digits < most_digits; ++digits) {
        const Bounds printed{rounded(line.least, digits + more_for_bounds),
                             rounded(line.most, digits + more_for_bounds)};
        if (printed.contain(rounded(*line.value, digits)) == bounds.contain(*line.value)) {
            return digits;
        }
    }
    return most_digits;
}

std::string with_unit(std::string text, const std::string& unit) {
    return unit.empty() ? text : text + " " + unit;
}

class Writer {
  public:
    Writer(int digits, NumberSigns signs) : digits_(digits), signs_(signs) {}

    std::string number(double value) const { return signed_text(value, digits_); }

    std::string range(const CheckLine& line) const {
        if (!line.least && !line.most) {
            return {};
        }
        if (!line.least) {
            return "at most " + bound(*line.most);
        }
        if (!line.most) {
            return "at least " + bound(*line.least);
        }
        if (*line.least == *line.most) {
            return bound(*line.most);
        }
        if (*line.least == -*line.most) {
            return std::string(signs_.plus_minus) + bound(*line.most);
        }
        return bound(*line.least) + " to " + bound(*line.most);
    }

  private:
    std::string bound(double value) const { return signed_text(value, digits_ + more_for_bounds); }
    std::string signed_text(double value, int digits) const {
        const std::string text = number_text(value, digits);
        return text.starts_with('-') ? std::string(signs_.minus) + text.substr(1) : text;
    }

    int digits_;
    NumberSigns signs_;
};

}  // namespace

bool adds_to(const std::string& reason, const CheckLine& line) {
    return line.value || reason.find(line.text) == std::string::npos;
}

CheckTexts check_texts(const CheckLine& line, NumberSigns signs) {
    const Writer writer(honest_digits(line), signs);
    const std::string range = writer.range(line);
    return {.found = line.value ? with_unit(writer.number(*line.value), line.unit) : line.text,
            .permitted = range.empty() ? range : with_unit(range, line.unit)};
}

}  // namespace reports
