#include "reports/check_lines.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string>

namespace reports {
namespace {

using sequences::CheckLine;

constexpr const char* group_name = "checks";
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

using Number = std::optional<double> CheckLine::*;
using Text = std::string CheckLine::*;

struct NumberColumn {
    const char* dataset;
    Number member;
    const char* title;
};
constexpr NumberColumn number_columns[] = {
    {"value", &CheckLine::value, "found, in `unit`; NaN: a text only"},
    {"least", &CheckLine::least, "permitted at least; NaN: not judged"},
    {"most", &CheckLine::most, "permitted at most; NaN: not judged"},
};

struct TextColumn {
    const char* dataset;
    Text member;
};
constexpr TextColumn text_columns[] = {
    {"what", &CheckLine::what},
    {"unit", &CheckLine::unit},
    {"text", &CheckLine::text},
};

std::vector<double> numbers_of(const std::vector<CheckLine>& lines, Number member) {
    std::vector<double> values;
    values.reserve(lines.size());
    for (const auto& line : lines) {
        values.push_back((line.*member).value_or(nothing));
    }
    return values;
}

std::vector<std::string> texts_of(const std::vector<CheckLine>& lines,
                                  const std::function<std::string(const CheckLine&)>& text) {
    std::vector<std::string> values;
    values.reserve(lines.size());
    for (const auto& line : lines) {
        values.push_back(text(line));
    }
    return values;
}

void expect_rows(const h5::Group& group, const char* dataset, std::size_t found, std::size_t rows) {
    if (found != rows) {
        throw h5::Error(fmt::format(
            "dataset '{}' of {}: expected {} lines, got {}", dataset, group.path(), rows, found));
    }
}

}  // namespace

void write_checks(h5::Group& position,
                  const sequences::PositionResult& result,
                  sequences::PointKind kind) {
    const auto& lines = result.checks;
    if (lines.empty()) {
        return;
    }
    h5::Group group = position.create_group(group_name);
    group.set("NX_class", std::string_view("NXcollection"));
    group.set("kind", sequences::name(kind));
    group.set("verdict", calibration::name(result.verdict));
    group.set("reason", std::string_view(result.reason));
    for (const auto& [dataset, member] : text_columns) {
        group.create_texts(dataset, texts_of(lines, [member](const auto& l) { return l.*member; }));
    }
    for (const auto& [dataset, member, title] : number_columns) {
        group.create(dataset, numbers_of(lines, member)).set("long_name", std::string_view(title));
    }
    group.create_texts("verdict", texts_of(lines, [](const auto& line) {
                           return std::string(calibration::name(line.verdict));
                       }));
}

std::vector<CheckLine> read_checks(const h5::Group& position) {
    if (!position.has_child(group_name)) {
        return {};
    }
    const h5::Group group = position.group(group_name);
    const auto verdicts = group.read_texts("verdict");
    std::vector<CheckLine> lines(verdicts.size());
    for (std::size_t row = 0; row < lines.size(); ++row) {
        lines[row].verdict = calibration::verdict_from_name(verdicts[row]);
    }
    for (const auto& [dataset, member] : text_columns) {
        auto texts = group.read_texts(dataset);
        expect_rows(group, dataset, texts.size(), lines.size());
        for (std::size_t row = 0; row < lines.size(); ++row) {
            lines[row].*member = std::move(texts[row]);
        }
    }
    for (const auto& [dataset, member, title] : number_columns) {
        const auto numbers = group.read_numbers(dataset);
        expect_rows(group, dataset, numbers.size(), lines.size());
        for (std::size_t row = 0; row < lines.size(); ++row) {
            if (!std::isnan(numbers[row])) {
                lines[row].*member = numbers[row];
            }
        }
    }
    return lines;
}

}  // namespace reports
