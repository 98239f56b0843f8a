// Reading an edition's limits, and finding those of a load.
#include "calibration/limits.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace calibration {

namespace {

constexpr double rounding = 1e-9;  // relative for currents, absolute for power factors

// Power factors on one line: 0.5 ind is 0.5, unity 0, 0.8 cap -0.2. Export lies where import does.
double position(const PowerFactor& power_factor) {
    const double below_unity = 1.0 - std::abs(power_factor.value());
    return power_factor.is_capacitive() ? -below_unity : below_unity;
}

std::string_view load_text(LoadKind load) {
    return load == LoadKind::balanced ? "balanced" : "single-phase";
}

std::string_view connection_text(Connection connection) {
    return connection == Connection::direct ? "direct" : "ct";
}

std::string row_text(const LimitTable::Row& row, std::string_view title) {
    std::vector<std::string> power_factors;
    power_factors.reserve(row.power_factors.size());
    for (const auto& range : row.power_factors) power_factors.push_back(range.text());
    const std::string connection =
        row.connection ? fmt::format("{}, ", connection_text(*row.connection)) : std::string{};
    return fmt::format("{} class {}, {}{}, {} <= I {} {}, PF {}",
                       title,
                       row.accuracy_class,
                       connection,
                       load_text(row.load),
                       row.from,
                       row.to_included ? "<=" : "<",
                       row.to,
                       fmt::join(power_factors, " or "));
}

// A current expression as it stands; refused here already when no ratings could give it a value.
std::string current_text(const Table& table, std::string_view key) {
    Ratings any;
    any.starting = any.minimum = any.transitional = any.reference = any.maximum = Ampere{1};
    std::string text = table.text(key);
    try {
        current_from_text(text, any);
    } catch (const DataError& error) {
        table.fail(key, error.what());
    }
    return text;
}

std::vector<PowerFactorRange> power_factors(const Table& table) {
    std::vector<PowerFactorRange> ranges;
    try {
        for (const std::string& text : table.texts("power_factors")) {
            ranges.push_back(PowerFactorRange::parse(text));
        }
    } catch (const DataError& error) {
        table.fail("power_factors", error.what());
    }
    if (ranges.empty()) table.fail("power_factors", "expected at least one power factor, got none");
    return ranges;
}

std::string accuracy_class(const Table& table, const std::vector<std::string>& classes) {
    std::string value = table.text("class");
    if (std::find(classes.begin(), classes.end(), value) == classes.end()) {
        table.fail("class",
                   fmt::format("expected one of the edition's classes {}, got \"{}\"",
                               fmt::join(classes, ", "),
                               value));
    }
    return value;
}

bool required_boolean(const Table& table, std::string_view key) {
    const auto value = table.optional_boolean(key);
    if (!value) table.fail(key, "expected true or false, got nothing");
    return *value;
}

std::optional<Connection> connection(const Table& table) {
    const auto value = table.optional_one_of("connection", {"direct", "ct"});
    if (!value) return std::nullopt;
    return *value == "direct" ? Connection::direct : Connection::transformer;
}

LimitTable::Row row_from(const Table& table,
                         std::string_view title,
                         const std::vector<std::string>& classes) {
    const bool balanced = table.one_of("load", {"balanced", "single-phase"}) == "balanced";
    LimitTable::Row row{
        .accuracy_class = accuracy_class(table, classes),
        .connection = connection(table),
        .load = balanced ? LoadKind::balanced : LoadKind::single_phase,
        .from = current_text(table, "from"),
        .to = current_text(table, "to"),
        .to_included = required_boolean(table, "to_included"),
        .power_factors = power_factors(table),
        .limits = {},
    };
    row.limits.lower = Percent{table.number("lower", {-100, 100})};
    row.limits.upper = Percent{table.number("upper", {-100, 100})};
    if (row.limits.lower >= row.limits.upper) table.fail("upper", "expected more than lower");
    row.limits.source = table.text("source");
    row.limits.confidence = table.one_of("confidence", {"published", "high", "medium", "low"});
    row.limits.disputed = table.optional_boolean("disputed").value_or(false);
    row.limits.row = row_text(row, title);
    table.finish();
    return row;
}

bool covers_current(const LimitTable::Row& row, Ampere current, const Ratings& ratings) {
    const double from = current_from_text(row.from, ratings).value();
    const double to = current_from_text(row.to, ratings).value();
    const double i = current.value();
    if (i < from * (1 - rounding)) return false;
    return row.to_included ? i <= to * (1 + rounding) : i < to * (1 - rounding);
}

// The entry of a row that a power factor falls under, a single value before a range.
const PowerFactorRange* covering(const LimitTable::Row& row, const PowerFactor& power_factor) {
    const PowerFactorRange* found = nullptr;
    for (const PowerFactorRange& range : row.power_factors) {
        if (!range.contains(power_factor)) continue;
        if (found == nullptr || range.is_single()) found = &range;
    }
    return found;
}

bool same_bounds(const Limits& a, const Limits& b) {
    return a.lower == b.lower && a.upper == b.upper;
}

// What two rows for the same load say together: the narrower row's words, both rows' stricter
// bounds.
Limits stricter(const Limits& a, const Limits& b) {
    const bool a_narrower = a.upper - a.lower <= b.upper - b.lower;
    Limits result = a_narrower ? a : b;
    result.lower = std::max(a.lower, b.lower);
    result.upper = std::min(a.upper, b.upper);
    result.disputed = true;
    return result;
}

}  // namespace

