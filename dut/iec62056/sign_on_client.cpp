#include "dut/iec62056/sign_on_client.hpp"

#include "calibration/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dut::iec62056 {
namespace {

constexpr int mode_d_baud = 2400;
constexpr int bits_per_character = 10;

}  // namespace

Duration line_time(std::size_t characters, int baud) {
    return std::chrono::nanoseconds{std::chrono::seconds{1}} *
           static_cast<std::int64_t>(characters * bits_per_character) / baud;
}

SignOnClient::SignOnClient(SignOnOptions options)
    : options_(std::move(options)), reader_(options_.longest) {
    calibration::check(options_.start_baud > 0 && options_.attempts > 0,
                       "a sign-on has a speed and at least one attempt");
}

std::optional<SignOnAction> SignOnClient::next_action() {
    if (actions_.empty()) return std::nullopt;
    SignOnAction action = std::move(actions_.front());
    actions_.pop_front();
    return action;
}

// -- out

void SignOnClient::begin(Instant now) {
    attempts_ = 0;
    has_changed_speed_ = false;
    first_error_.reset();
    change_line(options_.start_baud, false);
    sign_on(now);
}

void SignOnClient::sign_on(Instant now) {
    state_ = State::signing_on;
    ++attempts_;
    const auto nuls = static_cast<std::size_t>(options_.wake_up_characters);
    send(std::string(nuls, '\0') + encode_request(options_.address), now);
}

void SignOnClient::listen(Instant now, Duration patience) {
    state_ = State::listening;
    has_changed_speed_ = false;
    change_line(mode_d_baud, false);
    reader_.clear();
    echo_.clear();
    deadline_ = now + patience;
    give_up_ = deadline_ + options_.times.longest_message;
}

void SignOnClient::send(std::string_view characters, Instant now) {
    reader_.clear();
    echo_ = characters;
    heard_ = characters_ = 0;
    damaged_.reset();
    actions_.emplace_back(
        Send{options_.parity_in_software ? with_parity(characters) : without_parity(characters)});
    line_free_ = std::max(line_free_, now) + line_time(characters.size(), baud_);
    deadline_ = line_free_ + options_.times.longest_reaction;
    give_up_ = line_free_ + options_.times.longest_message;
}

void SignOnClient::change_line(int baud, bool has_eight_bits) {
    baud_ = baud;
    has_eight_bits_ = has_eight_bits;
    actions_.emplace_back(LineChange{baud, has_eight_bits});
}

// The line is changed after the last character has left and before the meter may answer.
void SignOnClient::select(const Identification& identification, Instant now) {
    const bool is_hdlc = options_.purpose == Purpose::hdlc;
    const int offered = baud_of(identification.baud).value_or(options_.start_baud);
    chosen_baud_ = std::min(offered, std::max(options_.fastest_baud, options_.start_baud));
    const auto character = baud_character(chosen_baud_);
    if (!character) return fail({Fault::baud, fmt::format("{} baud", chosen_baud_)});
    const Wanted wanted = is_hdlc                                    ? Wanted::binary
                          : options_.purpose == Purpose::programming ? Wanted::programming
                                                                     : Wanted::readout;
    send(encode_option_select({is_hdlc ? Procedure::hdlc : Procedure::normal, *character, wanted}),
         now);
    const Duration reaction =
        identification.reacts_fast() ? options_.times.fast_reaction : options_.times.reaction;
    state_ = State::selecting;
    deadline_ = line_free_ + reaction / 2;
}

void SignOnClient::await_data(Instant now) {
    state_ = State::reading;
    deadline_ = std::max(line_free_, now) + options_.times.longest_reaction;
}

void SignOnClient::send_command(const Command& command, Instant now) {
    calibration::check(state_ == State::idle, "one programming command at a time");
    state_ = State::commanding;
    attempts_ = 1;
    first_error_.reset();
    send(encode_command(command), now);
    if (command.letter != 'B') return;
    change_line(options_.start_baud, false);
    state_ = State::idle;
    deadline_ = calibration::never;
}

// -- in

void SignOnClient::receive(BytesView bytes, Instant now) {
    if (state_ == State::idle || has_eight_bits_ || bytes.empty()) return;
    std::string characters;
    for (const std::uint8_t byte : bytes) {
        const auto stripped = strip_parity(std::span{&byte, 1});
        if (options_.parity_in_software && !stripped && !damaged_) damaged_ = characters_;
        ++characters_;
        characters.push_back(static_cast<char>(byte & 0x7F));
    }
    take_characters(without_echo(std::move(characters)), now);
}

// An optical head may send back what it was given, all of it and before anything else.
std::string SignOnClient::without_echo(std::string characters) {
    std::size_t at = 0;
    while (at < characters.size() && heard_ < echo_.size() && characters[at] == echo_[heard_]) {
        ++at;
        ++heard_;
    }
    if (at == characters.size() || heard_ == echo_.size()) {
        if (heard_ == echo_.size()) echo_.clear(), heard_ = 0;
        return characters.substr(at);
    }
    // It only looked like an echo.
    std::string all = echo_.substr(0, heard_ - at) + characters;
    echo_.clear();
    heard_ = 0;
    return all;
}

void SignOnClient::take_characters(std::string_view characters, Instant now) {
    if (characters.empty()) return;
    if (state_ == State::selecting) return;  // noise of the turn-around, or a meter in a hurry
    reader_.feed(characters);
    while (state_ != State::idle) {
        const auto message = reader_.next();
        if (!message) return fail(message.error());
        if (!*message) break;
        take(**message, now);
    }
    // Noise between messages does not hold the reader.
    if (state_ == State::idle || !reader_.is_inside_message()) return;
    deadline_ = std::min(std::max(deadline_, now + options_.times.between_characters), give_up_);
}

