#include "instruments/zera_mt/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace instruments::zera_mt {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

constexpr std::string_view phase_letters = "RST";

std::unexpected<WireFault> malformed() { return std::unexpected(WireFault::malformed); }

char flag(bool on, char letter = 'E') { return on ? letter : 'A'; }

// -- writing

bool is_a_frequency(std::int64_t centihertz) {
    return centihertz == 0 || centihertz == 16 || (centihertz >= 1500 && centihertz <= 1999) ||
           (centihertz >= 4000 && centihertz <= 6999);
}

bool fits(const std::array<Phasor, 3>& phases) {
    return std::ranges::all_of(phases, [](const Phasor& phase) {
        return phase.thousandths >= 0 && phase.thousandths <= 999'999 && phase.centidegrees >= 0 &&
               phase.centidegrees < 36'000;
    });
}

bool fits(const Command& command) {
    return std::visit(
        Overloaded{[](const SetFrequency& set) { return is_a_frequency(set.centihertz); },
                   [](const SetVoltages& set) { return fits(set.phases); },
                   [](const SetCurrents& set) { return fits(set.phases); },
                   [](const auto&) { return true; }},
        command);
}

std::string text_of(const std::array<Phasor, 3>& phases) {
    std::string text;
    for (std::size_t i = 0; i < phases.size(); ++i) {
        const auto& [amplitude, angle] = phases[i];
        text += fmt::format("{}{:03}.{:03}{:03}.{:02}",
                            phase_letters[i],
                            amplitude / 1000,
                            amplitude % 1000,
                            angle / 100,
                            angle % 100);
    }
    return text;
}

std::string text_of(const Switch& set) {
    std::string text = "SUI";
    for (const bool on : set.voltages) text += flag(on);
    for (const bool on : set.currents) text += flag(on, 'P');
    for (const bool on : set.auxiliaries) text += flag(on);
    return text + flag(set.regulator);
}

std::string model_text(std::string_view prefix, std::string_view model, std::string_view version) {
    if (version.empty()) return fmt::format("{}{}", prefix, model);
    return fmt::format("{}{:<8}{}", prefix, model, version);
}

// -- reading

// Takes fixed-width fields off the front of a line; once something did not match, everything after
// fails too.
class Fields {
  public:
    explicit Fields(std::string_view line) : rest_(line) {}

    void literal(std::string_view text) {
        ok_ = ok_ && rest_.starts_with(text);
        if (ok_) rest_.remove_prefix(text.size());
    }

    bool flag(char on) {
        const char c = next();
        ok_ = ok_ && (c == on || c == 'A');
        return ok_ && c == on;
    }

    // `before` digits, a point, `after` digits: the number in units of its last digit.
    std::int64_t fixed(int before, int after) {
        const auto whole = digits(before);
        literal(".");
        const auto fraction = digits(after);
        return after == 3 ? whole * 1000 + fraction : whole * 100 + fraction;
    }

    bool done() const { return ok_ && rest_.empty(); }

