#include "sequences/port_records.hpp"

#include <nlohmann/json.hpp>

namespace sequences {

namespace {

using Json = nlohmann::json;

Json place_json(const StepPlace& place) {
    return {{"point", place.point}, {"attempt", place.attempt}, {"label", place.label}};
}

Json position_json(const StepPlace& place, std::size_t position) {
    Json json = place_json(place);
    json["position"] = position;
    return json;
}

void read_place(const Json& json, StepPlace& place) {
    json.at("point").get_to(place.point);
    json.at("attempt").get_to(place.attempt);
    json.at("label").get_to(place.label);
}

template <class Record>
void read_position(const Json& json, Record& record) {
    read_place(json, record.place);
    json.at("position").get_to(record.position);
}

template <class T>
void put_optional(Json& json, const char* key, const std::optional<T>& value) {
    if (value) {
        json[key] = *value;
    }
}

template <class T>
void get_optional(const Json& json, const char* key, std::optional<T>& value) {
    value = json.contains(key) ? std::optional(json.at(key).get<T>()) : std::nullopt;
}

// Text of a device need not be UTF-8: what is not becomes the replacement character.
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const MarkRecord& r) {
    Json json = place_json(r.place);
    json["at_s"] = r.at_s;
    json["tick"] = r.tick;
    put_optional(json, "reference_impulses", r.reference_impulses);
    json["reference_constant_imp_per_kwh"] = r.reference_constant_imp_per_kwh;
    json["bypassed"] = r.bypassed;
    return dump(json);
}
void from_json(const std::string& text, MarkRecord& r) {
    const Json json = Json::parse(text);
    read_place(json, r.place);
    json.at("at_s").get_to(r.at_s);
    json.at("tick").get_to(r.tick);
    get_optional(json, "reference_impulses", r.reference_impulses);
    json.at("reference_constant_imp_per_kwh").get_to(r.reference_constant_imp_per_kwh);
    json.at("bypassed").get_to(r.bypassed);
}

std::string to_json(const PortReadingRecord& r) {
    Json json = position_json(r.place, r.position);
    json["at_s"] = r.at_s;
    json["values"] = Json::array();
    for (const NamedValue& value : r.values) {
        Json entry{{"quantity", value.quantity}, {"step", value.step}, {"unit", value.unit}};
        put_optional(entry, "value", value.value);
        if (!value.reason.empty()) {
            entry["reason"] = value.reason;
        }
        json["values"].push_back(std::move(entry));
    }
    return dump(json);
}
void from_json(const std::string& text, PortReadingRecord& r) {
    const Json json = Json::parse(text);
    read_position(json, r);
    json.at("at_s").get_to(r.at_s);
    for (const Json& entry : json.at("values")) {
        NamedValue value{.quantity = entry.at("quantity").get<std::string>(),
                         .step = entry.at("step").get<double>(),
                         .unit = entry.at("unit").get<std::string>(),
                         .reason = entry.value("reason", "")};
        get_optional(entry, "value", value.value);
        r.values.push_back(std::move(value));
    }
}

std::string to_json(const PortIdentityRecord& r) {
    Json json = position_json(r.place, r.position);
    json["texts"] = r.texts;
    return dump(json);
}
void from_json(const std::string& text, PortIdentityRecord& r) {
    const Json json = Json::parse(text);
    read_position(json, r);
    json.at("texts").get_to(r.texts);
}

std::string to_json(const PortFaultRecord& r) {
    Json json = position_json(r.place, r.position);
    json["reason"] = r.reason;
    return dump(json);
}
void from_json(const std::string& text, PortFaultRecord& r) {
    const Json json = Json::parse(text);
    read_position(json, r);
    json.at("reason").get_to(r.reason);
}

std::string to_json(const SettingRecord& r) {
    Json json = position_json(r.place, r.position);
    json["quantity"] = r.quantity;
    json["asked"] = r.asked;
    put_optional(json, "before", r.before);
    put_optional(json, "after", r.after);
    json["refusal"] = r.refusal;
    json["by_broadcast"] = r.by_broadcast;
    return dump(json);
}
void from_json(const std::string& text, SettingRecord& r) {
    const Json json = Json::parse(text);
    read_position(json, r);
    json.at("quantity").get_to(r.quantity);
    json.at("asked").get_to(r.asked);
    get_optional(json, "before", r.before);
    get_optional(json, "after", r.after);
    json.at("refusal").get_to(r.refusal);
    json.at("by_broadcast").get_to(r.by_broadcast);
}

std::string to_json(const CommunicationRecord& r) {
    Json json = position_json(r.place, r.position);
    json["reads"] = r.reads;
    json["errors"] = r.errors;
    json["first_error"] = r.first_error;
    json["ended_early"] = r.ended_early;
    json["latencies_ms"] = r.latencies_ms;
    return dump(json);
}
void from_json(const std::string& text, CommunicationRecord& r) {
    const Json json = Json::parse(text);
    read_position(json, r);
    json.at("reads").get_to(r.reads);
    json.at("errors").get_to(r.errors);
    json.at("first_error").get_to(r.first_error);
    json.at("ended_early").get_to(r.ended_early);
    json.at("latencies_ms").get_to(r.latencies_ms);
}

}  // namespace sequences
