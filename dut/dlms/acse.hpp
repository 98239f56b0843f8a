// Opening and closing an association: AARQ, AARE, RLRQ, RLRE (BER), for both sides.
#pragma once

#include "dut/dlms/codec.hpp"
#include "dut/dlms/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace dut::dlms {

enum class Context : std::uint8_t {
    logical_names = 1,
    short_names = 2,
    logical_names_ciphered = 3,
    short_names_ciphered = 4,
};

enum class Mechanism : std::uint8_t {
    none = 0,
    low = 1,   // LLS: a password in clear
    high = 2,  // HLS, the maker's own
    md5 = 3,
    sha1 = 4,
    gmac = 5,
    sha256 = 6,
    ecdsa = 7,
};
std::string_view name(Mechanism mechanism);

struct Aarq {
    Context context = Context::logical_names;
    std::optional<Bytes> calling_title;    // the client's system title
    std::optional<Mechanism> mechanism;    // none is not sent at all
    std::optional<Secret> authentication;  // password, or the challenge to the server
    Bytes user_information;                // an InitiateRequest, ciphered or not
    friend bool operator==(const Aarq&, const Aarq&) = default;
};
Bytes encode_aarq(const Aarq& aarq);
Decoded<Aarq> decode_aarq(BytesView bytes);

enum class AssociationResult : std::uint8_t { accepted = 0, rejected = 1, rejected_for_now = 2 };

struct Diagnostic {
    bool by_provider = false;  // the ACSE provider says so, not the service user
    std::uint8_t code = 0;
    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};
inline constexpr std::uint8_t no_reason_given = 1;
inline constexpr std::uint8_t context_not_supported = 2;
inline constexpr std::uint8_t mechanism_not_recognised = 11;
inline constexpr std::uint8_t mechanism_required = 12;
inline constexpr std::uint8_t authentication_failed = 13;
inline constexpr std::uint8_t authentication_required = 14;
std::string described(const Diagnostic& diagnostic);  // "authentication failed"

struct Aare {
    Context context = Context::logical_names;
    AssociationResult result = AssociationResult::accepted;
    Diagnostic diagnostic;
    std::optional<Bytes> responding_title;
    std::optional<Mechanism> mechanism;
    std::optional<Bytes> challenge;  // to the client
    Bytes user_information;          // an InitiateResponse or a ConfirmedServiceError
    friend bool operator==(const Aare&, const Aare&) = default;
};
Bytes encode_aare(const Aare& aare);
Decoded<Aare> decode_aare(BytesView bytes);

// Release: 0 normal, 1 urgent (request) or not finished (response), 30 user defined.
struct ReleaseRequest {
    std::optional<std::uint8_t> reason = std::uint8_t{0};
    Bytes user_information;  // a ciphered association repeats its InitiateRequest here
    friend bool operator==(const ReleaseRequest&, const ReleaseRequest&) = default;
};
struct ReleaseResponse {
    std::optional<std::uint8_t> reason = std::uint8_t{0};
    Bytes user_information;
    friend bool operator==(const ReleaseResponse&, const ReleaseResponse&) = default;
};
Bytes encode_release(const ReleaseRequest& request);
Bytes encode_release(const ReleaseResponse& response);
Decoded<ReleaseRequest> decode_release_request(BytesView bytes);
Decoded<ReleaseResponse> decode_release_response(BytesView bytes);

inline constexpr std::uint8_t aarq_tag = 0x60, aare_tag = 0x61;
inline constexpr std::uint8_t release_request_tag = 0x62, release_response_tag = 0x63;

}  // namespace dut::dlms
