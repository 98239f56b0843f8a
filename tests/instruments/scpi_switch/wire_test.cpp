// The ROUTe dialect as text, both directions.
#include "instruments/scpi_switch/wire.hpp"

#include <catch2/catch.hpp>

#include <numeric>
#include <string>
#include <utility>
#include <vector>

using namespace instruments::scpi_switch;
using instruments::Identity;

namespace {

const std::vector<std::pair<Command, std::string>> messages{
    {AskIdentity{}, "*IDN?"},
    {ClearStatus{}, "*CLS"},
    {Close{{101, 102}}, "ROUT:CLOS (@101,102)"},
    {Open{{7}}, "ROUT:OPEN (@7)"},
    {AskClosed{{101, 102, 20305}}, "ROUT:CLOS? (@101,102,20305)"},
    {AskError{}, "SYST:ERR?"},
};

}  // namespace

TEST_CASE("every command says the same on both sides") {
    for (const auto& [command, text] : messages) {
        CHECK(encode(command) == text);
        CHECK(decode_command(text) == command);
    }
}

TEST_CASE("commands are known in long and short form, in either case, with spaces and ranges") {
    const auto [text, command] =
        GENERATE(table<std::string, Command>({{"ROUTe:CLOSe (@101)", Close{{101}}},
                                              {"route:close (@101)", Close{{101}}},
                                              {":ROUT:CLOSE (@101)", Close{{101}}},
                                              {" rout:clos   (@ 101 , 102 ) ", Close{{101, 102}}},
                                              {"ROUT:OPEN (@101:104)", Open{{101, 102, 103, 104}}},
                                              {"ROUT:OPEN (@5,101:102,9)", Open{{5, 101, 102, 9}}},
                                              {"ROUT:CLOSE? (@1)", AskClosed{{1}}},
                                              {"SYSTEM:ERROR?", AskError{}},
                                              {"syst:err:next?", AskError{}},
                                              {"*idn?", AskIdentity{}}}));
    CAPTURE(text);
    CHECK(decode_command(text) == command);
}

TEST_CASE("what is no command is refused by kind") {
    using enum CommandFault;
    const auto [text, fault] =
        GENERATE(table<std::string, CommandFault>({{"", undefined_header},
                                                   {"*IDN", undefined_header},
                                                   {"ROUT", undefined_header},
                                                   {"ROUT:", undefined_header},
                                                   {"ROUT:CLO (@1)", undefined_header},
                                                   {"ROUT:CLOSED (@1)", undefined_header},
                                                   {"ROU:CLOS (@1)", undefined_header},
                                                   {"ROUT:OPEN? (@1)", undefined_header},
                                                   {"ROUT:CLOS:EXCL (@1)", undefined_header},
                                                   {"SYST:ERR", undefined_header},
                                                   {"::ROUT:CLOS (@1)", undefined_header},
                                                   {"ROUT:CLOS", syntax},
                                                   {"ROUT:CLOS 101", syntax},
                                                   {"ROUT:CLOS ( 101 )", syntax},
                                                   {"ROUT:CLOS (@)", syntax},
                                                   {"ROUT:CLOS (@101,)", syntax},
                                                   {"ROUT:CLOS (@,101)", syntax},
                                                   {"ROUT:CLOS (@101", syntax},
                                                   {"ROUT:CLOS (@1x1)", syntax},
                                                   {"ROUT:CLOS (@1:2:3)", syntax},
                                                   {"ROUT:CLOS (@1:)", syntax},
                                                   {"ROUT:CLOS (@99999999999)", syntax},
                                                   {"*CLS now", syntax},
                                                   {"SYST:ERR? 1", syntax},
                                                   {"ROUT:CLOS (@0)", out_of_range},
                                                   {"ROUT:CLOS (@-1)", out_of_range},
                                                   {"ROUT:CLOS (@100000)", out_of_range},
                                                   {"ROUT:CLOS (@104:101)", out_of_range},
                                                   {"ROUT:CLOS (@1:99999)", out_of_range}}));
    CAPTURE(text);
    REQUIRE_FALSE(decode_command(text));
    CHECK(decode_command(text).error() == fault);
}

TEST_CASE("a wrong bit in a header or a bracket is never the same command") {
    for (const auto& [command, text] : messages) {
        for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
            std::string wrong = text;
            wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ 1 << bit % 8);
            const bool same_letter = bit % 8 == 5 && std::isalpha(text[bit / 8]);  // its case
            CAPTURE(wrong);
            if (!same_letter) CHECK(decode_command(wrong) != command);
        }
    }
}

