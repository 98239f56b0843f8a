#include "instruments/scpi_switch/emulator.hpp"

#include <algorithm>
#include <utility>

namespace instruments::scpi_switch {

namespace {

constexpr std::size_t error_queue_length = 20;

const ErrorEntry syntax_error{-102, "Syntax error"};
const ErrorEntry undefined_header{-113, "Undefined header"};
const ErrorEntry execution_error{-200, "Execution error"};
const ErrorEntry out_of_range{-222, "Data out of range"};
const ErrorEntry queue_overflow{-350, "Queue overflow"};
const ErrorEntry input_overrun{-363, "Input buffer overrun"};

const ErrorEntry& error_of(CommandFault fault) {
    if (fault == CommandFault::syntax) return syntax_error;
    return fault == CommandFault::out_of_range ? out_of_range : undefined_header;
}

}  // namespace

Emulator::Emulator(io::Clock& clock, EmulatorOptions options, Moved moved)
    : faults(options.faults),
      clock_(clock),
      options_(std::move(options)),
      moved_(std::move(moved)) {}

io::Task<void> Emulator::serve(io::ByteLink& link) {
    std::string typed;
    try {
        for (;;) {
            const io::Bytes bytes = co_await link.read(io::never);
            for (const auto byte : bytes) {
                if (is_silent()) continue;
                if (byte == '\n') {
                    co_await obey(link, std::exchange(typed, {}));
                } else if (byte != '\r' && typed.size() < longest_line) {
                    typed += static_cast<char>(byte);
                }
            }
        }
    } catch (const io::LinkError&) {
        co_return;  // the host has gone
    }
}

io::Task<void> Emulator::obey(io::ByteLink& link, std::string line) {
    if (line.empty()) co_return;
    co_await clock_.sleep_for(options_.latency);
    if (line.size() >= longest_line) {
        raise(input_overrun);
        co_return;
    }
    auto command = decode_command(line);
    if (command) {
        co_await execute(link, std::move(*command));
    } else {
        raise(error_of(command.error()));
    }
}

io::Task<void> Emulator::execute(io::ByteLink& link, Command command) {
    std::optional<std::string> text;
    if (auto* close = std::get_if<Close>(&command)) {
        co_await move(std::move(close->channels), true);
    } else if (auto* open = std::get_if<Open>(&command)) {
        co_await move(std::move(open->channels), false);
    } else if (const auto* question = std::get_if<AskClosed>(&command)) {
        report_states(question->channels, text);
    } else if (std::holds_alternative<AskError>(command)) {
        text = encode_error(take_error());
    } else if (std::holds_alternative<AskIdentity>(command)) {
        text = encode_identity(options_.identity);
    } else {
        errors_.clear();
    }
    if (text) co_await answer(link, std::move(*text));
}

// A list with a channel that it does not have moves nothing.
io::Task<void> Emulator::move(Channels channels, bool closed) {
    if (!has(channels) || clock_.now() >= faults.refuses_from) {
        raise(has(channels) ? execution_error : out_of_range);
        co_return;
    }
    for (const int channel : channels) {
        co_await clock_.sleep_for(options_.relay_time);
        if (is_stuck(channel) || is_closed(channel) == closed) continue;
        if (closed) closed_.insert(channel);
        if (!closed) closed_.erase(channel);
        if (moved_) moved_(channel, closed);
    }
}

void Emulator::report_states(const Channels& channels, std::optional<std::string>& text) {
    if (!has(channels)) {
        raise(out_of_range);
        return;
    }
    std::vector<bool> states;
    for (const int channel : channels) states.push_back(is_closed(channel));
    text = encode_states(states);
}

io::Task<void> Emulator::answer(io::ByteLink& link, std::string text) {
    if (is_silent()) co_return;
    if (clock_.now() >= faults.garbled_at) {
        faults.garbled_at = io::never;
        for (char& c : text) c = static_cast<char>(c ^ 0x10);
    }
    text += '\n';
    co_await link.write(io::bytes_of(text));
}

bool Emulator::has(const Channels& channels) const {
    return options_.channels.empty() || std::ranges::all_of(channels, [&](int channel) {
               return std::ranges::find(options_.channels, channel) != options_.channels.end();
           });
}

bool Emulator::is_stuck(int channel) const {
    return std::ranges::any_of(faults.stuck, [&](const Faults::Stuck& stuck) {
        return stuck.channel == channel && clock_.now() >= stuck.from;
    });
}

// The last place of a full queue says that there were more.
void Emulator::raise(ErrorEntry error) {
    if (errors_.size() < error_queue_length) {
        errors_.push_back(std::move(error));
    } else {
        errors_.back() = queue_overflow;
    }
}

ErrorEntry Emulator::take_error() {
    if (errors_.empty()) return {};
    ErrorEntry oldest = std::move(errors_.front());
    errors_.pop_front();
    return oldest;
}

}  // namespace instruments::scpi_switch
