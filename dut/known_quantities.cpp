// The names of quantities: the contract between register maps, emulated meters and sequences.
#include "dut/register_map.hpp"

#include <fmt/format.h>

namespace dut {
namespace {

constexpr int most_tariffs = 8, phases = 3;

using Names = std::vector<std::string>;

void add_numbered(Names& names, const std::string& name, const char* mark, int most) {
    for (int number = 1; number <= most; ++number) {
        names.push_back(fmt::format("{}_{}{}", name, mark, number));
    }
}

// Total, resettable, by tariff and by phase.
void add_energy(Names& names, const std::string& name) {
    names.push_back(name);
    names.push_back("partial_" + name);
    add_numbered(names, name, "t", most_tariffs);
    add_numbered(names, name, "l", phases);
}

Names all_quantities() {
    Names names{"line_voltage_12",
                "line_voltage_23",
                "line_voltage_31",
                "mean_voltage",
                "mean_line_voltage",
                "frequency",
                "neutral_current",
                "mean_current",
                "active_power",
                "reactive_power",
                "apparent_power",
                "power_factor",
                "energy_balance",
                "reactive_energy_balance",
                "tariff_count",
                "tariff",
                "partial_running",
                "partial_reset",
                "roll_over",
                "active_import_overflows",
                "active_export_overflows",
                "reactive_import_overflows",
                "reactive_export_overflows",
                "ct_primary",
                "ct_secondary",
                "network",
                "output_weight",
                "phase_sequence",
                "missing_phases",
                "malfunction",
                "integration_period",
                "average_active_power",
                "average_time_s",
                "maximum_active_power",
                "maximum_reset",
                "mid_status"};
    for (const char* name : {"active_import_energy",
                             "active_export_energy",
                             "reactive_import_energy",
                             "reactive_export_energy",
                             "apparent_energy"}) {
        add_energy(names, name);
    }
    for (const char* name : {"voltage",
                             "current",
                             "secondary_current",
                             "active_power",
                             "reactive_power",
                             "apparent_power",
                             "power_factor"}) {
        add_numbered(names, name, "l", phases);
    }
    return names;
}

}  // namespace

const std::vector<std::string>& known_quantities() {
    static const Names names = all_quantities();
    return names;
}

}  // namespace dut
