#include "dut/dlms/security.hpp"

#include "calibration/check.hpp"
#include "dut/dlms/codec.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace dut::dlms {
namespace {

using calibration::check;

constexpr std::size_t tag_size = 12;
constexpr std::size_t header_size = 5;  // control byte and counter
constexpr std::uint8_t suite_and_flags = 0x0F | 0x40 | 0x80;
constexpr std::uint8_t authenticated_bit = 0x10, encrypted_bit = 0x20;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// OpenSSL fails here only without memory or with arguments that are wrong.
void must(int done) { check(done == 1, "AES-GCM"); }

// One message: additional data, then the text, in place; tags at the end.
class Gcm {
  public:
    Gcm(const Secret& key, const SystemTitle& title, std::uint32_t counter, bool encrypts)
        : context_(EVP_CIPHER_CTX_new()) {
        check(key.size() == cipher_key_size, "a key of suite 0 has 16 bytes");
        Bytes initial(title.begin(), title.end());
        append_number(initial, counter);
        must(EVP_CipherInit_ex(context_.get(),
                               EVP_aes_128_gcm(),
                               nullptr,
                               key.revealed().data(),
                               initial.data(),
                               encrypts ? 1 : 0));
    }
    void add(BytesView additional) {
        int done = 0;
        must(EVP_CipherUpdate(context_.get(),
                              nullptr,
                              &done,
                              additional.data(),
                              static_cast<int>(additional.size())));
    }
    Bytes run(BytesView text) {
        Bytes result(text.size());
        int done = 0;
        if (!text.empty())
            must(EVP_CipherUpdate(
                context_.get(), result.data(), &done, text.data(), static_cast<int>(text.size())));
        return result;
    }
    Bytes tag() {
        int done = 0;
        must(EVP_CipherFinal_ex(context_.get(), nullptr, &done));
        Bytes tag(tag_size);
        must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_GET_TAG, tag_size, tag.data()));
        return tag;
    }
    bool has_tag(BytesView tag) {
        Bytes copy(tag.begin(), tag.end());
        must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, tag_size, copy.data()));
        int done = 0;
        return EVP_CipherFinal_ex(context_.get(), nullptr, &done) == 1;
    }

  private:
    Context context_;
};

bool has(Protection protection, std::uint8_t bit) {
    return (static_cast<std::uint8_t>(protection) & bit) != 0;
}

// What is authenticated besides the text: control byte, authentication key, and a text that stays
// in clear.
void add_authenticated(Gcm& gcm, const CipherKeys& keys, Protection protection, BytesView clear) {
    check(keys.authentication.size() == cipher_key_size, "a key of suite 0 has 16 bytes");
    const std::array control{static_cast<std::uint8_t>(protection)};
    gcm.add(control);
    gcm.add(keys.authentication.revealed());
    if (!has(protection, encrypted_bit)) gcm.add(clear);
}

struct TagPair {
    std::uint8_t plain, ciphered;
};
// The glo-... forms (Green Book; those of GET and of the initiation are in the vectors).
constexpr std::array tag_pairs{TagPair{0x01, 0x21},
                               TagPair{0x08, 0x28},
                               TagPair{0x0E, 0x2E},
                               TagPair{0xC0, 0xC8},
                               TagPair{0xC1, 0xC9},
                               TagPair{0xC3, 0xCB},
                               TagPair{0xC4, 0xCC},
                               TagPair{0xC5, 0xCD},
                               TagPair{0xC7, 0xCF}};

}  // namespace

std::string_view name(SecurityFault fault) {
    switch (fault) {
        case SecurityFault::not_ciphered:
            return "not a ciphered APDU";
        case SecurityFault::truncated:
            return "ciphered APDU is too short";
        case SecurityFault::control:
            return "unknown security control byte";
        case SecurityFault::unprotected:
            return "less protection than agreed";
        case SecurityFault::counter:
            return "invocation counter did not increase";
        case SecurityFault::authentication:
            return "authentication tag is wrong";
    }
    return "unknown fault";
}

std::optional<std::uint8_t> ciphered_tag(std::uint8_t plain) {
    const auto found = std::ranges::find(tag_pairs, plain, &TagPair::plain);
    if (found == tag_pairs.end()) return std::nullopt;
    return found->ciphered;
}

std::optional<std::uint8_t> plain_tag(std::uint8_t ciphered) {
    const auto found = std::ranges::find(tag_pairs, ciphered, &TagPair::ciphered);
    if (found == tag_pairs.end()) return std::nullopt;
    return found->plain;
}

