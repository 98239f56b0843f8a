#include "reports/port_notes.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace reports {
namespace {

using sequences::PortReading;
using sequences::StepLook;
using sequences::StepMoment;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t not_counted = -1;

// How a member lies in its column.
const std::string& stored(const std::string& value) { return value; }
double stored(double value) { return value; }
double stored(const std::optional<double>& value) { return value.value_or(nothing); }
std::int64_t stored(std::int64_t value) { return value; }
std::int64_t stored(const std::optional<std::int64_t>& value) {
    return value.value_or(not_counted);
}

void restore(std::string& member, std::string value) { member = std::move(value); }
void restore(double& member, double value) { member = value; }
void restore(std::int64_t& member, std::int64_t value) { member = value; }
void restore(std::optional<double>& member, double value) {
    if (!std::isnan(value)) {
        member = value;
    }
}
void restore(std::optional<std::int64_t>& member, std::int64_t value) {
    if (value != not_counted) {
        member = value;
    }
}

// Writes one column for each member that it is called with.
template <class Row>
struct ColumnWriter {
    h5::Group& group;
    const std::vector<Row>& rows;

    template <class Member>
    void operator()(const char* name, Member Row::* member) const {
        using Stored = std::decay_t<decltype(stored(rows.front().*member))>;
        std::vector<Stored> values;
        for (const Row& row : rows) {
            values.push_back(stored(row.*member));
        }
        if constexpr (std::is_same_v<Stored, std::string>) {
            group.create_texts(name, values);
        } else {
            group.create(name, values);
        }
    }
};

template <class Row>
struct ColumnReader {
    const h5::Group& group;
    std::vector<Row>& rows;

    template <class Member>
    void operator()(const char* name, Member Row::* member) const {
        using Stored = std::decay_t<decltype(stored(Row{}.*member))>;
        if constexpr (std::is_same_v<Stored, std::string>) {
            take(name, member, group.read_texts(name));
        } else if constexpr (std::is_same_v<Stored, double>) {
            take(name, member, group.read_numbers(name));
        } else {
            take(name, member, group.read_integers(name));
        }
    }

  private:
    template <class Member, class Value>
    void take(const char* name, Member Row::* member, std::vector<Value> values) const {
        if (rows.empty()) {
            rows.resize(values.size());
        }
        if (values.size() != rows.size()) {
            throw h5::Error(fmt::format("dataset '{}' of {}: expected {} rows, got {}",
                                        name,
                                        group.path(),
                                        rows.size(),
                                        values.size()));
        }
        for (std::size_t row = 0; row < rows.size(); ++row) {
            restore(rows[row].*member, std::move(values[row]));
        }
    }
};

template <class Column>
void reading_columns(const Column& column) {
    column("label", &PortReading::label);
    column("time_s", &PortReading::time_s);
    column("quantity", &PortReading::quantity);
    column("value", &PortReading::value);
    column("step", &PortReading::step);
    column("unit", &PortReading::unit);
    column("reason", &PortReading::reason);
}

template <class Column>
void moment_columns(const Column& column) {
    column("label", &StepMoment::label);
    column("time_s", &StepMoment::time_s);
    column("tick", &StepMoment::tick);
    column("reference_impulses", &StepMoment::reference_impulses);
    column("reference_constant_imp_per_kwh", &StepMoment::reference_constant_imp_per_kwh);
}

template <class Column>
void look_columns(const Column& column) {
    column("time_s", &StepLook::time_s);
    column("active_w", &StepLook::active_w);
    column("reactive_var", &StepLook::reactive_var);
}

template <class Row>
void write_group(h5::Group& parent, const char* name, const std::vector<Row>& rows, auto columns) {
    if (rows.empty()) {
        return;
    }
    h5::Group group = parent.create_group(name);
    group.set("NX_class", std::string_view("NXcollection"));
    columns(ColumnWriter<Row>{group, rows});
}

template <class Row>
void read_group(const h5::Group& parent, const char* name, std::vector<Row>& rows, auto columns) {
    if (parent.has_child(name)) {
        const h5::Group group = parent.group(name);
        columns(ColumnReader<Row>{group, rows});
    }
}

constexpr auto readings = [](const auto& column) { reading_columns(column); };
constexpr auto moments = [](const auto& column) { moment_columns(column); };
constexpr auto looks = [](const auto& column) { look_columns(column); };

}  // namespace

void write_readings(h5::Group& position, const sequences::PositionResult& result) {
    write_group(position, "readings", result.readings, readings);
}

void write_step(h5::Group& point, const sequences::PointResult& result) {
    write_group(point, "moments", result.moments, moments);
    write_group(point, "looks", result.looks, looks);
}

void read_readings(const h5::Group& position, sequences::PositionResult& result) {
    read_group(position, "readings", result.readings, readings);
}

void read_step(const h5::Group& point, sequences::PointResult& result) {
    read_group(point, "moments", result.moments, moments);
    read_group(point, "looks", result.looks, looks);
}

}  // namespace reports
