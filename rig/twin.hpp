// The twin: one bench model and the emulated devices that stand on it. Serves links; who connects
// them is not its affair.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/meter_emulator.hpp"
#include "instruments/ctag/emulator.hpp"
#include "instruments/io/loop.hpp"
#include "instruments/zera_mt/emulator.hpp"
#include "instruments/zera_zscpi/emulator.hpp"
#include "rig/bench_file.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace rig {

class Twin {
  public:
    // Hidden errors that the bench file does not give are drawn from `seed`. Throws
    // calibration::DataError for a fault or a meter that makes no sense here.
    Twin(instruments::io::Loop& loop,
         const BenchFile& bench,
         const dut::MeterType& meter,
         std::uint64_t seed);

    calibration::BenchModel& model() { return model_; }
    instruments::zera_mt::Emulator& source() { return source_; }
    instruments::zera_zscpi::Emulator& reference() { return reference_; }
    instruments::ctag::Emulator& capture() { return capture_; }
    dut::MeterEmulator& meter(std::size_t position) { return *meters_.at(position); }

  private:
    instruments::io::Loop& loop_;
    calibration::BenchModel model_;
    instruments::zera_mt::Emulator source_;
    instruments::zera_zscpi::Emulator reference_;
    instruments::ctag::Emulator capture_;
    std::vector<std::unique_ptr<dut::MeterEmulator>> meters_;

    void schedule_faults(const BenchFile& bench);
    void schedule_meter_faults(const BenchFile& bench);
    // Does `act` when bench time comes to the fault's; at once where it is there from the start.
    void at_time_of(const FaultEntry& fault, std::function<void()> act);
    void change_load(const std::function<void(calibration::LoadPoint&)>& change);
};

}  // namespace rig
