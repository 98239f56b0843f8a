// The registers of an emulated meter, computed when they are read.
#include "dut/meter_memory.hpp"

#include "dut/load_curve_block.hpp"
#include "dut/modbus_frame.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace dut {
namespace {

using calibration::DataError;
using calibration::Instant;

const Register* row_at(const RegisterMap& map, int address) {
    for (const auto& row : map.rows) {
        if (row.address == address) return &row;
    }
    return nullptr;
}

// Copies the words of a row that lie inside the request.
void place(int row_address, const Words& row, int address, Words& words) {
    for (std::size_t index = 0; index < row.size(); ++index) {
        const int offset = row_address + static_cast<int>(index) - address;
        if (offset < 0 || offset >= static_cast<int>(words.size())) continue;
        words[static_cast<std::size_t>(offset)] = row[index];
    }
}

bool touches(int row_address, int row_words, int address, const Words& words) {
    return row_address + row_words > address &&
           row_address < address + static_cast<int>(words.size());
}

MeterSettings checked_settings(const MeterType& type, const MeterEmulatorOptions& options) {
    MeterSettings settings{options.ct_primary_a, options.ct_secondary_a, options.network};
    const TransformerRatio usual = ratio_as_it_comes(type);
    if (settings.ct_primary_a == 0) settings.ct_primary_a = usual.primary_a;
    if (settings.ct_secondary_a == 0) settings.ct_secondary_a = usual.secondary_a;
    if (settings.network.empty()) settings.network = type.default_network;
    if (find_network(type, settings.network) == nullptr) {
        throw DataError(fmt::format("network: the {} has no \"{}\"", type.name, settings.network));
    }
    if (!type.transformer || ratio_possible(type, settings.ct_primary_a, settings.ct_secondary_a)) {
        return settings;
    }
    throw DataError(fmt::format("transformer ratio: expected {} to {} A to {} A, got {} to {} A",
                                type.transformer->least_primary_a,
                                type.transformer->most_primary_a,
                                fmt::join(type.transformer->secondaries_a, " or "),
                                settings.ct_primary_a,
                                settings.ct_secondary_a));
}

bool is_direct_sum(const Network& network) {
    return std::all_of(network.phase_weights.begin(),
                       network.phase_weights.end(),
                       [](double weight) { return weight == 1; });
}

// What an emulated meter says in a field that nothing fixes.
std::string nothing_said(Encoding encoding) {
    if (encoding == Encoding::string_16 || encoding == Encoding::string_norm) return "";
    return encoding == Encoding::hundredths ? "0.00" : "0";
}

bool one_of(const std::vector<int>& values, double value) {
    return std::any_of(values.begin(), values.end(), [&](int own) { return own == value; });
}

Words part(const Words& values, int first, int count) {
    return {values.begin() + first, values.begin() + first + count};
}

}  // namespace

MeterMemory::MeterMemory(instruments::io::Clock& clock,
                         calibration::BenchModel& model,
                         std::size_t position,
                         const MeterType& type,
                         const MeterEmulatorOptions& options)
    : clock_(clock),
      model_(model),
      position_(position),
      type_(type),
      options_(options),
      settings_(checked_settings(type, options)),
      energies_(model.registered(position, clock.now()),
                carried_ratio(type, settings_.ct_primary_a, settings_.ct_secondary_a)) {
    if (type.demand) demand_.emplace(clock.now(), type.demand->default_period_s);
    if (!type.registers.serial_form.empty()) serial_ = split_serial(options.serial, type.registers);
    Words whole_identification(0x10000);
    fill_identification(0, whole_identification);  // throws for a serial that does not fit
    const Network& network = *find_network(type, settings_.network);
    if (!is_direct_sum(network)) {
        model.set_phase_weights(clock.now(), position, network.phase_weights);
    }
    update_output();
}

void MeterMemory::update_output() {
    const auto weight =
        pulse_weight_at_terminals(type_, settings_.ct_primary_a, settings_.ct_secondary_a);
    if (!weight) return;
    model_.set_output_weight(
        clock_.now(), position_, *weight * options_.faults.output_weight_scale);
}

// A request may span several rows, but no address outside a block.
bool MeterMemory::covers(int address, int count) const {
    const auto& blocks = type_.registers.blocks;
    return std::any_of(blocks.begin(), blocks.end(), [&](const RegisterBlock& block) {
        return address >= block.start && address + count <= block.start + block.words;
    });
}

