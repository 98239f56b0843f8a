// The names of what a meter says about a request: access results, action results, exceptions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace dut::dlms {

// The numbers on the wire; others are kept as they come and called "unknown".
enum class AccessResult : std::uint8_t {
    success = 0,
    hardware_fault = 1,
    temporary_failure = 2,
    read_write_denied = 3,
    object_undefined = 4,
    class_inconsistent = 9,
    object_unavailable = 11,
    type_unmatched = 12,
    scope_violated = 13,
    data_block_unavailable = 14,
    long_get_aborted = 15,
    no_long_get = 16,
    long_set_aborted = 17,
    no_long_set = 18,
    block_number_invalid = 19,
    other_reason = 250,
};
std::string described(AccessResult result);  // "read/write denied"

enum class ActionResult : std::uint8_t {
    success = 0,
    hardware_fault = 1,
    temporary_failure = 2,
    read_write_denied = 3,
    object_undefined = 4,
    class_inconsistent = 9,
    object_unavailable = 11,
    type_unmatched = 12,
    scope_violated = 13,
    data_block_unavailable = 14,
    long_action_aborted = 15,
    no_long_action = 16,
    other_reason = 250,
};
std::string described(ActionResult result);

// The meter understands the protocol but not this APDU, or not now.
struct ExceptionResponse {
    std::uint8_t state = 1;    // 1 service not allowed, 2 service unknown
    std::uint8_t service = 3;  // 1 operation not possible ... 6 invocation counter error
    std::optional<std::uint32_t> expected_counter;  // with service 6
    friend bool operator==(const ExceptionResponse&, const ExceptionResponse&) = default;
};
std::string described(const ExceptionResponse& exception);

}  // namespace dut::dlms
