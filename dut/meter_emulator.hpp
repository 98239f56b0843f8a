// An emulated meter: the register map of its type over the bench model, spoken in Modbus.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/meter_memory.hpp"
#include "dut/meter_type.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace dut {

class MeterEmulator {
  public:
    // Throws calibration::DataError when serial, ratio or network cannot be those of this type.
    MeterEmulator(instruments::io::Clock& clock,
                  calibration::BenchModel& model,
                  std::size_t position,
                  MeterType type,
                  MeterEmulatorOptions options = {});
    MeterEmulator(const MeterEmulator&) = delete;
    MeterEmulator& operator=(const MeterEmulator&) = delete;

    // What the meter does about a request PDU (function code and data) for this unit, 0 being a
    // broadcast: its answer PDU, or nothing when it stays silent. The frames around it are TCP's or
    // the serial line's affair.
    std::optional<instruments::io::Bytes> answer_pdu(std::uint8_t unit,
                                                     instruments::io::BytesView pdu);
    // The answer to one complete request, MBAP header included; empty when the meter stays silent.
    instruments::io::Bytes answer(instruments::io::BytesView request);
    // Answers until the other side is gone.
    instruments::io::Task<void> serve(instruments::io::ByteLink& link);

    MeterFaults& faults() { return options_.faults; }
    const MeterType& type() const { return type_; }
    int unit() const { return options_.unit; }
    // To be called after a change of faults().output_weight_scale.
    void update_output() { memory_.update_output(); }

  private:
    instruments::io::Clock& clock_;
    calibration::BenchModel& model_;
    std::size_t position_;
    MeterType type_;
    MeterEmulatorOptions options_;
    MeterMemory memory_;

    instruments::io::Bytes respond(instruments::io::BytesView pdu, bool broadcast);
    instruments::io::Bytes read_registers(instruments::io::BytesView pdu);
    instruments::io::Bytes write_one(instruments::io::BytesView pdu, bool broadcast);
    instruments::io::Bytes write_many(instruments::io::BytesView pdu, bool broadcast);
    bool dead() const;
    std::optional<std::uint8_t> injected_exception(std::uint16_t address, int count) const;
};

}  // namespace dut
