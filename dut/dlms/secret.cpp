#include "dut/dlms/secret.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

namespace dut::dlms {

Secret::Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Secret& Secret::operator=(Secret other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

Secret::~Secret() {
    if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

bool operator==(const Secret& a, const Secret& b) {
    return a.size() == b.size() &&
           (a.empty() || CRYPTO_memcmp(a.bytes_.data(), b.bytes_.data(), a.size()) == 0);
}

Bytes Secret::hidden_in(BytesView wire) const {
    Bytes copy(wire.begin(), wire.end());
    if (empty()) return copy;
    for (auto from = copy.begin();;) {
        const auto found = std::search(from, copy.end(), bytes_.begin(), bytes_.end());
        if (found == copy.end()) return copy;
        from = found + std::ssize(bytes_);
        std::fill(found, from, std::uint8_t{'*'});
    }
}

}  // namespace dut::dlms
