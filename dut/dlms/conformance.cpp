#include "dut/dlms/conformance.hpp"

#include <array>

namespace dut::dlms {
namespace {

constexpr std::array<std::string_view, 24> names{"reserved 0",
                                                 "general protection",
                                                 "general block transfer",
                                                 "read",
                                                 "write",
                                                 "unconfirmed write",
                                                 "delta value encoding",
                                                 "reserved 7",
                                                 "attribute 0 with set",
                                                 "priority",
                                                 "attribute 0 with get",
                                                 "block transfer with get",
                                                 "block transfer with set",
                                                 "block transfer with action",
                                                 "multiple references",
                                                 "information report",
                                                 "data notification",
                                                 "access",
                                                 "parameterized access",
                                                 "get",
                                                 "set",
                                                 "selective access",
                                                 "event notification",
                                                 "action"};

}  // namespace

std::string_view name(Grant grant) { return names[static_cast<std::size_t>(grant)]; }

std::string described(Conformance conformance) {
    std::string text;
    for (std::size_t bit = 0; bit < names.size(); ++bit) {
        if (!conformance.has(static_cast<Grant>(bit))) continue;
        if (!text.empty()) text += ", ";
        text += names[bit];
    }
    return text;
}

}  // namespace dut::dlms