Words MeterMemory::read(std::uint16_t address, int count) {
    Words words(static_cast<std::size_t>(count), 0xFFFF);
    fill_rows(address, words);
    fill_identification(address, words);
    fill_curve(address, words);
    return words;
}

MeterView MeterMemory::view(Instant at) {
    MeterView view;
    view.at = at;
    view.load = model_.meter_load(position_, at);
    view.registered = model_.registered(position_, at);
    view.type = &type_;
    view.settings = &settings_;
    view.energies = &energies_;
    view.demand = demand_ ? &*demand_ : nullptr;
    view.import_wh = [this](Instant past) {
        return model_.registered(position_, past).active_import.value();
    };
    view.energy_scale = options_.faults.energy_scale;
    return view;
}

const WrongRegister* MeterMemory::wrong(const std::string& name) const {
    for (const WrongRegister& wrong : options_.faults.wrong_registers) {
        if (wrong.quantity == name) return &wrong;
    }
    return nullptr;
}

bool MeterMemory::is_stuck(const std::string& quantity) const {
    const WrongRegister* fault = wrong(quantity);
    return fault != nullptr && clock_.now() >= fault->stuck_from;
}

// Before anything changes, and before anything is read: what a stuck register held then is known
// exactly as long as the settings are still those of then.
void MeterMemory::hold_stuck() {
    for (const WrongRegister& fault : options_.faults.wrong_registers) {
        if (clock_.now() < fault.stuck_from || stuck_.contains(fault.quantity)) continue;
        stuck_[fault.quantity] = meter_value(fault.quantity, view(fault.stuck_from));
    }
}

std::optional<double> MeterMemory::value(const Register& row, const MeterView& now) {
    const WrongRegister* fault = wrong(row.quantity);
    if (fault != nullptr && fault->not_available) return std::nullopt;
    if (fault != nullptr && fault->value) return fault->value;
    if (row.quantity == "tariff" && pretended_tariff_) return *pretended_tariff_;
    const auto held = is_stuck(row.quantity) ? stuck_.find(row.quantity) : stuck_.end();
    std::optional<double> value =
        held != stuck_.end() ? held->second : meter_value(row.quantity, now);
    if (fault != nullptr && value) *value *= fault->scale;
    return value;
}

void MeterMemory::fill_rows(std::uint16_t address, Words& words) {
    hold_stuck();
    const MeterView now = view(clock_.now());
    for (const Register& row : type_.registers.rows) {
        if (!touches(row.address, row.words, address, words)) continue;
        place(row.address, encode(row, value(row, now)), address, words);
    }
}

std::string MeterMemory::text_of(const IdentificationRow& row) const {
    const WrongRegister* fault = wrong(row.field);
    if (fault != nullptr && !fault->text.empty()) return fault->text;
    const std::string& other = options_.faults.extended_name;
    if (row.field == type_.registers.name_field && !other.empty()) return other;
    if (!row.expected.empty()) return row.expected;
    const auto serial = serial_.find(row.field);
    if (serial != serial_.end()) return serial->second;
    if (row.field == "software_version") {
        const int version = options_.software_version;
        return row.encoding == Encoding::hundredths
                   ? fmt::format("{}.{:02}", version / 100, version % 100)
                   : std::to_string(version);
    }
    return row.emulated.empty() ? nothing_said(row.encoding) : row.emulated;
}

void MeterMemory::fill_identification(std::uint16_t address, Words& words) const {
    for (const IdentificationRow& row : type_.registers.identification) {
        if (!touches(row.address, row.words, address, words)) continue;
        place(row.address, encode_text(row, text_of(row)), address, words);
    }
}

// The pointer stands on a block of the records there were when it was rewound.
void MeterMemory::fill_curve(std::uint16_t address, Words& words) {
    if (!type_.load_curve || !demand_) return;
    const LoadCurve& curve = *type_.load_curve;
    if (touches(curve.command, 1, address, words)) place(curve.command, {0}, address, words);
    if (!touches(curve.block, curve_block_words(curve), address, words)) return;
    if (curve_block_ == 0 && curve_records_ == 0) curve_records_ = demand_->records(clock_.now());
    const std::int64_t oldest = std::max<std::int64_t>(0, curve_records_ - curve.capacity);
    const std::int64_t end = curve_records_ - std::int64_t{curve_block_} * curve.records;
    const MeterView now = view(clock_.now());
    std::vector<LoadCurveRecord> records;
    for (auto index = std::max(oldest, end - curve.records); index < end; ++index) {
        records.push_back(demand_->record(index, now.import_wh));
        if (const WrongRegister* fault = wrong("load_curve")) {
            records.back().value_w *= fault->scale;
        }
    }
    place(curve.block, encode_curve_block(curve, demand_->period_s(), records), address, words);
}

