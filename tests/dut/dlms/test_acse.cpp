// Opening and closing associations: published APDUs both ways, every refusal, damage.
#include "dut/dlms/acse.hpp"
#include "dut/dlms/initiate.hpp"
#include "tests/dut/dlms/frames.hpp"
#include "tests/dut/dlms/hex.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace dut::dlms;

namespace {

Secret secret(std::string_view text) { return Secret{Bytes(text.begin(), text.end())}; }

InitiateRequest initiate(std::uint32_t conformance, std::uint16_t longest) {
    return {.conformance = Conformance{conformance}, .longest_apdu = longest};
}

Aarq aarq(std::uint32_t conformance, std::uint16_t longest) {
    return {.user_information = encode_initiate(initiate(conformance, longest))};
}

Aare aare(std::uint32_t conformance, std::uint16_t longest) {
    return {.user_information = encode_initiate(InitiateResponse{
                .conformance = Conformance{conformance}, .longest_apdu = longest})};
}

// The APDU in the information of a captured frame.
Bytes apdu_of(const KnownFrame& known) {
    const Bytes wire = hex(known.text);
    const auto frame = decode_frame(BytesView{wire}.subspan(1, wire.size() - 2)).value();
    return {frame.information.begin() + 3, frame.information.end()};
}

struct RequestRow {
    std::string_view meaning;
    Bytes bytes;
    Aarq aarq;
};

std::vector<RequestRow> requests() {
    Aarq low = aarq(0x007E1F, 1200);
    low.mechanism = Mechanism::low;
    low.authentication = secret("12345678");
    Aarq gmac = aarq(0x007E1F, 1200);
    gmac.mechanism = Mechanism::gmac;
    gmac.authentication = secret("K56iVagY");
    return {
        {"no security",
         hex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0"),
         aarq(0x007E1F, 1200)},
        {"LLS",
         hex("6036A1090607608574050801018A0207808B0760857405080201AC0A80083132333435363738BE10040E"
             "01000000065F1F0400007E1F04B0"),
         low},
        {"HLS GMAC",
         hex("6036A1090607608574050801018A0207808B0760857405080205AC0A80084B35366956616759BE10040E"
             "01000000065F1F0400007E1F04B0"),
         gmac},
        {"clock session", apdu_of(clock_session[2]), aarq(0x00301D, 0xFFFF)},
        {"u9n", apdu_of(single_frames[3]), aarq(0x001E1D, 0xFFFF)},
        {"composed, LLS", apdu_of(composed_frames[3]), low}};
}

struct ResponseRow {
    std::string_view meaning;
    Bytes bytes;
    Aare aare;
};

std::vector<ResponseRow> responses() {
    Aare rejected = aare(0x00501F, 500);
    rejected.result = AssociationResult::rejected;
    rejected.diagnostic = {false, context_not_supported};
    Aare version;
    version.result = AssociationResult::rejected;
    version.diagnostic = {false, no_reason_given};
    version.user_information = encode_service_error({1, 6, 1});
    Aare proving = aare(0x00501F, 500);
    proving.diagnostic = {false, authentication_required};
    proving.mechanism = Mechanism::gmac;
    proving.challenge = hex("503677524A323146");
    return {
        {"accepted",
         hex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000501F01F400"
             "07"),
         aare(0x00501F, 500)},
        {"context not supported",
         hex("6129A109060760857405080101A203020101A305A103020102BE10040E0800065F1F040000501F01F400"
             "07"),
         rejected},
        {"DLMS version too low",
         hex("611FA109060760857405080101A203020101A305A103020101BE0604040E010601"),
         version},
        {"authentication required",
         hex("6142A109060760857405080101A203020100A305A10302010E88020780890760857405080205AA0A8008"
             "503677524A323146BE10040E0800065F1F040000501F01F40007"),
         proving},
        {"clock session", apdu_of(clock_session[3]), aare(0x00301D, 0x1900)},
        {"u9n", apdu_of(single_frames[4]), aare(0x001E1D, 1224)}};
}

}  // namespace

