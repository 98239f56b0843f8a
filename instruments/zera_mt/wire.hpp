// The ZERA MT dialect as text, both sides, without I/O: one line per message, the closing CR left
// to the link. Source: the maker's own drivers (C# and C++), which generate the same strings.
// Fields have a fixed width and no separators; numbers are integers in the field's last digit, so
// that encoding and decoding are exact.
#pragma once

#include "instruments/zera_mt/status.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace instruments::zera_mt {

// -- what the host sends

struct SetFrequency {  // "SFR50.00"; 0 means synchronous to the mains, 16 a third of the mains
    std::int64_t centihertz = 5000;
    friend bool operator==(const SetFrequency&, const SetFrequency&) = default;
};

struct Phasor {
    std::int64_t thousandths = 0;   // of a volt or an ampere, RMS: 0 to 999 999
    std::int64_t centidegrees = 0;  // 0 to 35 999
    friend bool operator==(const Phasor&, const Phasor&) = default;
};

struct SetVoltages {  // "SUPAER220.000000.00S221.000240.00T222.000120.00"
    bool electronic_off =
        false;  // whether the device's electronic-off function is enabled; calrig never does
    bool kept_during_dosage = true;
    std::array<Phasor, 3> phases;
    friend bool operator==(const SetVoltages&, const SetVoltages&) = default;
};

struct SetCurrents {  // "SIPAAR000.500000.00S001.000240.00T001.500120.00"; the second flag: amperes
    bool electronic_off = false;
    std::array<Phasor, 3> phases;
    friend bool operator==(const SetCurrents&, const SetCurrents&) = default;
};

struct SetRegulator {  // "SRE1": closed-loop regulation of the amplitudes
    bool on = true;
    friend bool operator==(const SetRegulator&, const SetRegulator&) = default;
};

struct Switch {  // "SUIEAEPPAAAA": this one energises; all false is off
    std::array<bool, 3> voltages{};
    std::array<bool, 3> currents{};
    std::array<bool, 2> auxiliaries{};
    bool regulator = false;
    friend bool operator==(const Switch&, const Switch&) = default;
};

struct AskStatus {  // "SSM"
    friend bool operator==(const AskStatus&, const AskStatus&) = default;
};
struct AskModel {  // "STS"; the stationary FG family says "TS"
    friend bool operator==(const AskModel&, const AskModel&) = default;
};
struct AskVersion {  // "AAV": the reference meter's part of the device
    friend bool operator==(const AskVersion&, const AskVersion&) = default;
};

using Command = std::variant<SetFrequency,
                             SetVoltages,
                             SetCurrents,
                             SetRegulator,
                             Switch,
                             AskStatus,
                             AskModel,
                             AskVersion>;

// WireFault::does_not_fit when a value has no place in its field: nothing may be sent then.
// Frequencies are those the dialect knows: 0, 0.16, 15 to 19.99 and 40 to 69.99 Hz.
std::expected<std::string, WireFault> encode(const Command& command);
std::expected<Command, WireFault> decode_command(std::string_view line);

// -- what the source answers

struct Done {  // "SOKUP"
    std::string keyword;
    friend bool operator==(const Done&, const Done&) = default;
};

struct Refused {  // a line that ends in NAK or contains ER-, ERR- or ERROR
    std::string text;
    friend bool operator==(const Refused&, const Refused&) = default;
};

struct StatusReport {  // "SSM" and the status word; also comes unasked when something trips
    Status status;
    friend bool operator==(const StatusReport&, const StatusReport&) = default;
};

struct Model {  // "STSMT786   V552": up to eight characters of model, the rest is the version;
                // either may be missing
    std::string model, version;
    friend bool operator==(const Model&, const Model&) = default;
};

struct StationaryModel {  // "TSFG301   V299": the same from the FG family, which speaks another
                          // dialect
    std::string model, version;
    friend bool operator==(const StationaryModel&, const StationaryModel&) = default;
};

struct Version {  // "MT793V05.52", followed by a line "AAVACK"
    std::string model, version;
    friend bool operator==(const Version&, const Version&) = default;
};

struct Acknowledged {  // "AAVACK"
    std::string keyword;
    friend bool operator==(const Acknowledged&, const Acknowledged&) = default;
};

using Reply =
    std::variant<Done, Refused, StatusReport, Model, StationaryModel, Version, Acknowledged>;

std::string encode(const Reply& reply);
std::expected<Reply, WireFault> decode_reply(std::string_view line);

// The keyword of the SOK line that acknowledges a setting: "FR", "UP", "IP", "RE", "UI"; empty for
// questions.
std::string_view acknowledgement(const Command& command);

}  // namespace instruments::zera_mt
