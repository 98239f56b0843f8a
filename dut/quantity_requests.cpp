// Planning of requests, reading and setting of single quantities.
#include "dut/quantity_requests.hpp"

#include "dut/modbus_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace dut {
namespace {

using instruments::DeviceFault;

constexpr double least_frequency_hz = 45, most_frequency_hz = 65;
// A value this close to a count is that count.
constexpr double count_tolerance = 1e-6;

bool fits(const PlannedRequest& request, const Register& row, const RegisterBlock& block) {
    const Register& first = *request.rows.front();
    return first.block == block.name &&
           row.address + row.words - request.address <= static_cast<int>(most_registers_read);
}

// Why a row of a block that nobody has read on such a meter has no value.
std::string refused(const DeviceFault& fault) { return fault.report().problem; }

struct Answer {
    Words words;
    std::string refusal;
};

// A refusal of an assumed block says that the meter has no such registers: that costs their values
// and nothing else.
Task<Answer> ask(ModbusClient& client, const PlannedRequest& request) {
    Answer answer;
    try {
        answer.words = co_await client.read(request.address, request.words);
    } catch (const DeviceFault& fault) {
        if (!request.assumed || !is_refusal(fault)) throw;
        answer.refusal = refused(fault);
    }
    co_return answer;
}

QuantityReading without_value(const Register& row, std::string reason) {
    return {row.quantity, std::nullopt, step(row), row.unit, std::move(reason)};
}

[[noreturn]] void fail(std::string_view meter, std::string operation, std::string problem) {
    throw DeviceFault({std::string(meter), std::move(operation), std::move(problem), ""});
}

Task<std::optional<double>> read_value(ModbusClient& client,
                                       const RegisterMap& map,
                                       const Register& row) {
    const auto readings = co_await read_rows(client, map, {&row});
    co_return readings.front().value;
}

// The meter's refusal of a write, as MeterPort::set reports it; nothing when it was something else.
std::optional<std::string> refusal_of_write(const DeviceFault& fault) {
    if (!is_refusal(fault) || !fault.report().operation.starts_with("write")) return std::nullopt;
    constexpr std::string_view prefix = "refused: ";
    const std::string& problem = fault.report().problem;
    const auto start = problem.starts_with(prefix) ? prefix.size() : 0;
    return fmt::format("{}: {}", fault.report().code, problem.substr(start));
}

// A write that went wrong may have happened: what was there before must not get lost with it.
DeviceFault with_old_value(const DeviceFault& fault, std::optional<double> before) {
    auto report = fault.report();
    report.problem +=
        before ? fmt::format("; before it read {}", *before) : "; before it read nothing";
    return DeviceFault(std::move(report));
}

// A command does something and reads 0 afterwards; everything else must read back as written.
Task<void> write_row(ModbusClient& client, const Register& row, Words words) {
    if (row.command) {
        co_await client.command(row.address, words.back());
    } else {
        co_await client.write(row.address, std::move(words));
    }
}

}  // namespace

bool is_refusal(const DeviceFault& fault) { return fault.report().code.starts_with("exception "); }

std::vector<PlannedRequest> plan_requests(const RegisterMap& map,
                                          std::vector<const Register*> rows) {
    std::sort(rows.begin(), rows.end(), [](const Register* a, const Register* b) {
        return a->address < b->address;
    });
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    std::vector<PlannedRequest> requests;
    for (const Register* row : rows) {
        const RegisterBlock& block = *find_block(map, row->block);
        if (requests.empty() || !fits(requests.back(), *row, block)) {
            requests.push_back({row->address, 0, block.confidence == "assumed", {}});
        }
        PlannedRequest& request = requests.back();
        request.words = std::max(request.words, row->address + row->words - request.address);
        request.rows.push_back(row);
    }
    return requests;
}

QuantityReading reading_of(const Register& row,
                           const std::uint16_t* words,
                           std::string_view meter) {
    const auto value = decode(row, words);
    if (!value) return without_value(row, "not available");
    if (row.other_scales.empty()) return {row.quantity, value, step(row), row.unit, ""};
    const auto scaled = decode_within(row, words, least_frequency_hz, most_frequency_hz);
    if (scaled) return {row.quantity, scaled->value, scaled->scale, row.unit, ""};
    fail(meter,
         "read " + address_text(row.address),
         fmt::format("no known scale brings the {} into {} to {} Hz (raw value times {} is {})",
                     row.quantity,
                     least_frequency_hz,
                     most_frequency_hz,
                     row.scale,
                     *value));
}

Task<std::vector<QuantityReading>> read_rows(ModbusClient& client,
                                             const RegisterMap& map,
                                             std::vector<const Register*> rows) {
    std::map<const Register*, QuantityReading> read;
    for (const PlannedRequest& request : plan_requests(map, rows)) {
        const Answer answer = co_await ask(client, request);
        for (const Register* row : request.rows) {
            read[row] = answer.refusal.empty()
                            ? reading_of(*row,
                                         answer.words.data() + (row->address - request.address),
                                         client.name())
                            : without_value(*row, answer.refusal);
        }
    }
    std::vector<QuantityReading> readings;
    for (const Register* row : rows) readings.push_back(read.at(row));
    co_return readings;
}

Words words_for(const Register& row, double value, std::string_view meter) {
    const std::string operation = fmt::format("set {} to {}", row.quantity, value);
    const double counts = std::round(value / step(row));
    if (!(std::abs(value / step(row) - counts) <= count_tolerance)) {
        fail(meter, operation, fmt::format("expected a multiple of {}", step(row)));
    }
    Words words = encode(row, counts * step(row));
    if (decode(row, words.data())) return words;
    fail(meter, operation, fmt::format("does not fit {} words", row.words));
}

Task<SettingOutcome> set_row(ModbusClient& client,
                             const RegisterMap& map,
                             const Register& row,
                             double value) {
    SettingOutcome outcome{row.quantity, {}, {}, ""};
    if (row.access == Access::read) {
        fail(client.name(),
             fmt::format("set {}", row.quantity),
             address_text(row.address) + " is read only");
    }
    Words words = words_for(row, value, client.name());
    outcome.before = co_await read_value(client, map, row);
    try {
        co_await write_row(client, row, std::move(words));
    } catch (const DeviceFault& fault) {
        const auto refusal = refusal_of_write(fault);
        if (!refusal) throw with_old_value(fault, outcome.before);
        outcome.refusal = *refusal;
    }
    try {
        outcome.after = co_await read_value(client, map, row);
    } catch (const DeviceFault& fault) {
        throw with_old_value(fault, outcome.before);
    }
    co_return outcome;
}

Task<void> broadcast_row(ModbusClient& client, const Register& row, double value) {
    if (row.access != Access::broadcast) {
        fail(client.name(),
             fmt::format("broadcast {}", row.quantity),
             address_text(row.address) + " may not be broadcast");
    }
    const Words words = words_for(row, value, client.name());
    co_await client.broadcast(row.address, words.back());
}

}  // namespace dut