TEST_CASE("every published AARQ is read, and written back byte for byte") {
    for (const RequestRow& row : requests()) {
        INFO(row.meaning);
        const auto decoded = decode_aarq(row.bytes);
        REQUIRE(decoded);
        CHECK(*decoded == row.aarq);
        CHECK(to_hex(encode_aarq(row.aarq)) == to_hex(row.bytes));
    }
}

TEST_CASE("every published AARE is read, and written back byte for byte") {
    for (const ResponseRow& row : responses()) {
        INFO(row.meaning);
        const auto decoded = decode_aare(row.bytes);
        REQUIRE(decoded);
        CHECK(*decoded == row.aare);
        CHECK(to_hex(encode_aare(row.aare)) == to_hex(row.bytes));
    }
}

TEST_CASE(
    "the AARE of a meter with short names says a byte too little, and is read as far as it says") {
    const auto decoded = decode_aare(apdu_of(single_frames[10]));
    REQUIRE(decoded);
    CHECK(decoded->context == Context::short_names);
    CHECK(decoded->result == AssociationResult::accepted);
    CHECK(to_hex(decoded->user_information) == "0800065F1F04001802200960FA");
    const auto initiate = decode_initiate_response(joined(decoded->user_information, hex("00")));
    REQUIRE(initiate);
    CHECK(initiate->vaa_name == short_names);
    CHECK(initiate->longest_apdu == 0x0960);
}

TEST_CASE("release has its bytes") {
    CHECK(to_hex(encode_release(ReleaseRequest{})) == "6203800100");
    CHECK(to_hex(encode_release(ReleaseResponse{})) == "6303800100");
    CHECK(decode_release_request(hex("6203800100")).value() == ReleaseRequest{});
    CHECK(decode_release_response(hex("6303800100")).value() == ReleaseResponse{});
    CHECK(decode_release_request(hex("6200")).value().reason == std::nullopt);
    CHECK(decode_release_request(hex("6303800100")).error().fault == CodecFault::unknown_apdu);
    CHECK_FALSE(decode_release_request(hex("6204800100")));
    CHECK_FALSE(decode_release_request(hex("620480020000")));
    const ReleaseRequest sealed{.reason = std::uint8_t{0}, .user_information = hex("2100")};
    CHECK(decode_release_request(encode_release(sealed)).value() == sealed);
}

TEST_CASE("titles of ciphered associations travel in both directions") {
    Aarq request = aarq(0x007E1F, 1200);
    request.context = Context::logical_names_ciphered;
    request.calling_title = hex("4D4D4D0000BC614E");
    CHECK(decode_aarq(encode_aarq(request)).value() == request);
    Aare response = aare(0x00501F, 500);
    response.responding_title = hex("4D4D4D0000000001");
    response.diagnostic = {true, 2};
    CHECK(decode_aare(encode_aare(response)).value() == response);
}

TEST_CASE("the initiation with a dedicated key is the published one") {
    const Bytes bytes = hex("01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0");
    const auto request = decode_initiate_request(bytes);
    REQUIRE(request);
    CHECK(request->dedicated_key == Secret{hex("00112233445566778899AABBCCDDEEFF")});
    CHECK(request->longest_apdu == 1200);
    CHECK(encode_initiate(*request) == bytes);
    InitiateRequest odd{.response_allowed = false, .quality_of_service = std::uint8_t{3}};
    CHECK(decode_initiate_request(encode_initiate(odd)).value() == odd);
    InitiateResponse quality{.quality_of_service = std::uint8_t{1}};
    CHECK(decode_initiate_response(encode_initiate(quality)).value() == quality);
}

