#include "dut/iec62056/sign_on_server.hpp"

#include "calibration/check.hpp"

#include <algorithm>

namespace dut::iec62056 {

SignOnServer::SignOnServer(SignOnServerOptions options)
    : options_(std::move(options)),
      reader_(4096),
      baud_(options_.start_baud),
      line_baud_(options_.start_baud) {
    calibration::check(options_.identification.maker.size() == 3, "a maker has three letters");
}

Duration SignOnServer::reaction() const {
    return options_.identification.reacts_fast() ? options_.times.fast_reaction
                                                 : options_.times.reaction;
}

bool SignOnServer::is_for_us(std::string_view address) const {
    const auto significant = [](std::string_view text) {
        const std::size_t first = std::min(text.find_first_not_of('0'), text.size());
        return text.substr(first);
    };
    return address.empty() || significant(address) == significant(options_.address);
}

// -- out

std::optional<SignOnAction> SignOnServer::next_action() {
    if (actions_.empty()) return std::nullopt;
    SignOnAction action = std::move(actions_.front());
    actions_.pop_front();
    return action;
}

void SignOnServer::plan(Instant at, SignOnAction action) {
    const Instant after = planned_.empty() ? at : std::max(at, planned_.back().first);
    if (const auto* change = std::get_if<LineChange>(&action)) baud_ = change->baud;
    planned_.emplace_back(after, std::move(action));
}

// Returns when the last character will have left.
Instant SignOnServer::plan_send(std::string_view characters, Instant from) {
    last_sent_ = characters;
    plan(from + reaction(),
         Send{options_.parity_in_software ? with_parity(characters) : without_parity(characters)});
    return planned_.back().first + line_time(characters.size(), baud_);
}

void SignOnServer::reset(Instant now) {
    planned_.clear();
    reader_.clear();
    option_overdue_ = calibration::never;
    state_ = State::waiting;
    baud_ = options_.start_baud;
    if (line_baud_ != options_.start_baud) plan(now, LineChange{options_.start_baud, false});
}

void SignOnServer::give_readout(const std::vector<DataLine>& lines, Instant now) {
    state_ = State::waiting;  // for a NAK or a new sign-on
    plan_return(plan_send(encode_readout(lines), now));
}

// The speed is kept as long as a NAK may come.
void SignOnServer::plan_return(Instant sent) {
    if (baud_ != options_.start_baud)
        plan(sent + options_.times.longest_reaction, LineChange{options_.start_baud, false});
}

void SignOnServer::answer(std::string_view message, Instant now) { plan_send(message, now); }

// -- in

void SignOnServer::receive(BytesView bytes, Instant now) {
    if (state_ == State::hdlc) return;
    std::string characters;
    for (const std::uint8_t byte : bytes) {
        const bool is_damaged = options_.parity_in_software && !strip_parity(std::span{&byte, 1});
        // A damaged character becomes one that fits nowhere.
        characters.push_back(is_damaged ? '\x7F' : static_cast<char>(byte & 0x7F));
    }
    reader_.feed(characters);
    for (;;) {
        const auto message = reader_.next();
        if (!message) continue;
        if (!*message) return;
        take(**message, heard_at((*message)->text.size(), now));
    }
}

Instant SignOnServer::heard_at(std::size_t characters, Instant now) const {
    constexpr std::size_t around = 4;  // what the text of a message lacks
    return options_.is_link_instant ? now + line_time(characters + around, line_baud_) : now;
}

void SignOnServer::take(const Message& message, Instant now) {
    if (message.kind == MessageKind::line) return take_request(message.text, now);
    if (message.kind == MessageKind::refusal && !last_sent_.empty()) return repeat(now);
    if (state_ == State::offered && message.kind == MessageKind::option_select)
        return take_option(message, now);
    if (state_ == State::programming) take_command(message, now);
}

void SignOnServer::repeat(Instant now) {
    planned_.clear();
    baud_ = line_baud_;
    const Instant sent = plan_send(std::string(last_sent_), now);
    if (state_ == State::waiting) plan_return(sent);
}

void SignOnServer::take_request(std::string_view line, Instant now) {
    const auto address = decode_request(line);
    if (!address || !is_for_us(*address)) return;
    reset(now);
    after_identification(plan_send(encode_identification(options_.identification), now));
}

void SignOnServer::after_identification(Instant sent) {
    const Identification& identification = options_.identification;
    state_ = State::offered;
    if (identification.mode() == Mode::c) {
        // Without an answer the data come at the starting speed.
        option_overdue_ = sent + 2 * options_.times.longest_reaction;
        return;
    }
    state_ = State::sending;
    option_overdue_ = calibration::never;
    if (identification.mode() == Mode::b)
        plan(sent, LineChange{*baud_of(identification.baud), false});
    plan(sent, ReadoutWanted{});
}

void SignOnServer::take_option(const Message& message, Instant now) {
    const auto option = decode_option_select(message.text);
    if (!option) return;
    option_overdue_ = calibration::never;
    const int offered = baud_of(options_.identification.baud).value_or(options_.start_baud);
    const int wanted = baud_of(option->baud).value_or(options_.start_baud);
    // A speed beyond what was offered is not taken.
    const int speed = wanted <= std::max(offered, options_.start_baud) ? wanted : baud_;
    if (speed != baud_) plan(now, LineChange{speed, false});
    if (option->procedure == Procedure::hdlc && option->wanted == Wanted::binary &&
        options_.identification.offers_hdlc()) {
        state_ = State::hdlc;
        const Instant sent =
            options_.confirms_mode_e
                ? plan_send(encode_option_select({Procedure::hdlc, option->baud, Wanted::binary}),
                            now)
                : now;
        plan(sent, LineChange{speed, true});
        return plan(sent, HdlcReady{speed});
    }
    if (option->wanted == Wanted::programming) {
        state_ = State::programming;
        plan_send(encode_command({'P', '0', options_.greeting, false}), now);
        return;
    }
    state_ = State::sending;
    plan(now, ReadoutWanted{});
}

void SignOnServer::take_command(const Message& message, Instant now) {
    if (message.kind != MessageKind::command) return;
    const auto command = decode_command(message.text);
    if (!command) {
        plan_send(std::string{nak}, now);
        return;
    }
    if (command->letter == 'B') return reset(now);
    actions_.emplace_back(CommandArrived{*command});
}

// -- time

Instant SignOnServer::deadline() const {
    const Instant next = planned_.empty() ? calibration::never : planned_.front().first;
    return std::min(next, option_overdue_);
}

void SignOnServer::time_out(Instant now) {
    while (!planned_.empty() && planned_.front().first <= now) {
        if (const auto* change = std::get_if<LineChange>(&planned_.front().second))
            line_baud_ = change->baud;
        actions_.push_back(std::move(planned_.front().second));
        planned_.pop_front();
    }
    if (now < option_overdue_) return;
    option_overdue_ = calibration::never;
    state_ = State::sending;
    actions_.emplace_back(ReadoutWanted{});
}

}  // namespace dut::iec62056
