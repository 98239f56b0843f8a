#include "instruments/zera_zscpi/emulator.hpp"

#include "instruments/zera_zscpi/commands.hpp"
#include "instruments/zera_zscpi/instrument.hpp"
#include "instruments/zera_zscpi/measured.hpp"
#include "instruments/zera_zscpi/parameters.hpp"
#include "instruments/zera_zscpi/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>

namespace instruments::zera_zscpi {

namespace {

using calibration::Instant;
using io::Task;

constexpr std::size_t error_queue_length = 50;
constexpr int error_queue_bit = 4, service_bit = 64;  // of the status byte

const ErrorEntry no_error{0, "No error"};
const ErrorEntry command_error{-100, "Command error"};
const ErrorEntry parameter_error{-220, "Parameter error"};
const ErrorEntry queue_overflow{-350, "Queue overflow"};

// A reading taken for the line that is being worked on: all modules with the same period share it.
struct LineSample {
    Instant period_end;
    Sample sample;
};

// Everything the instrument keeps for one connection.
struct Client {
    LineSplitter lines;
    std::string reply;    // to the line that is being worked on
    std::string scratch;  // the answer that is being written
    std::deque<ErrorEntry> errors;
    std::int64_t event_enable = 0, service_enable = 0;
    std::array<std::optional<Sample>, module_count> readings;  // what FETCH repeats
    Instant line_start;
    std::optional<LineSample> line_sample;

    std::int64_t status() const {
        const int summary = errors.empty() ? 0 : error_queue_bit;
        return summary | ((summary & service_enable) != 0 ? service_bit : 0);
    }
};

enum class Verb { measure, read, fetch, initiate, configure };
constexpr std::array<std::pair<std::string_view, Verb>, 5> verbs{{{"MEASURE", Verb::measure},
                                                                  {"READ", Verb::read},
                                                                  {"FETCH", Verb::fetch},
                                                                  {"INITIATE", Verb::initiate},
                                                                  {"CONFIGURE", Verb::configure}}};

struct Measurement {
    Verb verb;
    std::span<const MeasuredValue> values;
};

// CONF is short for CONFIGURE and for CONFIGURATION: it is a measurement only if there is such a
// value.
std::optional<Measurement> find_measurement(std::string_view header) {
    const std::string_view first = take_until(header, ':');
    for (const auto& [name, verb] : verbs) {
        if (!node_matches(name, first)) continue;
        if (const auto values = find_measured(header)) return Measurement{verb, *values};
    }
    return std::nullopt;
}

// Every third character is changed and none becomes a line end, so that neither numbers nor headers
// survive.
void garble(std::string& text, std::size_t from) {
    for (std::size_t i = from; i < text.size(); i += 3) text[i] = '~';
}

}  // namespace

struct Emulator::State {
    State(io::Clock& bench_clock, calibration::BenchModel& bench, Options chosen)
        : clock(bench_clock),
          options(std::move(chosen)),
          instrument(clock.now(), bench, find_model(options.model), options.seed) {}

    // -- what happens by itself --
    Instant next_event() const;
    void let_happen();
    Task<void> wait_until(Instant instant);

    // -- answering --
    Task<void> serve(io::ByteLink& link);
    Task<void> execute(Command command, Client& client);
    Task<void> measure(Measurement measurement, Client& client);
    Task<void> take_reading(std::size_t module, Client& client);
    void repeat_reading(const Measurement& measurement, Client& client);
    void execute_setting(const Command& command, Client& client);
    void execute_common(const Command& command, Client& client);
    void execute_error_query(std::string_view which, Client& client);
    bool is_error_query(const Command& command, std::string_view& which) const;
    void write_parameter(const Parameter& parameter, const Command& command, Client& client);
    void read_parameter(const Parameter& parameter, Client& client);
    void write_register(std::int64_t& target, const Command& command, Client& client);
    void answer(Client& client, std::string_view text);
    void answer_register(Client& client, std::int64_t value);
    void raise(Client& client, const ErrorEntry& error);

