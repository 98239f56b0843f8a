// Register words: scales, signs, "not available", texts.
#include "dut/register_map.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace dut;

namespace {

Register row(int words, bool is_signed, double scale) {
    Register result;
    result.words = words;
    result.is_signed = is_signed;
    result.scale = scale;
    return result;
}

IdentificationRow text_row(int words, Encoding encoding) {
    IdentificationRow result;
    result.field = "name";
    result.words = words;
    result.encoding = encoding;
    return result;
}

}  // namespace

TEST_CASE("values become words, high word first, truncated to the resolution") {
    struct Row {
        int words;
        bool is_signed;
        double scale, value;
        Words expected;
    };
    const auto r = GENERATE(values<Row>({{2, false, 0.01, 230.0, {0x0000, 0x59D8}},
                                         {2, false, 0.01, 230.009, {0x0000, 0x59D8}},
                                         {2, false, 0.001, 80.0, {0x0001, 0x3880}},
                                         {2, true, 10, -3450, {0xFFFF, 0xFEA7}},
                                         {2, true, 10, -3459.9, {0xFFFF, 0xFEA7}},
                                         {2, false, 10, 999999990, {0x05F5, 0xE0FF}},
                                         {1, false, 1, 5, {0x0005}},
                                         {1, true, 0.001, -0.5, {0xFE0C}},
                                         {2, false, 1, 0, {0, 0}}}));
    INFO(r.value);
    CHECK(encode(row(r.words, r.is_signed, r.scale), r.value) == r.expected);
}

TEST_CASE("what a register cannot hold, and what is not known, is not available") {
    CHECK(encode(row(1, false, 1), std::nullopt) == Words{0xFFFF});
    CHECK(encode(row(2, false, 1), std::nullopt) == Words{0xFFFF, 0xFFFF});
    CHECK(encode(row(1, true, 1), std::nullopt) == Words{0x7FFF});
    CHECK(encode(row(2, true, 1), std::nullopt) == Words{0x7FFF, 0xFFFF});
    CHECK(encode(row(1, false, 1), 65535) == Words{0xFFFF});
    CHECK(encode(row(1, false, 1), 65534) == Words{0xFFFE});
    CHECK(encode(row(1, false, 1), -1) == Words{0xFFFF});
    CHECK(encode(row(1, true, 1), 32767) == Words{0x7FFF});
    CHECK(encode(row(1, true, 1), -32768) == Words{0x8000});
    CHECK(encode(row(1, true, 1), -32769) == Words{0x7FFF});
    CHECK(encode(row(1, false, 1), std::nan("")) == Words{0xFFFF});
}

TEST_CASE("words become values again, within one step of the scale") {
    for (const int words : {1, 2}) {
        for (const bool is_signed : {false, true}) {
            const Register r = row(words, is_signed, 0.01);
            for (double value = is_signed ? -327 : 0; value < 327; value += 0.37) {
                const auto coded = encode(r, value);
                const auto back = decode(r, coded.data());
                REQUIRE(back);
                CHECK(std::abs(*back - value) < 0.01);
            }
        }
    }
}

TEST_CASE("the frequency's scale is the one that gives 45 to 65 Hz") {
    Register r = row(2, false, 0.01);
    r.other_scales = {0.001};
    struct Row {
        Words words;
        double value, scale;
    };
    const auto found = GENERATE(values<Row>({{{0, 5000}, 50, 0.01},
                                             {{0, 50000}, 50, 0.001},
                                             {{0, 4500}, 45, 0.01},
                                             {{0, 65000}, 65, 0.001},
                                             {{0, 5998}, 59.98, 0.01}}));
    const auto scaled = decode_within(r, found.words.data(), 45, 65);
    REQUIRE(scaled);
    CHECK(scaled->value == Approx(found.value));
    CHECK(scaled->scale == found.scale);
}

TEST_CASE("a frequency no scale explains is refused") {
    Register r = row(2, false, 0.01);
    r.other_scales = {0.001};
    for (const Words& words :
         {Words{0, 500}, Words{0, 4499}, Words{0, 6501}, Words{1, 0}, Words{0xFFFF, 0xFFFF}}) {
        CHECK_FALSE(decode_within(r, words.data(), 45, 65));
    }
}

TEST_CASE("texts in both of the maker's encodings") {
    const auto soco = encode_text(text_row(4, Encoding::string_16), "SOCO");
    CHECK(soco == Words{0x0053, 0x004F, 0x0043, 0x004F});
    const auto name = encode_text(text_row(8, Encoding::string_norm), "COUNTIS E48");
    CHECK(name == Words{0x434F, 0x554E, 0x5449, 0x5320, 0x4534, 0x3800, 0, 0});
    CHECK(decode_text(text_row(4, Encoding::string_16), soco.data()) == "SOCO");
    CHECK(decode_text(text_row(8, Encoding::string_norm), name.data()) == "COUNTIS E48");
}

