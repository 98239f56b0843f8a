// Fuzz target: meter types. What is accepted keeps the standard's ratios, has every register inside
// a block and every ratio of its pulse output in one band.
#include "dut/meter_type.hpp"

#include "tests/fuzz/documents.hpp"

#include <cmath>
#include <vector>

namespace {

using namespace dut;
using fuzz::property;

void check_words(const Register& row) {
    for (const double count : {0.0, 1.0, 1234.0, -1.0, 1e300, -1e300}) {
        const Words words = encode(row, count * row.scale);
        property(words.size() == static_cast<std::size_t>(row.words), "a row fills its words");
        const auto value = decode(row, words.data());
        const bool fits = std::abs(count) <= 1234 && (count >= 0 || row.is_signed);
        if (!fits) continue;
        property(value && std::abs(*value - count * row.scale) <= std::abs(row.scale) * 1e-6,
                 "a register reads as it was written");
    }
    const Words nothing = encode(row, std::nullopt);
    property(!decode(row, nothing.data()), "\"not available\" is no value");
}

void check_registers(const RegisterMap& map) {
    for (const Register& row : map.rows) {
        const RegisterBlock* block = find_block(map, row.block);
        property(block != nullptr, "a register's block is there");
        property(
            row.address >= block->start && row.address + row.words <= block->start + block->words,
            "a register lies in its block");
        property(row.words >= 1 && row.words <= 4, "a register has one to four words");
        property(std::isfinite(row.scale) && row.scale != 0, "a scale scales");
        property(find_register(map, row.quantity) != nullptr, "a quantity is found");
        check_words(row);
    }
    for (const IdentificationRow& row : map.identification) {
        const Words words(static_cast<std::size_t>(row.words), 0x3132);
        property(find_identification(map, row.field) != nullptr, "a field is found");
        decode_text(row, words.data());
        if (row.expected.empty()) continue;
        fuzz::refused_or_done([&] {
            property(encode_text(row, row.expected).size() == words.size(),
                     "what is expected fills the field");
        });
    }
}

void check_weights(const MeterType& type) {
    if (!type.pulse_output) return;
    for (const PulseWeight& band : type.pulse_output->bands) {
        for (const int ratio : {band.least_ratio, band.most_ratio}) {
            const auto weight = pulse_weight(type, ratio);
            property(weight && *weight == band.weight, "a ratio has the weight of its band");
            property(fuzz::is_number_above_zero(weight->value()), "a weight is above zero");
        }
    }
}

void check(const MeterType& type) {
    property(!type.id.empty() && !type.accuracy_class.empty(), "a type has an id and a class");
    property(calibration::check_ratings(type.ratings, type.accuracy_class).empty(),
             "the ratings keep the standard's ratios");
    property(!type.nominal_voltages.empty() && !type.nominal_frequencies.empty(),
             "a type has a voltage and a frequency");
    property(type.never_exceed.current >= type.ratings.maximum, "Imax may be applied");
    property(fuzz::is_number_above_zero(type.ratings.constant.value()), "the LED has a constant");
    property(fuzz::is_number_above_zero(type.register_resolution.value()) &&
                 fuzz::is_number_above_zero(type.roll_over.value()),
             "registers have a resolution and roll over");
    check_registers(type.registers);
    check_weights(type);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of({data, size});
    const auto type = fuzz::loaded([&] { return parse_meter_type(text, fuzz::document_name); });
    if (type) check(*type);
    return 0;
}
