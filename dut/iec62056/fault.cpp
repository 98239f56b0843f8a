#include "dut/iec62056/fault.hpp"

#include <fmt/format.h>

namespace dut::iec62056 {

std::string_view name(Fault fault) {
    switch (fault) {
        case Fault::parity:
            return "wrong parity";
        case Fault::identification:
            return "malformed identification";
        case Fault::option_select:
            return "malformed option select";
        case Fault::check:
            return "wrong block check character";
        case Fault::block:
            return "malformed block";
        case Fault::data_line:
            return "malformed data set";
        case Fault::too_long:
            return "message does not end";
        case Fault::silence:
            return "no answer to the sign-on";
        case Fault::no_readout:
            return "no data after the identification";
        case Fault::new_speed:
            return "baud rate acknowledged but nothing readable at it";
        case Fault::no_mode_e:
            return "the meter does not offer HDLC (mode E)";
        case Fault::baud:
            return "baud rate character without a meaning";
        case Fault::refused:
            return "refused (NAK)";
        case Fault::broken_off:
            return "the meter broke off";
        case Fault::unexpected:
            return "message out of place";
    }
    return "unknown fault";
}

std::string described(const Error& error) {
    if (error.detail.empty()) return std::string(name(error.fault));
    return fmt::format("{}: {}", name(error.fault), error.detail);
}

}  // namespace dut::iec62056
