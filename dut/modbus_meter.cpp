// The meter's port: register map and distrust on one side, physical values on the other.
#include "dut/modbus_meter.hpp"

#include "dut/identity_reader.hpp"
#include "dut/load_curve_reader.hpp"
#include "dut/modbus_client.hpp"
#include "dut/quantity_requests.hpp"
#include "dut/serial_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dut {
namespace {

using calibration::Ampere;
using calibration::Hertz;
using calibration::VarHour;
using calibration::Volt;
using calibration::VoltAmpere;
using calibration::Watt;
using calibration::WattHour;
using instruments::DeviceFault;
using instruments::io::Clock;

constexpr double least_frequency_hz = 45, most_frequency_hz = 65;

// A contiguous range that was read in one request.
struct Range {
    std::uint16_t address = 0;
    Words words;
    bool holds(const Register& row) const {
        return row.address >= address &&
               row.address + row.words <= address + static_cast<int>(words.size());
    }
    const std::uint16_t* at(std::uint16_t register_address) const {
        return words.data() + (register_address - address);
    }
};

struct Span {
    std::uint16_t address = 0;
    int words = 0;
};

template <class Rows>
Span span_of(const Rows& rows) {
    int first = 65536;
    int last = 0;
    for (const auto* row : rows) {
        first = std::min<int>(first, row->address);
        last = std::max<int>(last, row->address + row->words);
    }
    return {static_cast<std::uint16_t>(first), last - first};
}

// A quantity may be in several rows: the finest of those that were read.
const Register* row_in(const Range& range, const RegisterMap& map, std::string_view quantity) {
    const Register* finest = nullptr;
    for (const auto& row : map.rows) {
        if (row.quantity != quantity || !range.holds(row)) continue;
        if (finest == nullptr || step(row) < step(*finest)) finest = &row;
    }
    return finest;
}

std::vector<const Register*> rows_in_block(const RegisterMap& map, const std::string& block) {
    std::vector<const Register*> rows;
    for (const auto& row : map.rows) {
        if (row.block == block) rows.push_back(&row);
    }
    return rows;
}

// What must never change while one meter is connected: the probe and the serial number.
std::vector<const IdentificationRow*> constant_rows(const RegisterMap& map) {
    std::vector<const IdentificationRow*> rows{find_probe(map)};
    for (const std::string& field : serial_fields(map.serial_form)) {
        rows.push_back(find_identification(map, field));
    }
    return rows;
}

class ModbusMeter final : public MeterPort {
  public:
    ModbusMeter(Clock& clock, MeterType type, ModbusTarget target)
        : clock_(clock), type_(std::move(type)), client_(clock, std::move(target)) {}

    const MeterType& type() const override { return type_; }
    std::string name() const override { return client_.name(); }
    Task<MeterIdentity> identify() override;
    Task<RegisterReading> read_energy() override;
    Task<InstantValues> read_instant() override;
    Task<std::vector<QuantityReading>> read(std::vector<std::string> quantities) override;
    Task<std::vector<QuantityReading>> read_everything() override;
    Task<SettingOutcome> set(std::string quantity, double value) override;
    Task<void> broadcast(std::string quantity, double value) override;
    Task<std::vector<LoadCurveRecord>> read_load_curve(double from_s, double to_s) override;
    std::string line() const override { return client_.line(); }

  private:
    Clock& clock_;
    MeterType type_;
    ModbusClient client_;
    Words constant_;  // maker and serial as first read; empty before

