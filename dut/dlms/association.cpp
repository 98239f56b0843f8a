#include "dut/dlms/association.hpp"

#include "calibration/check.hpp"
#include "dut/dlms/axdr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dut::dlms {
namespace {

using calibration::check;

using Failure = std::unexpected<AssociationError>;

Failure failure(AssociationFault fault, std::string detail) {
    return Failure{{.fault = fault, .detail = std::move(detail)}};
}

constexpr std::uint8_t service_error_tag = 0x0E;

std::optional<SystemTitle> title_of(const std::optional<Bytes>& bytes) {
    if (!bytes || bytes->size() != std::tuple_size_v<SystemTitle>) return std::nullopt;
    SystemTitle title{};
    std::ranges::copy(*bytes, title.begin());
    return title;
}

std::optional<Bytes> octets_of(const Bytes& data) {
    const auto value = decode_value(data);
    if (!value || value->as<OctetString>() == nullptr) return std::nullopt;
    return value->as<OctetString>()->bytes;
}

}  // namespace

std::string_view name(AssociationFault fault) {
    switch (fault) {
        case AssociationFault::undecodable:
            return "answer to the association request cannot be decoded";
        case AssociationFault::rejected:
            return "association rejected";
        case AssociationFault::initiate:
            return "association refused";
        case AssociationFault::context:
            return "association in another context";
        case AssociationFault::version:
            return "another DLMS version";
        case AssociationFault::challenge:
            return "no challenge from the meter";
        case AssociationFault::impostor:
            return "the meter's answer to the challenge is wrong";
        case AssociationFault::hls_refused:
            return "the meter refused the answer to its challenge";
        case AssociationFault::exception:
            return "exception instead of an association";
        case AssociationFault::ciphering:
            return "ciphered association cannot be opened";
    }
    return "unknown fault";
}

std::string described(const AssociationError& error) {
    if (error.detail.empty()) return std::string(name(error.fault));
    return fmt::format("{}: {}", name(error.fault), error.detail);
}

bool is_wrong_password(const AssociationError& error) {
    return error.fault == AssociationFault::hls_refused ||
           (error.diagnostic && !error.diagnostic->by_provider &&
            error.diagnostic->code == authentication_failed);
}

AssociationClient::AssociationClient(AssociationProfile profile) : profile_(std::move(profile)) {
    const Mechanism mechanism = profile_.mechanism;
    check(
        mechanism == Mechanism::none || mechanism == Mechanism::low || mechanism == Mechanism::gmac,
        "an association without authentication, with LLS or with HLS GMAC");
    if (const auto& ciphering = profile_.ciphering)
        cipher_.emplace(ciphering->keys, ciphering->title, ciphering->next_counter);
    if (mechanism == Mechanism::gmac)
        check(cipher_ && profile_.challenge.size() >= 8 && profile_.challenge.size() <= 64,
              "HLS GMAC has keys and a challenge of 8 to 64 bytes");
}

Context AssociationClient::context() const {
    return profile_.ciphering && profile_.ciphering->seals_apdus ? Context::logical_names_ciphered
                                                                 : Context::logical_names;
}

Bytes AssociationClient::request() {
    Aarq aarq{.context = context()};
    if (cipher_)
        aarq.calling_title = Bytes(cipher_->own_title().begin(), cipher_->own_title().end());
    if (profile_.mechanism != Mechanism::none) aarq.mechanism = profile_.mechanism;
    if (profile_.mechanism == Mechanism::low) aarq.authentication = profile_.password;
    if (profile_.mechanism == Mechanism::gmac) aarq.authentication = Secret{profile_.challenge};
    aarq.user_information = seal(encode_initiate(
        InitiateRequest{.conformance = profile_.proposal, .longest_apdu = profile_.longest_apdu}));
    return encode_aarq(aarq);
}

Bytes AssociationClient::seal(Bytes apdu) {
    if (context() == Context::logical_names) return apdu;
    return cipher_->seal(apdu);
}

std::expected<Bytes, SecurityFault> AssociationClient::open(BytesView apdu) {
    // Exceptions come in clear.
    if (context() == Context::logical_names || (!apdu.empty() && apdu[0] == exception_tag))
        return Bytes(apdu.begin(), apdu.end());
    return cipher_->open(apdu);
}

NextAssociationRequest AssociationClient::take(BytesView answer) {
    check(state_ != State::open, "an association is opened once");
    return state_ == State::opening ? take_aare(answer) : take_proof(answer);
}

