// The dialect as text: the maker's strings byte for byte, and encode and decode as inverses of each
// other.
#include "instruments/zera_mt/wire.hpp"

#include "calibration/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace instruments::zera_mt;

namespace {

// The maker's own example: 220, 221, 222 V with L2 off, 0.5, 1.0, 1.5 A with L3 off.
const SetVoltages example_voltages{
    false, true, {Phasor{220'000, 0}, Phasor{221'000, 24'000}, Phasor{222'000, 12'000}}};
const SetCurrents example_currents{false,
                                   {Phasor{500, 0}, Phasor{1'000, 24'000}, Phasor{1'500, 12'000}}};
const Switch example_switches{{true, false, true}, {true, true, false}, {}, false};

const std::vector<std::pair<Command, std::string>> commands{
    {SetFrequency{5000}, "SFR50.00"},
    {SetFrequency{0}, "SFR00.00"},
    {SetFrequency{16}, "SFR00.16"},
    {SetFrequency{6999}, "SFR69.99"},
    {example_voltages, "SUPAER220.000000.00S221.000240.00T222.000120.00"},
    {example_currents, "SIPAAR000.500000.00S001.000240.00T001.500120.00"},
    {example_switches, "SUIEAEPPAAAA"},
    {Switch{{true, true, true}, {true, true, true}, {}, false}, "SUIEEEPPPAAA"},
    {Switch{{}, {}, {true, false}, true}, "SUIAAAAAAEAE"},
    {Switch{}, "SUIAAAAAAAAA"},
    {SetRegulator{true}, "SRE1"},
    {SetRegulator{false}, "SRE0"},
    {AskStatus{}, "SSM"},
    {AskModel{}, "STS"},
    {AskVersion{}, "AAV"},
};

const std::vector<std::pair<Reply, std::string>> replies{
    {Done{"FR"}, "SOKFR"},
    {Done{"UI"}, "SOKUI"},
    {Refused{"SUPNAK"}, "SUPNAK"},
    {Refused{"STS1NAK "}, "STS1NAK "},
    {Refused{"S ER-17"}, "S ER-17"},
    {Refused{"ERROR IN COMMAND"}, "ERROR IN COMMAND"},
    {StatusReport{}, "SSM00000000000000000000"},
    {StatusReport{Status::with(SourceFault::emergency_stop)}, "SSM08000000000000000000"},
    {Model{"MT786", "V552"}, "STSMT786   V552"},
    {Model{"MT400", ""}, "STSMT400"},
    {Model{"FGMT", ""}, "STSFGMT"},
    {StationaryModel{"FG301", "V299"}, "TSFG301   V299"},
    {Version{"MT793", "05.52"}, "MT793V05.52"},
    {Acknowledged{"AAV"}, "AAVACK"},
};

std::int64_t draw(std::uint64_t channel, std::uint64_t index, std::uint64_t count) {
    return static_cast<std::int64_t>(calibration::hashed(7, channel, index) % count);
}

std::array<Phasor, 3> any_phasors(std::uint64_t index) {
    std::array<Phasor, 3> phases;
    for (std::size_t i = 0; i < 3; ++i) {
        phases[i] = {draw(10 + i, index, 1'000'000), draw(20 + i, index, 36'000)};
    }
    return phases;
}

Command any_command(std::uint64_t index) {
    const auto bit = [index](unsigned n) { return (draw(1, index, 1U << 16) >> n) % 2 == 1; };
    switch (index % 4) {
        case 0:
            return SetVoltages{bit(0), bit(1), any_phasors(index)};
        case 1:
            return SetCurrents{bit(0), any_phasors(index)};
        case 2:
            return SetFrequency{4000 + draw(2, index, 3000)};
        default:
            return Switch{
                {bit(0), bit(1), bit(2)}, {bit(3), bit(4), bit(5)}, {bit(6), bit(7)}, bit(8)};
    }
}

}  // namespace

TEST_CASE("commands are written and read as the maker's strings") {
    for (const auto& [command, line] : commands) {
        INFO(line);
        CHECK(encode(command).value() == line);
        CHECK(decode_command(line).value() == command);
    }
}

TEST_CASE("answers are written and read as the maker's strings") {
    for (const auto& [reply, line] : replies) {
        INFO(line);
        CHECK(encode(reply) == line);
        CHECK(decode_reply(line).value() == reply);
    }
}

TEST_CASE("every command comes back from the wire as it went in") {
    for (std::uint64_t index = 0; index < 4000; ++index) {
        const Command command = any_command(index);
        const auto line = encode(command);
        INFO("index " << index << ": " << line.value());
        CHECK(decode_command(*line).value() == command);
    }
}

TEST_CASE("what has no place in its field is never written") {
    const auto refused = [](const Command& command) {
        return encode(command) == std::unexpected(WireFault::does_not_fit);
    };
    for (const std::int64_t centihertz : {-1, 1, 15, 17, 1499, 2000, 3999, 7000, 10'000}) {
        INFO(centihertz);
        CHECK(refused(SetFrequency{centihertz}));
    }
    for (const auto& bad :
         {Phasor{1'000'000, 0}, Phasor{-1, 0}, Phasor{0, -1}, Phasor{0, 36'000}}) {
        for (std::size_t phase = 0; phase < 3; ++phase) {
            SetVoltages voltages = example_voltages;
            SetCurrents currents = example_currents;
            voltages.phases[phase] = bad;
            currents.phases[phase] = bad;
            CHECK(refused(voltages));
            CHECK(refused(currents));
        }
    }
}

TEST_CASE("a command cut anywhere, or with something behind it, is not a command") {
    for (const auto& [command, line] : commands) {
        for (std::size_t length = 0; length < line.size(); ++length) {
            INFO(line.substr(0, length));
            CHECK_FALSE(decode_command(line.substr(0, length)).has_value());
        }
        CHECK_FALSE(decode_command(line + "A").has_value());
        CHECK_FALSE(decode_command(" " + line).has_value());
    }
}

TEST_CASE("a command of another shape is not a command") {
    for (const std::string_view line : {"",
                                        "S",
                                        "sfr50.00",
                                        "SFR50,00",
                                        "SFR 5.00",
                                        "SFR+5.00",
                                        "SRE2",
                                        "SRE",
                                        "UPAE",
                                        "SSM0",
                                        "SUIEEEEEEAAA",
                                        "SUIPPPPPPAAA",
                                        "SUIeeepppaaa",
                                        "SXX",
                                        "SUPAES220.000000.00R221.000240.00T222.000120.00",
                                        "SIPAMR000.500000.00S001.000240.00T001.500120.00"}) {
        INFO(line);
        CHECK(decode_command(line) == std::unexpected(WireFault::malformed));
    }
}

TEST_CASE("a well-formed command with an impossible value is told apart from noise") {
    CHECK(decode_command("SFR80.00") == std::unexpected(WireFault::does_not_fit));
    CHECK(decode_command("SUPAER220.000360.00S221.000240.00T222.000120.00") ==
          std::unexpected(WireFault::does_not_fit));
}

TEST_CASE("one wrong bit in an acknowledgement is never another acknowledgement of the dialect") {
    const std::vector<std::string> keywords{"FR", "UP", "IP", "RE", "UI"};
    for (const auto& keyword : keywords) {
        const std::string line = "SOK" + keyword;
        for (std::size_t bit = 0; bit < 8 * line.size(); ++bit) {
            std::string wrong = line;
            wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
            const auto reply = decode_reply(wrong);
            const auto* done = reply ? std::get_if<Done>(&*reply) : nullptr;
            INFO(wrong);
            CHECK((done == nullptr || std::ranges::count(keywords, done->keyword) == 0));
        }
    }
}

TEST_CASE("lines that are no answer of the dialect are malformed") {
    for (const std::string_view line : {"",
                                        "SOK",
                                        "SOKU",
                                        "SOKUPX",
                                        "SOKup",
                                        "sokUP",
                                        "OKUP",
                                        "SSM",
                                        "SSM0000000000000000000",
                                        "SSM0000000000000000000G",
                                        "STS",
                                        "STS        ",
                                        "TS",
                                        "MT793",
                                        "MT793V5.52",
                                        "AAVAC",
                                        "SOKU\x01"}) {
        INFO(line);
        CHECK(decode_reply(line) == std::unexpected(WireFault::malformed));
    }
}
