// A bench file as the traits of the bench model and the options of its emulators, faults included.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/meter_type.hpp"
#include "instruments/ctag/emulator.hpp"
#include "instruments/scpi_switch/emulator.hpp"
#include "instruments/zera_mt/emulator.hpp"
#include "instruments/zera_zscpi/emulator.hpp"
#include "rig/bench_file.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace rig {

// What the bench file leaves open is drawn from `seed`.
std::vector<calibration::MeterTraits> all_traits(const BenchFile& bench,
                                                 const dut::MeterType& type,
                                                 std::uint64_t seed);
calibration::ReferenceTraits reference_traits(const BenchFile& bench, std::uint64_t seed);
instruments::zera_mt::EmulatorOptions source_options(const BenchFile& bench);
instruments::zera_zscpi::EmulatorOptions reference_options(const BenchFile& bench,
                                                           std::uint64_t seed);
instruments::ctag::EmulatorOptions capture_options(const BenchFile& bench);
instruments::scpi_switch::EmulatorOptions switch_options(const BenchFile& bench);
// Channel of the position switch -> index of the position it bypasses.
std::map<int, std::size_t> bypassed_positions(const BenchFile& bench);

inline calibration::Instant instant_of(const FaultEntry& fault) {
    return calibration::Instant{calibration::from_seconds(fault.at_s)};
}

inline double amount_of(const FaultEntry& fault, double otherwise) {
    return fault.amount != 0 ? fault.amount : otherwise;
}

// Calls `use` with every fault of that kind.
template <class Use>
void for_each_fault(const BenchFile& bench, std::string_view kind, Use use) {
    for (const FaultEntry& fault : bench.faults) {
        if (fault.kind == kind) {
            use(fault);
        }
    }
}

}  // namespace rig
