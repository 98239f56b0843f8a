// Reading faults: from a command line, and held against the bench they are meant for.
#include "calibration/document.hpp"
#include "rig/bench_file.hpp"
#include "rig/fault_kinds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace rig {

namespace {

using calibration::DataError;
using enum FaultyDevice;

constexpr double most_at_s = 1e7;

constexpr std::array table{
    FaultKind{.name = "source-nak", .device = source},
    FaultKind{.name = "source-silent", .device = source, .once = true},
    FaultKind{.name = "source-trip", .device = source, .once = true},
    FaultKind{.name = "source-garbled", .device = source, .once = true},
    FaultKind{.name = "source-late",
              .device = source,
              .once = true,
              .amount = "seconds",
              .least = 0,
              .most = 3600},
    FaultKind{
        .name = "source-drift", .device = source, .amount = "percent", .least = -100, .most = 20},
    FaultKind{.name = "swapped-phases", .device = source},
    FaultKind{.name = "reference-silent", .device = reference, .once = true},
    FaultKind{.name = "reference-garbled", .device = reference, .once = true},
    FaultKind{.name = "reference-range-change", .device = reference, .once = true},
    FaultKind{.name = "reference-overload", .device = reference, .once = true},
    FaultKind{.name = "reference-wrong-constant", .device = reference, .once = true},
    FaultKind{.name = "flipped-bit", .device = capture},
    FaultKind{.name = "lost-frame", .device = capture},
    FaultKind{.name = "lost-edge", .device = capture, .at_position = true},
    FaultKind{.name = "missed-edge", .device = capture, .at_position = true},
    FaultKind{.name = "extra-edge", .device = capture, .at_position = true},
    FaultKind{.name = "bounce", .device = capture, .at_position = true},
    FaultKind{.name = "flicker",
              .device = capture,
              .at_position = true,
              .amount = "seconds",
              .least = 0,
              .most = 1e6},
    FaultKind{.name = "dead-head", .device = capture, .at_position = true},
    FaultKind{.name = "swapped-heads",
              .device = capture,
              .at_position = true,
              .amount = "number of the other position",
              .least = 1,
              .most = 80,
              .amount_needed = true},
    FaultKind{.name = "overflow", .device = capture, .amount = "edges", .least = 0, .most = 1e6},
    FaultKind{.name = "capture-restart", .device = capture},
    FaultKind{.name = "capture-silent", .device = capture, .once = true},
    FaultKind{
        .name = "clock-step", .device = capture, .amount = "ticks", .least = -1e12, .most = 1e12},
    FaultKind{.name = "meter-silent", .device = meter, .at_position = true, .once = true},
    FaultKind{.name = "meter-exception",
              .device = meter,
              .at_position = true,
              .once = true,
              .amount = "exception code",
              .least = 0,
              .most = 255},
    FaultKind{.name = "meter-late",
              .device = meter,
              .at_position = true,
              .once = true,
              .amount = "seconds",
              .least = 0,
              .most = 3600},
    FaultKind{.name = "wrong-constant",
              .device = meter,
              .at_position = true,
              .once = true,
              .timed = false,
              .amount = "impulses per kWh",
              .least = 0,
              .most = 1e7},
};

std::string known_faults() { return fmt::format("{}", fmt::join(fault_kinds(), ", ")); }

double parse_number(std::string_view whole, std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        throw DataError(
            fmt::format("fault '{}': expected KIND[:POSITION][@SECONDS][=AMOUNT]", whole));
    }
    return value;
}

// Cuts what follows the last `mark` off `text`.
std::optional<std::string_view> cut_tail(std::string_view& text, char mark) {
    const auto at = text.rfind(mark);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view tail = text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
}

std::string_view name_of(FaultyDevice device) {
    constexpr std::array<std::string_view, 4> names{"source", "reference", "capture", "meter"};
    return names[static_cast<std::size_t>(device)];
}

[[noreturn]] void refuse(const FaultEntry& fault, const std::string& why) {
    throw DataError(fmt::format("fault '{}': {}", fault.kind, why));
}

