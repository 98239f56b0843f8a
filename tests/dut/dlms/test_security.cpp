// Ciphering and authentication of suite 0, secrets, and associations with and without them.
#include "dut/dlms/association_server.hpp"
#include "dut/dlms/axdr.hpp"
#include "dut/dlms/security.hpp"
#include "tests/dut/dlms/hex.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace dut::dlms;

namespace {

CipherKeys published_keys() {
    return {Secret{hex("000102030405060708090A0B0C0D0E0F")},
            Secret{hex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")}};
}

SystemTitle title(std::string_view text) {
    SystemTitle title{};
    std::ranges::copy(hex(text), title.begin());
    return title;
}

const SystemTitle client_title = title("4D4D4D0000BC614E"), meter_title = title("4D4D4D0000000001");

struct Ciphered {
    std::string_view plain, sealed;
};
const std::vector<Ciphered> published{
    {"C0010000080000010000FF0200",
     "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"},
    {"01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0",
     "21303001234567801302FF8A7874133D414CED25B42534D28DB0047720606B175BD52211BE6841DB204D39EE6FDB8"
     "E3"
     "56855"},
};
constexpr std::uint32_t published_counter = 0x01234567;

AssociationProfile low_profile(std::string_view password) {
    AssociationProfile profile;
    profile.mechanism = Mechanism::low;
    profile.password = Secret{Bytes(password.begin(), password.end())};
    return profile;
}

ServerAccess low_access(std::string_view password) {
    ServerAccess access;
    access.mechanism = Mechanism::low;
    access.password = Secret{Bytes(password.begin(), password.end())};
    return access;
}

AssociationProfile gmac_profile(bool seals) {
    AssociationProfile profile;
    profile.mechanism = Mechanism::gmac;
    profile.challenge = hex("4B35366956616759");
    profile.ciphering = Ciphering{published_keys(), client_title, 7, seals};
    return profile;
}

ServerAccess gmac_access(bool seals) {
    ServerAccess access;
    access.mechanism = Mechanism::gmac;
    access.challenge = hex("503677524A323146");
    access.ciphering = Ciphering{published_keys(), meter_title, 1, seals};
    return access;
}

// What the meter's association object does with an ACTION, sealed or not.
Bytes prove(AssociationServer& server, BytesView request) {
    const auto plain = server.open(request);
    REQUIRE(plain);
    const auto apdu = decode_apdu(*plain);
    REQUIRE(apdu);
    const auto& action = std::get<ActionRequest>(*apdu);
    CHECK(action.method == hls_method);
    return server.seal(
        encode_apdu(ActionResponse{action.invoke, server.answer_to_proof(action.parameters)}));
}

std::optional<AssociationError> open(AssociationClient& client, AssociationServer& server) {
    auto next = client.take(server.answer_aarq(client.request()));
    if (next && *next) next = client.take(prove(server, **next));
    if (!next) return next.error();
    CHECK_FALSE(*next);
    return std::nullopt;
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

}  // namespace

TEST_CASE("the published ciphered APDUs are read and written") {
    for (const Ciphered& row : published) {
        Cipher client{published_keys(), client_title, published_counter};
        CHECK(to_hex(client.seal(hex(row.plain))) == row.sealed);
        CHECK(client.next_counter() == published_counter + 1);
        Cipher meter{published_keys(), meter_title, 1};
        meter.set_peer(client_title);
        CHECK(to_hex(meter.open(hex(row.sealed)).value()) == row.plain);
    }
}

TEST_CASE("the published GMAC is computed and recognised") {
    const Bytes challenge = hex("503677524A323146");
    const Bytes answer = gmac_answer(published_keys(), meter_title, 1, challenge);
    CHECK(to_hex(answer) == "10000000011A52FE7DD3E72748973C1E28");
    CHECK(is_gmac_answer(published_keys(), meter_title, challenge, answer));
    CHECK_FALSE(is_gmac_answer(published_keys(), client_title, challenge, answer));
    CHECK_FALSE(is_gmac_answer(published_keys(), meter_title, hex("00"), answer));
    for (std::size_t bit = 0; bit < answer.size() * 8; ++bit)
        CHECK_FALSE(
            is_gmac_answer(published_keys(), meter_title, challenge, with_wrong_bit(answer, bit)));
    for (std::size_t size = 0; size < answer.size(); ++size)
        CHECK_FALSE(is_gmac_answer(
            published_keys(), meter_title, challenge, BytesView{answer}.first(size)));
}

TEST_CASE("one wrong bit anywhere in a ciphered APDU is noticed, and so is a cut") {
    const Bytes sealed = hex(published.front().sealed);
    const auto opened = [](BytesView bytes) {
        Cipher meter{published_keys(), meter_title, 1};
        meter.set_peer(client_title);
        return meter.open(bytes);
    };
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit)
        REQUIRE_FALSE(opened(with_wrong_bit(sealed, bit)));
    for (std::size_t size = 0; size < sealed.size(); ++size)
        REQUIRE_FALSE(opened(BytesView{sealed}.first(size)));
    CHECK(opened(joined(sealed, hex("00"))).error() == SecurityFault::truncated);
    CHECK(opened(hex("C0010000")).error() == SecurityFault::not_ciphered);
    CHECK(opened(hex("C80411000000")).error() == SecurityFault::truncated);
    CHECK(opened(hex("C8053100000000")).error() == SecurityFault::control);
    CHECK(opened(hex("C8050000000000")).error() == SecurityFault::control);
    CHECK(opened(hex("C80520000000000")).error() == SecurityFault::unprotected);
}

TEST_CASE("other keys and another title are noticed") {
    const Bytes sealed = hex(published.front().sealed);
    CipherKeys keys = published_keys();
    keys.authentication = Secret{Bytes(16, 1)};
    Cipher other{keys, meter_title, 1};
    other.set_peer(client_title);
    CHECK(other.open(sealed).error() == SecurityFault::authentication);
    Cipher stranger{published_keys(), meter_title, 1};
    stranger.set_peer(meter_title);
    CHECK(stranger.open(sealed).error() == SecurityFault::authentication);
    keys.encryption = Secret{Bytes(15, 1)};
    CHECK_THROWS_AS(protect(keys, meter_title, 1, Protection::both, {}), std::logic_error);
}

TEST_CASE("a ciphered APDU is taken once: its counter must grow") {
    Cipher client{published_keys(), client_title, 5}, meter{published_keys(), meter_title, 1};
    meter.set_peer(client_title);
    const Bytes first = client.seal(hex("C0010000")), second = client.seal(hex("C0010000"));
    CHECK(meter.open(second));
    CHECK(meter.open(second).error() == SecurityFault::counter);
    CHECK(meter.open(first).error() == SecurityFault::counter);
    CHECK(meter.open(client.seal(hex("C0010000"))));
}

TEST_CASE("all three protections and every length come back as they were") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Bytes plain = random_bytes(seed, seed);
        for (const Protection protection :
             {Protection::authenticated, Protection::encrypted, Protection::both}) {
            const Bytes content = protect(published_keys(), client_title, 9, protection, plain);
            const auto opened = unprotect(published_keys(), client_title, content);
            REQUIRE(opened);
            CHECK(opened->plain == plain);
            CHECK(opened->counter == 9);
            CHECK(opened->protection == protection);
        }
    }
}