TEST_CASE("an association APDU cut anywhere, or with a length that lies, is refused") {
    for (const RequestRow& row : requests()) {
        for (std::size_t size = 0; size < row.bytes.size(); ++size)
            CHECK_FALSE(decode_aarq(BytesView{row.bytes}.first(size)));
        CHECK_FALSE(decode_aarq(joined(row.bytes, hex("00"))));
    }
    for (const ResponseRow& row : responses()) {
        for (std::size_t size = 0; size < row.bytes.size(); ++size)
            CHECK_FALSE(decode_aare(BytesView{row.bytes}.first(size)));
        Bytes shorter = row.bytes;
        --shorter[1];
        CHECK_FALSE(decode_aare(shorter));
    }
    CHECK(decode_aarq(hex("60 82 FFFF A1")).error().fault == CodecFault::length);
    CHECK(decode_aarq(hex("61 00")).error().fault == CodecFault::unknown_apdu);
    CHECK(decode_aare(hex("61 00")).error().fault == CodecFault::truncated);
}

TEST_CASE("one wrong bit anywhere in an AARE never reads as what was sent") {
    const Bytes bytes = responses().front().bytes;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        const auto damaged = decode_aare(with_wrong_bit(bytes, bit));
        if (damaged) CHECK_FALSE(*damaged == responses().front().aare);
    }
}

TEST_CASE("fields nobody knows are passed over, wrong identifiers are not") {
    CHECK(decode_aarq(hex("600F80020780A109060760857405080101")).value() == Aarq{});
    CHECK_FALSE(decode_aarq(hex("600BA109060760857405080105")));  // context 5
    CHECK_FALSE(decode_aarq(hex("600BA109060760857405080201")));  // a mechanism as context
    CHECK_FALSE(decode_aarq(hex("600BA109060760857405090101")));  // another tree
}

TEST_CASE("every refusal has its name") {
    std::set<std::string> names;
    for (std::uint8_t code = 0; code <= 14; ++code)
        names.insert(described(Diagnostic{false, code}));
    for (std::uint8_t code = 0; code <= 2; ++code) names.insert(described(Diagnostic{true, code}));
    CHECK(names.size() == 18);
    CHECK(described(Diagnostic{false, 13}) == "authentication failed");
    CHECK(described(Diagnostic{false, 2}) == "application context not supported");
    CHECK(described(Diagnostic{true, 2}) == "no common ACSE version");
    CHECK(described(Diagnostic{false, 99}) == "unknown diagnosis 99");
    CHECK(described(ConfirmedServiceError{1, 6, 1}) == "initiate: DLMS version too low");
    CHECK(described(ConfirmedServiceError{1, 6, 2}) == "initiate: incompatible conformance");
    CHECK(described(ConfirmedServiceError{1, 6, 3}) == "initiate: PDU size too short");
    CHECK(described(ConfirmedServiceError{1, 6, 4}) == "initiate: refused by the VDE handler");
    CHECK(described(ConfirmedServiceError{5, 5, 2}) == "access error 2");
    CHECK(described(ConfirmedServiceError{5, 77, 2}) == "service error 2 of kind 77");
    CHECK(decode_service_error(hex("0E010601")).value() == ConfirmedServiceError{1, 6, 1});
    CHECK(name(Mechanism::gmac) == "HLS GMAC");
}

TEST_CASE("the conformance block is read by name") {
    const Conformance all{0x007E1F};
    for (const Grant grant : {Grant::priority,
                              Grant::attribute_0_get,
                              Grant::block_transfer_with_get,
                              Grant::block_transfer_with_set,
                              Grant::block_transfer_with_action,
                              Grant::multiple_references,
                              Grant::get,
                              Grant::set,
                              Grant::selective_access,
                              Grant::event_notification,
                              Grant::action})
        CHECK(all.has(grant));
    CHECK_FALSE(all.has(Grant::data_notification));
    CHECK(described(Conformance{0x00501F}) ==
          "priority, block transfer with get, get, set, selective access, event notification, "
          "action");
    CHECK(described(Conformance{0x001E1D}) ==
          "block transfer with get, block transfer with set, block transfer with action, multiple "
          "references, get, set, selective access, action");
    CHECK(Conformance{}.with(Grant::get).bits() == 0x10);
    CHECK(all.without(Grant::get).with(Grant::get) == all);
    CHECK((all & Conformance{0x10}) == Conformance{0x10});
}