void check_values(const FaultEntry& fault, const FaultKind& kind) {
    if (!(fault.at_s >= 0 && fault.at_s <= most_at_s)) {
        refuse(fault,
               fmt::format("expected a time from 0 to {:g} s, got {:g}", most_at_s, fault.at_s));
    }
    if (!kind.timed && fault.at_s != 0) {
        refuse(fault,
               fmt::format("is there from the start: expected no time, got {:g} s", fault.at_s));
    }
    if (kind.amount.empty() && fault.amount != 0) {
        refuse(fault, fmt::format("expected no amount, got {:g}", fault.amount));
    }
    if (kind.amount_needed && fault.amount == 0) {
        refuse(fault, fmt::format("expected an amount: the {}", kind.amount));
    }
    if (fault.amount != 0 && !(fault.amount >= kind.least && fault.amount <= kind.most)) {
        refuse(fault,
               fmt::format("expected an amount ({}) from {:g} to {:g}, got {:g}",
                           kind.amount,
                           kind.least,
                           kind.most,
                           fault.amount));
    }
}

const PositionEntry* find_position(const BenchFile& bench, std::string_view name) {
    const auto found = std::ranges::find(bench.positions, name, &PositionEntry::name);
    return found == bench.positions.end() ? nullptr : &*found;
}

void check_position(const BenchFile& bench, const FaultEntry& fault, const FaultKind& kind) {
    if (kind.at_position && fault.position.empty()) {
        refuse(fault, "expected a position, got none");
    }
    if (!kind.at_position && !fault.position.empty()) {
        refuse(fault, fmt::format("expected no position, got '{}'", fault.position));
    }
    if (kind.at_position && find_position(bench, fault.position) == nullptr) {
        refuse(fault, fmt::format("expected a position of this bench, got '{}'", fault.position));
    }
    if (fault.kind != "swapped-heads") {
        return;
    }
    const auto number = static_cast<std::size_t>(fault.amount);
    if (static_cast<double>(number) != fault.amount || number > bench.positions.size() ||
        bench.positions[number - 1].name == fault.position) {
        refuse(fault,
               fmt::format("expected the number of another position, 1 to {}, got {:g}",
                           bench.positions.size(),
                           fault.amount));
    }
}

// A fault of a device that is really there could only be pretended.
void check_simulated(const BenchFile& bench, const FaultEntry& fault, const FaultKind& kind) {
    const bool untold_constant =
        fault.kind == "wrong-constant";  // of the LED, which the capture sees
    const bool simulated = kind.device == source      ? bench.source.simulated()
                           : kind.device == reference ? bench.reference.simulated()
                           : kind.device == capture || untold_constant
                               ? bench.capture.simulated()
                               : find_position(bench, fault.position)->port == twin_link;
    if (!simulated) {
        refuse(fault,
               fmt::format("expected a bench whose {} is on the twin", name_of(kind.device)));
    }
}

void check_once(const BenchFile& bench, const FaultEntry& fault, const FaultKind& kind) {
    const auto same = [&](const FaultEntry& other) {
        return other.kind == fault.kind && other.position == fault.position;
    };
    if (kind.once && std::ranges::count_if(bench.faults, same) > 1) {
        refuse(fault, "expected it once, got it more often");
    }
}

}  // namespace

std::span<const FaultKind> fault_table() { return table; }

const FaultKind* find_fault_kind(std::string_view name) {
    const auto* const found = std::ranges::find(table, name, &FaultKind::name);
    return found == table.end() ? nullptr : found;
}

FaultEntry parse_fault(std::string_view text) {
    std::string_view left = text;
    FaultEntry fault;
    if (const auto amount = cut_tail(left, '=')) {
        fault.amount = parse_number(text, *amount);
    }
    if (const auto at = cut_tail(left, '@')) {
        fault.at_s = parse_number(text, *at);
    }
    const auto colon = left.find(':');
    fault.kind = left.substr(0, colon);
    if (colon != std::string_view::npos) {
        fault.position = left.substr(colon + 1);
    }
    const FaultKind* const kind = find_fault_kind(fault.kind);
    if (kind == nullptr) {
        throw DataError(fmt::format("fault '{}': expected one of {}", text, known_faults()));
    }
    check_values(fault, *kind);
    return fault;
}

std::vector<std::string_view> fault_kinds() {
    std::vector<std::string_view> kinds;
    for (const FaultKind& kind : table) {
        kinds.push_back(kind.name);
    }
    return kinds;
}

void check_faults(const BenchFile& bench) {
    for (const FaultEntry& fault : bench.faults) {
        const FaultKind* const kind = find_fault_kind(fault.kind);
        if (kind == nullptr) {
            refuse(fault, fmt::format("expected one of {}", known_faults()));
        }
        check_values(fault, *kind);
        check_position(bench, fault, *kind);
        check_simulated(bench, fault, *kind);
        check_once(bench, fault, *kind);
    }
}

}  // namespace rig
