// GET, SET, ACTION and what else comes: published APDUs both ways, every kind, damage.
#include "dut/dlms/apdu.hpp"
#include "dut/dlms/axdr.hpp"
#include "dut/dlms/profile_selection.hpp"
#include "tests/dut/dlms/frames.hpp"
#include "tests/dut/dlms/hex.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <set>

using namespace dut::dlms;

namespace {

Obis obis(std::string_view text) { return obis_from(text).value(); }

const CosemRef clock_ref{8, obis("0.0.1.0.0.255"), 2};
const CosemRef energy{3, obis("1.0.1.8.0.255"), 2};
const Attribute energy_value{energy, std::nullopt};

Attribute profile_range() {
    const auto time = [](std::string_view text) { return read_date_time(hex(text)); };
    return {{7, obis("1.0.99.1.0.255"), 2},
            clock_range(time("07E10A010700000000FFC480"), time("07E10A010701000000FFC480"))};
}

struct Row {
    std::string_view meaning;
    Bytes bytes;
    Apdu apdu;
};

Bytes apdu_of(const KnownFrame& known) {
    const Bytes wire = hex(known.text);
    const auto frame = decode_frame(BytesView{wire}.subspan(1, wire.size() - 2)).value();
    return {frame.information.begin() + 3, frame.information.end()};
}

std::vector<Row> published() {
    const CosemRef logical_name{8, obis("0.0.1.0.0.255"), 1};
    return {
        {"GET 0.0.43.1.0 attribute 2",
         hex("C001C1000100002B0100FF0200"),
         GetRequest{0xC1, {{1, obis("0.0.43.1.0.255"), 2}, {}}}},
        {"uint32 5009", hex("C401C1000600001391"), GetResponse{0xC1, hex("0600001391")}},
        {"hardware fault",
         hex("C401C10101"),
         GetResponse{0xC1, std::unexpected(AccessResult::hardware_fault)}},
        {"next block", hex("C002C100000001"), GetNext{0xC1, 1}},
        {"block 1 of a long answer, 1182 bytes of an array of 1440",
         joined(hex("C402C1000000000100 82049E 018205A0 0204"), Bytes(1176, 0)),
         GetBlock{0xC1, false, 1, joined(hex("018205A00204"), Bytes(1176, 0))}},
        {"SET clock",
         hex("C101C100080000010000FF0200090C07E50118FF0E303950FFC400"),
         SetRequest{0xC1, {clock_ref, {}}, hex("090C07E50118FF0E303950FFC400")}},
        {"SET success", hex("C501C100"), SetResponse{0xC1, AccessResult::success}},
        {"pass 3 of HLS",
         hex("C301C1000F0000280000FF010109111000001A90E6D2221FA2FD85EED61ACC22"),
         ActionRequest{
             0xC1, {15, obis("0.0.40.0.0.255"), 1}, hex("09111000001A90E6D2221FA2FD85EED61ACC22")}},
        {"pass 4 of HLS",
         hex("C701C100010009111000001AFDE8857B728A3499106AA665D1"),
         ActionResponse{
             0xC1,
             {ActionResult::success, DataOrResult{hex("09111000001AFDE8857B728A3499106AA665D1")}}}},
        {"range of a profile",
         hex("C001C100070100630100FF020101020402041200080906000001 0000FF0F02120000"
             "090C07E10A010700000000FFC480090C07E10A010701000000FFC4800100"),
         GetRequest{0xC1, profile_range()}},
        {"clock session, GET 1", apdu_of(clock_session[4]), GetRequest{0x81, {logical_name, {}}}},
        {"clock session, its answer",
         apdu_of(clock_session[5]),
         GetResponse{0x81, hex("09060000010000FF")}},
        {"clock session, GET 2", apdu_of(clock_session[6]), GetRequest{0x81, {clock_ref, {}}}},
        {"clock session, the time",
         apdu_of(clock_session[7]),
         GetResponse{0x81, hex("090C07D20C04030A060BFF007800")}},
        {"clock session, SET",
         apdu_of(clock_session[8]),
         SetRequest{0x81, {clock_ref, {}}, hex("090C07D20C04030A060BFF007800")}},
        {"clock session, SET answer", apdu_of(clock_session[9]), SetResponse{0x81}},
        {"clock session, int16", apdu_of(clock_session[10]), GetResponse{0x81, hex("100078")}},
        {"clock session, enumeration", apdu_of(clock_session[11]), GetResponse{0x81, hex("1601")}},
        {"Gurux, GET",
         apdu_of(single_frames[6]),
         GetRequest{0xC1, {{1, obis("0.0.42.0.0.255"), 2}, {}}}},
        {"composed, GET", apdu_of(composed_frames[4]), GetRequest{0xC1, energy_value}},
        {"composed, energy", apdu_of(composed_frames[5]), GetResponse{0xC1, hex("0600995986")}},
        {"composed, unit", apdu_of(composed_frames[6]), GetResponse{0xC1, hex("02020F00161E")}},
    };
}

// Every kind there is, those without a published example included.
std::vector<Apdu> every_kind() {
    const Block first{false, 1, hex("0102")}, last{true, 2, hex("03")};
    const Attribute selected{energy, Selection{2, hex("0600000001")}};
    const ActionOutcome returned{ActionResult::success, DataOrResult{hex("00")}};
    const ActionOutcome refused{ActionResult::object_undefined, std::nullopt};
    const ActionOutcome half{ActionResult::success,
                             DataOrResult{std::unexpected(AccessResult::scope_violated)}};
    return {GetRequest{0x41, energy_value},
            GetRequest{0x41, selected},
            GetNext{0x42, 7},
            GetListRequest{0x43, {energy_value, selected}},
            GetResponse{0x41, hex("1101")},
            GetResponse{0x41, std::unexpected(AccessResult::other_reason)},
            GetBlock{0x41, true, 9, hex("AABB")},
            GetBlock{0x41, true, 9, std::unexpected(AccessResult::long_get_aborted)},
            GetListResponse{0x43, {hex("1101"), std::unexpected(AccessResult::read_write_denied)}},
            SetRequest{0x44, selected, hex("1101")},
            SetFirstBlock{0x44, selected, first},
            SetBlock{0x44, last},
            SetListRequest{0x44, {energy_value, selected}, {hex("1101"), hex("00")}},
            SetListFirstBlock{0x44, {energy_value, selected}, first},
            SetResponse{0x44, AccessResult::type_unmatched},
            SetBlockTaken{0x44, 1},
            SetLastBlockTaken{0x44, AccessResult::block_number_invalid, 2},
            SetListLastBlockTaken{0x44, {AccessResult::success, AccessResult::type_unmatched}, 2},
            SetListResponse{0x44, {AccessResult::success, AccessResult::type_unmatched}},
            ActionRequest{0x45, energy, std::nullopt},
            ActionRequest{0x45, energy, hex("120001")},
            ActionNext{0x45, 3},
            ActionListRequest{0x45, {energy, clock_ref}, {hex("00"), hex("0F00")}},
            ActionFirstBlock{0x45, energy, first},
            ActionListFirstBlock{0x45, {energy, clock_ref}, first},
            ActionBlock{0x45, last},
            ActionResponse{0x45, refused},
            ActionResponse{0x45, half},
            ActionResponseBlock{0x45, last},
            ActionListResponse{0x45, {returned, refused, half}},
            ActionBlockTaken{0x45, 1},
            ExceptionResponse{1, 2, std::nullopt},
            ExceptionResponse{1, 6, 0x01234567},
            DataNotification{0x40000000, {}, hex("0101 1101")},
            DataNotification{0x40000001, hex("07D20C04030A060BFF007800"), hex("00")}};
}

}  // namespace