  private:
    char next() {
        if (rest_.empty()) ok_ = false;
        if (!ok_) return '\0';
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    std::int64_t digits(int count) {
        std::int64_t value = 0;
        for (int i = 0; i < count; ++i) {
            const char c = next();
            ok_ = ok_ && c >= '0' && c <= '9';
            value = ok_ ? value * 10 + (c - '0') : 0;
        }
        return value;
    }

    std::string_view rest_;
    bool ok_ = true;
};

std::array<Phasor, 3> phasors(Fields& fields) {
    std::array<Phasor, 3> phases;
    for (std::size_t i = 0; i < phases.size(); ++i) {
        fields.literal(phase_letters.substr(i, 1));
        phases[i].thousandths = fields.fixed(3, 3);
        phases[i].centidegrees = fields.fixed(3, 2);
    }
    return phases;
}

Command read_command(Fields& fields, std::string_view keyword) {
    if (keyword == "SFR") return SetFrequency{fields.fixed(2, 2)};
    if (keyword == "SUP") {
        SetVoltages set;
        set.electronic_off = fields.flag('E');
        set.kept_during_dosage = fields.flag('E');
        set.phases = phasors(fields);
        return set;
    }
    if (keyword == "SIP") {
        SetCurrents set;
        set.electronic_off = fields.flag('E');
        fields.literal("A");
        set.phases = phasors(fields);
        return set;
    }
    Switch set;
    for (auto& on : set.voltages) on = fields.flag('E');
    for (auto& on : set.currents) on = fields.flag('P');
    for (auto& on : set.auxiliaries) on = fields.flag('E');
    set.regulator = fields.flag('E');
    return set;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_refusal(std::string_view line) {
    line = line.substr(0, line.find_last_not_of(' ') + 1);  // models are padded with spaces
    return line.ends_with("NAK") || line.contains("ER-") || line.contains("ERR-") ||
           line.contains("ERROR");
}

template <class T>
std::expected<Reply, WireFault> read_model(std::string_view body) {
    if (body.empty()) return malformed();
    std::string_view model = body.substr(0, 8);
    const std::string_view version = body.size() > 8 ? body.substr(8) : std::string_view{};
    model = model.substr(0, model.find_last_not_of(' ') + 1);
    if (model.empty()) return malformed();
    return T{std::string(model), std::string(version)};
}

// "MT793V05.52"
std::optional<Version> read_version(std::string_view line) {
    const auto mark = line.find('V');
    if (!line.starts_with("MT") || mark == std::string_view::npos) return std::nullopt;
    Fields number{line.substr(mark + 1)};
    number.fixed(2, 2);
    if (!number.done()) return std::nullopt;
    return Version{std::string(line.substr(0, mark)), std::string(line.substr(mark + 1))};
}

}  // namespace

std::expected<std::string, WireFault> encode(const Command& command) {
    if (!fits(command)) return std::unexpected(WireFault::does_not_fit);
    return std::visit(
        Overloaded{
            [](const SetFrequency& set) {
                return fmt::format("SFR{:02}.{:02}", set.centihertz / 100, set.centihertz % 100);
            },
            [](const SetVoltages& set) {
                return fmt::format("SUP{}{}{}",
                                   flag(set.electronic_off),
                                   flag(set.kept_during_dosage),
                                   text_of(set.phases));
            },
            [](const SetCurrents& set) {
                return fmt::format("SIP{}A{}", flag(set.electronic_off), text_of(set.phases));
            },
            [](const SetRegulator& set) { return std::string(set.on ? "SRE1" : "SRE0"); },
            [](const Switch& set) { return text_of(set); },
            [](const AskStatus&) { return std::string("SSM"); },
            [](const AskModel&) { return std::string("STS"); },
            [](const AskVersion&) { return std::string("AAV"); }},
        command);
}

std::expected<Command, WireFault> decode_command(std::string_view line) {
    if (line == "SSM") return AskStatus{};
    if (line == "STS") return AskModel{};
    if (line == "AAV") return AskVersion{};
    if (line == "SRE0" || line == "SRE1") return SetRegulator{line.back() == '1'};
    const std::string_view keyword = line.substr(0, 3);
    if (keyword != "SFR" && keyword != "SUP" && keyword != "SIP" && keyword != "SUI") {
        return malformed();
    }
    Fields fields{line.substr(3)};
    Command command = read_command(fields, keyword);
    if (!fields.done()) return malformed();
    if (!fits(command)) return std::unexpected(WireFault::does_not_fit);
    return command;
}

std::string encode(const Reply& reply) {
    return std::visit(
        Overloaded{[](const Done& done) { return "SOK" + done.keyword; },
                   [](const Refused& refused) { return refused.text; },
                   [](const StatusReport& report) { return "SSM" + report.status.digits(); },
                   [](const Model& model) { return model_text("STS", model.model, model.version); },
                   [](const StationaryModel& model) {
                       return model_text("TS", model.model, model.version);
                   },
                   [](const Version& version) {
                       return fmt::format("{}V{}", version.model, version.version);
                   },
                   [](const Acknowledged& done) { return done.keyword + "ACK"; }},
        reply);
}

std::expected<Reply, WireFault> decode_reply(std::string_view line) {
    if (!std::ranges::all_of(line, is_printable)) return malformed();
    if (is_refusal(line)) return Refused{std::string(line)};
    if (line.starts_with("SOK")) {
        const std::string_view keyword = line.substr(3);
        if (keyword.size() != 2 || !std::ranges::all_of(keyword, is_upper)) return malformed();
        return Done{std::string(keyword)};
    }
    if (line.starts_with("SSM")) {
        const auto status = Status::parse(line.substr(3));
        if (!status) return malformed();
        return StatusReport{*status};
    }
    if (line.starts_with("STS")) return read_model<Model>(line.substr(3));
    if (line.starts_with("TS")) return read_model<StationaryModel>(line.substr(2));
    if (line.size() == 6 && line.ends_with("ACK") && std::ranges::all_of(line, is_upper)) {
        return Acknowledged{std::string(line.substr(0, 3))};
    }
    if (auto version = read_version(line)) return *std::move(version);
    return malformed();
}

std::string_view acknowledgement(const Command& command) {
    return std::visit(Overloaded{[](const SetFrequency&) -> std::string_view { return "FR"; },
                                 [](const SetVoltages&) -> std::string_view { return "UP"; },
                                 [](const SetCurrents&) -> std::string_view { return "IP"; },
                                 [](const SetRegulator&) -> std::string_view { return "RE"; },
                                 [](const Switch&) -> std::string_view { return "UI"; },
                                 [](const auto&) -> std::string_view { return ""; }},
                      command);
}

}  // namespace instruments::zera_mt
