// An emulated meter: the register map of its type over the bench model, spoken in Modbus TCP.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/energy_registers.hpp"
#include "dut/meter_type.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace dut {

// What an emulated meter may do wrong, each to be detected by name.
struct MeterFaults {
    calibration::Instant silent_from = calibration::never;
    std::map<std::uint16_t, std::uint8_t>
        exceptions;                        // exception code whenever a request touches the register
    std::string extended_name;             // says it is another product
    calibration::Duration reply_delay{0};  // of the next `late_replies` answers
    int late_replies = 0;
    double energy_scale = 1;    // energies are off by this factor
    int reply_unit = 0;         // answers in the name of another unit; 0: does not
    bool loses_writes = false;  // confirms writes and forgets them
};

struct MeterEmulatorOptions {
    std::string serial = "24480001";  // 8 hexadecimal digits, and "-N" for an order number
    int unit = 5;
    int software_version = 100;                // 100 is 1.00
    int ct_primary_a = 5, ct_secondary_a = 5;  // ignored by direct meters
    bool dead_without_voltage =
        false;  // what a self-supplied meter does; off lets a bench identify before energising
    MeterFaults faults;
};

class MeterEmulator {
  public:
    // Throws calibration::DataError when the serial or the ratio cannot be that of this type.
    MeterEmulator(instruments::io::Clock& clock,
                  const calibration::BenchModel& model,
                  std::size_t position,
                  MeterType type,
                  MeterEmulatorOptions options = {});

    // The answer to one complete request, MBAP header included; empty when the meter stays silent.
    instruments::io::Bytes answer(instruments::io::BytesView request);
    // Answers until the other side is gone.
    instruments::io::Task<void> serve(instruments::io::ByteLink& link);

    MeterFaults& faults() { return options_.faults; }
    const MeterType& type() const { return type_; }

  private:
    instruments::io::Clock& clock_;
    const calibration::BenchModel& model_;
    std::size_t position_;
    MeterType type_;
    MeterEmulatorOptions options_;
    EnergyRegisters energies_;

    instruments::io::Bytes respond(instruments::io::BytesView pdu, bool broadcast);
    instruments::io::Bytes read_registers(instruments::io::BytesView pdu);
    instruments::io::Bytes write_one(instruments::io::BytesView pdu, bool broadcast);
    instruments::io::Bytes write_many(instruments::io::BytesView pdu, bool broadcast);
    bool dead() const;
    std::optional<std::uint8_t> injected_exception(std::uint16_t address, int count) const;
    std::optional<std::uint8_t> refusal(std::uint16_t address,
                                        std::uint16_t value,
                                        bool broadcast) const;
    void store(std::uint16_t address, std::uint16_t value);
    Words words(std::uint16_t address, int count) const;
    void fill_rows(std::uint16_t address, Words& words) const;
    void fill_identification(std::uint16_t address, Words& words) const;
};

}  // namespace dut
