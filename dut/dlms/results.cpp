#include "dut/dlms/results.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace dut::dlms {
namespace {

// What both lists call by the same name; empty for the others.
std::string_view common_name(std::uint8_t number) {
    switch (number) {
        case 0:
            return "success";
        case 1:
            return "hardware fault";
        case 2:
            return "temporary failure";
        case 3:
            return "read/write denied";
        case 4:
            return "object undefined";
        case 9:
            return "object class inconsistent";
        case 11:
            return "object unavailable";
        case 12:
            return "type unmatched";
        case 13:
            return "scope of access violated";
        case 14:
            return "data block unavailable";
        case 250:
            return "other reason";
        default:
            return "";
    }
}

std::string named_or_number(std::string_view name, std::uint8_t number) {
    if (!name.empty()) return std::string(name);
    return fmt::format("unknown result {}", number);
}

}  // namespace

std::string described(AccessResult result) {
    switch (result) {
        case AccessResult::long_get_aborted:
            return "long get aborted";
        case AccessResult::no_long_get:
            return "no long get in progress";
        case AccessResult::long_set_aborted:
            return "long set aborted";
        case AccessResult::no_long_set:
            return "no long set in progress";
        case AccessResult::block_number_invalid:
            return "data block number invalid";
        default: {
            const auto number = static_cast<std::uint8_t>(result);
            return named_or_number(common_name(number), number);
        }
    }
}

std::string described(ActionResult result) {
    if (result == ActionResult::long_action_aborted) return "long action aborted";
    if (result == ActionResult::no_long_action) return "no long action in progress";
    const auto number = static_cast<std::uint8_t>(result);
    return named_or_number(common_name(number), number);
}

std::string described(const ExceptionResponse& exception) {
    constexpr std::array<std::string_view, 7> services{"no reason",
                                                       "operation not possible",
                                                       "service not supported",
                                                       "other reason",
                                                       "PDU too long",
                                                       "deciphering error",
                                                       "invocation counter error"};
    const std::string_view state = exception.state == 1   ? "service not allowed"
                                   : exception.state == 2 ? "service unknown"
                                                          : "unknown state";
    if (exception.service >= services.size())
        return fmt::format("exception: {}, unknown reason {}", state, exception.service);
    return fmt::format("exception: {}, {}", state, services[exception.service]);
}

}  // namespace dut::dlms
