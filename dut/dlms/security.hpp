// Security suite 0: AES-128-GCM ciphering of APDUs, and GMAC for HLS authentication.
#pragma once

#include "dut/dlms/bytes.hpp"
#include "dut/dlms/secret.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace dut::dlms {

enum class SecurityFault {
    not_ciphered,    // not a ciphered APDU of the kinds known here
    truncated,       // shorter than its header and tag
    control,         // another suite, a broadcast key, compression, or nothing protected at all
    unprotected,     // less protection than was agreed
    counter,         // the invocation counter did not increase: a repetition
    authentication,  // the tag is wrong: other keys, another title, or changed bytes
};
std::string_view name(SecurityFault fault);

inline constexpr std::size_t cipher_key_size = 16;
using SystemTitle = std::array<std::uint8_t, 8>;

struct CipherKeys {
    Secret encryption, authentication;  // 16 bytes each
};

// The security control byte of suite 0.
enum class Protection : std::uint8_t { authenticated = 0x10, encrypted = 0x20, both = 0x30 };

// Security control, invocation counter, text, tag: what follows the tag and length of a ciphered
// APDU.
Bytes protect(const CipherKeys& keys,
              const SystemTitle& title,
              std::uint32_t counter,
              Protection protection,
              BytesView plain);
struct Unprotected {
    Bytes plain;
    std::uint32_t counter = 0;
    Protection protection = Protection::both;
};
std::expected<Unprotected, SecurityFault> unprotect(const CipherKeys& keys,
                                                    const SystemTitle& title,
                                                    BytesView content);

// f(challenge) of HLS 5, as passes 3 and 4 carry it: control byte, counter, GMAC.
Bytes gmac_answer(const CipherKeys& keys,
                  const SystemTitle& title,
                  std::uint32_t counter,
                  BytesView challenge);
// Whether an answer is that of the holder of the keys with this title.
bool is_gmac_answer(const CipherKeys& keys,
                    const SystemTitle& title,
                    BytesView challenge,
                    BytesView answer);

// One end of a ciphered association (global keys): counts what it sends and refuses repetitions.
class Cipher {
  public:
    Cipher(CipherKeys keys, SystemTitle own, std::uint32_t next_counter)
        : keys_(std::move(keys)), own_(own), next_counter_(next_counter) {}
    void set_peer(SystemTitle peer) { peer_ = peer; }

    // A plain APDU to the ciphered one of its kind (glo-get-request for get-request and so on). The
    // checks that stay on refuse an APDU that has no ciphered form.
    Bytes seal(BytesView apdu);
    std::expected<Bytes, SecurityFault> open(BytesView ciphered);
    Bytes answer_to_challenge(BytesView challenge);
    bool is_answer_to(BytesView challenge, BytesView answer) const;
    // To be kept over the end of the process: a counter is never used twice with a key.
    std::uint32_t next_counter() const { return next_counter_; }
    const SystemTitle& own_title() const { return own_; }

  private:
    CipherKeys keys_;
    SystemTitle own_, peer_{};
    std::uint32_t next_counter_;
    std::optional<std::uint32_t> last_heard_;
};

// The ciphered form of an APDU by its first byte, and back; nothing for others.
std::optional<std::uint8_t> ciphered_tag(std::uint8_t plain);
std::optional<std::uint8_t> plain_tag(std::uint8_t ciphered);

}  // namespace dut::dlms