    Task<Range> read_span(Span span);
    Task<void> confirm_same_meter();
    Task<double> read_ratio();
    RegisterReading decode_energy(const Range& range, double ratio) const;
    const Register& row_of(std::string_view quantity) const;
    double required(const Range& range, std::string_view quantity) const;
    double required_energy(const Range& range, std::string_view quantity) const;
    double energy_or_none(const Range& range, std::string_view quantity) const;
    void check_plausible(const RegisterReading& first, const RegisterReading& second) const;
    void decode_frequency(const Range& range, InstantValues& values) const;
    std::optional<double> optional(const Range& range, std::string_view quantity) const;
    [[noreturn]] void fail(std::string operation, std::string problem) const {
        throw DeviceFault({client_.name(), std::move(operation), std::move(problem), ""});
    }
};

Task<Range> ModbusMeter::read_span(Span span) {
    Words words = co_await client_.read(span.address, span.words);
    co_return Range{span.address, std::move(words)};
}

// The first time the answer is kept; later a different one means that another meter answers.
Task<void> ModbusMeter::confirm_same_meter() {
    const Span span = span_of(constant_rows(type_.registers));
    const Range range = co_await read_span(span);
    const auto* probe = find_probe(type_.registers);
    const std::string said = decode_text(*probe, range.at(probe->address));
    if (said != probe->expected) {
        fail("read " + address_text(probe->address),
             fmt::format("says its maker is \"{}\", expected \"{}\"", said, probe->expected));
    }
    if (constant_.empty()) constant_ = range.words;
    if (constant_ != range.words) {
        fail("read " + address_text(span.address), "another meter answers than before");
    }
}

Task<MeterIdentity> ModbusMeter::identify() {
    std::vector<IdentityField> fields = co_await read_identification(client_, type_.registers);
    constant_.clear();
    MeterIdentity identity = identity_of(type_.registers, std::move(fields));
    co_return identity;
}

std::optional<double> ModbusMeter::optional(const Range& range, std::string_view quantity) const {
    const Register* row = row_in(range, type_.registers, quantity);
    return row == nullptr ? std::nullopt : decode(*row, range.at(row->address));
}

double ModbusMeter::required(const Range& range, std::string_view quantity) const {
    const Register* row = row_in(range, type_.registers, quantity);
    const auto value = decode(*row, range.at(row->address));
    if (!value) {
        fail("read " + address_text(row->address), fmt::format("{} is not available", quantity));
    }
    return *value;
}

// A register that has rolled over never shows its roll-over value.
double ModbusMeter::required_energy(const Range& range, std::string_view quantity) const {
    const double value = required(range, quantity);
    if (value >= type_.roll_over.value()) {
        fail("read " + address_text(row_in(range, type_.registers, quantity)->address),
             fmt::format("{} is {} Wh or varh, beyond its roll-over", quantity, value));
    }
    return value;
}

// A type may count in one direction only; what it has no register for stays 0.
double ModbusMeter::energy_or_none(const Range& range, std::string_view quantity) const {
    return row_in(range, type_.registers, quantity) == nullptr ? 0
                                                               : required_energy(range, quantity);
}

RegisterReading ModbusMeter::decode_energy(const Range& range, double ratio) const {
    RegisterReading reading;
    reading.at = clock_.now();
    reading.active_import = WattHour{required_energy(range, "active_import_energy")};
    reading.active_export = WattHour{energy_or_none(range, "active_export_energy")};
    reading.reactive_import = VarHour{energy_or_none(range, "reactive_import_energy")};
    reading.reactive_export = VarHour{energy_or_none(range, "reactive_export_energy")};
    reading.resolution = type_.register_resolution;
    reading.roll_over = type_.roll_over;
    reading.ratio = ratio;
    return reading;
}

Task<double> ModbusMeter::read_ratio() {
    const Register* primary = find_register(type_.registers, "ct_primary");
    const Register* secondary = find_register(type_.registers, "ct_secondary");
    if (!type_.registers.energies_carry_ratio || primary == nullptr || secondary == nullptr) {
        co_return 1;
    }
    const Range range = co_await read_span(span_of(std::vector{primary, secondary}));
    const double ratio = required(range, "ct_primary") / required(range, "ct_secondary");
    if (!std::isfinite(ratio) || ratio <= 0) {
        fail("read " + address_text(primary->address), "the transformer ratio is not a number");
    }
    co_return ratio;
}

// Between two reads a register goes forward, by no more than the meter's largest power allows.
void ModbusMeter::check_plausible(const RegisterReading& first,
                                  const RegisterReading& second) const {
    const double most_w = type_.ratings.measuring_elements * type_.never_exceed.voltage.value() *
                          type_.never_exceed.current.value();
    const double hours = calibration::seconds(second.at - first.at) / 3600;
    const double most_wh = most_w * hours + 2 * second.resolution.value() / second.ratio;
    for (const WattHour advance :
         {active_import_advance(first, second), active_export_advance(first, second)}) {
        if (advance.value() < 0 || advance.value() > most_wh) {
            fail("read " +
                     address_text(find_register(type_.registers, "active_import_energy")->address),
                 fmt::format("two readings contradict each other: {} and {} kWh import, {} and {} "
                             "kWh export",
                             first.active_import.value() / 1000,
                             second.active_import.value() / 1000,
                             first.active_export.value() / 1000,
                             second.active_export.value() / 1000));
        }
    }
}

Task<RegisterReading> ModbusMeter::read_energy() {
    std::vector<const Register*> rows;
    for (const char* quantity : {"active_import_energy",
                                 "active_export_energy",
                                 "reactive_import_energy",
                                 "reactive_export_energy"}) {
        const Register* row = find_register(type_.registers, quantity);
        if (row != nullptr) rows.push_back(row);
    }
    const Span span = span_of(rows);
    const double ratio = co_await read_ratio();
    const Range before = co_await read_span(span);
    const RegisterReading first = decode_energy(before, ratio);
    co_await confirm_same_meter();
    const Range after = co_await read_span(span);
    const RegisterReading second = decode_energy(after, ratio);
    check_plausible(first, second);
    co_return second;
}

void ModbusMeter::decode_frequency(const Range& range, InstantValues& values) const {
    const Register* row = row_in(range, type_.registers, "frequency");
    if (row == nullptr || !decode(*row, range.at(row->address))) return;
    const auto scaled =
        decode_within(*row, range.at(row->address), least_frequency_hz, most_frequency_hz);
    if (!scaled) {
        fail("read " + address_text(row->address),
             fmt::format("no known scale brings the frequency into {} to {} Hz (raw value times "
                         "{} is {})",
                         least_frequency_hz,
                         most_frequency_hz,
                         row->scale,
                         *decode(*row, range.at(row->address))));
    }
    values.frequency = Hertz{scaled->value};
    values.frequency_scale_hz = scaled->scale;
}

template <class Unit>
std::optional<Unit> in_unit(std::optional<double> value) {
    return value ? std::optional{Unit{*value}} : std::nullopt;
}

Task<InstantValues> ModbusMeter::read_instant() {
    const Register* total = find_register(type_.registers, "active_power");
    if (total == nullptr) fail("read instantaneous values", "the register map has none");
    const auto rows = rows_in_block(type_.registers, total->block);
    const Range range = co_await read_span(span_of(rows));
    InstantValues values;
    values.at = clock_.now();
    for (std::size_t index = 0; index < values.phases.size(); ++index) {
        const auto value = [&](const char* name) {
            return optional(range, fmt::format("{}_l{}", name, index + 1));
        };
        auto& phase = values.phases[index];
        phase.voltage = in_unit<Volt>(value("voltage"));
        phase.current = in_unit<Ampere>(value("current"));
        phase.active = in_unit<Watt>(value("active_power"));
        phase.reactive = in_unit<calibration::Var>(value("reactive_power"));
    }
    values.active = in_unit<Watt>(optional(range, "active_power"));
    values.reactive = in_unit<calibration::Var>(optional(range, "reactive_power"));
    values.apparent = in_unit<VoltAmpere>(optional(range, "apparent_power"));
    values.power_factor = optional(range, "power_factor");
    decode_frequency(range, values);
    co_return values;
}

const Register& ModbusMeter::row_of(std::string_view quantity) const {
    const Register* row = find_register(type_.registers, quantity);
    if (row == nullptr) {
        fail(fmt::format("find {}", quantity), fmt::format("the {} has no such value", type_.name));
    }
    return *row;
}

Task<std::vector<QuantityReading>> ModbusMeter::read(std::vector<std::string> quantities) {
    std::vector<const Register*> rows;
    for (const std::string& quantity : quantities) rows.push_back(&row_of(quantity));
    std::vector<QuantityReading> readings =
        co_await read_rows(client_, type_.registers, std::move(rows));
    co_return readings;
}

Task<std::vector<QuantityReading>> ModbusMeter::read_everything() {
    std::vector<const Register*> rows;
    for (const Register& row : type_.registers.rows) rows.push_back(&row);
    std::vector<QuantityReading> readings =
        co_await read_rows(client_, type_.registers, std::move(rows));
    co_return readings;
}

Task<SettingOutcome> ModbusMeter::set(std::string quantity, double value) {
    const Register& row = row_of(quantity);
    SettingOutcome outcome = co_await set_row(client_, type_.registers, row, value);
    co_return outcome;
}

Task<void> ModbusMeter::broadcast(std::string quantity, double value) {
    co_await broadcast_row(client_, row_of(quantity), value);
}

Task<std::vector<LoadCurveRecord>> ModbusMeter::read_load_curve(double from_s, double to_s) {
    if (!type_.load_curve) {
        fail("read the load curve", fmt::format("the {} has none", type_.name));
    }
    std::vector<LoadCurveRecord> records =
        co_await read_curve(client_, *type_.load_curve, from_s, to_s);
    co_return records;
}

}  // namespace

std::unique_ptr<MeterPort> modbus_meter(Clock& clock, MeterType type, ModbusTarget target) {
    return std::make_unique<ModbusMeter>(clock, std::move(type), std::move(target));
}

}  // namespace dut