NextAssociationRequest AssociationClient::take_aare(BytesView answer) {
    if (!answer.empty() && answer[0] == exception_tag) {
        const auto apdu = decode_apdu(answer);
        if (!apdu) return failure(AssociationFault::undecodable, described(apdu.error()));
        return failure(AssociationFault::exception, described(std::get<ExceptionResponse>(*apdu)));
    }
    const auto aare = decode_aare(answer);
    if (!aare) return failure(AssociationFault::undecodable, described(aare.error()));
    if (const auto title = title_of(aare->responding_title); cipher_ && title)
        cipher_->set_peer(*title);
    if (const auto error = take_initiate(*aare)) return Failure{*error};
    if (profile_.mechanism == Mechanism::gmac) return prove(*aare);
    if (aare->diagnostic == Diagnostic{false, authentication_required})
        return failure(AssociationFault::challenge, "the meter asks for HLS");
    state_ = State::open;
    return std::nullopt;
}

// The reason in the AARE comes before the one inside it: it says more.
std::optional<AssociationError> AssociationClient::take_initiate(const Aare& aare) {
    if (aare.result != AssociationResult::accepted) {
        std::string detail = described(aare.diagnostic);
        const bool is_plain =
            !aare.user_information.empty() && aare.user_information[0] == service_error_tag;
        const auto inner = decode_service_error(aare.user_information);
        if (is_plain && inner) detail += "; " + described(*inner);
        return AssociationError{is_plain ? AssociationFault::initiate : AssociationFault::rejected,
                                std::move(detail),
                                aare.diagnostic};
    }
    if (aare.context != context())
        return AssociationError{AssociationFault::context,
                                fmt::format("context {} instead of {}",
                                            static_cast<int>(aare.context),
                                            static_cast<int>(context()))};
    const auto plain = open(aare.user_information);
    if (!plain)
        return AssociationError{AssociationFault::ciphering, std::string(name(plain.error()))};
    if (const auto refusal = decode_service_error(*plain))
        return AssociationError{AssociationFault::initiate, described(*refusal)};
    const auto response = decode_initiate_response(*plain);
    if (!response)
        return AssociationError{AssociationFault::undecodable, described(response.error())};
    if (response->version != dlms_version)
        return AssociationError{AssociationFault::version,
                                fmt::format("{} instead of 6", response->version)};
    // What was not proposed is not used, whatever the server believes.
    granted_ = {response->conformance & profile_.proposal, response->longest_apdu};
    if (granted_.longest_apdu == 0xFFFF) granted_.longest_apdu = 0;
    return std::nullopt;
}

NextAssociationRequest AssociationClient::prove(const Aare& aare) {
    const bool is_asked = aare.diagnostic == Diagnostic{false, authentication_required};
    if (!is_asked || !aare.challenge || aare.mechanism != Mechanism::gmac ||
        !title_of(aare.responding_title))
        return failure(AssociationFault::challenge,
                       "expected mechanism HLS GMAC, a challenge and a system title");
    state_ = State::proving;
    const Bytes proof = encode_value(OctetString{cipher_->answer_to_challenge(*aare.challenge)});
    return seal(encode_apdu(ActionRequest{usual_invoke_id, hls_method, proof}));
}

NextAssociationRequest AssociationClient::take_proof(BytesView answer) {
    const auto plain = open(answer);
    if (!plain) return failure(AssociationFault::ciphering, std::string(name(plain.error())));
    const auto apdu = decode_apdu(*plain);
    if (!apdu) return failure(AssociationFault::undecodable, described(apdu.error()));
    if (const auto* exception = std::get_if<ExceptionResponse>(&*apdu))
        return failure(AssociationFault::exception, described(*exception));
    const auto* response = std::get_if<ActionResponse>(&*apdu);
    if (response == nullptr)
        return failure(AssociationFault::undecodable, "expected an ACTION response");
    if (response->outcome.result != ActionResult::success)
        return failure(AssociationFault::hls_refused, described(response->outcome.result));
    const auto& returned = response->outcome.returned;
    const auto proof = returned && *returned ? octets_of(**returned) : std::nullopt;
    if (!proof || !cipher_->is_answer_to(profile_.challenge, *proof))
        return failure(AssociationFault::impostor, "");
    state_ = State::open;
    return std::nullopt;
}

Bytes AssociationClient::release() {
    ReleaseRequest release;
    if (context() != Context::logical_names)
        release.user_information = seal(encode_initiate(InitiateRequest{
            .conformance = profile_.proposal, .longest_apdu = profile_.longest_apdu}));
    return encode_release(release);
}

}  // namespace dut::dlms
