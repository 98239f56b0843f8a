// An association with a meter: opened with or without a password, used, released; for both sides.
#pragma once

#include "dut/dlms/acse.hpp"
#include "dut/dlms/initiate.hpp"
#include "dut/dlms/security.hpp"
#include "dut/dlms/transfers.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace dut::dlms {

enum class AssociationFault {
    undecodable,  // the answer is no AARE, or its parts cannot be read
    rejected,     // AARE with a reason; see the diagnostic
    initiate,     // the xDLMS part was refused with a service error
    context,      // the server answers in another context than was asked for
    version,      // another DLMS version than 6
    challenge,    // HLS: no challenge or mechanism came with "authentication required"
    impostor,     // HLS: the server's answer to our challenge is wrong
    hls_refused,  // HLS: the server refused our answer to its challenge
    exception,    // an exception instead of an AARE
    ciphering,    // the ciphered part cannot be opened
};
std::string_view name(AssociationFault fault);

struct AssociationError {
    AssociationFault fault;
    std::string detail = {};
    std::optional<Diagnostic> diagnostic = std::nullopt;
    friend bool operator==(const AssociationError&, const AssociationError&) = default;
};
std::string described(const AssociationError& error);  // "rejected: authentication failed"
// A meter that says so may lock out after a few tries: never try again by itself.
bool is_wrong_password(const AssociationError& error);

struct Ciphering {
    CipherKeys keys;
    SystemTitle title{};             // our own
    std::uint32_t next_counter = 1;  // never one that was used before
    bool seals_apdus = false;        // every APDU, not only HLS
};

struct AssociationProfile {
    Mechanism mechanism = Mechanism::none;  // none, low or gmac
    Secret password;                        // for low
    Bytes challenge;                        // for gmac: 8 to 64 bytes, new each time
    std::optional<Ciphering> ciphering;     // for gmac and for sealed APDUs
    Conformance proposal = client_conformance;
    std::uint16_t longest_apdu = 0xFFFF;  // that we take
};

using NextAssociationRequest = std::expected<std::optional<Bytes>, AssociationError>;

// Send request(); give the answer to take() and send what it returns until it returns nothing: then
// granted() holds. seal() and open() are for every APDU of the association, ciphered or not.
class AssociationClient {
  public:
    explicit AssociationClient(AssociationProfile profile);
    Bytes request();  // AARQ; once
    NextAssociationRequest take(BytesView answer);
    const Granted& granted() const { return granted_; }

    Bytes seal(Bytes apdu);
    std::expected<Bytes, SecurityFault> open(BytesView apdu);
    Bytes release();  // RLRQ
    // Of the cipher, to be kept; 0 without one.
    std::uint32_t next_counter() const { return cipher_ ? cipher_->next_counter() : 0; }

  private:
    enum class State { opening, proving, open };
    NextAssociationRequest take_aare(BytesView answer);
    NextAssociationRequest take_proof(BytesView answer);
    std::optional<AssociationError> take_initiate(const Aare& aare);
    NextAssociationRequest prove(const Aare& aare);
    Context context() const;

    AssociationProfile profile_;
    std::optional<Cipher> cipher_;
    State state_ = State::opening;
    Granted granted_;
};

// The object and method by which HLS ends: class 15, 0.0.40.0.0.255, method 1.
inline constexpr CosemRef hls_method{15, Obis{{0, 0, 40, 0, 0, 255}}, 1};

}  // namespace dut::dlms
