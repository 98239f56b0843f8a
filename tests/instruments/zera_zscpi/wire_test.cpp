// The text of zSCPI both ways: values, registers, errors, catalogues, lines, long and short
// headers.
#include "instruments/zera_zscpi/wire.hpp"

#include "instruments/io/link.hpp"
#include "instruments/zera_zscpi/commands.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <clocale>
#include <limits>
#include <string>
#include <vector>

using namespace instruments::zera_zscpi;
using instruments::io::bytes_of;

namespace {

double one(std::string_view answer,
           std::string_view module,
           std::string_view name,
           std::string_view unit) {
    double value = 0;
    const std::array wanted{Wanted{name, unit, {&value, 1}}};
    REQUIRE(parse_group(answer, module, wanted).has_value());
    return value;
}

GroupFault refusal(std::string_view answer) {
    double value = 0;
    const std::array wanted{Wanted{"UL1", "V", {&value, 1}}};
    const auto parsed = parse_group(answer, "RMS1", wanted);
    REQUIRE_FALSE(parsed.has_value());
    return parsed.error();
}

std::vector<std::string> lines_of(LineSplitter& splitter, std::string_view bytes) {
    splitter.feed(bytes_of(bytes));
    std::vector<std::string> lines;
    while (auto line = splitter.next()) lines.push_back(*line);
    return lines;
}

}  // namespace

TEST_CASE("a self-described value is found by its module, name and unit") {
    CHECK(one("RMS1:UL1:[V]:229.691;", "RMS1", "UL1", "V") == 229.691);
    const std::string group = "RMS1:UL1:[V]:229.691;RMS1:UL1-UL2:[V]:398.1;RMS1:IL1:[A]:5e-3;";
    CHECK(one(group, "RMS1", "UL1-UL2", "V") == 398.1);
    CHECK(one(group, "RMS1", "IL1", "A") == 0.005);
}

TEST_CASE("a vector is a pair of peak values") {
    std::array<double, 2> parts{};
    const std::array wanted{Wanted{"UL1", "V", parts}};
    REQUIRE(parse_group("DFT1:UL1:[V]:325.27,-0.5;", "DFT1", wanted).has_value());
    CHECK(parts == std::array{325.27, -0.5});
    CHECK_FALSE(parse_group("DFT1:UL1:[V]:325.27;", "DFT1", wanted).has_value());
    CHECK_FALSE(parse_group("DFT1:UL1:[V]:325.27,1,2;", "DFT1", wanted).has_value());
}

TEST_CASE("what the instrument writes of a value, the driver reads back, at every length") {
    for (const double value : {0.0, -1.5, 229.691, 1.44e10, 1e-9, 3.14159265}) {
        std::string text;
        append_item(text, {"POW1", "P1", "W", {}}, std::array{value});
        CHECK(one(text, "POW1", "P1", "W") == Approx(value).epsilon(1e-8));
    }
}

TEST_CASE("an answer cut anywhere yields no value") {
    const std::string whole = "RMS1:UL1:[V]:229.691;";
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        INFO("cut after " << cut << " bytes");
        refusal(std::string_view{whole}.substr(0, cut));
    }
}

TEST_CASE("what is no value says why") {
    CHECK(refusal(";").fault == WireFault::no_value);
    CHECK(refusal("RMS1:UL1:[V]:;").fault == WireFault::no_value);
    CHECK(refusal("RMS1:UL1:[V]:nan;").fault == WireFault::not_a_value);
    CHECK(refusal("RMS1:UL1:[V]:inf;").fault == WireFault::not_a_value);
    CHECK(refusal("RMS1:UL1:[V]:9.9E37;").fault == WireFault::not_a_value);
    CHECK(refusal("RMS1:UL1:[V]:-9.91E+37;").fault == WireFault::not_a_value);
    CHECK(refusal("RMS1:UL1:[A]:229.691;").fault == WireFault::malformed);
    CHECK(refusal("RMS2:UL1:[V]:229.691;").fault == WireFault::malformed);
    CHECK(refusal("RMS1:UL1:[V]:229,691;").fault == WireFault::malformed);
    CHECK(refusal("RMS1:UL1:[V]:229.691 ;").fault == WireFault::malformed);
    CHECK(refusal("RMS1:UL1:[V]:1;RMS1:UL1:[V]:2;").fault == WireFault::malformed);
    CHECK(refusal("RMS1:UL2:[V]:229.691;").fault == WireFault::missing);
    CHECK(refusal("RMS1:UL2:[V]:229.691;").item == "RMS1:UL1");
}

TEST_CASE("numbers come in every shape of SCPI and depend on no locale") {
    const char* german = std::setlocale(LC_ALL, "de_DE.UTF-8");  // where it is installed
    CHECK(parse_number("1.44E1") == 14.4);
    CHECK(parse_number("0.0E0") == 0.0);
    CHECK(parse_number("+230.01E+0") == 230.01);
    CHECK(parse_number("14400000000") == 1.44e10);
    for (const char* text : {"+-1", "++1", "1,5", "1 ", " 1", "0x10", "1V", "+", "-"}) {
        INFO(text);
        CHECK_FALSE(parse_number(text).has_value());
    }
    if (german != nullptr) std::setlocale(LC_ALL, "C");
}

TEST_CASE("registers carry a plus, status answers do not, both are understood") {
    CHECK(parse_register("+4") == 4);
    CHECK(parse_register("512") == 512);
    CHECK_FALSE(parse_register("-1").has_value());
    CHECK_FALSE(parse_register("+4x").has_value());
    std::string text;
    append_register(text, 4);
    CHECK(text == "+4");
}