TEST_CASE("long lists are cut into lines that every unit takes, none lost and in order") {
    const int first = GENERATE(1, 95, 101, 1001, 10001);
    const auto count = GENERATE(0U, 1U, 2U, 59U, 60U, 61U, 80U, 400U);
    Channels channels(count);
    std::iota(channels.begin(), channels.end(), first);
    Channels joined;
    for (const Channels& part : in_lines(channels)) {
        CHECK_FALSE(part.empty());
        // With the line's end.
        CHECK(encode(Close{part}).size() + 1 <= 256);
        CHECK(encode(AskClosed{part}).size() + 1 <= 256);
        joined.insert(joined.end(), part.begin(), part.end());
    }
    CHECK(joined == channels);
    // As few as will do: one more channel would not have fitted.
    if (first == 101 && count == 80) CHECK(in_lines(channels).front().size() == 60);
}

TEST_CASE("states are one digit for each channel asked for") {
    CHECK(encode_states({true, false, true}) == "1,0,1");
    CHECK(decode_states("1,0,1", 3) == std::vector<bool>{true, false, true});
    CHECK(decode_states("0", 1) == std::vector<bool>{false});
    CHECK(decode_states("", 0) == std::vector<bool>{});
}

TEST_CASE("an answer that is not the states names the first channel it fails at") {
    const auto [text, count, index] = GENERATE(
        table<std::string, std::size_t, std::size_t>({{"", 1, 0},
                                                      {"1", 2, 1},
                                                      {"1,", 2, 1},
                                                      {"1,0,1", 2, 2},
                                                      {"1,0,", 2, 2},
                                                      {"1,2", 2, 1},
                                                      {"1,,0", 3, 1},
                                                      {"1;0", 2, 0},
                                                      {"1, 0", 2, 1},
                                                      {"+1,0", 2, 0},
                                                      {"-113,\"Undefined header\"", 2, 0}}));
    CAPTURE(text, count);
    REQUIRE_FALSE(decode_states(text, count));
    CHECK(decode_states(text, count).error() == index);
}

TEST_CASE("an identity has four fields, and a maker with a name") {
    const auto known = decode_identity("HEWLETT-PACKARD,34970A,0,13-2-2");
    REQUIRE(known);
    CHECK(known->maker == "HEWLETT-PACKARD");
    CHECK(known->model == "34970A");
    CHECK(known->serial == "0");
    CHECK(known->firmware == "13-2-2");
    CHECK(encode_identity(*known) == "HEWLETT-PACKARD,34970A,0,13-2-2");
    CHECK(decode_identity("Keysight Technologies, DAQ970A, MY1, A.01")->model == "DAQ970A");
    for (const std::string text : {"",
                                   "1,0,1,1",
                                   "A,B,C",
                                   "A,B,C,D,E",
                                   ",B,C,D",
                                   "A,,C,D",
                                   "-113,\"a, b, c\"",
                                   "+0,\"No error\""}) {
        CAPTURE(text);
        CHECK_FALSE(decode_identity(text));
    }
}

TEST_CASE("an entry of the error queue is a number and a text in quotes") {
    CHECK(encode_error({}) == "+0,\"No error\"");
    CHECK(encode_error({-113, "Undefined header"}) == "-113,\"Undefined header\"");
    CHECK(decode_error("+0,\"No error\"") == ErrorEntry{});
    CHECK(decode_error("0,\"No Error\"") == ErrorEntry{0, "No Error"});
    CHECK(decode_error("-222,\"Data out of range; (@301)\"") ==
          ErrorEntry{-222, "Data out of range; (@301)"});
    CHECK(decode_error("+305, \"Not able to perform, sorry\"") ==
          ErrorEntry{305, "Not able to perform, sorry"});
    for (const std::string text : {"",
                                   "0",
                                   "0,",
                                   "0,No error",
                                   "+0;\"No error\"",
                                   "0,\"",
                                   "x,\"No error\"",
                                   "++0,\"No error\"",
                                   "+-0,\"No error\"",
                                   "+0,\"No error",
                                   "1,0"}) {
        CAPTURE(text);
        CHECK_FALSE(decode_error(text));
    }
}