PowerFactorRange PowerFactorRange::parse(std::string_view text) {
    constexpr std::string_view separator = " .. ";
    const auto at = text.find(separator);
    if (at == std::string_view::npos) {
        const PowerFactor value = PowerFactor::parse(text);
        return {value, value};
    }
    const PowerFactorRange range{PowerFactor::parse(text.substr(0, at)),
                                 PowerFactor::parse(text.substr(at + separator.size()))};
    if (position(range.from) <= position(range.to)) {
        throw DataError(fmt::format(
            "power factor range: expected the more inductive end first, got \"{}\"", text));
    }
    return range;
}

bool PowerFactorRange::contains(const PowerFactor& power_factor) const {
    const double where = position(power_factor);
    return where <= position(from) + rounding && where >= position(to) - rounding;
}

std::string PowerFactorRange::text() const {
    return is_single() ? from.text() : fmt::format("{} .. {}", from.text(), to.text());
}

LimitTable LimitTable::parse(std::string_view text, std::string_view name) {
    const Table document = parse_document(text, name);
    LimitTable table;
    table.id_ = document.text("id");
    table.title_ = document.text("title");
    table.classes_ = document.texts("classes");
    table.note_ = document.optional_text("note").value_or("");
    for (const Table& row : document.tables("row")) {
        table.rows_.push_back(row_from(row, table.title_, table.classes_));
    }
    document.finish();
    if (table.rows_.empty()) document.fail("row", "expected at least one [[row]], got none");
    return table;
}

std::optional<Limits> LimitTable::find(const LimitQuery& query, const Ratings& ratings) const {
    std::optional<Limits> found;
    bool found_single = false;
    for (const Row& row : rows_) {
        if (row.accuracy_class != query.accuracy_class || row.load != query.load) continue;
        if (row.connection && *row.connection != ratings.connection) continue;
        const PowerFactorRange* range = covering(row, query.power_factor);
        if (range == nullptr || !covers_current(row, query.current, ratings)) continue;
        if (!found) {
            found = row.limits;
            found_single = range->is_single();
        } else if (!same_bounds(*found, row.limits)) {
            found = stricter(*found, row.limits);
        } else if (range->is_single() && !found_single) {
            found = row.limits;
            found_single = true;
        }
    }
    return found;
}

EmbeddedText limit_text(std::string_view id) {
    std::vector<std::string_view> known;
    for (const EmbeddedText& text : limit_texts()) {
        const std::string_view stem = text.name.substr(0, text.name.rfind('.'));
        if (stem == id) return text;
        known.push_back(stem);
    }
    throw DataError(fmt::format(
        "limits: expected one of the editions {}, got \"{}\"", fmt::join(known, ", "), id));
}

}  // namespace calibration
