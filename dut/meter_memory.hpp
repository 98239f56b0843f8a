// What an emulated meter keeps and shows in its registers: settings, energies, averages, load curve
// and identification, with the faults of its registers.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/meter_faults.hpp"
#include "dut/meter_values.hpp"
#include "dut/serial_form.hpp"
#include "instruments/io/clock.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace dut {

class MeterMemory {
  public:
    // All references must outlive the memory. Throws calibration::DataError when serial, ratio or
    // network cannot be those of this type.
    MeterMemory(instruments::io::Clock& clock,
                calibration::BenchModel& model,
                std::size_t position,
                const MeterType& type,
                const MeterEmulatorOptions& options);

    // Every address the type's blocks have answers; holes are "not available".
    bool covers(int address, int count) const;
    Words read(std::uint16_t address, int count);
    // The exception code a write is refused with; nothing when it may be stored.
    std::optional<std::uint8_t> refusal(std::uint16_t address, const Words& values, bool broadcast);
    void store(std::uint16_t address, const Words& values);

    // Tells the model what an impulse of the pulse output is worth now.
    void update_output();

  private:
    instruments::io::Clock& clock_;
    calibration::BenchModel& model_;
    std::size_t position_;
    const MeterType& type_;
    const MeterEmulatorOptions& options_;
    MeterSettings settings_;
    EnergyRegisters energies_;
    std::optional<DemandRegisters> demand_;
    std::map<std::string, std::optional<double>> stuck_;  // what a stuck register shows
    std::int64_t curve_records_ = 0;                      // when the read pointer was rewound
    int curve_block_ = 0;                                 // 0: the newest
    FieldTexts serial_;
    std::optional<int> pretended_tariff_;  // shown, and not counted into

    MeterView view(calibration::Instant at);
    std::optional<double> value(const Register& row, const MeterView& now);
    const WrongRegister* wrong(const std::string& name) const;
    bool is_stuck(const std::string& quantity) const;
    void hold_stuck();
    void fill_rows(std::uint16_t address, Words& words);
    void fill_identification(std::uint16_t address, Words& words) const;
    std::string text_of(const IdentificationRow& row) const;
    void fill_curve(std::uint16_t address, Words& words);
    bool possible(const Register& row, std::optional<double> value) const;
    void apply(const std::string& quantity, int value);
    void set_transformer(int primary_a, int secondary_a);
    void move_curve(std::uint16_t command);
};

}  // namespace dut
