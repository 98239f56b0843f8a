#include "sequences/records.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <type_traits>

namespace sequences {

namespace {

using Json = nlohmann::json;
using calibration::SeenLoad;

// Optional values are absent keys, so that the text shows only what was recorded.
template <class T>
void put_optional(Json& json, const char* key, const std::optional<T>& value) {
    if (value) {
        json[key] = *value;
    }
}

template <class T>
void get_optional(const Json& json, const char* key, std::optional<T>& value) {
    if (const auto found = json.find(key); found != json.end()) {
        value = found->get<T>();
    }
}

Json seen_to_json(const SeenLoad& seen) {
    Json phases = Json::array();
    for (const calibration::SeenPhase& phase : seen.phases) {
        phases.push_back({phase.voltage.value(),
                          phase.current.value(),
                          phase.voltage_angle.value(),
                          phase.displacement.value(),
                          phase.active.value(),
                          phase.reactive.value(),
                          phase.apparent.value()});
    }
    return {{"frequency_hz", seen.frequency.value()}, {"u_i_angle_phi_p_q_s", phases}};
}

SeenLoad seen_from_json(const Json& json) {
    SeenLoad seen;
    seen.frequency = calibration::Hertz{json.at("frequency_hz").get<double>()};
    const Json& phases = json.at("u_i_angle_phi_p_q_s");
    for (std::size_t i = 0; i < seen.phases.size(); ++i) {
        const auto v = phases.at(i).get<std::array<double, 7>>();
        seen.phases[i] = {.voltage = calibration::Volt{v[0]},
                          .current = calibration::Ampere{v[1]},
                          .voltage_angle = calibration::Degree{v[2]},
                          .displacement = calibration::Degree{v[3]},
                          .active = calibration::Watt{v[4]},
                          .reactive = calibration::Var{v[5]},
                          .apparent = calibration::VoltAmpere{v[6]}};
    }
    return seen;
}

Json setup_to_json(const RunSetup& setup) {
    return {{"programme", {setup.programme_name, setup.programme_text}},
            {"meter", {setup.meter_name, setup.meter_text}},
            {"limits", {setup.limits_name, setup.limits_text}},
            {"bench", {setup.bench_name, setup.bench_text}},
            {"rule", std::string(calibration::name(setup.rule))},
            {"printed_minimum_current", setup.printed_minimum_current},
            {"seed", setup.seed},
            {"only_points", setup.only_points}};
}

void take_text(const Json& json, const char* key, std::string& name, std::string& text) {
    name = json.at(key).at(0).get<std::string>();
    text = json.at(key).at(1).get<std::string>();
}

RunSetup setup_from_json(const Json& json) {
    RunSetup setup;
    take_text(json, "programme", setup.programme_name, setup.programme_text);
    take_text(json, "meter", setup.meter_name, setup.meter_text);
    take_text(json, "limits", setup.limits_name, setup.limits_text);
    take_text(json, "bench", setup.bench_name, setup.bench_text);
    setup.rule = calibration::decision_rule_from_name(json.at("rule").get<std::string>());
    setup.printed_minimum_current = json.at("printed_minimum_current").get<bool>();
    setup.seed = json.at("seed").get<std::uint64_t>();
    setup.only_points = json.at("only_points").get<std::vector<std::string>>();
    return setup;
}

// One pair of functions and one kind for each record.

template <class T>
constexpr const char* kind = "";
template <>
constexpr const char* kind<RunRecord> = "run";
template <>
constexpr const char* kind<InstrumentsRecord> = "instruments";
template <>
constexpr const char* kind<MeterRecord> = "meter";
template <>
constexpr const char* kind<GivenUpRecord> = "given-up";
template <>
constexpr const char* kind<RegistersRecord> = "registers";
template <>
constexpr const char* kind<PointRecord> = "point";
template <>
constexpr const char* kind<GateRecord> = "gate";
template <>
constexpr const char* kind<ConditionsRecord> = "conditions";
template <>
constexpr const char* kind<InvalidRecord> = "invalid";
template <>
constexpr const char* kind<DoneRecord> = "done";
template <>
constexpr const char* kind<PointEndRecord> = "point-end";
template <>
constexpr const char* kind<LossRecord> = "loss";
template <>
constexpr const char* kind<RemarkRecord> = "remark";
template <>
constexpr const char* kind<EndRecord> = "end";
template <>
constexpr const char* kind<MarkRecord> = "mark";
template <>
constexpr const char* kind<PortReadingRecord> = "port-reading";
template <>
constexpr const char* kind<PortIdentityRecord> = "port-identity";
template <>
constexpr const char* kind<PortFaultRecord> = "port-fault";
template <>
constexpr const char* kind<SettingRecord> = "setting";
template <>
constexpr const char* kind<CommunicationRecord> = "communication";

Json encode(const RunRecord& r) {
    return {{"run_id", r.identity.run_id},
            {"started_at", r.identity.started_at},
            {"simulated", r.identity.simulated},
            {"virtual_time", r.identity.virtual_time},
            {"software_version", r.identity.software_version},
            {"git_commit", r.identity.git_commit},
            {"operator", r.identity.operator_name},
            {"setup", setup_to_json(r.setup)}};
}
void decode(const Json& j, RunRecord& r) {
    r.identity = {.run_id = j.at("run_id").get<std::string>(),
                  .started_at = j.at("started_at").get<std::string>(),
                  .simulated = j.at("simulated").get<bool>(),
                  .virtual_time = j.at("virtual_time").get<bool>(),
                  .software_version = j.at("software_version").get<std::string>(),
                  .git_commit = j.at("git_commit").get<std::string>(),
                  .operator_name = j.at("operator").get<std::string>()};
    r.setup = setup_from_json(j.at("setup"));
}

Json encode(const InstrumentsRecord& r) {
    return {{"source", r.instruments.source},
            {"reference", r.instruments.reference},
            {"capture", r.instruments.capture},
            {"tick_s", r.instruments.tick_s},
            {"reference_divider", r.instruments.reference_divider},
            {"positions", r.positions},
            {"channels", r.channels}};
}
void decode(const Json& j, InstrumentsRecord& r) {
    j.at("source").get_to(r.instruments.source);
    j.at("reference").get_to(r.instruments.reference);
    j.at("capture").get_to(r.instruments.capture);
    j.at("tick_s").get_to(r.instruments.tick_s);
    // Journals of calrig 0.1 are without: none of its devices divided.
    r.instruments.reference_divider = j.value("reference_divider", std::int64_t{1});
    if (r.instruments.reference_divider < 1) {
        throw rig::JournalError("a reference divider is 1 or more");
    }
    j.at("positions").get_to(r.positions);
    j.at("channels").get_to(r.channels);
}

Json encode(const MeterRecord& r) {
    return {{"position", r.position}, {"serial", r.serial}, {"identity", r.identity}};
}
void decode(const Json& j, MeterRecord& r) {
    j.at("position").get_to(r.position);
    j.at("serial").get_to(r.serial);
    j.at("identity").get_to(r.identity);
}

Json encode(const GivenUpRecord& r) { return {{"position", r.position}, {"reason", r.reason}}; }
void decode(const Json& j, GivenUpRecord& r) {
    j.at("position").get_to(r.position);
    j.at("reason").get_to(r.reason);
}

Json encode(const RegistersRecord& r) {
    return {{"position", r.position},
            {"after", r.after},
            {"stretch", r.stretch},
            {"import_kwh", r.import_kwh},
            {"export_kwh", r.export_kwh},
            {"step_kwh", r.step_kwh},
            {"roll_over_kwh", r.roll_over_kwh},
            {"ratio", r.ratio},
            {"tick", r.tick}};
}
void decode(const Json& j, RegistersRecord& r) {
    j.at("position").get_to(r.position);
    j.at("after").get_to(r.after);
    r.stretch = j.value("stretch", 0);
    j.at("import_kwh").get_to(r.import_kwh);
    j.at("export_kwh").get_to(r.export_kwh);
    j.at("step_kwh").get_to(r.step_kwh);
    j.at("roll_over_kwh").get_to(r.roll_over_kwh);
    j.at("ratio").get_to(r.ratio);
    j.at("tick").get_to(r.tick);
}

Json encode(const PointRecord& r) {
    return {{"point", r.point},
            {"attempt", r.attempt},
            {"at_s", r.at_s},
            {"reference_constant_imp_per_kwh", r.reference_constant_imp_per_kwh}};
}
void decode(const Json& j, PointRecord& r) {
    j.at("point").get_to(r.point);
    j.at("attempt").get_to(r.attempt);
    j.at("at_s").get_to(r.at_s);
    j.at("reference_constant_imp_per_kwh").get_to(r.reference_constant_imp_per_kwh);
}

Json encode(const GateRecord& r) {
    return {
        {"point", r.point}, {"attempt", r.attempt}, {"at_s", r.at_s}, {"from_tick", r.from_tick}};
}
void decode(const Json& j, GateRecord& r) {
    j.at("point").get_to(r.point);
    j.at("attempt").get_to(r.attempt);
    j.at("at_s").get_to(r.at_s);
    j.at("from_tick").get_to(r.from_tick);
}

Json encode(const ConditionsRecord& r) {
    return {{"point", r.point},
            {"attempt", r.attempt},
            {"at_s", r.at_s},
            {"tick", r.tick},
            {"seen", seen_to_json(r.seen)}};
}
void decode(const Json& j, ConditionsRecord& r) {
    j.at("point").get_to(r.point);
    j.at("attempt").get_to(r.attempt);
    j.at("at_s").get_to(r.at_s);
    j.at("tick").get_to(r.tick);
    r.seen = seen_from_json(j.at("seen"));
}

Json encode(const InvalidRecord& r) {
    Json json{{"point", r.point}, {"attempt", r.attempt}, {"reason", r.reason}};
    put_optional(json, "position", r.position);
    return json;
}
void decode(const Json& j, InvalidRecord& r) {
    j.at("point").get_to(r.point);
    j.at("attempt").get_to(r.attempt);
    j.at("reason").get_to(r.reason);
    get_optional(j, "position", r.position);
}

Json encode(const DoneRecord& r) {
    Json json{{"point", r.point},
              {"attempt", r.attempt},
              {"position", r.position},
              {"from_tick", r.from_tick},
              {"to_tick", r.to_tick}};
    put_optional(json, "true_error_percent", r.true_error_percent);
    return json;
}
void decode(const Json& j, DoneRecord& r) {
    j.at("point").get_to(r.point);
    j.at("attempt").get_to(r.attempt);
    j.at("position").get_to(r.position);
    j.at("from_tick").get_to(r.from_tick);
    j.at("to_tick").get_to(r.to_tick);
    get_optional(j, "true_error_percent", r.true_error_percent);
}

Json encode(const PointEndRecord& r) {
    return {{"point", r.point}, {"attempt", r.attempt}, {"at_s", r.at_s}};
}
void decode(const Json& j, PointEndRecord& r) {
    j.at("point").get_to(r.point);
    j.at("attempt").get_to(r.attempt);
    j.at("at_s").get_to(r.at_s);
}

Json encode(const LossRecord& r) { return Json::parse(rig::to_json(r.loss)); }
void decode(const Json& j, LossRecord& r) { r.loss = rig::loss_from_json(j.dump()); }

Json encode(const RemarkRecord& r) { return {{"text", r.text}}; }
void decode(const Json& j, RemarkRecord& r) { j.at("text").get_to(r.text); }

Json encode(const EndRecord& r) {
    return {{"aborted", r.aborted}, {"reason", r.reason}, {"at_s", r.at_s}};
}
void decode(const Json& j, EndRecord& r) {
    j.at("aborted").get_to(r.aborted);
    j.at("reason").get_to(r.reason);
    j.at("at_s").get_to(r.at_s);
}

// Those of the tests over the port have their own file.
template <class T>
concept HasJson = requires(const T& record) { to_json(record); };

Json encode(const HasJson auto& r) { return Json::parse(to_json(r)); }
void decode(const Json& j, HasJson auto& r) { from_json(j.dump(), r); }

template <std::size_t Index = 0>
std::optional<Record> decode_kind(const rig::Note& note, const Json& json) {
    if constexpr (Index == std::variant_size_v<Record>) {
        return std::nullopt;
    } else {
        using T = std::variant_alternative_t<Index, Record>;
        if (note.kind != kind<T>) {
            return decode_kind<Index + 1>(note, json);
        }
        T record;
        decode(json, record);
        return record;
    }
}

}  // namespace

void write(rig::JournalWriter& journal, const Record& record) {
    std::visit(
        [&](const auto& r) {
            // Text of a device need not be UTF-8: what is not becomes the replacement character.
            journal.note(kind<std::decay_t<decltype(r)>>,
                         encode(r).dump(-1, ' ', false, Json::error_handler_t::replace));
        },
        record);
}

std::optional<Record> read(const rig::Note& note) {
    try {
        return decode_kind(note, Json::parse(note.json));
    } catch (const Json::exception& error) {
        throw rig::JournalError(
            fmt::format("journal: note '{}' has another shape: {}", note.kind, error.what()));
    }
}

}  // namespace sequences