    io::Clock& clock;
    Options options;
    Instrument instrument;
    bool knob_turned = false;
    bool overload_forced = false;
    bool garbled = false;
};

Instant Emulator::State::next_event() const {
    Instant next = instrument.next_write();
    if (!knob_turned) next = std::min(next, options.faults.range_change_at);
    if (!overload_forced) next = std::min(next, options.faults.overload_at);
    return next;
}

void Emulator::State::let_happen() {
    const Instant now = clock.now();
    instrument.apply_writes(now);
    if (now >= options.faults.range_change_at && !std::exchange(knob_turned, true)) {
        instrument.turn_current_knob(now);
    }
    if (now >= options.faults.overload_at && !std::exchange(overload_forced, true)) {
        instrument.set_overload(true);
    }
}

Task<void> Emulator::State::wait_until(Instant instant) {
    while (clock.now() < instant) {
        co_await clock.sleep_until(std::min(instant, next_event()));
        let_happen();
    }
}

Task<void> Emulator::State::serve(io::ByteLink& link) {
    Client client;
    for (;;) {
        const io::Bytes bytes = co_await link.read(next_event());
        let_happen();
        if (clock.now() >= options.faults.silent_from) continue;
        client.lines.feed(bytes);
        while (const auto line = client.lines.next()) {
            client.reply.clear();
            client.line_sample.reset();
            client.line_start = clock.now();
            std::string_view rest = *line;
            while (!rest.empty()) {
                const Command command = parse_command(take_until(rest, '|'));
                co_await execute(command, client);
            }
            if (!client.reply.empty()) co_await link.write(io::bytes_of(client.reply));
        }
    }
}

Task<void> Emulator::State::execute(Command command, Client& client) {
    if (command.header.empty()) co_return;
    if (const auto measurement = find_measurement(command.header)) {
        const bool sets_up =
            measurement->verb == Verb::initiate || measurement->verb == Verb::configure;
        if (command.query == sets_up) {
            raise(client, command_error);
            co_return;
        }
        co_await measure(*measurement, client);
    } else {
        execute_setting(command, client);
    }
}

// MEASURE, READ and INITIATE wait for the end of the period that runs; FETCH repeats what they got,
// at once.
Task<void> Emulator::State::measure(Measurement measurement, Client& client) {
    const bool takes = measurement.verb != Verb::fetch && measurement.verb != Verb::configure;
    std::optional<std::size_t> taken;
    for (const MeasuredValue& value : measurement.values) {
        if (!takes || taken == value.module) continue;
        co_await take_reading(value.module, client);
        taken = value.module;
    }
    const bool answers = measurement.verb != Verb::initiate && measurement.verb != Verb::configure;
    if (answers) repeat_reading(measurement, client);
}

Task<void> Emulator::State::take_reading(std::size_t module, Client& client) {
    const Instant end = instrument.period_end(module, client.line_start);
    if (!client.line_sample || client.line_sample->period_end != end) {
        co_await wait_until(end);
        client.line_sample = LineSample{end, instrument.sample(clock.now())};
    }
    client.readings[module] = client.line_sample->sample;
}

void Emulator::State::repeat_reading(const Measurement& measurement, Client& client) {
    client.scratch.clear();
    for (const MeasuredValue& value : measurement.values) {
        const auto& reading = client.readings[value.module];
        if (reading) value.append(*reading, value.index, client.scratch, value);
    }
    answer(client, client.scratch.empty() ? std::string_view{";"} : client.scratch);
}

void Emulator::State::execute_setting(const Command& command, Client& client) {
    std::string_view which;
    if (command.header.front() == '*') {
        execute_common(command, client);
    } else if (is_error_query(command, which)) {
        execute_error_query(which, client);
    } else if (command.query && header_matches("DEVICE:IFACE", command.header)) {
        answer(client, interface_description(instrument));
    } else if (const Parameter* parameter = find_parameter(command.header)) {
        if (command.query) {
            read_parameter(*parameter, client);
        } else {
            write_parameter(*parameter, command, client);
        }
    } else {
        raise(client, command_error);  // and no answer
    }
}

void Emulator::State::read_parameter(const Parameter& parameter, Client& client) {
    if (parameter.watched || instrument.automatic()) instrument.watch(clock.now());
    client.scratch.clear();
    const bool constant = parameter.path == "CONFIGURATION:POW1:M0CONSTANT";
    if (constant && clock.now() >= options.faults.wrong_constant_from) {
        append_number(client.scratch, 3 * instrument.constant().value(), 15);
    } else {
        parameter.read(instrument, parameter.index, client.scratch);
    }
    answer(client, client.scratch);
}

void Emulator::State::write_parameter(const Parameter& parameter,
                                      const Command& command,
                                      Client& client) {
    if (!command.terminated || parameter.accept == nullptr || command.parameter.empty()) {
        raise(client, command_error);
        return;
    }
    const auto value = parameter.accept(instrument, parameter.index, command.parameter);
    if (!value) {
        raise(client, parameter_error);
        return;
    }
    instrument.write_later(parameter, *value, clock.now() + options.write_time);
}

void Emulator::State::write_register(std::int64_t& target, const Command& command, Client& client) {
    const auto value = parse_register(command.parameter);
    if (!command.terminated || !value || *value > 255) {
        raise(client, command_error);
        return;
    }
    target = *value;
}

// *ESR? says nothing of errors and is not cleared by reading; *TST? answers 1 for "passed"; *WAI is
// not there.
void Emulator::State::execute_common(const Command& command, Client& client) {
    const auto is = [&](std::string_view name, bool query) {
        return command.query == query && node_matches(name, command.header);
    };
    if (is("*IDN", true)) {
        answer(client,
               fmt::format(
                   "ZERA GmbH Koenigswinter, {}, {}, release-1.4", options.model, options.serial));
    } else if (is("*OPC", true)) {
        answer_register(client, instrument.write_pending() ? 0 : 1);
    } else if (is("*STB", true)) {
        answer_register(client, client.status());
    } else if (is("*ESR", true)) {
        answer_register(client, 0);
    } else if (is("*ESE", true)) {
        answer_register(client, client.event_enable);
    } else if (is("*SRE", true)) {
        answer_register(client, client.service_enable);
    } else if (is("*TST", true)) {
        answer(client, "1");
    } else if (is("*CLS", false)) {
        client.errors.clear();
    } else if (is("*ESE", false)) {
        write_register(client.event_enable, command, client);
    } else if (is("*SRE", false)) {
        write_register(client.service_enable, command, client);
    } else {
        raise(client, command_error);
    }
}

bool Emulator::State::is_error_query(const Command& command, std::string_view& which) const {
    constexpr std::array<std::string_view, 3> paths{
        "SYSTEM:ERROR", "SYSTEM:ERROR:COUNT", "SYSTEM:ERROR:ALL"};
    for (const std::string_view path : paths) {
        if (!command.query || !header_matches(path, command.header)) continue;
        which = path;
        return true;
    }
    return false;
}

void Emulator::State::execute_error_query(std::string_view which, Client& client) {
    if (which.ends_with("COUNT")) {
        answer_register(client, static_cast<std::int64_t>(client.errors.size()));
        return;
    }
    const std::size_t count = which.ends_with("ALL") ? client.errors.size() : 1;
    client.scratch.clear();
    append_error(client.scratch, client.errors.empty() ? no_error : client.errors.front());
    for (std::size_t i = 1; i < count; ++i) {
        client.scratch += ';';
        append_error(client.scratch, client.errors[i]);
    }
    const auto taken = std::min(count, client.errors.size());
    client.errors.erase(client.errors.begin(),
                        client.errors.begin() + static_cast<std::ptrdiff_t>(taken));
    answer(client, client.scratch);
}

void Emulator::State::raise(Client& client, const ErrorEntry& error) {
    const bool was_empty = client.errors.empty();
    if (client.errors.size() == error_queue_length) {
        client.errors.back() = queue_overflow;
    } else {
        client.errors.push_back(error);
    }
    if (was_empty && (client.status() & service_bit) != 0) {
        client.reply.append(service_request).append(1, client.lines.terminator());
    }
}

void Emulator::State::answer(Client& client, std::string_view text) {
    const char terminator = client.lines.terminator();
    if (clock.now() >= options.faults.srq_noise_from) {
        client.reply.append(service_request).append(1, terminator);
    }
    const std::size_t from = client.reply.size();
    client.reply += text;
    if (clock.now() >= options.faults.garbled_at && !std::exchange(garbled, true)) {
        garble(client.reply, from);
    }
    client.reply += terminator;
}

void Emulator::State::answer_register(Client& client, std::int64_t value) {
    client.scratch.clear();
    append_register(client.scratch, value);
    answer(client, client.scratch);
}

Emulator::Emulator(io::Clock& clock, calibration::BenchModel& bench, Options options)
    : state_(std::make_unique<State>(clock, bench, std::move(options))) {}

Emulator::~Emulator() = default;

io::Task<void> Emulator::serve(io::ByteLink& link) {
    try {
        co_await state_->serve(link);
    } catch (const io::LinkError&) {
        // The client has gone; the instrument goes on.
    }
}

}  // namespace instruments::zera_zscpi
