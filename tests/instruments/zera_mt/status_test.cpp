// The status word: every digit and bit has its name, and a set bit is never lost.
#include "instruments/zera_mt/status.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace instruments::zera_mt;
using Names = std::vector<std::string>;

namespace {

Names faults_of(std::string_view digits) { return Status::parse(digits).value().faults(); }

std::string word(std::size_t digit, char value) {
    std::string digits(Status::least_digits, '0');
    digits[digit] = value;
    return digits;
}

}  // namespace

TEST_CASE("all zero is healthy") {
    CHECK(Status{}.clean());
    CHECK(Status{}.digits() == "00000000000000000000");
    CHECK(faults_of("00000000000000000000").empty());
}

TEST_CASE("the summary digits name faults of the whole source") {
    CHECK(faults_of(word(0, '8')) == Names{"amplifier error"});
    CHECK(faults_of(word(0, '4')) == Names{"fuse"});
    CHECK(faults_of(word(0, '2')) == Names{"short circuit"});
    CHECK(faults_of(word(1, '8')) == Names{"emergency stop"});
    CHECK(faults_of(word(1, '4')) == Names{"isolation failure"});
    CHECK(faults_of(word(1, '2')) == Names{"fibre identification corrupted"});
    CHECK(faults_of(word(1, '1')) == Names{"reference data link error"});
}

TEST_CASE("the digit pairs name fault and amplifier") {
    const std::vector<std::pair<std::size_t, std::string>> pairs{
        {2, "amplifier error"},
        {4, "amplifier short or open circuit"},
        {6, "amplifier temperature"},
        {8, "amplifier supply"},
        {10, "amplifier overload"},
        {12, "amplifier group error"},
        {14, "amplifier connection missing"},
        {16, "amplifier data link"},
        {18, "amplifier undefined error"}};
    for (const auto& [digit, name] : pairs) {
        CHECK(faults_of(word(digit, '8')) == Names{name + " aux2"});
        CHECK(faults_of(word(digit, '4')) == Names{name + " aux1"});
        CHECK(faults_of(word(digit, '2')) == Names{name + " I3"});
        CHECK(faults_of(word(digit, '1')) == Names{name + " I2"});
        CHECK(faults_of(word(digit + 1, '8')) == Names{name + " I1"});
        CHECK(faults_of(word(digit + 1, '4')) == Names{name + " U3"});
        CHECK(faults_of(word(digit + 1, '2')) == Names{name + " U2"});
        CHECK(faults_of(word(digit + 1, '1')) == Names{name + " U1"});
    }
}

TEST_CASE("a set bit without a meaning is reported by its place") {
    CHECK(faults_of(word(0, '1')) == Names{"unknown status bit 0 of digit 0"});
    CHECK(faults_of("000000000000000000000C0001").size() == 3);
    CHECK(faults_of("000000000000000000008") == Names{"ICT failure"});
    CHECK(faults_of("000000000000000000004") == Names{"wrong reference range"});
    CHECK(faults_of("000000000000000000001") == Names{"unknown status bit 0 of digit 20"});
}

TEST_CASE("an amplifier's overload comes with the summaries") {
    const auto status = Status::with(AmplifierFault::overload, Amplifier::i2);
    CHECK(status.digits() == "80100000001000000000");
    CHECK(status.faults() ==
          Names{"amplifier error", "amplifier error I2", "amplifier overload I2"});
}

TEST_CASE("with one bit wrong the word of a tripped amplifier never reads as healthy") {
    for (const auto kind :
         {AmplifierFault::error, AmplifierFault::overload, AmplifierFault::undefined}) {
        for (unsigned amplifier = 0; amplifier < 8; ++amplifier) {
            const std::string digits =
                Status::with(kind, static_cast<Amplifier>(amplifier)).digits();
            for (std::size_t bit = 0; bit < 8 * digits.size(); ++bit) {
                std::string wrong = digits;
                wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
                const auto status = Status::parse(wrong);
                CHECK_FALSE((status && status->clean()));
            }
        }
    }
}

TEST_CASE("every word comes back from its text") {
    for (std::size_t digit = 0; digit < Status::least_digits; ++digit) {
        for (const char value : std::string("123456789ABCDEF")) {
            const auto digits = word(digit, value);
            CHECK(Status::parse(digits).value().digits() == digits);
            CHECK_FALSE(Status::parse(digits).value().clean());
        }
    }
    CHECK(Status::parse("0a000000000000000000").value().digits() == "0A000000000000000000");
}

TEST_CASE("too short, too long and not hexadecimal are malformed") {
    CHECK_FALSE(Status::parse("0000000000000000000").has_value());
    CHECK_FALSE(Status::parse(std::string(33, '0')).has_value());
    CHECK_FALSE(Status::parse("0000000000000000000 ").has_value());
    CHECK_FALSE(Status::parse("0000000000000000000:").has_value());
}
