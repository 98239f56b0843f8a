// The services an association grants, by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dut::dlms {

// Bit numbers of the conformance block, counted from its first bit.
enum class Grant : std::uint8_t {
    general_protection = 1,
    general_block_transfer = 2,
    read = 3,  // short names; this and the next two are never used here
    write = 4,
    unconfirmed_write = 5,
    delta_value_encoding = 6,
    attribute_0_set = 8,
    priority = 9,
    attribute_0_get = 10,
    block_transfer_with_get = 11,
    block_transfer_with_set = 12,
    block_transfer_with_action = 13,
    multiple_references = 14,
    information_report = 15,
    data_notification = 16,
    access = 17,
    parameterized_access = 18,
    get = 19,
    set = 20,
    selective_access = 21,
    event_notification = 22,
    action = 23,
};
std::string_view name(Grant grant);

class Conformance {
  public:
    constexpr Conformance() = default;
    explicit constexpr Conformance(std::uint32_t bits) : bits_(bits & 0xFFFFFF) {}  // 0x00501F
    constexpr bool has(Grant grant) const { return (bits_ & mask(grant)) != 0; }
    constexpr Conformance with(Grant grant) const { return Conformance{bits_ | mask(grant)}; }
    constexpr Conformance without(Grant grant) const { return Conformance{bits_ & ~mask(grant)}; }
    constexpr std::uint32_t bits() const { return bits_; }
    friend constexpr Conformance operator&(Conformance a, Conformance b) {
        return Conformance{a.bits_ & b.bits_};
    }
    friend constexpr bool operator==(Conformance, Conformance) = default;

  private:
    static constexpr std::uint32_t mask(Grant grant) {
        return 1U << (23 - static_cast<unsigned>(grant));
    }
    std::uint32_t bits_ = 0;
};
std::string described(Conformance conformance);  // "get, set, action"

// What a bench's client proposes: every service with logical names it can use.
inline constexpr Conformance client_conformance{0x00'7E'1D};

}  // namespace dut::dlms
