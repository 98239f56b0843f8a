// A-XDR data: every tag both ways, captured structures, lengths that lie, depth, units and times.
#include "dut/dlms/axdr.hpp"
#include "dut/dlms/axdr_types.hpp"
#include "dut/dlms/units.hpp"
#include "tests/dut/dlms/hex.hpp"
#include "tests/dut/dlms/push_frame.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace dut::dlms;

namespace {

CodecFault fault_of(std::string_view text) { return decode_value(hex(text)).error().fault; }

}  // namespace

TEST_CASE("every tag is read and written") {
    const DateTime time{{2002, 12, 4, 3}, {10, 6, 11, 255}, 120, 0};
    const std::vector<std::pair<std::string_view, Value>> rows{
        {"00", Null{}},
        {"01 02 11 01 11 02", Array{{std::uint8_t{1}, std::uint8_t{2}}}},
        {"02 02 0F 00 16 1E", Structure{{std::int8_t{0}, Enumeration{30}}}},
        {"03 01", true},
        {"03 00", false},
        {"04 0B A5 E0", BitString{hex("A5E0"), 11}},
        {"04 00", BitString{}},
        {"05 FFFFFFFE", std::int32_t{-2}},
        {"06 00995986", std::uint32_t{0x00995986}},
        {"09 06 0000010000FF", OctetString{hex("0000010000FF")}},
        {"09 00", OctetString{}},
        {"0A 03 414243", VisibleString{"ABC"}},
        {"0C 02 C3A9", Utf8String{"\xC3\xA9"}},
        {"0D 42", Bcd{0x42}},
        {"0F 80", std::int8_t{-128}},
        {"10 0078", std::int16_t{120}},
        {"10 FFC4", std::int16_t{-60}},
        {"11 FF", std::uint8_t{255}},
        {"12 FFFF", std::uint16_t{65535}},
        {"14 8000000000000000", std::numeric_limits<std::int64_t>::min()},
        {"15 FFFFFFFFFFFFFFFF", std::numeric_limits<std::uint64_t>::max()},
        {"16 2D", Enumeration{45}},
        {"17 3F800000", 1.0F},
        {"18 C000000000000000", -2.0},
        {"19 07D20C04030A060BFF007800", time},
        {"1A 07D20C0403", time.date},
        {"1B 0A060BFF", time.time},
        {"FF", DontCare{}},
        {"13 12 04 0001 0002", CompactArray{{Tag::uint16, 0, {}}, hex("00010002")}},
    };
    CHECK(rows.size() == 29);
    for (const auto& [text, value] : rows) {
        INFO(text);
        CHECK(decode_value(hex(text)).value() == value);
        CHECK(to_hex(encode_value(value)) == to_hex(hex(text)));
        CHECK(tag_of(value) == static_cast<Tag>(hex(text)[0]));
        CHECK(value_size(hex(text)).value() == hex(text).size());
        // Cut anywhere it is no value; with a byte more it is too much.
        const Bytes whole = hex(text);
        for (std::size_t size = 0; size < whole.size(); ++size)
            CHECK_FALSE(decode_value(BytesView{whole}.first(size)));
        CHECK(decode_value(joined(whole, hex("00"))).error() ==
              CodecError{CodecFault::trailing, whole.size()});
    }
}

TEST_CASE("tags the Blue Book does not have are refused, with their place") {
    for (unsigned tag = 0; tag < 256; ++tag) {
        const bool known = is_known(static_cast<Tag>(tag));
        const Bytes bytes{0x02, 0x01, static_cast<std::uint8_t>(tag)};
        const auto value = decode_value(bytes);
        if (known) continue;
        INFO("tag " << tag);
        CHECK(value.error() == CodecError{CodecFault::unknown_tag, 2});
    }
    CHECK_FALSE(is_known(static_cast<Tag>(7)));
    CHECK_FALSE(is_known(static_cast<Tag>(28)));
}

TEST_CASE("a length that lies is an error where it stands") {
    struct Row {
        std::string_view text;
        CodecError expected;
    };
    for (const Row& row : {Row{"09 05 00000000", {CodecFault::length, 1}},
                           Row{"09 81 FF 00", {CodecFault::length, 1}},
                           Row{"09 84 FFFFFFFF 00", {CodecFault::length, 1}},
                           Row{"09 88 FFFFFFFFFFFFFFFF", {CodecFault::length, 1}},
                           Row{"09 80 00", {CodecFault::length, 1}},
                           Row{"09 82 00", {CodecFault::length, 1}},
                           Row{"01 05 00 00", {CodecFault::length, 1}},
                           Row{"01 84 FFFFFFFF 00 00", {CodecFault::length, 1}},
                           Row{"02 82 FFFF 00", {CodecFault::length, 1}},
                           Row{"04 84 FFFFFFFF 00", {CodecFault::length, 1}},
                           Row{"04 09 FF", {CodecFault::length, 1}},
                           Row{"02 02 11 01", {CodecFault::truncated, 4}},
                           Row{"01 02 09 05 00", {CodecFault::length, 3}},
                           Row{"06 0000", {CodecFault::truncated, 1}}}) {
        INFO(row.text);
        CHECK(decode_value(hex(row.text)).error() == row.expected);
        CHECK(value_size(hex(row.text)).error() == row.expected);
    }
}