TEST_CASE("errors are a signed code and a text without quotes") {
    CHECK(parse_error("+0,No error")->code == 0);
    CHECK(parse_error("-100,Command error")->code == -100);
    CHECK(parse_error("-100,Command error")->text == "Command error");
    CHECK_FALSE(parse_error("No error").has_value());
    CHECK_FALSE(parse_error("+0,").has_value());
    std::string text;
    append_error(text, {0, "No error"});
    append_error(text, {-350, "Queue overflow"});
    CHECK(text == "+0,No error-350,Queue overflow");
}

TEST_CASE("ranges are names with a value") {
    CHECK(parse_range("240V")->value == 240);
    CHECK(parse_range("100mV")->value == Approx(0.1));
    CHECK(parse_range("1.0A")->value == 1);
    CHECK(parse_range("2.5A")->unit == 'A');
    CHECK(parse_range("5mA")->value == 0.005);
    for (const char* name : {"", "A", "C100A", "5", "5 A", "5kA", "-5A", "0A", "5AA", "--"}) {
        INFO(name);
        CHECK_FALSE(parse_range(name).has_value());
    }
}

TEST_CASE("a catalogue falls apart at its semicolons") {
    std::string_view rest = "250V;8V;100mV";
    CHECK(take_until(rest, ';') == "250V");
    CHECK(take_until(rest, ';') == "8V");
    CHECK(take_until(rest, ';') == "100mV");
    CHECK(rest.empty());
}

TEST_CASE("a line may arrive in any two pieces, and ends with CR, LF or both") {
    const std::string bytes = "*IDN?\r\nSYST:ERR?\n\n*STB?\r";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        LineSplitter splitter;
        auto lines = lines_of(splitter, bytes.substr(0, cut));
        for (auto& line : lines_of(splitter, bytes.substr(cut))) lines.push_back(line);
        CHECK(lines == std::vector<std::string>{"*IDN?", "SYST:ERR?", "*STB?"});
        CHECK(splitter.terminator() == '\r');
    }
}

TEST_CASE("a line without end is dropped, and the one behind it is whole") {
    LineSplitter splitter;
    for (int i = 0; i < 40; ++i) CHECK(lines_of(splitter, std::string(4096, 'x')).empty());
    CHECK(lines_of(splitter, "xx\n*IDN?\n") == std::vector<std::string>{"*IDN?"});
}

TEST_CASE("a line that is too long is dropped, in pieces and at once") {
    for (const std::size_t length : {65536UL, 65537UL, 200000UL}) {
        LineSplitter splitter;
        const auto lines = lines_of(splitter, std::string(length, 'x') + "\n*IDN?\n");
        CAPTURE(length);
        CHECK(lines.size() == (length > 65536 ? 1 : 2));
        CHECK(lines.back() == "*IDN?");
    }
}

TEST_CASE("a short form is four letters, or three before a vowel, with its number") {
    CHECK(short_form("CONFIGURATION") == "CONF");
    CHECK(short_form("MEASURE") == "MEAS");
    CHECK(short_form("SENSE") == "SENS");
    CHECK(short_form("CATALOG") == "CAT");
    CHECK(short_form("STATUS") == "STAT");
    CHECK(short_form("OVERLOAD") == "OVER");
    CHECK(short_form("RNG1") == "RNG1");
    CHECK(short_form("Lambda1") == "Lamb1");
    CHECK(short_form("NOMINAL_FREQ") == "NOMINAL_FREQ");
    CHECK(short_form("UL1-UL2") == "UL1-UL2");
    CHECK(short_form("0001") == "0001");
}

TEST_CASE("headers match in long and short form, in any case, and in whole only") {
    const std::string_view path = "SENSE:RNG1:UL1:RANGE";
    for (const char* given :
         {"SENSE:RNG1:UL1:RANGE", "sens:rng1:ul1:rang", ":SENS:RNG1:UL1:RANGE"}) {
        INFO(given);
        CHECK(header_matches(path, given));
    }
    for (const char* given : {"SENSE:RNG1:UL1",
                              "SENSE:RNG1:UL1:RANGE:X",
                              "SENS:RNG2:UL1:RANG",
                              "SENSE::RNG1:UL1:RANGE",
                              "SENSE:RNG1:UL1:RAN",
                              "SENSE:RNG1:UL1:RANGE:",
                              "",
                              ":"}) {
        INFO(given);
        CHECK_FALSE(header_matches(path, given));
    }
}

TEST_CASE("a command is a header, a parameter and its semicolon") {
    const Command set = parse_command("CONFIGURATION:RNG1:GROUPING 1;");
    CHECK(set.header == "CONFIGURATION:RNG1:GROUPING");
    CHECK(set.parameter == "1");
    CHECK(set.terminated);
    CHECK_FALSE(set.query);
    CHECK_FALSE(parse_command("CONFIGURATION:RNG1:GROUPING 1").terminated);
    const Command query = parse_command(" :SYSTEM:ERROR?");
    CHECK(query.header == "SYSTEM:ERROR");
    CHECK(query.query);
    CHECK(parse_command("CONFIGURATION:SYST:NAMESESSION 3 Systems 2 Wires;").parameter ==
          "3 Systems 2 Wires");
    CHECK(parse_command("").header.empty());
    CHECK(parse_command(";").header.empty());
}
