// Fuzz target: APDUs. Services, associations and ciphered APDUs come back or are refused; a meter
// answers whatever it is asked, and a client's transfer ends whatever it is answered.
#include "dut/dlms/association_server.hpp"
#include "dut/dlms/axdr.hpp"
#include "dut/dlms/service_server.hpp"
#include "tests/fuzz/property.hpp"

#include <vector>

namespace {

using namespace dut::dlms;
using fuzz::property;

class Objects : public CosemObjects {
  public:
    DataOrResult get(const Attribute& attribute) override {
        if (attribute.ref.index == 0) return std::unexpected(AccessResult::object_undefined);
        return encode_value(OctetString{Bytes(attribute.ref.index > 0 ? 200 : 2, 0)});
    }
    AccessResult set(const Attribute&, BytesView data) override {
        property(decode_value(data).has_value() || !data.empty(), "data are a value");
        return AccessResult::success;
    }
    ActionOutcome act(const CosemRef&, const std::optional<Bytes>& parameters) override {
        return {ActionResult::success,
                parameters ? std::optional{DataOrResult{*parameters}} : std::nullopt};
    }
};

// The input as several APDUs: each begins with its length in one byte.
std::vector<BytesView> parts(BytesView input) {
    std::vector<BytesView> all;
    while (!input.empty() && all.size() < 64) {
        const std::size_t size = std::min<std::size_t>(input[0], input.size() - 1);
        all.push_back(input.subspan(1, size));
        input = input.subspan(1 + size);
    }
    return all;
}

void check_codecs(BytesView input) {
    const auto apdu = decode_apdu(input);
    if (apdu) {
        const Bytes again = encode_apdu(*apdu);
        property(decode_apdu(again) == apdu, "an APDU comes back as it was");
    } else {
        property(apdu.error().offset <= input.size(), "a fault lies within the bytes");
    }
    if (const auto aarq = decode_aarq(input))
        property(decode_aarq(encode_aarq(*aarq)) == aarq, "an AARQ comes back as it was");
    if (const auto aare = decode_aare(input))
        property(decode_aare(encode_aare(*aare)) == aare, "an AARE comes back as it was");
    if (const auto release = decode_release_request(input))
        property(decode_release_request(encode_release(*release)) == release, "a release");
    if (const auto request = decode_initiate_request(input))
        property(decode_initiate_request(encode_initiate(*request)) == request, "an initiation");
    if (const auto response = decode_initiate_response(input))
        property(decode_initiate_response(encode_initiate(*response)) == response, "its answer");
}

void check_meter(const std::vector<BytesView>& requests) {
    Objects objects;
    ServiceServer server{objects, {client_conformance, 64}, {.longest = 4096, .most_blocks = 50}};
    AssociationServer association{{}};
    for (const BytesView request : requests) {
        property(decode_apdu(server.answer(request)).has_value(), "a meter answers with an APDU");
        property(decode_aare(association.answer_aarq(request)).has_value(), "and with an AARE");
    }
}

template <class Transfer>
void check_transfer(std::expected<Transfer, ServiceError> begun,
                    const std::vector<BytesView>& answers) {
    property(begun.has_value(), "everything needed was granted");
    for (const BytesView answer : answers) {
        const auto next = begun->take(answer);
        if (!next) return property(!described(next.error()).empty(), "a fault has a name");
        if (!*next) return property(!begun->results().empty(), "a transfer that ended has results");
        property(decode_apdu(**next).has_value(), "what is sent next is an APDU");
    }
}

void check_client(const std::vector<BytesView>& answers) {
    const Granted granted{client_conformance, 64};
    const Attribute attribute{{3, Obis{{1, 0, 1, 8, 0, 255}}, 2}, std::nullopt};
    const Bytes data = encode_value(OctetString{Bytes(200, 0)});
    const TransferLimits few{.longest = 4096, .most_blocks = 50};
    check_transfer(GetTransfer::begin(granted, {attribute}, usual_invoke_id, few), answers);
    check_transfer(GetTransfer::begin(granted, {attribute, attribute}, usual_invoke_id, few),
                   answers);
    check_transfer(SetTransfer::begin(granted, {attribute}, {data}), answers);
    check_transfer(ActionTransfer::begin(granted, {attribute.ref}, {data}, usual_invoke_id, few),
                   answers);
    AssociationClient client{{}};
    client.request();
    if (!answers.empty()) static_cast<void>(client.take(answers.front()));
}

void check_ciphered(BytesView input) {
    const CipherKeys keys{Secret{Bytes(16, 1)}, Secret{Bytes(16, 2)}};
    Cipher meter{keys, {}, 1};
    property(!meter.open(input), "nobody guesses a tag");
    const auto opened = unprotect(keys, {}, input);
    if (opened) property(opened->protection == Protection::encrypted, "only what has no tag opens");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input{data, size};
    check_codecs(input);
    const auto several = parts(input);
    for (const BytesView part : several) check_codecs(part);
    check_meter(several);
    check_client(several);
    check_ciphered(input);
    return 0;
}
