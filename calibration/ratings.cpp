// Currents and voltages by name, and the ratios that the standards ask for.
#include "calibration/ratings.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace calibration {

namespace {

constexpr double rounding = 1e-9;  // relative; ratios computed in double still count as met

struct Amount {
    std::optional<double> number;
    std::string_view unit;
};

// Far beyond every factor, voltage and current; a finite number may still overflow in a product.
constexpr double most_amount = 1e9;

// "0.5 Iref" -> 0.5 and "Iref"; "Imax" -> no number and "Imax". No number and no unit where the
// number is missing, negative or absurd.
Amount amount_of(std::string_view text) {
    if (text.starts_with('I') || text.starts_with('U')) return {std::nullopt, text};
    double number = 0;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto [rest, error] = std::from_chars(begin, end, number);
    if (error != std::errc{} || !(number <= most_amount) || std::signbit(number)) return {};
    std::string_view unit{rest, static_cast<std::size_t>(end - rest)};
    unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
    return {number, unit};
}

// The current of that name; null for a name the standards do not have.
const Ampere* rated_current(std::string_view name, const Ratings& ratings) {
    if (name == "Ist") return &ratings.starting;
    if (name == "Imin") return &ratings.minimum;
    if (name == "Itr") return &ratings.transitional;
    if (name == "Iref") return &ratings.reference;
    if (name == "Imax") return &ratings.maximum;
    return nullptr;
}

[[noreturn]] void not_rated(std::string_view text, std::string_view name) {
    throw DataError(fmt::format("\"{}\": the meter's ratings do not give {}", text, name));
}

// One row of current-ratios.toml: current relation factor of.
struct Ratio {
    std::string accuracy_class;
    std::string connection;
    std::string current;
    std::string relation;  // "<=", "=", ">="
    double factor = 0;
    std::string of;
};

Ratio ratio_from(const Table& row) {
    Ratio ratio;
    ratio.accuracy_class = row.text("class");
    ratio.connection = row.one_of("connection", {"direct", "ct"});
    ratio.current = row.one_of("current", {"Ist", "Imin", "Iref", "Imax"});
    ratio.relation = row.one_of("relation", {"<=", "=", ">="});
    ratio.factor = row.number("factor", {0, 1000});
    ratio.of = row.one_of("of", {"Itr", "Iref"});
    row.text("source");
    row.one_of("confidence", {"published", "high", "medium", "low"});
    row.finish();
    return ratio;
}

std::vector<Ratio> read_ratios() {
    std::vector<Ratio> ratios;
    for (const EmbeddedText& file : rating_texts()) {
        const Table document = parse_document(file.text, file.name);
        for (const Table& row : document.tables("row")) ratios.push_back(ratio_from(row));
        document.finish();
    }
    return ratios;
}

bool holds(std::string_view relation, double value, double bound) {
    const bool below = value <= bound * (1 + rounding);
    const bool above = value >= bound * (1 - rounding);
    if (relation == "<=") return below;
    if (relation == ">=") return above;
    return below && above;
}

std::string_view contradiction(std::string_view relation) {
    if (relation == "<=") return "above";
    if (relation == ">=") return "below";
    return "not";
}

std::optional<RatingFault> broken(const Ratio& ratio, const Ratings& ratings) {
    const double value = rated_current(ratio.current, ratings)->value();
    const double base = rated_current(ratio.of, ratings)->value();
    const double bound = ratio.factor * base;
    if (value <= 0 || base <= 0 || holds(ratio.relation, value, bound)) return std::nullopt;
    return RatingFault{fmt::format("{} {} {} {} (class {}, {})",
                                   ratio.current,
                                   ratio.relation,
                                   ratio.factor,
                                   ratio.of,
                                   ratio.accuracy_class,
                                   ratio.connection),
                       fmt::format("{} {:.6g} A is {} {} {} = {:.6g} A",
                                   ratio.current,
                                   value,
                                   contradiction(ratio.relation),
                                   ratio.factor,
                                   ratio.of,
                                   bound)};
}

void add_missing(std::vector<RatingFault>& faults, const Ratings& ratings) {
    for (const std::string_view name : {"Ist", "Imin", "Itr", "Iref", "Imax"}) {
        const double value = rated_current(name, ratings)->value();
        if (value > 0) continue;
        faults.push_back({fmt::format("{} > 0", name),
                          fmt::format("{} is {:.6g} A: it must be given", name, value)});
    }
}

void add_order(std::vector<RatingFault>& faults, const Ratings& ratings) {
    const Ampere starting = ratings.starting;
    const Ampere minimum = ratings.minimum;
    if (minimum.value() <= 0 || starting < minimum) return;
    faults.push_back(
        {"Ist < Imin",
         fmt::format(
             "Ist {:.6g} A is not below Imin {:.6g} A", starting.value(), minimum.value())});
}

}  // namespace

Ampere current_from_text(std::string_view text, const Ratings& ratings) {
    const Amount amount = amount_of(text);
    if (amount.number && amount.unit == "A") return Ampere{*amount.number};
    if (amount.number && amount.unit == "mA") return Ampere{*amount.number / 1000.0};
    const Ampere* rated = rated_current(amount.unit, ratings);
    if (rated == nullptr) {
        throw DataError(
            fmt::format("current: expected Ist, Imin, Itr, Iref or Imax with or without a factor, "
                        "or a value in A or mA, got \"{}\"",
                        text));
    }
    if (!(rated->value() > 0)) not_rated(text, amount.unit);
    return *rated * amount.number.value_or(1.0);
}

Volt voltage_from_text(std::string_view text, const Ratings& ratings) {
    const Amount amount = amount_of(text);
    if (amount.number && amount.unit == "V") return Volt{*amount.number};
    if (amount.unit != "Un") {
        throw DataError(fmt::format(
            "voltage: expected Un with or without a factor, or a value in V, got \"{}\"", text));
    }
    if (!(ratings.nominal_voltage.value() > 0)) not_rated(text, amount.unit);
    return ratings.nominal_voltage * amount.number.value_or(1.0);
}

std::vector<RatingFault> check_ratings(const Ratings& ratings, std::string_view accuracy_class) {
    static const std::vector<Ratio> ratios = read_ratios();
    const std::string_view connection = ratings.connection == Connection::direct ? "direct" : "ct";
    std::vector<RatingFault> faults;
    bool known = false;
    add_missing(faults, ratings);
    add_order(faults, ratings);
    for (const Ratio& ratio : ratios) {
        if (ratio.accuracy_class != accuracy_class || ratio.connection != connection) continue;
        known = true;
        if (auto fault = broken(ratio, ratings)) faults.push_back(*std::move(fault));
    }
    if (!known) {
        throw DataError(
            fmt::format("accuracy class: expected A, B, C, 1 or 2, got \"{}\"", accuracy_class));
    }
    return faults;
}

}  // namespace calibration