TEST_CASE("a structure 200 levels deep is refused, one of 32 is not") {
    const auto nested = [](std::size_t levels) {
        Bytes bytes;
        for (std::size_t level = 0; level < levels; ++level) append(bytes, hex("0201"));
        return joined(bytes, hex("00"));
    };
    CHECK(decode_value(nested(200)).error() == CodecError{CodecFault::too_deep, 64});
    CHECK(decode_value(nested(33)).error().fault == CodecFault::too_deep);
    CHECK(decode_value(nested(32)));
    CHECK(decode_value(nested(200), {.depth = 64, .values = 1000}).error().fault ==
          CodecFault::too_deep);
    CHECK_THROWS_AS(TokenReader(BytesView{}, DataLimits{.depth = 65, .values = 1}),
                    std::logic_error);
    // Types of compact arrays nest as well.
    Bytes types = hex("13");
    for (int level = 0; level < 200; ++level) append(types, hex("0201"));
    CHECK(decode_value(joined(types, hex("1100"))).error().fault == CodecFault::too_deep);
}

TEST_CASE("more values than any meter has are refused") {
    const Bytes many = joined(hex("01 84 001E8480"), Bytes(2'000'000, 0));
    CHECK(decode_value(many).error().fault == CodecFault::too_many_values);
    CHECK(decode_value(hex("010400000000"), {.depth = 4, .values = 4}).error().fault ==
          CodecFault::too_many_values);
    CHECK(decode_value(hex("0103000000"), {.depth = 4, .values = 4}));
}

TEST_CASE(
    "lengths in several bytes are read whatever their value, and written as short as can be") {
    CHECK(decode_value(hex("09 83 000002 4142")).value() == Value{OctetString{hex("4142")}});
    for (const std::size_t size : {0x7FUL, 0x80UL, 0xFFUL, 0x100UL, 0xFFFFUL, 0x10000UL}) {
        const Value value = OctetString{Bytes(size, 7)};
        CHECK(decode_value(encode_value(value)).value() == value);
    }
    Bytes length;
    append_length(length, 0x7F);
    append_length(length, 0x80);
    append_length(length, 0x05A0);
    CHECK(to_hex(length) ==
          "7F8180"
          "8205A0");
}

TEST_CASE("compact arrays are expanded") {
    const Value row = decode_value(hex("13 02 02 12 09 09 0001 02AABB 0002 01CC")).value();
    const auto* compact = row.as<CompactArray>();
    REQUIRE(compact);
    CHECK(expand(*compact).value() ==
          Array{{Structure{{std::uint16_t{1}, OctetString{hex("AABB")}}},
                 Structure{{std::uint16_t{2}, OctetString{hex("CC")}}}}});
    const Value arrays = decode_value(hex("13 01 0002 11 04 01020304")).value();
    CHECK(expand(*arrays.as<CompactArray>()).value() ==
          Array{{Array{{std::uint8_t{1}, std::uint8_t{2}}},
                 Array{{std::uint8_t{3}, std::uint8_t{4}}}}});
}

TEST_CASE("compact arrays that lie are refused and end") {
    CHECK(fault_of("13 12 05 0001") == CodecFault::length);
    CHECK(fault_of("13 07 00") == CodecFault::unknown_tag);
    CHECK(fault_of("13 13 00") == CodecFault::unknown_tag);
    // Half an element; elements without bytes; very many elements without bytes.
    CHECK(expand({{Tag::uint16, 0, {}}, hex("000100")}).error().fault == CodecFault::truncated);
    CHECK(expand({{Tag::null, 0, {}}, hex("00")}).error().fault == CodecFault::value);
    CHECK(expand({{Tag::null, 0, {}}, {}}).value() == Array{});
    const TypeDescription nothing{Tag::structure, 0, {}};
    const TypeDescription inner{Tag::array, 65535, {nothing}};
    const TypeDescription outer{
        Tag::structure, 0, {{Tag::array, 65535, {inner}}, {Tag::uint8, 0, {}}}};
    CHECK(expand({outer, hex("01")}).error().fault == CodecFault::too_many_values);
}