void MeterMemory::move_curve(std::uint16_t command) {
    if (command == type_.load_curve->rewind) {
        curve_records_ = demand_->records(clock_.now());
        curve_block_ = 0;
        return;
    }
    const std::int64_t kept = std::min<std::int64_t>(curve_records_, type_.load_curve->capacity);
    if (std::int64_t{curve_block_} * type_.load_curve->records < kept) ++curve_block_;
}

bool MeterMemory::possible(const Register& row, std::optional<double> value) const {
    // Settings are whole numbers; what a double word may hold beyond is none of them.
    if (!value || std::abs(*value) > 1e9 || *value != std::floor(*value)) return false;
    if (row.command) return *value == 1;
    const std::string& quantity = row.quantity;
    const int whole = static_cast<int>(*value);
    if (quantity == "tariff") return *value >= 1 && *value <= type_.tariffs;
    if (quantity == "ct_primary") return ratio_possible(type_, whole, settings_.ct_secondary_a);
    if (quantity == "ct_secondary") return ratio_possible(type_, settings_.ct_primary_a, whole);
    if (quantity == "network") return find_network(type_, whole) != nullptr;
    if (quantity == "partial_running") return *value == 0 || *value == 1;
    if (quantity == "integration_period") return one_of(type_.demand->periods_s, *value);
    return false;
}

// The maker says neither which code a read-only nor which a sealed register answers; these two are
// the customary ones.
std::optional<std::uint8_t> MeterMemory::refusal(std::uint16_t address,
                                                 const Words& values,
                                                 bool broadcast) {
    if (type_.load_curve && address == type_.load_curve->command && values.size() == 1) {
        const bool known =
            values[0] == type_.load_curve->rewind || values[0] == type_.load_curve->older;
        return known ? std::nullopt : std::optional{illegal_data_value};
    }
    const int count = static_cast<int>(values.size());
    for (int index = 0; index < count;) {
        const Register* row = row_at(type_.registers, address + index);
        if (row == nullptr || row->access == Access::read || index + row->words > count) {
            return illegal_data_address;
        }
        if (broadcast && row->access != Access::broadcast) return illegal_data_address;
        if (row->access == Access::sealed) return illegal_data_value;
        const Words own = part(values, index, row->words);
        if (!possible(*row, decode(*row, own.data()))) return illegal_data_value;
        index += row->words;
    }
    return std::nullopt;
}

void MeterMemory::store(std::uint16_t address, const Words& values) {
    if (options_.faults.loses_writes) return;
    if (type_.load_curve && address == type_.load_curve->command) return move_curve(values[0]);
    hold_stuck();
    for (int index = 0; index < static_cast<int>(values.size());) {
        const Register& row = *row_at(type_.registers, address + index);
        const Words own = part(values, index, row.words);
        const int value = static_cast<int>(std::lround(*decode(row, own.data())));
        if (!is_stuck(row.quantity)) apply(row.quantity, value);
        index += row.words;
    }
}

void MeterMemory::set_transformer(int primary_a, int secondary_a) {
    settings_.ct_primary_a = primary_a;
    settings_.ct_secondary_a = secondary_a;
    energies_.set_ratio(carried_ratio(type_, primary_a, secondary_a),
                        model_.registered(position_, clock_.now()));
    update_output();
}

void MeterMemory::apply(const std::string& quantity, int value) {
    const Instant now = clock_.now();
    const auto registered = model_.registered(position_, now);
    if (quantity == "tariff") {
        pretended_tariff_ = options_.faults.stuck_tariff ? std::optional{value} : std::nullopt;
        if (!pretended_tariff_) energies_.set_tariff(value, registered);
    }
    if (quantity == "partial_running") energies_.set_partial_running(value == 1, registered);
    if (quantity == "partial_reset") energies_.reset_partials(registered);
    if (quantity == "ct_primary") set_transformer(value, settings_.ct_secondary_a);
    if (quantity == "ct_secondary") set_transformer(settings_.ct_primary_a, value);
    if (quantity == "maximum_reset" && demand_) demand_->reset_maximum(now);
    if (quantity == "integration_period") {
        demand_->set_period(now, value);
        curve_records_ = curve_block_ = 0;
    }
    if (quantity == "network") {
        const Network& network = *find_network(type_, value);
        settings_.network = network.name;
        model_.set_phase_weights(now, position_, network.phase_weights);
    }
}

}  // namespace dut