TEST_CASE("every published APDU is read, and written back byte for byte") {
    for (const Row& row : published()) {
        INFO(row.meaning);
        const auto apdu = decode_apdu(row.bytes);
        REQUIRE(apdu);
        CHECK(*apdu == row.apdu);
        CHECK(to_hex(encode_apdu(row.apdu)) == to_hex(row.bytes));
    }
}

TEST_CASE("every kind of APDU comes back as it was, and cut anywhere it is none") {
    std::set<std::size_t> kinds;
    for (const Apdu& apdu : every_kind()) {
        kinds.insert(apdu.index());
        const Bytes bytes = encode_apdu(apdu);
        INFO(to_hex(bytes));
        REQUIRE(decode_apdu(bytes).value() == apdu);
        CHECK(decode_apdu(joined(bytes, hex("00"))).has_value() == false);
        const bool may_end_early = std::holds_alternative<ExceptionResponse>(apdu);
        for (std::size_t size = 0; size < bytes.size() && !may_end_early; ++size)
            CHECK_FALSE(decode_apdu(BytesView{bytes}.first(size)));
    }
    CHECK(kinds.size() == std::variant_size_v<Apdu>);
}

TEST_CASE("one wrong bit anywhere is refused or changes what is read") {
    for (const Apdu& apdu : every_kind()) {
        const Bytes bytes = encode_apdu(apdu);
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            const Bytes damaged = with_wrong_bit(bytes, bit);
            const auto other = decode_apdu(damaged);
            if (!other) continue;
            INFO(to_hex(bytes) << " bit " << bit);
            // A flag may be any number but zero.
            if (*other == apdu) CHECK(to_hex(encode_apdu(*other)) == to_hex(bytes));
            CHECK(decode_apdu(encode_apdu(*other)).value() == *other);
        }
    }
}

