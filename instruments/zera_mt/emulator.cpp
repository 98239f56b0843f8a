#include "instruments/zera_mt/emulator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace instruments::zera_mt {
namespace {

constexpr std::size_t longest_command = 1024;

bool within(const std::array<Phasor, 3>& phases, double most) {
    return std::ranges::all_of(phases, [most](const Phasor& phase) {
        return static_cast<double>(phase.thousandths) <= most * 1000;
    });
}

}  // namespace

Emulator::Emulator(io::Clock& clock, calibration::BenchModel& bench, EmulatorOptions options)
    : faults(options.faults),
      clock_(clock),
      bench_(bench),
      options_(std::move(options)),
      limits_(model_limits(options_.model)) {}

io::Task<void> Emulator::serve(io::ByteLink& link) {
    try {
        for (;;) {
            const auto bytes = co_await link.read(faults.trip ? faults.trip->at : io::never);
            co_await trip_when_due(link);
            for (const auto byte : bytes) {
                if (is_silent()) continue;
                if (byte == '\r') {
                    co_await obey(link, std::exchange(half_typed_, {}));
                } else if (half_typed_.size() < longest_command) {
                    half_typed_ += static_cast<char>(byte);
                }
            }
        }
    } catch (const io::LinkError&) {
        co_return;  // the host has gone; the output stays
    }
}

// Whatever is not a command gets no answer at all.
io::Task<void> Emulator::obey(io::ByteLink& link, std::string line) {
    const auto command = decode_command(line);
    if (!command && command.error() == WireFault::malformed) co_return;
    if (!command || is_refused_by_fault(line) || !accepts(*command)) {
        co_await refuse(link, line);
    } else {
        co_await execute(link, *command);
    }
}

io::Task<void> Emulator::execute(io::ByteLink& link, Command command) {
    if (const auto* switches = std::get_if<Switch>(&command)) {
        co_await switch_over(link, *switches);
        co_return;
    }
    co_await pause(link, options_.setting_latency);
    if (std::holds_alternative<AskStatus>(command)) {
        co_await answer(link, StatusReport{status_});
    } else if (std::holds_alternative<AskModel>(command)) {
        co_await answer(link, Model{options_.model, options_.version});
    } else if (std::holds_alternative<AskVersion>(command)) {
        co_await answer(link, Version{options_.model, "05.52"});
        co_await answer(link, Acknowledged{"AAV"});
    } else {
        stage(command);
        co_await acknowledge(link, command);
    }
}

void Emulator::stage(const Command& command) {
    if (const auto* frequency = std::get_if<SetFrequency>(&command)) fields_.frequency = *frequency;
    if (const auto* voltages = std::get_if<SetVoltages>(&command)) fields_.voltages = *voltages;
    if (const auto* currents = std::get_if<SetCurrents>(&command)) fields_.currents = *currents;
}

io::Task<void> Emulator::switch_over(io::ByteLink& link, Switch switches) {
    if (switches == Switch{}) {
        fields_.switches = switches;
        status_ = Status{};
        put_out();
        co_await pause(link, options_.switch_off_latency);
    } else {
        co_await pause(link, options_.switch_on_latency);
        if (!status_.clean()) {
            co_await refuse(link, "SUI");
            co_return;
        }
        fields_.switches = switches;
        put_out();
    }
    co_await acknowledge(link, switches);
}

void Emulator::put_out() {
    const bool off = fields_.switches == Switch{};
    bench_.set_output(clock_.now(), off ? calibration::LoadPoint::off() : load_point(fields_));
}

io::Task<void> Emulator::acknowledge(io::ByteLink& link, Command command) {
    co_await answer(link, Done{std::string(acknowledgement(command))});
}

io::Task<void> Emulator::refuse(io::ByteLink& link, std::string line) {
    co_await pause(link, options_.setting_latency);
    co_await answer(link, Refused{line.substr(0, 3) + "NAK"});
}

io::Task<void> Emulator::answer(io::ByteLink& link, Reply reply) {
    std::string text = encode(reply) + "\r";
    if (faults.late_reply && clock_.now() >= faults.late_reply->from) {
        const auto by = faults.late_reply->by;
        faults.late_reply.reset();
        co_await pause(link, by);
    }
    if (faults.garble && clock_.now() >= faults.garble->from) {
        const auto garble = *faults.garble;
        faults.garble.reset();
        char& victim = text[garble.byte % text.size()];
        victim = static_cast<char>(static_cast<std::uint8_t>(victim) ^ garble.mask);
    }
    if (!is_silent()) co_await link.write(io::bytes_of(text));
}

// Sleeps, but a trip does not wait for the end of it.
io::Task<void> Emulator::pause(io::ByteLink& link, io::Duration duration) {
    const auto end = clock_.now() + duration;
    if (faults.trip && faults.trip->at < end) {
        co_await clock_.sleep_until(faults.trip->at);
        co_await trip_when_due(link);
    }
    co_await clock_.sleep_until(end);
}

io::Task<void> Emulator::trip_when_due(io::ByteLink& link) {
    if (!faults.trip || clock_.now() < faults.trip->at) co_return;
    status_ = faults.trip->status;
    faults.trip.reset();
    fields_.switches = Switch{};
    put_out();
    const std::string line = encode(StatusReport{status_}) + "\r";
    if (!is_silent()) co_await link.write(io::bytes_of(line));
}

bool Emulator::accepts(const Command& command) const {
    if (const auto* frequency = std::get_if<SetFrequency>(&command)) {
        const auto asked = frequency_of(*frequency);
        return asked >= limits_.least_frequency && asked <= limits_.most_frequency;
    }
    if (const auto* voltages = std::get_if<SetVoltages>(&command)) {
        return within(voltages->phases, limits_.most_voltage.value());
    }
    if (const auto* currents = std::get_if<SetCurrents>(&command)) {
        return within(currents->phases, limits_.most_current.value());
    }
    return true;
}

bool Emulator::is_refused_by_fault(const std::string& line) const {
    const auto now = clock_.now();
    return std::ranges::any_of(faults.nak, [&](const Faults::Refusal& refusal) {
        return line.starts_with(refusal.prefix) && now >= refusal.from && now < refusal.until;
    });
}

bool Emulator::is_silent() const {
    return clock_.now() >= faults.silent_from && clock_.now() < faults.silent_until;
}

}  // namespace instruments::zera_mt
