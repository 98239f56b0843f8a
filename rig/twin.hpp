// The twin: one bench model and the emulated devices that stand on it. Serves links; who connects
// them is not its affair.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/meter_emulator.hpp"
#include "dut/rs485_line.hpp"
#include "instruments/ctag/emulator.hpp"
#include "instruments/io/loop.hpp"
#include "instruments/scpi_switch/emulator.hpp"
#include "instruments/zera_mt/emulator.hpp"
#include "instruments/zera_zscpi/emulator.hpp"
#include "rig/bench_file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
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
    instruments::scpi_switch::Emulator& position_switch() { return position_switch_; }
    // The meter that stands at a position, and the one that the position's port leads to: another
    // one where ports are swapped.
    dut::MeterEmulator& meter(std::size_t position) { return *meters_.at(position); }
    dut::MeterEmulator& meter_at_port(std::size_t position) {
        return *meters_.at(wiring_.at(position));
    }
    // The RS485 line of a bus on the twin.
    dut::Rs485Line& line(const std::string& bus) { return *lines_.at(bus); }

  private:
    instruments::io::Loop& loop_;
    calibration::BenchModel model_;
    instruments::zera_mt::Emulator source_;
    instruments::zera_zscpi::Emulator reference_;
    instruments::ctag::Emulator capture_;
    instruments::scpi_switch::Emulator position_switch_;
    std::vector<std::size_t> wiring_;  // position -> the position whose meter its port leads to
    std::vector<std::unique_ptr<dut::MeterEmulator>> meters_;
    std::map<std::string, std::unique_ptr<dut::Rs485Line>> lines_;

    void make_lines(const BenchFile& bench);
    void schedule_faults(const BenchFile& bench);
    void schedule_meter_faults(const BenchFile& bench);
    void schedule_line_faults(const BenchFile& bench);
    // Does `act` when bench time comes to the fault's; at once where it is there from the start.
    void at_time_of(const FaultEntry& fault, std::function<void()> act);
    void change_load(const std::function<void(calibration::LoadPoint&)>& change);
};

}  // namespace rig
