// Everything together: link, association, services; a client and a meter made of nothing but the
// parts of this folder.
#include "dut/dlms/association_server.hpp"
#include "dut/dlms/axdr.hpp"
#include "dut/dlms/profile_selection.hpp"
#include "dut/dlms/service_server.hpp"
#include "dut/dlms/units.hpp"
#include "tests/dut/dlms/link_pair.hpp"

#include <catch2/catch.hpp>

using namespace dut::dlms;

namespace {

const CosemRef energy{3, obis_from("1.0.1.8.0.255").value(), 2};
const CosemRef energy_unit{3, obis_from("1.0.1.8.0.255").value(), 3};
const CosemRef profile{7, obis_from("1.0.99.1.0.255").value(), 2};
constexpr std::uint32_t profile_entries = 10'000;

class Objects : public CosemObjects {
  public:
    DataOrResult get(const Attribute& attribute) override {
        if (attribute.ref == energy) return encode_value(std::uint32_t{0x00995986});
        if (attribute.ref == energy_unit) return encode_value(value_of(ScalerUnit{0, 30}));
        if (attribute.ref == profile && attribute.selection) return entries(*attribute.selection);
        return std::unexpected(AccessResult::object_undefined);
    }
    AccessResult set(const Attribute&, BytesView) override {
        return AccessResult::read_write_denied;
    }
    ActionOutcome act(const CosemRef&, const std::optional<Bytes>&) override { return {}; }

  private:
    static DataOrResult entries(const Selection& selection) {
        const auto range = entries_of(selection);
        if (!range) return std::unexpected(AccessResult::type_unmatched);
        Array array;
        for (std::uint32_t entry = range->from_entry; entry <= range->to_entry; ++entry)
            array.elements.emplace_back(Structure{
                {OctetString{Bytes(12, 0)}, std::uint8_t{0}, entry, entry * 2, entry * 3}});
        return encode_value(array);
    }
};

// What an emulated meter does with each APDU.
class Meter {
  public:
    explicit Meter(ServerAccess access) : association_(std::move(access)) {}
    Bytes answer(const Bytes& apdu) {
        if (apdu.empty()) return encode_apdu(ExceptionResponse{});
        if (apdu[0] == aarq_tag) {
            Bytes aare = association_.answer_aarq(apdu);
            services_ = ServiceServer{objects_, association_.granted()};
            return aare;
        }
        if (apdu[0] == release_request_tag) return association_.answer_release(apdu);
        if (!association_.is_open()) return encode_apdu(ExceptionResponse{1, 1, std::nullopt});
        return association_.seal(services_.answer(association_.open(apdu).value()));
    }
    const AssociationServer& association() const { return association_; }

  private:
    Objects objects_;
    AssociationServer association_;
    ServiceServer services_{objects_, {}};
};

ServerAccess reader_access() {
    ServerAccess access;
    access.mechanism = Mechanism::low;
    access.password = Secret{hex("3132333435363738")};
    return access;
}

AssociationProfile reader_profile(std::string_view password) {
    AssociationProfile wanted;
    wanted.mechanism = Mechanism::low;
    wanted.password = Secret{hex(password)};
    wanted.longest_apdu = 1024;
    return wanted;
}

struct Session {
    Meter meter{reader_access()};
    LinkPair pair;
    AssociationClient association;
    std::optional<AssociationError> refusal;

    explicit Session(std::string_view password, HdlcParameters sizes = {})
        : pair{client_options(sizes), server_options(sizes)},
          association{reader_profile(password)} {
        pair.answer = [this](const Bytes& apdu) { return meter.answer(apdu); };
        pair.connect();
        pair.send(association.request());
        const auto next = association.take(pair.apdu());
        if (!next) refusal = next.error();
    }
    static HdlcClientOptions client_options(HdlcParameters sizes) {
        HdlcClientOptions options;
        options.offer = sizes;
        return options;
    }
    static HdlcServerOptions server_options(HdlcParameters sizes) {
        HdlcServerOptions options;
        options.limits = sizes;
        return options;
    }
    template <class Transfer>
    std::optional<ServiceError> run(Transfer& transfer) {
        std::optional<Bytes> request = transfer.request();
        while (request) {
            pair.send(association.seal(*request));
            REQUIRE(pair.last<ApduArrived>());
            const auto next = transfer.take(association.open(pair.apdu()).value());
            if (!next) return next.error();
            request = *next;
        }
        return std::nullopt;
    }
};

}  // namespace

TEST_CASE("a register is read with its unit over the whole stack") {
    Session session{"3132333435363738"};
    REQUIRE_FALSE(session.refusal);
    auto get = GetTransfer::begin(session.association.granted(), {{energy, {}}, {energy_unit, {}}});
    REQUIRE(get);
    REQUIRE_FALSE(session.run(*get));
    const Value raw = decode_value(get->results()[0].value()).value();
    const auto unit = scaler_unit_of(decode_value(get->results()[1].value()).value());
    CHECK(scaled(raw, unit.value()) == 10049926.0);
    CHECK(unit_name(unit->unit) == "Wh");
    session.pair.send(session.association.release());
    CHECK(decode_release_response(session.pair.apdu()));
    CHECK_FALSE(session.meter.association().is_open());
}

TEST_CASE("a wrong password is refused by name, and services after it as well") {
    Session session{"3132333435363739"};
    REQUIRE(session.refusal);
    CHECK(is_wrong_password(*session.refusal));
    CHECK(session.meter.association().refused_passwords() == 1);
    auto get = GetTransfer::begin({client_conformance, 0}, {{energy, {}}}).value();
    const auto error = session.run(get);
    REQUIRE(error);
    CHECK(error->fault == ServiceFault::exception);
}

TEST_CASE(
    "a profile of 10 000 entries comes in blocks of segments, whatever the sizes, and in order") {
    const HdlcParameters sizes = GENERATE(HdlcParameters{}, HdlcParameters{2030, 2030, 7, 7});
    Session session{"3132333435363738", sizes};
    const Selection all = selection(EntrySelection{1, profile_entries, 1, 0});
    auto get = GetTransfer::begin(session.association.granted(), {{profile, all}}).value();
    REQUIRE_FALSE(session.run(get));
    const Bytes& data = get.results().front().value();
    CHECK(data.size() > 300'000);
    TokenReader reader{data};
    Token token;
    std::uint64_t sum = 0;
    while (reader.next(token))
        if (token.tag == Tag::uint32) sum += token.unsigned_number();
    CHECK_FALSE(reader.error());
    CHECK(sum == std::uint64_t{6} * profile_entries * (profile_entries + 1) / 2);
    CHECK(session.pair.client.counts().time_outs == 0);
}

TEST_CASE("a meter that disconnects in the middle of a profile leaves a fault and nothing else") {
    Session session{"3132333435363738"};
    const Selection all = selection(EntrySelection{1, 1000, 1, 0});
    auto get = GetTransfer::begin(session.association.granted(), {{profile, all}}).value();
    session.pair.send(get.request());
    const auto next = get.take(session.pair.apdu());
    REQUIRE((next && *next));
    session.pair.server = HdlcServer{{}};
    session.pair.send(**next);
    CHECK(session.pair.fault() == HdlcFault::lost);
    CHECK(get.results().empty());
}