void SignOnClient::take(const Message& message, Instant now) {
    switch (state_) {
        case State::signing_on:
        case State::listening:
            return take_identification(message, now);
        case State::confirming:
            return confirm(message);
        case State::reading:
            return take_readout(message, now);
        case State::commanding:
            return take_command(message, now);
        default:
            return;
    }
}

void SignOnClient::take_identification(const Message& message, Instant now) {
    // A request is an echo that lost a character.
    if (message.kind != MessageKind::line || message.text.starts_with("/?")) return;
    auto identification = decode_identification(message.text);
    if (damaged_) {
        first_error_ = {Fault::parity, fmt::format("character {}", *damaged_)};
        return;  // the time-out asks again
    }
    if (!identification) {
        first_error_ = identification.error();
        return;
    }
    actions_.emplace_back(Identified{*identification});
    attempts_ = 1;
    first_error_.reset();
    const Mode mode = identification->mode();
    if (state_ == State::listening) return await_data(now);
    if (options_.purpose == Purpose::hdlc && !identification->offers_hdlc())
        return fail({Fault::no_mode_e, "expected \\2 in the identification"});
    if (mode == Mode::c) return select(*identification, now);
    if (options_.purpose != Purpose::readout)
        return fail({Fault::baud, "expected a meter of mode C or E"});
    if (mode == Mode::b) {
        has_changed_speed_ = true;
        change_line(*baud_of(identification->baud), false);
    }
    await_data(now);
}

void SignOnClient::confirm(const Message& message) {
    if (message.kind == MessageKind::refusal) return fail({Fault::refused, "mode E"});
    const auto option = decode_option_select(message.text);
    const bool is_confirmation = message.kind == MessageKind::option_select && option &&
                                 option->procedure == Procedure::hdlc &&
                                 option->wanted == Wanted::binary &&
                                 baud_of(option->baud) == chosen_baud_;
    if (!is_confirmation || damaged_)
        return fail({Fault::new_speed, "expected the confirmation of HDLC"});
    be_ready_for_hdlc();
}

void SignOnClient::be_ready_for_hdlc() {
    change_line(chosen_baud_, true);
    finish(HdlcReady{chosen_baud_});
}

void SignOnClient::take_readout(const Message& message, Instant now) {
    if (message.kind == MessageKind::refusal) return ask_again({Fault::refused, ""}, now);
    if (options_.purpose == Purpose::programming) return take_command(message, now);
    if (message.kind != MessageKind::readout) return;
    if (damaged_) return ask_again({Fault::parity, fmt::format("character {}", *damaged_)}, now);
    auto lines = decode_readout(message.text);
    if (!lines) return ask_again(lines.error(), now);
    finish(ReadoutArrived{std::move(*lines), message.text, baud_});
}

void SignOnClient::take_command(const Message& message, Instant now) {
    if (damaged_) return ask_again({Fault::parity, fmt::format("character {}", *damaged_)}, now);
    if (message.kind == MessageKind::refusal) return ask_again({Fault::refused, ""}, now);
    if (message.kind == MessageKind::acknowledge)
        return finish(CommandArrived{{static_cast<char>(ack), '0', {}, false}});
    if (message.kind == MessageKind::readout) {  // a bare data message: STX (data) ETX BCC
        const std::string_view text = message.text;
        if (block_check(text.substr(1, text.size() - 2)) != text.back())
            return ask_again({Fault::check, "answer to a command"}, now);
        return finish(CommandArrived{{stx,
                                      '0',
                                      std::string(text.substr(1, text.size() - 3)),
                                      text[text.size() - 2] == eot}});
    }
    const auto command = decode_command(message.text);
    if (!command) return ask_again(command.error(), now);
    if (command->letter == 'B') return fail({Fault::broken_off, ""});
    finish(CommandArrived{*command});
}

void SignOnClient::ask_again(Error error, Instant now) {
    if (!first_error_) first_error_ = std::move(error);
    if (attempts_ >= options_.attempts) return fail(*first_error_);
    ++attempts_;
    send(std::string{nak}, now);
}

// -- time

void SignOnClient::time_out(Instant now) {
    if (now < deadline_ || state_ == State::idle) return;
    if (state_ == State::selecting) {
        const bool is_hdlc = options_.purpose == Purpose::hdlc;
        reader_.clear();
        echo_.clear();
        heard_ = characters_ = 0;
        damaged_.reset();
        has_changed_speed_ = chosen_baud_ != baud_;
        if (has_changed_speed_) change_line(chosen_baud_, false);
        await_data(now);
        if (is_hdlc) state_ = State::confirming;
        return;
    }
    if (const auto last = reader_.silence(); last && *last) {
        take(**last, now);
        if (now < deadline_) return;
    }
    if (state_ == State::signing_on && attempts_ < options_.attempts) return sign_on(now);
    if (state_ == State::confirming && !options_.needs_confirmation && characters_ == 0)
        return be_ready_for_hdlc();
    fail(overdue());
}

Error SignOnClient::overdue() const {
    if (first_error_) return *first_error_;
    if (state_ == State::signing_on)
        return {Fault::silence, fmt::format("{} attempts at {} baud", attempts_, baud_)};
    if (state_ == State::listening) return {Fault::silence, "no push of mode D"};
    if (has_changed_speed_)
        return {Fault::new_speed, fmt::format("{} characters at {} baud", characters_, baud_)};
    return {Fault::no_readout, fmt::format("{} characters", characters_)};
}

void SignOnClient::fail(Error error) { finish(SignOnFailed{std::move(error)}); }

void SignOnClient::finish(SignOnAction action) {
    state_ = State::idle;
    deadline_ = calibration::never;
    actions_.push_back(std::move(action));
}

}  // namespace dut::iec62056
