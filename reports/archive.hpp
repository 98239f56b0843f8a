// One description of a record serves both directions: Saver writes it as attributes, Loader reads
// it back. Internal.
#pragma once

#include "calibration/decision.hpp"
#include "calibration/load_point.hpp"
#include "calibration/time.hpp"
#include "reports/h5.hpp"
#include "sequences/results.hpp"

#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reports {

// A calibration quantity: its attribute's name ends in the unit.
template <class Q>
concept Unit = std::derived_from<Q, calibration::Quantity<Q>>;

using PerPhase = std::array<double, calibration::phase_count>;

class Saver {
  public:
    explicit Saver(h5::Node& node) : node_(node) {}

    void operator()(const char* name, double value) { node_.set(name, value); }
    void operator()(const char* name, int value) { node_.set(name, std::int64_t{value}); }
    void operator()(const char* name, std::int64_t value) { node_.set(name, value); }
    void operator()(const char* name, std::uint64_t value) { node_.set(name, value); }
    void operator()(const char* name, bool value) {
        node_.set(name, static_cast<std::int8_t>(value ? 1 : 0));
    }
    void operator()(const char* name, const std::string& value) {
        node_.set(name, std::string_view(value));
    }
    void operator()(const char* name, calibration::Verdict value);
    void operator()(const char* name, calibration::DecisionRule value);
    void operator()(const char* name, calibration::LoadKind value);
    void operator()(const char* name, calibration::PhaseSequence value);
    void operator()(const char* name, calibration::Duration value);  // in seconds
    void operator()(const char* name, sequences::PointKind value);
    void operator()(const char* name, const calibration::PowerFactor& value);
    void operator()(const char* name, const std::vector<calibration::Harmonic>& value);
    void operator()(const char* name, const std::vector<double>& values);
    void operator()(const char* name, const std::vector<std::string>& values);
    void operator()(const char* name, const PerPhase& values) {
        node_.set(name, std::span<const double>(values));
    }
    template <Unit Q>
    void operator()(const char* name, const Q& value) {
        node_.set(name, value.value());
    }
    // An absent value has no attribute.
    void operator()(const char* name, const std::optional<double>& value) {
        if (value) {
            node_.set(name, *value);
        }
    }

    // What older files do not have keeps its usual value.
    void or_usual(const char* name, std::int64_t value) { node_.set(name, value); }

    // A part that may be absent; `key` is an attribute it always has.
    template <class Part, class Fields>
    void part(const char* /*key*/, const std::optional<Part>& part, Fields fields) {
        if (part) {
            fields(*part);
        }
    }
    // One attribute from one member of every element of a list. `values` are gathered, `Member`
    // picks.
    template <class Element, class Value>
    void column(const char* name, const std::vector<Element>& rows, Value Element::* member) {
        std::vector<Value> values;
        values.reserve(rows.size());
        for (const auto& row : rows) {
            values.push_back(row.*member);
        }
        write_column(name, values);
    }
    template <class Element, class Value>
    void phases(const char* name,
                const std::array<Element, calibration::phase_count>& rows,
                Value Element::* member) {
        PerPhase values{};
        for (std::size_t phase = 0; phase < values.size(); ++phase) {
            values[phase] = number(rows[phase].*member);
        }
        node_.set(name, std::span<const double>(values));
    }

  private:
    static double number(double value) { return value; }
    template <Unit Q>
    static double number(const Q& value) {
        return value.value();
    }
    void write_column(const char* name, const std::vector<double>& values);
    void write_column(const char* name, const std::vector<std::string>& values);
    void write_column(const char* name, const std::vector<int>& values);

    h5::Node& node_;
};

// Throws h5::Error for what is missing, calibration::DataError for words it does not know.
class Loader {
  public:
    explicit Loader(const h5::Node& node) : node_(node) {}

    void operator()(const char* name, double& value) const { value = node_.number(name); }
    void operator()(const char* name, int& value) const {
        value = static_cast<int>(node_.integer(name));
    }
    void operator()(const char* name, std::int64_t& value) const { value = node_.integer(name); }
    void operator()(const char* name, std::uint64_t& value) const { value = node_.natural(name); }
    void operator()(const char* name, bool& value) const { value = node_.integer(name) != 0; }
    void operator()(const char* name, std::string& value) const { value = node_.text(name); }
    void operator()(const char* name, calibration::Verdict& value) const;
    void operator()(const char* name, calibration::DecisionRule& value) const;
    void operator()(const char* name, calibration::LoadKind& value) const;
    void operator()(const char* name, calibration::PhaseSequence& value) const;
    void operator()(const char* name, calibration::Duration& value) const;
    void operator()(const char* name, sequences::PointKind& value) const;
    void operator()(const char* name, calibration::PowerFactor& value) const;
    void operator()(const char* name, std::vector<calibration::Harmonic>& value) const;
    void operator()(const char* name, std::vector<double>& values) const;
    void operator()(const char* name, std::vector<std::string>& values) const;
    template <Unit Q>
    void operator()(const char* name, Q& value) const {
        value = Q{node_.number(name)};
    }
    void operator()(const char* name, std::optional<double>& value) const {
        if (node_.has(name)) {
            value = node_.number(name);
        }
    }

    void or_usual(const char* name, std::int64_t& value) const {
        if (node_.has(name)) {
            value = node_.integer(name);
        }
    }

    template <class Part, class Fields>
    void part(const char* key, std::optional<Part>& part, Fields fields) const {
        if (node_.has(key)) {
            fields(part.emplace());
        }
    }
    template <class Element, class Value>
    void column(const char* name, std::vector<Element>& rows, Value Element::* member) const {
        std::vector<Value> values;
        read_column(name, values);
        rows.resize(values.size());
        for (std::size_t row = 0; row < rows.size(); ++row) {
            rows[row].*member = values[row];
        }
    }
    template <class Element, class Value>
    void phases(const char* name,
                std::array<Element, calibration::phase_count>& rows,
                Value Element::* member) const {
        const PerPhase values = per_phase(name);
        for (std::size_t phase = 0; phase < values.size(); ++phase) {
            rows[phase].*member = Value{values[phase]};
        }
    }

  private:
    PerPhase per_phase(const char* name) const;
    void read_column(const char* name, std::vector<double>& values) const;
    void read_column(const char* name, std::vector<std::string>& values) const;
    void read_column(const char* name, std::vector<int>& values) const;

    const h5::Node& node_;
};

}  // namespace reports