namespace {

// A random tree with every tag; no NaN, which equals nothing.
Value random_value(std::uint64_t seed, std::uint64_t& index, int depth);

std::vector<Value> random_elements(std::uint64_t seed, std::uint64_t& index, int depth) {
    std::vector<Value> elements;
    for (auto left = calibration::hashed(seed, 2, index++) % 5; left-- > 0;)
        elements.push_back(random_value(seed, index, depth - 1));
    return elements;
}

Value random_value(std::uint64_t seed, std::uint64_t& index, int depth) {
    const auto draw = [&] { return calibration::hashed(seed, 2, index++); };
    const auto bytes = [&] { return random_bytes(seed + index++, draw() % 200); };
    const auto text = [&] {
        const Bytes content = bytes();
        return std::string(content.begin(), content.end());
    };
    const auto byte = [&] { return static_cast<std::uint8_t>(draw()); };
    switch (draw() % (depth > 0 ? 25 : 23)) {
        case 0:
            return Null{};
        case 1:
            return draw() % 2 == 0;
        case 2: {
            const Bytes content = bytes();
            const auto unused = content.empty() ? 0 : draw() % 8;
            return BitString{content, static_cast<std::uint32_t>(content.size() * 8 - unused)};
        }
        case 3:
            return static_cast<std::int32_t>(draw());
        case 4:
            return static_cast<std::uint32_t>(draw());
        case 5:
            return OctetString{bytes()};
        case 6:
            return VisibleString{text()};
        case 7:
            return Utf8String{text()};
        case 8:
            return Bcd{byte()};
        case 9:
            return static_cast<std::int8_t>(draw());
        case 10:
            return static_cast<std::int16_t>(draw());
        case 11:
            return byte();
        case 12:
            return static_cast<std::uint16_t>(draw());
        case 13:
            return CompactArray{{Tag::array, 3, {{Tag::uint8, 0, {}}}}, bytes()};
        case 14:
            return static_cast<std::int64_t>(draw());
        case 15:
            return draw();
        case 16:
            return Enumeration{byte()};
        case 17:
            return static_cast<float>(calibration::normal(seed, 3, index++));
        case 18:
            return calibration::normal(seed, 3, index++);
        case 19:
            return read_date_time(random_bytes(draw(), 12));
        case 20:
            return read_date(random_bytes(draw(), 5));
        case 21:
            return read_time(random_bytes(draw(), 4));
        case 22:
            return DontCare{};
        case 23:
            return Array{random_elements(seed, index, depth)};
        default:
            return Structure{random_elements(seed, index, depth)};
    }
}

}  // namespace

TEST_CASE("random values come back as they were") {
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        std::uint64_t index = 0;
        const Value value = Structure{random_elements(seed, index, 6)};
        const Bytes bytes = encode_value(value);
        INFO("seed " << seed);
        REQUIRE(decode_value(bytes).value() == value);
        REQUIRE(value_size(bytes).value() == bytes.size());
    }
}

TEST_CASE("random bytes and damaged values are read or refused, and what is read is written back") {
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        std::uint64_t index = 0;
        Bytes bytes = encode_value(Structure{random_elements(seed, index, 4)});
        bytes = with_wrong_bit(bytes, calibration::hashed(seed, 9, 0) % (bytes.size() * 8));
        if (seed % 3 == 0) bytes = random_bytes(seed, 64);
        const auto value = decode_value(bytes);
        if (!value) {
            REQUIRE(value.error().offset <= bytes.size());
            continue;
        }
        const Bytes again = encode_value(*value);
        REQUIRE(encode_value(decode_value(again).value()) == again);
    }
}

TEST_CASE("tokens go through a value without building it") {
    const Bytes bytes = hex("01 02 02 02 09 02 AABB 05 FFFFFFFE 02 01 10 8000");
    TokenReader reader{bytes};
    Token token;
    std::vector<Tag> tags;
    while (reader.next(token)) tags.push_back(token.tag);
    CHECK_FALSE(reader.error());
    CHECK(reader.offset() == bytes.size());
    CHECK(
        tags ==
        std::vector{
            Tag::array, Tag::structure, Tag::octet_string, Tag::int32, Tag::structure, Tag::int16});

    TokenReader again{bytes};
    REQUIRE(again.next(token));
    REQUIRE(again.next(token));
    CHECK(again.skip_elements(token));  // the first structure
    REQUIRE(again.next(token));
    CHECK(token.tag == Tag::structure);
    REQUIRE(again.next(token));
    CHECK(token.signed_number() == -32768);
    CHECK(token.unsigned_number() == 32768);
    CHECK_FALSE(again.next(token));
}

