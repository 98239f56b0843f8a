// The meter's port: register map and distrust on one side, physical values on the other.
#include "dut/modbus_meter.hpp"

#include "dut/modbus_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

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

// A quantity may be in several blocks: the row that was read.
const Register* row_in(const Range& range, const RegisterMap& map, std::string_view quantity) {
    for (const auto& row : map.rows) {
        if (row.quantity == quantity && range.holds(row)) return &row;
    }
    return nullptr;
}

std::vector<const Register*> rows_in_block(const RegisterMap& map, const std::string& block) {
    std::vector<const Register*> rows;
    for (const auto& row : map.rows) {
        if (row.block == block) rows.push_back(&row);
    }
    return rows;
}

// What must never change while one meter is connected: its maker and its serial number.
std::vector<const IdentificationRow*> constant_rows(const RegisterMap& map) {
    std::vector<const IdentificationRow*> rows;
    for (const char* field : {"maker", "serial_year_week", "serial_line", "serial_order"}) {
        if (const auto* row = find_identification(map, field)) rows.push_back(row);
    }
    return rows;
}

// "24480001", or "24480001-123". How the three words make the printed serial number is inferred.
std::string serial_text(const std::map<std::string, std::string>& fields) {
    const auto text = [&](const char* field) {
        const auto found = fields.find(field);
        return found == fields.end() ? std::string{} : found->second;
    };
    const std::string order = text("serial_order");
    const std::string serial = text("serial_year_week") + text("serial_line");
    return order.empty() || order == "0" ? serial : serial + "-" + order;
}

// "101" is 1.01; what is no number stays as it is.
std::string hundredths(const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return text;
    return fmt::format("{}.{:02}", value / 100, value % 100);
}

class ModbusMeter final : public MeterPort {
  public:
    ModbusMeter(boost::asio::io_context& context, Clock& clock, MeterType type, ModbusTarget target)
        : clock_(clock), type_(std::move(type)), client_(context, clock, std::move(target)) {}

    const MeterType& type() const override { return type_; }
    std::string name() const override { return client_.name(); }
    Task<MeterIdentity> identify() override;
    Task<RegisterReading> read_energy() override;
    Task<InstantValues> read_instant() override;

  private:
    Clock& clock_;
    MeterType type_;
    ModbusClient client_;
    Words constant_;  // maker and serial as first read; empty before

    Task<Range> read(Span span);
    Task<void> confirm_same_meter();
    Task<double> read_ratio();
    RegisterReading decode_energy(const Range& range, double ratio) const;
    double required(const Range& range, std::string_view quantity) const;
    double required_energy(const Range& range, std::string_view quantity) const;
    void check_plausible(const RegisterReading& first, const RegisterReading& second) const;
    void decode_frequency(const Range& range, InstantValues& values) const;
    std::optional<double> optional(const Range& range, std::string_view quantity) const;
    [[noreturn]] void fail(std::string operation, std::string problem) const {
        throw DeviceFault({client_.name(), std::move(operation), std::move(problem), ""});
    }
};

Task<Range> ModbusMeter::read(Span span) {
    Words words = co_await client_.read(span.address, span.words);
    co_return Range{span.address, std::move(words)};
}

// The first time the answer is kept; later a different one means that another meter answers.
Task<void> ModbusMeter::confirm_same_meter() {
    const Span span = span_of(constant_rows(type_.registers));
    const Range range = co_await read(span);
    const auto* maker = find_identification(type_.registers, "maker");
    const std::string said = decode_text(*maker, range.at(maker->address));
    if (said != maker->expected) {
        fail("read " + address_text(maker->address),
             fmt::format("says its maker is \"{}\", expected \"{}\"", said, maker->expected));
    }
    if (constant_.empty()) constant_ = range.words;
    if (constant_ != range.words) {
        fail("read " + address_text(span.address), "another meter answers than before");
    }
}

Task<MeterIdentity> ModbusMeter::identify() {
    std::vector<const IdentificationRow*> rows;
    for (const auto& row : type_.registers.identification) rows.push_back(&row);
    const Range range = co_await read(span_of(rows));
    constant_.clear();
    MeterIdentity identity;
    std::map<std::string, std::string> texts;
    for (const auto* row : rows) {
        const auto* words = range.at(row->address);
        texts[row->field] = decode_text(*row, words);
        identity.fields.push_back(
            {row->field, row->address, Words(words, words + row->words), texts[row->field]});
    }
    identity.maker = texts["maker"];
    identity.vendor = texts["vendor"];
    identity.product_name = texts["product_name"];
    identity.extended_name = texts["extended_name"];
    identity.serial = serial_text(texts);
    identity.table_version = hundredths(texts["table_version"]);
    identity.software_version = hundredths(texts["software_version"]);
    identity.product_version =
        fmt::format("{}.{}", texts["product_version_major"], texts["product_version_minor"]);
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

RegisterReading ModbusMeter::decode_energy(const Range& range, double ratio) const {
    RegisterReading reading;
    reading.at = clock_.now();
    reading.active_import = WattHour{required_energy(range, "active_import_energy")};
    reading.active_export = WattHour{required_energy(range, "active_export_energy")};
    reading.reactive_import = VarHour{required_energy(range, "reactive_import_energy")};
    reading.reactive_export = VarHour{required_energy(range, "reactive_export_energy")};
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
    const Range range = co_await read(span_of(std::vector{primary, secondary}));
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
        rows.push_back(find_register(type_.registers, quantity));
    }
    const Span span = span_of(rows);
    const double ratio = co_await read_ratio();
    const Range before = co_await read(span);
    const RegisterReading first = decode_energy(before, ratio);
    co_await confirm_same_meter();
    const Range after = co_await read(span);
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
    const Range range = co_await read(span_of(rows));
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

}  // namespace

std::unique_ptr<MeterPort> modbus_meter(boost::asio::io_context& context,
                                        Clock& clock,
                                        MeterType type,
                                        ModbusTarget target) {
    return std::make_unique<ModbusMeter>(context, clock, std::move(type), std::move(target));
}

}  // namespace dut
