#include "dut/dlms/association_server.hpp"

#include "calibration/check.hpp"
#include "dut/dlms/axdr.hpp"

#include <algorithm>
#include <utility>

namespace dut::dlms {
namespace {

constexpr std::uint8_t version_too_low = 1, incompatible_conformance = 2, pdu_too_short = 3;
constexpr std::uint16_t least_apdu = 12;  // the Green Book's least (from memory)

Bytes bytes_of(const SystemTitle& title) { return {title.begin(), title.end()}; }

}  // namespace

AssociationServer::AssociationServer(ServerAccess access) : access_(std::move(access)) {
    if (const auto& ciphering = access_.ciphering)
        cipher_.emplace(ciphering->keys, ciphering->title, ciphering->next_counter);
    calibration::check(access_.mechanism != Mechanism::gmac || cipher_,
                       "a meter with HLS GMAC has keys");
}

Context AssociationServer::context() const {
    return access_.ciphering && access_.ciphering->seals_apdus ? Context::logical_names_ciphered
                                                               : Context::logical_names;
}

Bytes AssociationServer::seal(Bytes apdu) {
    const bool is_clear =
        context() == Context::logical_names || apdu.empty() || !ciphered_tag(apdu.front());
    if (is_clear) return apdu;
    return cipher_->seal(apdu);
}

std::expected<Bytes, SecurityFault> AssociationServer::open(BytesView apdu) {
    if (context() == Context::logical_names) return Bytes(apdu.begin(), apdu.end());
    return cipher_->open(apdu);
}

Bytes AssociationServer::reject(std::uint8_t diagnostic) {
    state_ = State::closed;
    if (diagnostic == authentication_failed) ++refused_passwords_;
    return encode_aare({.context = context(),
                        .result = AssociationResult::rejected,
                        .diagnostic = {false, diagnostic},
                        .responding_title = std::nullopt,
                        .mechanism = std::nullopt,
                        .challenge = std::nullopt,
                        .user_information = {}});
}

Bytes AssociationServer::refuse_initiate(std::uint8_t error) {
    state_ = State::closed;
    return encode_aare({.context = context(),
                        .result = AssociationResult::rejected,
                        .diagnostic = {false, no_reason_given},
                        .responding_title = std::nullopt,
                        .mechanism = std::nullopt,
                        .challenge = std::nullopt,
                        .user_information = encode_service_error({1, 6, error})});
}

std::optional<std::uint8_t> AssociationServer::objection(const Aarq& aarq) {
    const Mechanism asked = aarq.mechanism.value_or(Mechanism::none);
    if (aarq.context != context()) return context_not_supported;
    if (asked == Mechanism::none && access_.mechanism != Mechanism::none) return mechanism_required;
    if (asked != access_.mechanism) return mechanism_not_recognised;
    if (asked == Mechanism::low && aarq.authentication != access_.password)
        return authentication_failed;
    const bool has_title =
        aarq.calling_title && aarq.calling_title->size() == std::tuple_size_v<SystemTitle>;
    if (cipher_ && !has_title) return 3;  // calling AP title not recognised
    if (asked == Mechanism::gmac && (!aarq.authentication || aarq.authentication->size() < 8))
        return authentication_failed;
    return std::nullopt;
}

Bytes AssociationServer::answer_aarq(BytesView bytes) {
    const auto aarq = decode_aarq(bytes);
    if (!aarq) return reject(no_reason_given);
    if (const auto diagnostic = objection(*aarq)) return reject(*diagnostic);
    if (cipher_) {
        SystemTitle title{};
        std::ranges::copy(*aarq->calling_title, title.begin());
        cipher_->set_peer(title);
    }
    if (aarq->authentication) {
        const BytesView challenge = aarq->authentication->revealed();
        client_challenge_.assign(challenge.begin(), challenge.end());
    }
    const auto plain = open(aarq->user_information);
    if (!plain) return reject(authentication_failed);
    const auto initiate = decode_initiate_request(*plain);
    if (!initiate) return reject(no_reason_given);
    if (initiate->version < dlms_version) return refuse_initiate(version_too_low);
    if (initiate->longest_apdu != 0 && initiate->longest_apdu < least_apdu)
        return refuse_initiate(pdu_too_short);
    if ((initiate->conformance & access_.conformance) == Conformance{})
        return refuse_initiate(incompatible_conformance);
    return accept(*initiate);
}

Bytes AssociationServer::accept(const InitiateRequest& initiate) {
    const bool proves = access_.mechanism == Mechanism::gmac;
    state_ = proves ? State::proving : State::open;
    granted_ = {initiate.conformance & access_.conformance,
                initiate.longest_apdu == 0xFFFF ? std::uint16_t{0} : initiate.longest_apdu};
    Aare aare{.context = context()};
    if (cipher_) aare.responding_title = bytes_of(cipher_->own_title());
    if (proves) {
        aare.diagnostic = {false, authentication_required};
        aare.mechanism = Mechanism::gmac;
        aare.challenge = access_.challenge;
    }
    aare.user_information = seal(encode_initiate(InitiateResponse{
        .conformance = granted_.conformance, .longest_apdu = access_.longest_apdu}));
    return encode_aare(aare);
}

ActionOutcome AssociationServer::answer_to_proof(const std::optional<Bytes>& parameters) {
    const auto value = decode_value(parameters.value_or(Bytes{}));
    const auto* proof = value ? value->as<OctetString>() : nullptr;
    if (state_ != State::proving || proof == nullptr ||
        !cipher_->is_answer_to(access_.challenge, proof->bytes)) {
        state_ = State::closed;
        ++refused_passwords_;
        return {.result = ActionResult::other_reason, .returned = std::nullopt};
    }
    state_ = State::open;
    const Bytes answer = cipher_->answer_to_challenge(client_challenge_);
    return {.result = ActionResult::success, .returned = encode_value(OctetString{answer})};
}

Bytes AssociationServer::answer_release(BytesView rlrq) {
    state_ = State::closed;
    // One that cannot be read ends the association all the same.
    const bool is_readable = decode_release_request(rlrq).has_value();
    return encode_release(ReleaseResponse{.reason = static_cast<std::uint8_t>(is_readable ? 0 : 1),
                                          .user_information = {}});
}

}  // namespace dut::dlms