TEST_CASE("the values of the push are those its maker says") {
    const Bytes wire = hex(push_frame);
    // After flag, header, LLC, tag, invoke-id and an absent time.
    const auto value = decode_value(BytesView{wire}.subspan(18, wire.size() - 18 - 3));
    REQUIRE(value);
    const auto* rows = elements_of(*value);
    REQUIRE(rows);
    CHECK(rows->size() == 27);
    const auto* clock = elements_of(rows->front());
    REQUIRE(clock);
    const auto time = date_time_of((*clock)[1]);
    REQUIRE(time);
    CHECK(time->date == Date{2019, 12, 16, 1});
    CHECK(time->time.hour == 7);
    CHECK(time->deviation == deviation_not_specified);
    const auto* energy = elements_of((*rows)[23]);
    REQUIRE(energy);
    CHECK((*energy)[0] == Value{OctetString{hex("0100010800FF")}});
    CHECK((*energy)[1] == Value{std::uint32_t{0x00995986}});
    const auto unit = scaler_unit_of((*energy)[2]);
    REQUIRE(unit);
    CHECK(scaled((*energy)[1], *unit) == 10049926.0);
    CHECK(unit_name(unit->unit) == "Wh");
    CHECK(encode_value(*value) == Bytes(wire.begin() + 18, wire.end() - 3));
}

TEST_CASE("the object list of a meter is read") {
    // One entry of each kind of the 123 a Kamstrup meter has: data, register, extended register,
    // monitor, clock, association.
    const Bytes list =
        hex("0106"
            "02041200011100090600002a0000ff0202010202030f0116010002030f0216010001 00"
            "0204120003110009060101010800ff0202010302030f0116010002030f0216010002030f0316010001 00"
            "0204120004110009060101010600ff0202010502030f0116010002030f0216010002030f0316010002030f"
            "04160100"
            "02030f0516010001 00"
            "0204120007110109060001630100ff0202010802030f0116010002030f02160101010f0102030f03160100"
            "02030f04"
            "16030002030f0516010002030f0616000002030f0716000002030f0816000001 00"
            "0204120008110009060001010000ff0202010902030f0116010002030f0216030002030f0316000002030f"
            "04160100"
            "02030f0516000002030f0616000002030f0716000002030f0816010002030f0916010001 00"
            "020412000f110009060000280000ff0202010802030f0116010002030f0216010002030f0316010002030f"
            "04160100"
            "02030f0516010002030f0616010002030f0716020002030f0816010001 00");
    const auto value = decode_value(list);
    REQUIRE(value);
    CHECK(elements_of(*value)->size() == 6);
    CHECK(encode_value(*value) == list);
    const auto* profile = elements_of((*elements_of(*value))[3]);
    CHECK((*profile)[0] == Value{std::uint16_t{7}});
    CHECK((*profile)[1] == Value{std::uint8_t{1}});
}

// -- units and times

TEST_CASE("units have their names, meter constants included") {
    CHECK(unit_name(Unit::watt_hour) == "Wh");
    CHECK(unit_name(Unit::var_hour) == "varh");
    CHECK(unit_name(Unit::per_watt_hour) == "1/Wh");
    CHECK(unit_name(Unit::per_var_hour) == "1/varh");
    CHECK(unit_name(Unit::per_volt_ampere_hour) == "1/VAh");
    CHECK(unit_name(Unit::watt) == "W");
    CHECK(unit_name(Unit::volt_ampere) == "VA");
    CHECK(unit_name(Unit::var) == "var");
    CHECK(unit_name(Unit::ampere) == "A");
    CHECK(unit_name(Unit::volt) == "V");
    CHECK(unit_name(Unit::hertz) == "Hz");
    CHECK(unit_name(Unit::degree) == "deg");
    CHECK(unit_name(Unit::second) == "s");
    CHECK(unit_name(Unit::percent) == "%");
    CHECK(unit_name(Unit::volt_square_hour) == "V2h");
    CHECK(unit_name(Unit::ampere_square_hour) == "A2h");
    CHECK(unit_name(Unit::none).empty());
    CHECK(unit_name(200) == "?");
}

