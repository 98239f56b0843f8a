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
calibration::WattHour advance(double from, double to, const RegisterReading& reading) {
    const double resolution = reading.resolution.value();
    double counts = std::round(to / resolution) - std::round(from / resolution);
    if (counts < 0) counts += std::round(reading.roll_over.value() / resolution);
    return calibration::WattHour{counts * resolution / reading.ratio};
}

}  // namespace

std::optional<std::string> mismatch(const MeterIdentity& identity, const MeterType& type) {
    const std::string maker = expected_text(type, "maker");
    if (identity.maker != maker) {
        return fmt::format("says its maker is \"{}\", expected \"{}\"", identity.maker, maker);
    }
    const std::string name = expected_text(type, "extended_name");
    if (name.empty() || folded(identity.extended_name) == folded(name)) return std::nullopt;
    if (identity.extended_name.empty()) {
        return fmt::format("does not say what it is, expected {}", name);
    }
    return fmt::format("is a {}, expected {}", identity.extended_name, name);
}

calibration::WattHour active_import_advance(const RegisterReading& from,
                                            const RegisterReading& to) {
    return advance(from.active_import.value(), to.active_import.value(), to);
}

calibration::WattHour active_export_advance(const RegisterReading& from,
                                            const RegisterReading& to) {
    return advance(from.active_export.value(), to.active_export.value(), to);
}

}  // namespace dut
