// Passwords and keys: bytes that are compared and sent, never printed, and wiped when done with.
#pragma once

#include "dut/dlms/bytes.hpp"

#include <iosfwd>

namespace dut::dlms {

class Secret {
  public:
    Secret() = default;
    explicit Secret(BytesView bytes) : bytes_(bytes.begin(), bytes.end()) {}
    Secret(const Secret& other) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret other) noexcept;
    ~Secret();

    // For ciphers and encoders only.
    BytesView revealed() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.empty(); }
    // In a time that does not depend on where they differ.
    friend bool operator==(const Secret& a, const Secret& b);

    // A copy of what went over the wire in which each occurrence of this secret is stars: for
    // transcripts.
    Bytes hidden_in(BytesView wire) const;

    friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

  private:
    Bytes bytes_;
};

}  // namespace dut::dlms
