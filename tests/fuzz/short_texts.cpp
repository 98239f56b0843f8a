// Fuzz target: the short texts people type: faults, link addresses, power factors, currents,
// voltages. Each means something, the same when it is written again, or is refused in one line.
#include "calibration/limits.hpp"
#include "calibration/load_point.hpp"
#include "calibration/ratings.hpp"
#include "instruments/io/link_address.hpp"
#include "rig/bench_file.hpp"
#include "tests/fuzz/documents.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace {

using fuzz::property;

void check_fault(std::string_view text) {
    fuzz::refused_or_done([&] {
        const rig::FaultEntry fault = rig::parse_fault(text);
        const auto kinds = rig::fault_kinds();
        property(std::ranges::find(kinds, fault.kind) != kinds.end(), "a fault is of a known kind");
        property(std::isfinite(fault.at_s) && fault.at_s >= 0 && std::isfinite(fault.amount),
                 "its numbers are numbers");
    });
}

void check_address(std::string_view text) {
    using namespace instruments::io;
    fuzz::refused_or_done([&] {
        const LinkAddress address = parse_link_address(text);
        if (const auto* tcp = std::get_if<TcpAddress>(&address)) {
            property(!tcp->host.empty() && tcp->port != 0, "a host and a port");
        } else if (const auto* serial = std::get_if<SerialAddress>(&address)) {
            property(serial->device.starts_with('/') && serial->baud > 0 &&
                         serial->data_bits >= 5 && serial->data_bits <= 8 &&
                         serial->stop_bits >= 1 && serial->stop_bits <= 2,
                     "a device and how its line runs");
        }
    });
}

void check_power_factor(std::string_view text) {
    using namespace calibration;
    fuzz::refused_or_done([&] {
        const PowerFactor factor = PowerFactor::parse(text);
        property(std::abs(factor.value()) <= 1, "a cosine");
        property(PowerFactor::parse(factor.text()) == factor, "a power factor comes back");
    });
    fuzz::refused_or_done([&] {
        const auto range = PowerFactorRange::parse(text);
        const auto again = PowerFactorRange::parse(range.text());
        property(again.from == range.from && again.to == range.to, "a range comes back");
        property(range.contains(range.from) && range.contains(range.to), "its ends are inside");
    });
}

void check_quantity(std::string_view text) {
    using namespace calibration;
    const Ratings ratings{.starting = Ampere{0.01},
                          .minimum = Ampere{0.25},
                          .transitional = Ampere{0.5},
                          .reference = Ampere{5},
                          .maximum = Ampere{60}};
    fuzz::refused_or_done([&] {
        const double current = current_from_text(text, ratings).value();
        property(std::isfinite(current) && current >= 0, "a current is a number");
    });
    fuzz::refused_or_done([&] {
        const double voltage = voltage_from_text(text, ratings).value();
        property(std::isfinite(voltage) && voltage >= 0, "a voltage is a number");
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of({data, size});
    check_fault(text);
    check_address(text);
    check_power_factor(text);
    check_quantity(text);
    return 0;
}
