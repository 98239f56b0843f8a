// Image, seal, temporary file, re-read, compare, rename. The final name never shows anything but
// whole evidence.
#include "reports/hdf5_writer.hpp"

#include "calibration/document.hpp"
#include "reports/durable_file.hpp"
#include "reports/evidence_image.hpp"
#include "reports/h5.hpp"
#include "reports/seal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

namespace reports {
namespace {

using sequences::PositionResult;
using sequences::RunResult;

// Equal to the bit, so that a NaN equals itself.
bool same(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool same_gate(const PositionResult& a, const PositionResult& b) {
    if (a.gate.has_value() != b.gate.has_value()) {
        return false;
    }
    return !a.gate || (same(a.gate->error_pi_percent, b.gate->error_pi_percent) &&
                       same(a.gate->error_omega_percent, b.gate->error_omega_percent) &&
                       a.gate->intervals == b.gate->intervals && a.gate->index == b.gate->index);
}

bool same_uncertainty(const PositionResult& a, const PositionResult& b) {
    if (a.budget.has_value() != b.budget.has_value()) {
        return false;
    }
    return !a.budget || same(a.budget->expanded_percent, b.budget->expanded_percent);
}

// What is no number is stored as what is not there.
bool same(const std::optional<double>& a, const std::optional<double>& b) {
    const auto stored = [](const std::optional<double>& value) {
        return value && !std::isnan(*value);
    };
    return stored(a) == stored(b) && (!stored(a) || same(*a, *b));
}

bool same_line(const sequences::CheckLine& a, const sequences::CheckLine& b) {
    return a.what == b.what && a.unit == b.unit && a.text == b.text && a.verdict == b.verdict &&
           same(a.value, b.value) && same(a.least, b.least) && same(a.most, b.most);
}

bool same_reading(const sequences::PortReading& a, const sequences::PortReading& b) {
    return a.label == b.label && a.quantity == b.quantity && a.unit == b.unit &&
           a.reason == b.reason && same(a.value, b.value) && same(a.time_s, b.time_s) &&
           same(a.step, b.step);
}

bool same_moment(const sequences::StepMoment& a, const sequences::StepMoment& b) {
    return a.label == b.label && a.tick == b.tick && a.reference_impulses == b.reference_impulses &&
           same(a.time_s, b.time_s) &&
           same(a.reference_constant_imp_per_kwh, b.reference_constant_imp_per_kwh);
}

bool same_look(const sequences::StepLook& a, const sequences::StepLook& b) {
    return same(a.time_s, b.time_s) && same(a.active_w, b.active_w) &&
           same(a.reactive_var, b.reactive_var);
}

bool same_position(const PositionResult& a, const PositionResult& b) {
    return a.position == b.position && a.serial == b.serial && a.verdict == b.verdict &&
           a.reason == b.reason && a.edges == b.edges && same_gate(a, b) &&
           same_uncertainty(a, b) && std::ranges::equal(a.checks, b.checks, same_line) &&
           std::ranges::equal(a.readings, b.readings, same_reading);
}

bool same_results(const RunResult& a, const RunResult& b) {
    if (a.points.size() != b.points.size() || a.verdict != b.verdict) {
        return false;
    }
    for (std::size_t at = 0; at < a.points.size(); ++at) {
        const auto& mine = a.points[at];
        const auto& other = b.points[at];
        if (!std::ranges::equal(mine.positions, other.positions, same_position) ||
            !std::ranges::equal(mine.moments, other.moments, same_moment) ||
            !std::ranges::equal(mine.looks, other.looks, same_look)) {
            return false;
        }
    }
    return std::ranges::equal(a.meters, b.meters, [](const auto& x, const auto& y) {
        return x.position == y.position && x.serial == y.serial && x.verdict == y.verdict &&
               x.edge_ticks == y.edge_ticks && x.output_edge_ticks == y.output_edge_ticks;
    });
}

void write_verified(const RunResult& run, const std::filesystem::path& path) {
    std::vector<std::byte> image = evidence_image(run);
    seal(image);
    TemporaryFile file(path);
    file.write(image);
    const std::vector<std::byte> read = file.read_back();
    if (read != image || !same_results(run, record_from_image(read))) {
        throw FileError("what was read back differs from what was written");
    }
    file.commit();
}

std::string not_written(const std::filesystem::path& path, const char* why) {
    auto journal = path;
    journal += ".journal";
    std::error_code ignored;
    const std::string rest =
        std::filesystem::exists(journal, ignored)
            ? fmt::format("; the journal {} still holds the run", journal.filename().string())
            : std::string();
    return fmt::format("{}: {}: the evidence was not written{}", path.string(), why, rest);
}

}  // namespace

void write_evidence(const RunResult& run, const std::filesystem::path& path) {
    try {
        write_verified(run, path);
    } catch (const FileError& error) {
        throw EvidenceError(not_written(path, error.what()));
    } catch (const h5::Error& error) {
        throw EvidenceError(not_written(path, error.what()));
    } catch (const calibration::DataError& error) {
        throw EvidenceError(not_written(path, error.what()));
    }
}

}  // namespace reports