TEST_CASE("padding is dropped, blanks inside stay") {
    const Words spaces{0x4120, 0x4220, 0x2020, 0x0000};
    CHECK(decode_text(text_row(4, Encoding::string_norm), spaces.data()) == "A B");
    const Words nothing{0, 0, 0, 0};
    CHECK(decode_text(text_row(4, Encoding::string_norm), nothing.data()).empty());
}

TEST_CASE("numbers in identification fields") {
    const auto hexadecimal = text_row(1, Encoding::hexadecimal);
    const auto number = text_row(1, Encoding::number);
    CHECK(encode_text(hexadecimal, "2448") == Words{0x2448});
    CHECK(decode_text(hexadecimal, Words{0x0001}.data()) == "0001");
    CHECK(encode_text(number, "65535") == Words{0xFFFF});
    CHECK(decode_text(number, Words{101}.data()) == "101");
}

TEST_CASE("what does not fit an identification field is refused") {
    CHECK_THROWS_AS(encode_text(text_row(4, Encoding::string_16), "SOCOM"), calibration::DataError);
    CHECK_THROWS_AS(encode_text(text_row(1, Encoding::number), "65536"), calibration::DataError);
    CHECK_THROWS_AS(encode_text(text_row(1, Encoding::hexadecimal), "24G8"),
                    calibration::DataError);
    CHECK_THROWS_AS(encode_text(text_row(1, Encoding::number), ""), calibration::DataError);
}

TEST_CASE("a maker may have a pattern of its own for \"not available\", or none") {
    Register own = row(2, false, 0.1);
    own.missing = Missing::pattern;
    own.missing_pattern = 0x80000000;
    CHECK(encode(own, std::nullopt) == Words{0x8000, 0});
    CHECK_FALSE(decode(own, Words{0x8000, 0}.data()));
    CHECK(decode(own, Words{0xFFFF, 0xFFFF}.data()) == Approx(429496729.5));
    CHECK(encode(own, 0x80000000 * 0.1) == Words{0x8000, 0});
    Register always = row(1, true, 1);
    always.missing = Missing::never;
    CHECK(encode(always, std::nullopt) == Words{0});
    CHECK(encode(always, 32767) == Words{0x7FFF});
    CHECK(decode(always, Words{0x7FFF}.data()) == 32767.0);
    CHECK(encode(always, 32768) == Words{0});
}

TEST_CASE("some makers send the low word first") {
    Register r = row(2, true, 1);
    r.low_word_first = true;
    CHECK(encode(r, 0x12345678) == Words{0x5678, 0x1234});
    CHECK(decode(r, Words{0x5678, 0x1234}.data()) == double{0x12345678});
    CHECK(encode(r, -2) == Words{0xFFFE, 0xFFFF});
    CHECK(decode(r, Words{0xFFFE, 0xFFFF}.data()) == -2.0);
    CHECK(encode(r, std::nullopt) == Words{0xFFFF, 0x7FFF});
}

TEST_CASE("floating registers, of one and two words of 32 bits") {
    Register r = row(2, true, 1000);
    r.format = Format::floating;
    r.resolution = 10;
    CHECK(step(r) == 10);
    CHECK(encode(r, 1500) == Words{0x3FC0, 0});  // 1.5
    CHECK(encode(r, 1509.9) == Words{0x3FC0, 0});
    CHECK(decode(r, Words{0x3FC0, 0}.data()) == 1500.0);
    CHECK_FALSE(decode(r, encode(r, std::nullopt).data()));
    CHECK_FALSE(decode(r, Words{0x7FC0, 0}.data()));
    CHECK_FALSE(decode(r, Words{0xFFFF, 0xFFFF}.data()));
    r.words = 4;
    CHECK(encode(r, 1500) == Words{0x3FF8, 0, 0, 0});
    CHECK(decode(r, Words{0x3FF8, 0, 0, 0}.data()) == 1500.0);
}

TEST_CASE("versions are printed with two decimals") {
    const auto version = text_row(1, Encoding::hundredths);
    CHECK(decode_text(version, Words{122}.data()) == "1.22");
    CHECK(decode_text(version, Words{5}.data()) == "0.05");
    CHECK(encode_text(version, "3.02") == Words{302});
    for (const char* wrong : {"3", "3.2", "3.020", "a.bc", "", "700.00"}) {
        INFO(wrong);
        CHECK_THROWS_AS(encode_text(version, wrong), calibration::DataError);
    }
}

TEST_CASE("four words hold more than a signed number does") {
    const Register r = row(4, false, 1);
    CHECK(encode(r, 9223372036854775808.0) == Words{0x8000, 0, 0, 0});
    CHECK(decode(r, Words{0x8000, 0, 0, 0}.data()) == 9223372036854775808.0);
    CHECK(encode(r, 18446744073709551616.0) == Words{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF});
    const Register s = row(4, true, 1);
    CHECK(encode(s, -9223372036854775808.0) == Words{0x8000, 0, 0, 0});
    CHECK(encode(s, -2) == Words{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE});
}
