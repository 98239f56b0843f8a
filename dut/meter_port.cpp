// Whether a meter is the one expected, and how far its registers went.
#include "dut/meter_port.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace dut {
namespace {

std::string folded(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

std::string expected_text(const MeterType& type, std::string_view field) {
    const auto* row = find_identification(type.registers, field);
    return row == nullptr ? std::string{} : row->expected;
}

// In counts, where the arithmetic is exact; a register that went down went over its end once.
double advance(double from, double to, double resolution, double roll_over) {
    double counts = std::round(to / resolution) - std::round(from / resolution);
    if (counts < 0) counts += std::round(roll_over / resolution);
    return counts * resolution;
}

double advance(double from, double to, const RegisterReading& reading) {
    return advance(from, to, reading.resolution.value(), reading.roll_over.value()) / reading.ratio;
}

}  // namespace

std::optional<std::string> mismatch(const MeterIdentity& identity, const MeterType& type) {
    const std::string maker = expected_text(type, type.registers.probe_field);
    if (identity.maker != maker) {
        return fmt::format("says its maker is \"{}\", expected \"{}\"", identity.maker, maker);
    }
    const std::string name = expected_text(type, type.registers.name_field);
    if (name.empty() || folded(identity.extended_name) == folded(name)) return std::nullopt;
    if (identity.extended_name.empty()) {
        return fmt::format("does not say what it is, expected {}", name);
    }
    return fmt::format("is a {}, expected {}", identity.extended_name, name);
}

calibration::WattHour active_import_advance(const RegisterReading& from,
                                            const RegisterReading& to) {
    return calibration::WattHour{advance(from.active_import.value(), to.active_import.value(), to)};
}

calibration::WattHour active_export_advance(const RegisterReading& from,
                                            const RegisterReading& to) {
    return calibration::WattHour{advance(from.active_export.value(), to.active_export.value(), to)};
}

calibration::VarHour reactive_import_advance(const RegisterReading& from,
                                             const RegisterReading& to) {
    return calibration::VarHour{
        advance(from.reactive_import.value(), to.reactive_import.value(), to)};
}

calibration::VarHour reactive_export_advance(const RegisterReading& from,
                                             const RegisterReading& to) {
    return calibration::VarHour{
        advance(from.reactive_export.value(), to.reactive_export.value(), to)};
}

std::optional<double> advance(const QuantityReading& from,
                              const QuantityReading& to,
                              calibration::WattHour roll_over) {
    if (!from.value || !to.value) return std::nullopt;
    return advance(*from.value, *to.value, to.step, roll_over.value());
}

std::string field_text(const MeterIdentity& identity, std::string_view field) {
    for (const IdentityField& own : identity.fields) {
        if (own.field == field) return own.text;
    }
    return {};
}

}  // namespace dut