TEST_CASE("a scaler and unit are read, and nothing that only looks like them") {
    const ScalerUnit thousandth{-3, static_cast<std::uint8_t>(Unit::per_watt_hour)};
    CHECK(to_hex(encode_value(value_of(thousandth))) == "02020FFD162D");
    CHECK(scaler_unit_of(value_of(thousandth)) == thousandth);
    CHECK(scaled(std::uint32_t{20000}, thousandth) == 20.0);
    CHECK(scaled(std::uint16_t{2307}, {-1, 35}) == 230.7);
    CHECK(scaled(std::int16_t{-5}, {3, 27}) == -5000.0);
    CHECK_FALSE(scaled(VisibleString{"1"}, thousandth));
    for (const std::string_view text :
         {"0202110016 1E", "02010F00", "02020F00111E", "01020F00161E"})
        CHECK_FALSE(scaler_unit_of(decode_value(hex(text)).value_or(Value{})));
}

TEST_CASE("the deviation goes from local time to UTC: UTC+1 is -60") {
    using namespace std::chrono;
    // The range of a profile of 2017-10-01 00:00 in UTC+1, as a meter was asked for it.
    const DateTime from = read_date_time(hex("07E10A010700000000FFC480"));
    CHECK(from.deviation == -60);
    CHECK(in_utc(from) == sys_days{2017y / 9 / 30} + 23h);
    CHECK(in_local_time(from) == sys_days{2017y / 10 / 1});
    CHECK(in_utc(from, DeviationSign::of_the_zone) == sys_days{2017y / 10 / 1} + 1h);
    CHECK(has(from, ClockStatus::daylight_saving));
    CHECK_FALSE(has(from, ClockStatus::invalid));
    const DateTime again = date_time_at(sys_days{2017y / 9 / 30} + 23h, 60min, 0x80);
    CHECK(again == DateTime{{2017, 10, 1, 7}, {0, 0, 0, 0}, -60, 0x80});
    CHECK(date_time_at(sys_days{2017y / 9 / 30} + 23h, 60min, 0, DeviationSign::of_the_zone)
              .deviation == 60);
}

TEST_CASE("what a time does not specify stays open") {
    CHECK_FALSE(in_utc(DateTime{}));
    CHECK_FALSE(in_local_time(DateTime{}));
    DateTime time{{2026, 11, 20, not_specified}, {12, 30, not_specified, not_specified}};
    CHECK(in_local_time(time));
    CHECK_FALSE(in_utc(time));  // no deviation
    time.deviation = 0;
    CHECK(in_utc(time) == in_local_time(time));
    CHECK_FALSE(has(time, ClockStatus::invalid));
    for (DateTime wrong : {DateTime{{2026, 2, 30, 1}, {0, 0, 0, 0}, 0, 0},
                           DateTime{{2026, 13, 1, 1}, {0, 0, 0, 0}, 0, 0},
                           DateTime{{2026, 1, 0xFE, 1}, {0, 0, 0, 0}, 0, 0},
                           DateTime{{2026, 1, 1, 1}, {24, 0, 0, 0}, 0, 0},
                           DateTime{{2026, 1, 1, 1}, {0, 60, 0, 0}, 0, 0},
                           DateTime{{2026, 1, 1, 1}, {0, 0, 0, 100}, 0, 0}})
        CHECK_FALSE(in_local_time(wrong));
}

TEST_CASE("times of two centuries come back from their bytes") {
    using namespace std::chrono;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        const CivilTime utc =
            sys_days{2000y / 1 / 1} +
            milliseconds{10 * (calibration::hashed(seed, 4, 0) % 630'000'000'000)};
        const minutes zone{static_cast<int>(calibration::hashed(seed, 4, 1) % 1441) - 720};
        const DateTime time = date_time_at(utc, zone);
        Bytes bytes;
        append_date_time(bytes, time);
        REQUIRE(read_date_time(bytes) == time);
        REQUIRE(in_utc(time) == utc);
    }
}

TEST_CASE("numbers are taken from every tag that has one") {
    CHECK(integer_of(std::uint32_t{5009}) == 5009);
    CHECK(integer_of(std::int8_t{-1}) == -1);
    CHECK(integer_of(Enumeration{3}) == 3);
    CHECK(integer_of(true) == 1);
    CHECK_FALSE(integer_of(std::numeric_limits<std::uint64_t>::max()));
    CHECK_FALSE(integer_of(1.0F));
    CHECK(number_of(1.5F) == 1.5);
    CHECK(number_of(std::uint64_t{7}) == 7.0);
    CHECK_FALSE(number_of(Null{}));
    CHECK(text_of(OctetString{hex("414243")}) == "ABC");
    CHECK_FALSE(text_of(std::uint8_t{1}));
    CHECK_FALSE(date_time_of(OctetString{hex("00")}));
    CHECK(described(CodecError{CodecFault::length, 17}) ==
          "length leads beyond the end, at byte 17");
}
