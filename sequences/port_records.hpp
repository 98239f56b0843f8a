// The notes of the tests over the port: what was asked of whom, when, and what came back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sequences {

// Where in a run a note of a step belongs; the label is the step's own word for its moment:
// "before", "tariff 2".
struct StepPlace {
    std::size_t point = 0;
    int attempt = 1;
    std::string label;
};

// A moment of the step that edges and readings are counted from or to.
struct MarkRecord {
    StepPlace place;
    double at_s = 0;
    std::int64_t tick = 0;
    std::optional<std::int64_t> reference_impulses;  // where they were asked for: no power flowed
    // Of the reference, in imp/kWh, with the load that stands from here on; 0: none was set.
    double reference_constant_imp_per_kwh = 0;
    std::vector<std::size_t> bypassed;  // positions taken out of the circuit
};

struct NamedValue {
    std::string quantity;
    std::optional<double> value;
    double step = 0;
    std::string unit;
    std::string reason;  // why there is no value
    friend bool operator==(const NamedValue&, const NamedValue&) = default;
};

// What one meter's port said.
struct PortReadingRecord {
    StepPlace place;
    std::size_t position = 0;
    double at_s = 0;
    std::vector<NamedValue> values;
};

// What one meter says of itself: names and texts, "software_version" -> "1.00".
struct PortIdentityRecord {
    StepPlace place;
    std::size_t position = 0;
    std::vector<std::pair<std::string, std::string>> texts;
};

// The meter did not do what was asked: its step ends here.
struct PortFaultRecord {
    StepPlace place;
    std::size_t position = 0;
    std::string reason;  // meter, register and why
};

struct SettingRecord {
    StepPlace place;
    std::size_t position = 0;
    std::string quantity;
    double asked = 0;
    std::optional<double> before, after;
    std::string refusal;  // empty: the meter took it
    bool by_broadcast = false;
};

struct CommunicationRecord {
    StepPlace place;
    std::size_t position = 0;
    std::int64_t reads = 0, errors = 0;
    std::string first_error;
    bool ended_early = false;          // too many errors in a row: the rest was not asked
    std::vector<double> latencies_ms;  // of the good ones, in order
};

// JSON, for the journal; the readers throw nlohmann's exceptions.
std::string to_json(const MarkRecord& record);
std::string to_json(const PortReadingRecord& record);
std::string to_json(const PortIdentityRecord& record);
std::string to_json(const PortFaultRecord& record);
std::string to_json(const SettingRecord& record);
std::string to_json(const CommunicationRecord& record);
void from_json(const std::string& json, MarkRecord& record);
void from_json(const std::string& json, PortReadingRecord& record);
void from_json(const std::string& json, PortIdentityRecord& record);
void from_json(const std::string& json, PortFaultRecord& record);
void from_json(const std::string& json, SettingRecord& record);
void from_json(const std::string& json, CommunicationRecord& record);

}  // namespace sequences
