// How each type that is no plain number or text lies in an attribute.
#include "reports/archive.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

namespace reports {
namespace {

using calibration::LoadKind;
using calibration::PhaseSequence;
using sequences::PointKind;

constexpr std::size_t harmonic_columns = 3;  // order, amplitude_percent, angle_deg

// The value among `choices` whose word is `text`.
template <class Value, class Word>
Value by_word(std::string_view text, std::initializer_list<Value> choices, Word word) {
    for (const Value value : choices) {
        if (word(value) == text) {
            return value;
        }
    }
    throw calibration::DataError(fmt::format("'{}' is no word this calrig knows", text));
}

std::string_view word(LoadKind kind) {
    return kind == LoadKind::balanced ? "balanced" : "single_phase";
}
std::string_view word(PhaseSequence sequence) {
    return sequence == PhaseSequence::l123 ? "123" : "132";
}

}  // namespace

void Saver::operator()(const char* name, calibration::Verdict value) {
    node_.set(name, calibration::name(value));
}
void Saver::operator()(const char* name, calibration::DecisionRule value) {
    node_.set(name, calibration::name(value));
}
void Saver::operator()(const char* name, LoadKind value) { node_.set(name, word(value)); }
void Saver::operator()(const char* name, PhaseSequence value) { node_.set(name, word(value)); }
void Saver::operator()(const char* name, calibration::Duration value) {
    node_.set(name, calibration::seconds(value));
}
void Saver::operator()(const char* name, PointKind value) {
    node_.set(name, sequences::name(value));
}
void Saver::operator()(const char* name, const calibration::PowerFactor& value) {
    node_.set(name, std::string_view(value.text()));
}
void Saver::operator()(const char* name, const std::vector<calibration::Harmonic>& value) {
    std::vector<double> flat;
    for (const auto& harmonic : value) {
        flat.insert(flat.end(),
                    {static_cast<double>(harmonic.order),
                     harmonic.amplitude.value(),
                     harmonic.angle.value()});
    }
    (*this)(name, flat);
}
void Saver::operator()(const char* name, const std::vector<double>& values) {
    write_column(name, values);
}
void Saver::operator()(const char* name, const std::vector<std::string>& values) {
    write_column(name, values);
}

// An empty list has no attribute.
void Saver::write_column(const char* name, const std::vector<double>& values) {
    if (!values.empty()) {
        node_.set(name, std::span<const double>(values));
    }
}
void Saver::write_column(const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) {
        node_.set(name, std::span<const std::string>(values));
    }
}
void Saver::write_column(const char* name, const std::vector<int>& values) {
    const std::vector<std::int64_t> wide(values.begin(), values.end());
    if (!wide.empty()) {
        node_.set(name, std::span<const std::int64_t>(wide));
    }
}

void Loader::operator()(const char* name, calibration::Verdict& value) const {
    value = calibration::verdict_from_name(node_.text(name));
}
void Loader::operator()(const char* name, calibration::DecisionRule& value) const {
    value = calibration::decision_rule_from_name(node_.text(name));
}
void Loader::operator()(const char* name, LoadKind& value) const {
    value = by_word(node_.text(name), {LoadKind::balanced, LoadKind::single_phase}, [](LoadKind k) {
        return word(k);
    });
}
void Loader::operator()(const char* name, PhaseSequence& value) const {
    value = by_word(node_.text(name),
                    {PhaseSequence::l123, PhaseSequence::l132},
                    [](PhaseSequence s) { return word(s); });
}
void Loader::operator()(const char* name, calibration::Duration& value) const {
    value = calibration::from_seconds(node_.number(name));
}
void Loader::operator()(const char* name, PointKind& value) const {
    value = by_word(node_.text(name),
                    {PointKind::no_load,
                     PointKind::starting,
                     PointKind::accuracy,
                     PointKind::identify,
                     PointKind::heads,
                     PointKind::constant,
                     PointKind::dial,
                     PointKind::tariff,
                     PointKind::pulse_output,
                     PointKind::phase_sequence,
                     PointKind::reactive,
                     PointKind::communication,
                     PointKind::set_up,
                     PointKind::load_curve},
                    [](PointKind kind) { return sequences::name(kind); });
}
void Loader::operator()(const char* name, calibration::PowerFactor& value) const {
    value = calibration::PowerFactor::parse(node_.text(name));
}
void Loader::operator()(const char* name, std::vector<calibration::Harmonic>& value) const {
    std::vector<double> flat;
    read_column(name, flat);
    for (std::size_t at = 0; at + harmonic_columns <= flat.size(); at += harmonic_columns) {
        value.push_back({static_cast<int>(flat[at]),
                         calibration::Percent{flat[at + 1]},
                         calibration::Degree{flat[at + 2]}});
    }
}
void Loader::operator()(const char* name, std::vector<double>& values) const {
    read_column(name, values);
}
void Loader::operator()(const char* name, std::vector<std::string>& values) const {
    read_column(name, values);
}

PerPhase Loader::per_phase(const char* name) const {
    const auto values = node_.numbers(name);
    PerPhase phases{};
    if (values.size() != phases.size()) {
        throw h5::Error(fmt::format("attribute '{}' of {}: expected {} values, got {}",
                                    name,
                                    node_.path(),
                                    phases.size(),
                                    values.size()));
    }
    std::copy(values.begin(), values.end(), phases.begin());
    return phases;
}
void Loader::read_column(const char* name, std::vector<double>& values) const {
    if (node_.has(name)) {
        values = node_.numbers(name);
    }
}
void Loader::read_column(const char* name, std::vector<std::string>& values) const {
    if (node_.has(name)) {
        values = node_.texts(name);
    }
}
void Loader::read_column(const char* name, std::vector<int>& values) const {
    if (node_.has(name)) {
        const auto wide = node_.integers(name);
        values.assign(wide.begin(), wide.end());
    }
}

}  // namespace reports