TEST_CASE("what no APDU is has its own fault and place") {
    struct Bad {
        std::string_view text;
        CodecError expected;
    };
    for (const Bad& bad : {Bad{"", {CodecFault::truncated, 0}},
                           Bad{"FF", {CodecFault::unknown_apdu, 0}},
                           Bad{"C0", {CodecFault::truncated, 1}},
                           Bad{"C004C1", {CodecFault::choice, 1}},
                           Bad{"C406C1", {CodecFault::choice, 1}},
                           Bad{"C100C1", {CodecFault::choice, 1}},
                           Bad{"C506C1", {CodecFault::choice, 1}},
                           Bad{"C307C1", {CodecFault::choice, 1}},
                           Bad{"C705C1", {CodecFault::choice, 1}},
                           Bad{"C401C102", {CodecFault::choice, 3}},
                           Bad{"C401C10007", {CodecFault::unknown_tag, 4}},
                           Bad{"C401C1000905", {CodecFault::length, 5}},
                           Bad{"C003C1FF", {CodecFault::length, 3}},
                           Bad{"C003C184FFFFFFFF", {CodecFault::length, 3}},
                           Bad{"C402C10000000001008201FF", {CodecFault::length, 9}},
                           Bad{"C001C1000100002B0100FF0202", {CodecFault::choice, 12}},
                           Bad{"C104C1000100", {CodecFault::value, 6}}}) {
        INFO(bad.text);
        const auto apdu = decode_apdu(hex(bad.text));
        REQUIRE_FALSE(apdu);
        CHECK(described(apdu.error()) == described(bad.expected));
    }
}

TEST_CASE("lists of data that do not match their attributes are refused") {
    Bytes set = encode_apdu(SetListRequest{0xC1, {energy_value}, {hex("00")}});
    set[set.size() - 2] = 2;
    set.push_back(0);
    CHECK(decode_apdu(set).error().fault == CodecFault::value);
    CHECK_THROWS_AS(encode_apdu(SetListRequest{0xC1, {energy_value}, {}}), std::logic_error);
    CHECK_THROWS_AS(encode_apdu(ActionListRequest{0xC1, {energy}, {}}), std::logic_error);
}

TEST_CASE("random bytes behind every tag are read or refused") {
    for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
        Bytes bytes = random_bytes(seed, 3 + seed % 60);
        constexpr std::array<std::uint8_t, 8> tags{0xC0, 0xC1, 0xC3, 0xC4, 0xC5, 0xC7, 0xD8, 0x0F};
        bytes[0] = tags[seed % tags.size()];
        bytes[1] = static_cast<std::uint8_t>(bytes[1] % 7);
        const auto apdu = decode_apdu(bytes);
        if (apdu) REQUIRE(decode_apdu(encode_apdu(*apdu)).value() == *apdu);
    }
}

TEST_CASE("objects have names") {
    CHECK(described(obis("1.0.1.8.0.255")) == "1.0.1.8.0.255");
    CHECK(described(energy) == "1.0.1.8.0.255 attribute 2 (class 3)");
    for (const std::string_view wrong :
         {"", "1.0.1.8.0", "1.0.1.8.0.256", "1.0.1.8.0.255.", "1-0:1.8.0.255", "a", "1.0.1.8.0.-1"})
        CHECK_FALSE(obis_from(wrong));
}

TEST_CASE("selections of a profile are built and understood") {
    const Attribute range = profile_range();
    const auto read = range_of(*range.selection);
    REQUIRE(read);
    CHECK(read->column == CaptureObject{clock_time, 0});
    CHECK(date_time_of(read->from)->deviation == -60);
    CHECK(read->columns.empty());
    CHECK(selection(*read) == *range.selection);
    RangeSelection columns = *read;
    columns.columns = {{clock_time, 0}, {energy, 0}};
    CHECK(range_of(selection(columns)) == columns);

    const EntrySelection entries{10, 20, 1, 3};
    CHECK(to_hex(selection(entries).parameters) == "0204060000000A0600000014120001120003");
    CHECK(entries_of(selection(entries)) == entries);
    CHECK_FALSE(entries_of(selection(columns)));
    CHECK_FALSE(range_of(selection(entries)));
    CHECK_FALSE(range_of({1, hex("00")}));
    CHECK_FALSE(range_of({1, hex("07")}));
    CHECK_FALSE(entries_of({2, hex("0204110A060000001412000112 0003")}));
    CHECK_FALSE(capture_object_of(
        decode_value(hex("0204120008090500000100 00 0F02120000")).value_or(Value{})));
}

TEST_CASE("results and exceptions have names") {
    std::set<std::string> names;
    for (const std::uint8_t number :
         std::to_array<std::uint8_t>({0, 1, 2, 3, 4, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 250}))
        names.insert(described(static_cast<AccessResult>(number)));
    CHECK(names.size() == 16);
    names.clear();
    for (const std::uint8_t number :
         std::to_array<std::uint8_t>({0, 1, 2, 3, 4, 9, 11, 12, 13, 14, 15, 16, 250}))
        names.insert(described(static_cast<ActionResult>(number)));
    CHECK(names.size() == 13);
    CHECK(described(AccessResult::read_write_denied) == "read/write denied");
    CHECK(described(ActionResult::long_action_aborted) == "long action aborted");
    CHECK(described(static_cast<AccessResult>(77)) == "unknown result 77");
    CHECK(described(ExceptionResponse{1, 2, {}}) ==
          "exception: service not allowed, service not supported");
    CHECK(described(ExceptionResponse{2, 6, 5}) ==
          "exception: service unknown, invocation counter error");
    CHECK(described(ExceptionResponse{9, 99, {}}) == "exception: unknown state, unknown reason 99");
}
