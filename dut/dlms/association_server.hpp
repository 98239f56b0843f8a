// The meter's side of an association: who may come in, and with which services.
#pragma once

#include "dut/dlms/association.hpp"

#include <cstdint>
#include <optional>

namespace dut::dlms {

// What a meter has for one client SAP.
struct ServerAccess {
    Mechanism mechanism = Mechanism::none;  // none, low or gmac
    Secret password;                        // for low
    Bytes challenge;                        // for gmac: the meter's own
    std::optional<Ciphering> ciphering;     // keys and the meter's title
    Conformance conformance = client_conformance;
    std::uint16_t longest_apdu = 1024;  // that the meter takes
};

// Answers AARQ and RLRQ. Between a GMAC AARE and the right answer to its challenge only
// answer_to_proof() is of use: is_open() says when services may be.
class AssociationServer {
  public:
    explicit AssociationServer(ServerAccess access);

    // The AARE to an AARQ. What cannot be read is rejected without a reason.
    Bytes answer_aarq(BytesView aarq);
    Bytes answer_release(BytesView rlrq);
    // What method 1 of the association object does with the client's proof.
    ActionOutcome answer_to_proof(const std::optional<Bytes>& parameters);
    void close() { state_ = State::closed; }  // the link is gone

    bool is_open() const { return state_ == State::open; }
    bool is_proving() const { return state_ == State::proving; }
    // What both sides can do, and the longest APDU the client takes (0: any).
    const Granted& granted() const { return granted_; }
    int refused_passwords() const { return refused_passwords_; }

    Bytes seal(Bytes apdu);
    std::expected<Bytes, SecurityFault> open(BytesView apdu);

  private:
    enum class State { closed, proving, open };
    Bytes reject(std::uint8_t diagnostic);
    Bytes refuse_initiate(std::uint8_t error);
    std::optional<std::uint8_t> objection(const Aarq& aarq);
    Bytes accept(const InitiateRequest& initiate);
    Context context() const;

    ServerAccess access_;
    std::optional<Cipher> cipher_;
    State state_ = State::closed;
    Granted granted_;
    Bytes client_challenge_;
    int refused_passwords_ = 0;
};

}  // namespace dut::dlms
