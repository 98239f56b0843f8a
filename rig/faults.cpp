// Reading faults: from a command line, and held against the bench they are meant for.
#include "calibration/document.hpp"
#include "rig/bench_file.hpp"
#include "rig/fault_kinds.hpp"
#include "rig/port_address.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace rig {

namespace {

using calibration::DataError;

constexpr double most_at_s = 1e7;

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
    if (kind.amount == Amount::none && fault.amount != 0) {
        refuse(fault, fmt::format("expected no amount, got {:g}", fault.amount));
    }
    if (kind.amount_needed() && fault.amount == 0) {
        refuse(fault, fmt::format("expected an amount: the {}", kind.says));
    }
    if (fault.amount != 0 && !(fault.amount >= kind.least && fault.amount <= kind.most)) {
        refuse(fault,
               fmt::format("expected an amount ({}) from {:g} to {:g}, got {:g}",
                           kind.says,
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
}

void check_other_position(const BenchFile& bench, const FaultEntry& fault, const FaultKind& kind) {
    if (kind.amount != Amount::other_position) {
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

// The bus a position hangs on; null: none.
const BusEntry* bus_of(const BenchFile& bench, const PositionEntry& position) {
    return bench.bus(parse_port(position.port).bus);
}

// Whether the device that is to fail is on the twin, and what is expected of the bench otherwise.
struct Simulated {
    bool is = false;
    std::string expected;
};

Simulated device_simulated(const BenchFile& bench, const FaultEntry& fault, FaultyDevice device) {
    using enum FaultyDevice;
    const PositionEntry* const position = find_position(bench, fault.position);
    const auto on_twin = [](bool is, std::string_view name) {
        return Simulated{is, fmt::format("a bench whose {} is on the twin", name)};
    };
    switch (device) {
        case source:
            return on_twin(bench.source.simulated(), "source");
        case reference:
            return on_twin(bench.reference.simulated(), "reference");
        case capture:
            return on_twin(bench.capture.simulated(), "capture");
        case meter:
            // A wrong constant is the LED's, which the capture sees.
            return on_twin(fault.kind == "wrong-constant" ? bench.capture.simulated()
                                                          : bench.port_simulated(*position),
                           "meter");
        case output:
            return {bench.capture.simulated() && position->output_channel,
                    "a position with an output channel of a capture on the twin"};
        case line: {
            const BusEntry* const bus = bus_of(bench, *position);
            return {bus != nullptr && bus->simulated(), "a position on a bus of the twin"};
        }
        case position_switch:
            break;
    }
    if (position != nullptr && !position->bypass_channel) {
        return {false, "a position with a bypass channel"};
    }
    return on_twin(bench.position_switch && bench.position_switch->simulated(), "position switch");
}

// A fault of a device that is really there could only be pretended.
void check_simulated(const BenchFile& bench, const FaultEntry& fault, const FaultKind& kind) {
    const auto demand = [&](const FaultEntry& befallen) {
        const Simulated simulated = device_simulated(bench, befallen, kind.device);
        if (!simulated.is) {
            refuse(fault, fmt::format("expected {}", simulated.expected));
        }
    };
    demand(fault);
    if (kind.amount != Amount::other_position) {
        return;
    }
    const PositionEntry& other = bench.positions[static_cast<std::size_t>(fault.amount) - 1];
    FaultEntry others = fault;
    others.position = other.name;
    demand(others);
    if (kind.device == FaultyDevice::line &&
        bus_of(bench, other) != bus_of(bench, *find_position(bench, fault.position))) {
        refuse(fault, "expected two positions of one bus");
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
    for (const FaultKind& kind : fault_table()) {
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
        check_other_position(bench, fault, *kind);
        check_simulated(bench, fault, *kind);
        check_once(bench, fault, *kind);
    }
}

}  // namespace rig