Bytes protect(const CipherKeys& keys,
              const SystemTitle& title,
              std::uint32_t counter,
              Protection protection,
              BytesView plain) {
    Bytes content{static_cast<std::uint8_t>(protection)};
    append_number(content, counter);
    Gcm gcm{keys.encryption, title, counter, true};
    if (has(protection, authenticated_bit)) add_authenticated(gcm, keys, protection, plain);
    append(content,
           has(protection, encrypted_bit) ? gcm.run(plain) : Bytes(plain.begin(), plain.end()));
    if (has(protection, authenticated_bit)) append(content, gcm.tag());
    return content;
}

std::expected<Unprotected, SecurityFault> unprotect(const CipherKeys& keys,
                                                    const SystemTitle& title,
                                                    BytesView content) {
    if (content.size() < header_size) return std::unexpected(SecurityFault::truncated);
    const auto protection = static_cast<Protection>(content[0]);
    if ((content[0] & suite_and_flags) != 0 || content[0] == 0)
        return std::unexpected(SecurityFault::control);
    const bool authenticates = has(protection, authenticated_bit);
    const std::size_t tail = authenticates ? tag_size : 0;
    if (content.size() < header_size + tail) return std::unexpected(SecurityFault::truncated);
    const auto counter = static_cast<std::uint32_t>(number_of(content.subspan(1, 4)));
    const BytesView text = content.subspan(header_size, content.size() - header_size - tail);
    Gcm gcm{keys.encryption, title, counter, false};
    if (authenticates) add_authenticated(gcm, keys, protection, text);
    Bytes plain = has(protection, encrypted_bit) ? gcm.run(text) : Bytes(text.begin(), text.end());
    if (authenticates && !gcm.has_tag(content.last(tag_size)))
        return std::unexpected(SecurityFault::authentication);
    return Unprotected{std::move(plain), counter, protection};
}

Bytes gmac_answer(const CipherKeys& keys,
                  const SystemTitle& title,
                  std::uint32_t counter,
                  BytesView challenge) {
    Bytes answer{static_cast<std::uint8_t>(Protection::authenticated)};
    append_number(answer, counter);
    Gcm gcm{keys.encryption, title, counter, true};
    add_authenticated(gcm, keys, Protection::authenticated, challenge);
    append(answer, gcm.tag());
    return answer;
}

bool is_gmac_answer(const CipherKeys& keys,
                    const SystemTitle& title,
                    BytesView challenge,
                    BytesView answer) {
    if (answer.size() != header_size + tag_size) return false;
    const auto counter = static_cast<std::uint32_t>(number_of(answer.subspan(1, 4)));
    const Bytes expected = gmac_answer(keys, title, counter, challenge);
    return CRYPTO_memcmp(expected.data(), answer.data(), answer.size()) == 0;
}

Bytes Cipher::seal(BytesView apdu) {
    check(!apdu.empty() && ciphered_tag(apdu[0]), "an APDU with a ciphered form");
    Bytes sealed{*ciphered_tag(apdu[0])};
    append_string(sealed, protect(keys_, own_, next_counter_++, Protection::both, apdu));
    return sealed;
}

std::expected<Bytes, SecurityFault> Cipher::open(BytesView ciphered) {
    FieldReader reader{ciphered};
    const auto tag = plain_tag(reader.byte());
    if (!tag) return std::unexpected(SecurityFault::not_ciphered);
    const BytesView content = reader.string();
    if (!reader.is_good() || reader.left() != 0) return std::unexpected(SecurityFault::truncated);
    auto opened = unprotect(keys_, peer_, content);
    if (!opened) return std::unexpected(opened.error());
    if (opened->protection != Protection::both) return std::unexpected(SecurityFault::unprotected);
    if (last_heard_ && opened->counter <= *last_heard_)
        return std::unexpected(SecurityFault::counter);
    if (opened->plain.empty() || opened->plain[0] != *tag)
        return std::unexpected(SecurityFault::not_ciphered);
    last_heard_ = opened->counter;
    return std::move(opened->plain);
}

Bytes Cipher::answer_to_challenge(BytesView challenge) {
    return gmac_answer(keys_, own_, next_counter_++, challenge);
}

bool Cipher::is_answer_to(BytesView challenge, BytesView answer) const {
    return is_gmac_answer(keys_, peer_, challenge, answer);
}

}  // namespace dut::dlms