TEST_CASE("a secret cannot be printed, is compared, and is hidden in transcripts") {
    STATIC_REQUIRE_FALSE(Printable<Secret>);
    const Secret password{hex("3132333435363738")};
    CHECK((password == Secret{hex("3132333435363738")}));
    CHECK_FALSE((password == Secret{hex("3132333435363739")}));
    CHECK_FALSE((password == Secret{hex("31")}));
    CHECK((Secret{} == Secret{}));
    const Bytes wire = hex("AC0A80083132333435363738BE3132333435363738");
    CHECK(to_hex(password.hidden_in(wire)) == "AC0A80082A2A2A2A2A2A2A2ABE2A2A2A2A2A2A2A2A");
    CHECK(Secret{}.hidden_in(wire) == wire);
    Secret moved{hex("0102")};
    const Secret target{std::move(moved)};
    CHECK(target.size() == 2);
    CHECK(moved.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the point
}

// -- associations

TEST_CASE("an association without and with a password grants what both sides can do") {
    AssociationClient open_client{{}};
    AssociationServer open_server{{.conformance = Conformance{0x00501F}, .longest_apdu = 500}};
    CHECK_FALSE(open(open_client, open_server));
    CHECK(open_client.granted().conformance == (client_conformance & Conformance{0x00501F}));
    CHECK(open_client.granted().longest_apdu == 500);
    CHECK(open_server.is_open());
    CHECK(open_server.granted().longest_apdu == 0);
    CHECK(to_hex(open_client.release()) == "6203800100");
    CHECK(to_hex(open_server.answer_release(open_client.release())) == "6303800100");
    CHECK_FALSE(open_server.is_open());

    AssociationClient client{low_profile("12345678")};
    AssociationServer server{low_access("12345678")};
    CHECK_FALSE(open(client, server));
    CHECK(server.refused_passwords() == 0);
}

TEST_CASE("the published AARE is accepted by a client that proposed as much") {
    AssociationClient client{{}};
    client.request();
    CHECK(client.take(hex(
        "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000501F01F40007")));
    CHECK(client.granted().longest_apdu == 500);
    CHECK_FALSE(client.granted().conformance.has(Grant::block_transfer_with_set));
    CHECK(client.granted().conformance.has(Grant::get));
}

TEST_CASE("every refusal of a meter has its name") {
    struct Row {
        std::string_view meaning;
        AssociationProfile profile;
        ServerAccess access;
        std::string_view described;
        bool is_password = false;
    };
    AssociationProfile unfit;
    unfit.proposal = Conformance{0x10};
    ServerAccess other;
    other.conformance = Conformance{0x01};
    AssociationProfile tiny;
    tiny.longest_apdu = 5;
    const std::vector<Row> rows{
        {"wrong password",
         low_profile("87654321"),
         low_access("12345678"),
         "association rejected: authentication failed",
         true},
        {"shorter password",
         low_profile("1234"),
         low_access("12345678"),
         "association rejected: authentication failed",
         true},
        {"no password",
         {},
         low_access("12345678"),
         "association rejected: authentication mechanism required"},
        {"a password nobody wants",
         low_profile("12345678"),
         {},
         "association rejected: authentication mechanism not recognised"},
        {"nothing in common",
         unfit,
         other,
         "association refused: no reason given; initiate: incompatible conformance"},
        {"too small",
         tiny,
         {},
         "association refused: no reason given; initiate: PDU size too short"},
        {"sealed against open",
         gmac_profile(true),
         gmac_access(false),
         "association rejected: application context not supported"},
    };
    for (const Row& row : rows) {
        INFO(row.meaning);
        AssociationClient client{row.profile};
        AssociationServer server{row.access};
        const auto error = open(client, server);
        REQUIRE(error);
        CHECK(described(*error) == row.described);
        CHECK(is_wrong_password(*error) == row.is_password);
        CHECK(server.refused_passwords() == (row.is_password ? 1 : 0));
        CHECK_FALSE(server.is_open());
    }
}

TEST_CASE("answers to an association that are none are faults by name") {
    const auto fault = [](std::string_view answer) {
        AssociationClient client{{}};
        client.request();
        return client.take(hex(answer)).error().fault;
    };
    CHECK(fault("") == AssociationFault::undecodable);
    CHECK(fault("C401C100") == AssociationFault::undecodable);
    CHECK(fault("D80101") == AssociationFault::exception);
    CHECK(fault("611FA109060760857405080101A203020101A305A103020101BE0604040E010601") ==
          AssociationFault::initiate);
    // Short names although logical ones were asked for; another version; HLS out of the blue.
    CHECK(fault("6128A109060760857405080102A203020100A305A103020100BE0F040D0800065F1F0400180220096"
                "0FA00") == AssociationFault::context);
    CHECK(fault("6129A109060760857405080101A203020100A305A103020100BE10040E0800055F1F040000501F01F"
                "40007") == AssociationFault::version);
    CHECK(fault("6142A109060760857405080101A203020100A305A10302010E88020780890760857405080205AA0A8"
                "008503677524A323146BE10040E0800065F1F040000501F01F40007") ==
          AssociationFault::challenge);
    CHECK(fault("6117A109060760857405080101A203020100A305A103020100") ==
          AssociationFault::undecodable);
}

TEST_CASE("HLS with GMAC proves both sides, in the open and sealed") {
    const bool seals = GENERATE(false, true);
    AssociationClient client{gmac_profile(seals)};
    AssociationServer server{gmac_access(seals)};
    CHECK_FALSE(open(client, server));
    CHECK(server.is_open());
    CHECK(client.next_counter() > 7);
    // What follows goes through the same two functions whether it is sealed or not.
    const Bytes request = encode_apdu(GetRequest{});
    const Bytes sent = client.seal(request);
    CHECK((sent == request) == !seals);
    CHECK(server.open(sent).value() == request);
    const Bytes response = encode_apdu(GetResponse{0xC1, hex("00")});
    CHECK(client.open(server.seal(response)).value() == response);
    CHECK(client.open(hex("D80101")).value() == hex("D80101"));
    CHECK(to_hex(server.answer_release(client.release())) == "6303800100");
}

TEST_CASE("a meter and a client with other keys are both found out") {
    AssociationProfile other = gmac_profile(false);
    other.ciphering->keys.encryption = Secret{Bytes(16, 9)};
    AssociationClient client{other};
    AssociationServer server{gmac_access(false)};
    const auto refused = open(client, server);
    REQUIRE(refused);
    CHECK(refused->fault == AssociationFault::hls_refused);
    CHECK(is_wrong_password(*refused));
    CHECK_FALSE(server.is_open());

    AssociationClient trusting{gmac_profile(false)};
    AssociationServer real{gmac_access(false)};
    const auto next = trusting.take(real.answer_aarq(trusting.request()));
    REQUIRE((next && *next));
    const Bytes false_proof = encode_value(OctetString{hex("1000000001000000000000000000000000")});
    const auto impostor = trusting.take(
        encode_apdu(ActionResponse{0xC1, {ActionResult::success, DataOrResult{false_proof}}}));
    CHECK(impostor.error().fault == AssociationFault::impostor);
}

TEST_CASE("a meter takes no services before the proof, and no proof twice") {
    AssociationClient client{gmac_profile(false)};
    AssociationServer server{gmac_access(false)};
    const auto next = client.take(server.answer_aarq(client.request()));
    CHECK(server.is_proving());
    CHECK_FALSE(server.is_open());
    const auto proof = std::get<ActionRequest>(decode_apdu(**next).value()).parameters;
    CHECK(server.answer_to_proof(proof).result == ActionResult::success);
    CHECK(server.answer_to_proof(proof).result == ActionResult::other_reason);
    CHECK_FALSE(server.is_open());
    CHECK(server.answer_to_proof(std::nullopt).result == ActionResult::other_reason);
}

TEST_CASE("a meter rejects an AARQ it cannot read") {
    AssociationServer server{{}};
    const auto aare = decode_aare(server.answer_aarq(hex("6001A1")));
    REQUIRE(aare);
    CHECK(aare->result == AssociationResult::rejected);
    CHECK_FALSE(server.is_open());
}

TEST_CASE("profiles that cannot work are programmer errors") {
    AssociationProfile profile;
    profile.mechanism = Mechanism::sha256;
    CHECK_THROWS_AS(AssociationClient{profile}, std::logic_error);
    profile.mechanism = Mechanism::gmac;
    CHECK_THROWS_AS(AssociationClient{profile}, std::logic_error);
}
